import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import random_netlist, truth

from lgn2hdl.ir import logic
from lgn2hdl.ir.circuit import CARRY, SUM
from lgn2hdl.ir.netlist import Netlist, levels
from lgn2hdl.verify.sat import polynomial
from lgn2hdl.verify.sat.polynomial import products_of, rewritten


def evaluated(products: tuple[tuple[int, int], ...], row: int) -> int:
    return sum(value for pins, value in products if pins & row == pins)


@pytest.mark.parametrize("table", [0, 1, 0x8, 0x6, 0xE8, 0x96, 0xDEADBEEF12345678, 2**64 - 1])
def test_products_evaluate_to_the_table(table: int) -> None:
    products = products_of(table)
    assert [evaluated(products, row) for row in range(64)] == [
        table >> row & 1 for row in range(64)
    ]


def full_adder() -> Netlist:
    fanin = np.array([[1, 2, 3], [1, 2, 3]], np.int32)
    return Netlist(3, fanin, np.array([SUM, CARRY], np.uint8), np.array([4, 5]))


def everything(netlist: Netlist) -> tuple[np.ndarray, np.ndarray]:
    inside = np.arange(netlist.n_nodes) >= netlist.first_gate
    return levels(netlist), inside


def test_a_full_adder_is_a_sum() -> None:
    netlist = full_adder()
    total = rewritten(netlist, *everything(netlist), [(4, 1), (5, 2)], 2)
    assert total is not None
    assert (total.constant, total.coefficients) == (0, {1: 1, 2: 1, 3: 1})


def test_what_overflows_does_not_count() -> None:
    netlist = full_adder()
    total = rewritten(netlist, *everything(netlist), [(4, 1)], 1)
    assert total is not None
    assert total.coefficients == {1: 1, 2: 1, 3: 1}
    assert rewritten(netlist, *everything(netlist), [(4, 1)], 2) is None


def test_one_flipped_bit_is_no_sum() -> None:
    for gate in range(2):
        for row in range(8):
            netlist = full_adder()
            table = netlist.table.copy()
            table[gate] ^= np.uint8(1 << row)
            changed = Netlist(3, netlist.fanin, table, netlist.outputs)
            assert rewritten(changed, *everything(changed), [(4, 1), (5, 2)], 2) is None


def test_swapped_weights_are_no_sum() -> None:
    netlist = full_adder()
    assert rewritten(netlist, *everything(netlist), [(5, 1), (4, 2)], 2) is None


def test_nodes_outside_are_not_expanded() -> None:
    netlist = full_adder()
    level, _ = everything(netlist)
    nothing = np.zeros(netlist.n_nodes, bool)
    total = rewritten(netlist, level, nothing, [(4, 1), (5, 2)], 2)
    assert total is not None
    assert total.coefficients == {4: 1, 5: 2}


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=80)
def test_a_sum_that_is_found_is_right(seed: int) -> None:
    rng = np.random.default_rng(seed)
    netlist = random_netlist(rng, 4, 6, 3, 3)
    width = 3
    bits = [(int(node), 1 << place) for place, node in enumerate(netlist.outputs)]
    total = rewritten(netlist, *everything(netlist), bits, width)
    values = truth(netlist).astype(np.int64)
    numbers = (values << np.arange(3)[:, None]).sum(axis=0) % 8
    inputs = np.arange(16) >> np.arange(4)[:, None] & 1
    if total is None:
        assert not is_linear(numbers, inputs)
        return
    wanted = np.full(16, total.constant)
    for node, value in total.coefficients.items():
        wanted += value * inputs[node - 1]
    assert np.array_equal(numbers, wanted % 8)


def is_linear(numbers: np.ndarray, inputs: np.ndarray) -> bool:
    """Whether numbers modulo 8 are a constant plus multiples of the inputs."""
    steps = [(numbers[1 << place] - numbers[0]) % 8 for place in range(4)]
    return np.array_equal(numbers, (numbers[0] + np.array(steps) @ inputs) % 8)


def test_too_many_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polynomial, "MOST_PRODUCTS", 3)
    fanin = np.array([[1, 2, 3, 4, 5, 6]], np.int32)
    parity = sum(1 << row for row in range(64) if bin(row).count("1") % 2)
    netlist = Netlist(6, fanin, np.array([parity], logic.table_dtype(6)), np.array([7]))
    assert rewritten(netlist, *everything(netlist), [(7, 1)], 1) is not None  # all cancel mod 2
    assert rewritten(netlist, *everything(netlist), [(7, 1)], 3) is None
