"""Normal form: the same outputs, and nothing but tables that the kernel has."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import netlists, random_netlist, truth

from lgn2hdl.cpu.nodes import FAN_IN, WIRE, NormalNodes, normal_form, normal_tables, support_size
from lgn2hdl.cpu.three_input import three_input
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist


def outputs(nodes: NormalNodes) -> np.ndarray:
    """Outputs for all input vectors, ``bool[O, 2**n_inputs]``."""
    netlist = Netlist(nodes.n_inputs, nodes.fanin, nodes.table, nodes.outputs)
    return truth(netlist) ^ nodes.complemented[:, None]


def checked(netlist: Netlist) -> NormalNodes:
    """The normal form, checked for what it must be."""
    nodes = normal_form(netlist)
    assert np.array_equal(outputs(nodes), truth(netlist))
    assert nodes.n_nodes == netlist.n_nodes
    assert np.isin(nodes.table, normal_tables()).all()
    everything = Netlist(nodes.n_inputs, nodes.fanin, nodes.table, np.arange(nodes.n_nodes))
    assert not truth(everything)[:, 0].any()  # all inputs are 0 there
    unread = np.arange(FAN_IN) >= support_size(nodes.table)[:, None]
    assert (nodes.fanin[unread] == 0).all()
    read = np.concatenate([nodes.fanin.ravel(), nodes.outputs])
    gates = read[read >= nodes.first_gate] - nodes.first_gate
    assert not np.isin(nodes.table[gates], (0, WIRE)).any()
    return nodes


def single(table: int) -> Netlist:
    return Netlist(3, np.array([[1, 2, 3]]), np.array([table]), np.array([4]))


def test_the_tables_are_one_of_each_class_under_orders_of_the_pins() -> None:
    def reordered(table: int, order: tuple[int, ...]) -> int:
        rows = ([row >> pin & 1 for pin in order] for row in range(8))
        return sum(
            (table >> (a | b << 1 | c << 2) & 1) << row for row, (a, b, c) in enumerate(rows)
        )

    orders = list(itertools.permutations(range(3)))
    classes = {frozenset(reordered(table, order) for order in orders) for table in range(0, 256, 2)}
    tables = normal_tables()
    assert tables == sorted(tables)
    assert len(tables) == 40
    assert sorted(len(members & set(tables)) for members in classes) == [1] * 40
    assert tables[0] == 0
    assert WIRE in tables


def test_the_pins_that_matter_come_first() -> None:
    tables = np.array(normal_tables(), np.uint8)
    matter = logic.support(tables, 3)
    assert np.array_equal(support_size(tables), matter.sum(axis=1))
    assert np.array_equal(matter, np.arange(3) < support_size(tables)[:, None])


def test_every_table() -> None:
    for table in range(256):
        assert checked(single(table)).complemented.tolist() == [bool(table & 1)]


def test_constants_and_inverters_vanish() -> None:
    # ~input, its complement again, constant 1, and an and with that constant
    fanin = np.array([[1, 0, 0], [3, 0, 0], [0, 0, 0], [4, 2, 5]])
    netlist = Netlist(2, fanin, np.array([0x55, 0x55, 0xFF, 0x80]), np.array([3, 4, 5, 6, 0, 2]))
    nodes = checked(netlist)
    assert nodes.outputs.tolist() == [1, 1, 0, 6, 0, 2]
    assert nodes.complemented.tolist() == [True, False, True, False, False, False]


def test_long_chains_of_wires_lead_to_their_source() -> None:
    length = 100
    fanin = np.zeros((length, 3), int)
    fanin[:, 0] = np.r_[1, np.arange(length - 1) + 2]
    table = np.where(np.arange(length) % 3, 0x55, 0xAA)
    nodes = checked(Netlist(1, fanin, table, np.array([length + 1])))
    assert nodes.outputs.tolist() == [1]


@pytest.mark.slow
@given(netlist=netlists())
def test_outputs_of_mapped_netlists_stay(netlist: Netlist) -> None:
    checked(three_input(netlist))


@given(seed=st.integers(0, 2**32 - 1))
def test_outputs_of_any_netlist_of_three_pins_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    checked(random_netlist(rng, int(rng.integers(0, 8)), int(rng.integers(0, 40)), 3, 10))


def test_other_numbers_of_pins_are_refused() -> None:
    netlist = Netlist(2, np.array([[1, 2]]), np.array([8]), np.array([3]))
    with pytest.raises(ValueError, match="2 pins, not 3"):
        normal_form(netlist)
