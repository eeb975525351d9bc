import numpy as np
import pytest

from lgn2hdl.ir import logic
from lgn2hdl.verify.sat.cover import PINS, cubes


def union(tables: np.ndarray) -> np.ndarray:
    """What the cubes cover, by evaluating them on every row."""
    covered = np.zeros((len(tables), logic.rows(PINS)), bool)
    rows = np.arange(logic.rows(PINS))
    found = cubes(tables)
    for table, care, value in zip(*(column.tolist() for column in found), strict=True):
        covered[table] |= (rows & care) == value
    return covered


def bits(tables: np.ndarray) -> np.ndarray:
    return logic.table_to_bits(tables, PINS).astype(bool)


def test_all_functions_of_three_pins() -> None:
    tables = logic.widen(np.arange(256, dtype=np.uint8), 3, PINS).astype(np.uint64)
    assert np.array_equal(union(tables), bits(tables))


@pytest.mark.parametrize("density", [0.02, 0.5, 0.98])
def test_random_functions_of_six_pins(density: float) -> None:
    rows = np.random.default_rng(0).random((200, 64)) < density
    tables = logic.table_from_bits(rows).astype(np.uint64)
    assert np.array_equal(union(tables), bits(tables))


def test_no_cube_can_be_left_out() -> None:
    rows = np.random.default_rng(1).random((40, 64)) < 0.5
    tables = logic.table_from_bits(rows).astype(np.uint64)
    found = cubes(tables)
    space = np.arange(64)
    covers = (space & found.care[:, None]) == found.value[:, None]
    for table in range(len(tables)):
        own = covers[found.table == table]
        for left_out in range(len(own)):
            others = np.delete(own, left_out, axis=0).any(axis=0)
            assert not np.array_equal(others, bits(tables)[table])


def test_constants_and_a_wire() -> None:
    tables = np.array([0, 2**64 - 1, logic.pin_table(6, 4)], np.uint64)
    found = cubes(tables)
    columns = zip(*(column.tolist() for column in found), strict=True)
    assert list(columns) == [(1, 0, 0), (2, 16, 16)]
