"""Mapping to nodes of three inputs: no output changes, and known functions take few nodes."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import netlists, random_netlist, truth

from lgn2hdl.cpu import three_input as three_input_module
from lgn2hdl.cpu.three_input import three_input
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.passes import prune

AND, XOR = 8, 6


def gate(table: int, fan_in: int) -> Netlist:
    """One gate that reads as many inputs."""
    pins = np.arange(1, fan_in + 1)[None]
    return Netlist(fan_in, pins, np.array([table], np.uint64), np.array([fan_in + 1]))


def table_of(function: Callable[..., np.ndarray], fan_in: int) -> int:
    bits = logic.address_bits(fan_in)
    return int(logic.table_from_bits(function(*bits.T) & 1))


def mapped(netlist: Netlist) -> Netlist:
    """The result, checked for what every result must be."""
    result = three_input(netlist)
    assert result.n_inputs == netlist.n_inputs
    assert result.n_pins == 3
    ignored = ~logic.support(result.table, 3)
    assert (result.fanin[ignored] == 0).all()
    assert (result.fanin[~ignored] != 0).all()
    return result


def pruned_mapped(netlist: Netlist) -> tuple[Netlist, Netlist]:
    before = prune(netlist)[0]
    return before, mapped(before)


def nodes(netlist: Netlist) -> int:
    """Nodes of the result, which is equal to the netlist."""
    before, after = pruned_mapped(netlist)
    assert np.array_equal(truth(after), truth(netlist))
    if before.n_pins <= 3:
        assert after.n_gates <= before.n_gates
    return after.n_gates


def random_layers(
    rng: np.random.Generator, n_inputs: int, widths: list[int], n_pins: int
) -> Netlist:
    """Layers of random gates without structure, all of which matter to the outputs."""
    fanins, below, available, next_id = [], 1, n_inputs, n_inputs + 1
    for width in widths:
        chosen = [rng.choice(available, n_pins, replace=False) for _ in range(width)]
        fanins.append(below + np.array(chosen))
        below, available, next_id = next_id, width, next_id + width
    ones = logic.all_ones(n_pins)
    table = rng.integers(1, ones, sum(widths), dtype=np.uint64)
    return Netlist(n_inputs, np.concatenate(fanins), table, np.arange(below, next_id))


def test_every_function_of_two_inputs_is_one_node_at_most() -> None:
    for table in range(16):
        assert nodes(gate(table, 2)) == (table not in (0, 10, 12))


def test_every_function_of_three_inputs_is_one_node_at_most() -> None:
    for table in range(256):
        assert nodes(gate(table, 3)) == (table not in (0, 0xAA, 0xCC, 0xF0))


FUNCTIONS: list[tuple[str, int, int, Callable[..., np.ndarray]]] = [
    ("and4", 4, 2, lambda a, b, c, d: a & b & c & d),
    ("and5", 5, 2, lambda a, b, c, d, e: a & b & c & d & e),
    ("and6", 6, 3, lambda a, b, c, d, e, f: a & b & c & d & e & f),
    ("nor6", 6, 3, lambda *pins: 1 ^ np.bitwise_or.reduce(pins)),
    ("xor4", 4, 2, lambda *pins: np.bitwise_xor.reduce(pins)),
    ("xor5", 5, 2, lambda *pins: np.bitwise_xor.reduce(pins)),
    ("xor6", 6, 3, lambda *pins: np.bitwise_xor.reduce(pins)),
    ("mux4", 6, 3, lambda s, t, a, b, c, d: np.where(t, np.where(s, d, c), np.where(s, b, a))),
    ("majority5", 5, 4, lambda *pins: (np.sum(pins, axis=0) >= 3).astype(np.uint8)),
    ("parity of pairs", 6, 3, lambda a, b, c, d, e, f: a & b ^ c & d ^ e & f),
    ("equal", 6, 3, lambda a, b, c, d, e, f: (a == b) & (c == d) & (e == f)),
    ("wire", 6, 0, lambda a, b, c, d, e, f: d),
    ("inverter", 6, 1, lambda a, b, c, d, e, f: 1 ^ d),
    ("zero", 6, 0, lambda *pins: 0 * pins[0]),
    ("one", 6, 1, lambda *pins: 0 * pins[0] + 1),
]


@pytest.mark.parametrize(
    ("fan_in", "count", "function"),
    [case[1:] for case in FUNCTIONS],
    ids=[case[0] for case in FUNCTIONS],
)
def test_known_functions(fan_in: int, count: int, function: Callable[..., np.ndarray]) -> None:
    assert nodes(gate(table_of(function, fan_in), fan_in)) <= count


def test_random_functions_take_few_nodes() -> None:
    # A tree of multiplexers takes 3, 7 and 15.
    rng = np.random.default_rng(1)
    for n_pins, mean in ((4, 2.5), (5, 5.0), (6, 10.0)):
        netlist = random_layers(rng, 6, [300], n_pins)
        assert nodes(netlist) <= 300 * mean


def test_what_two_gates_share_is_there_once() -> None:
    first = table_of(lambda a, b, c, d, e: (a & b | c) ^ d, 5)
    second = table_of(lambda a, b, c, d, e: (a & b | c) ^ e, 5)
    pins = np.array([[1, 2, 3, 4, 5]] * 2)
    assert nodes(Netlist(5, pins, np.array([first, second]), np.array([6, 7]))) == 3


def test_a_gate_goes_into_its_only_reader() -> None:
    netlist = Netlist(3, np.array([[1, 2], [4, 3]]), np.array([AND, XOR]), np.array([5]))
    assert nodes(netlist) == 1


def test_a_gate_goes_into_all_its_readers() -> None:
    fanin = np.array([[1, 2], [5, 3], [5, 4]])
    assert nodes(Netlist(4, fanin, np.array([AND, XOR, AND]), np.array([6, 7]))) == 2


def test_a_gate_stays_if_a_reader_has_no_room() -> None:
    fanin = np.array([[1, 2, 0], [6, 3, 0], [6, 4, 5]])
    tables = np.array([0x88, 0x66, 0x80])
    assert nodes(Netlist(5, fanin, tables, np.array([7, 8]))) == 3


def test_a_gate_that_is_an_output_stays() -> None:
    netlist = Netlist(3, np.array([[1, 2], [4, 3]]), np.array([AND, XOR]), np.array([4, 5]))
    assert nodes(netlist) == 2


def test_a_chain_halves() -> None:
    # 1 & 2 & .. & 9: each node but the last takes in one more gate.
    fanin = np.array([[1, 2], *([9 + step, 2 + step] for step in range(1, 8))])
    assert nodes(Netlist(9, fanin, np.full(8, AND), np.array([17]))) == 4


def test_reconvergent_gates_become_one_node() -> None:
    # (a & b) ^ (b & c) ^ (a & c) is the majority.
    fanin = np.array([[1, 2], [2, 3], [1, 3], [4, 5], [6, 7]])
    netlist = Netlist(3, fanin, np.array([AND, AND, AND, XOR, XOR]), np.array([8]))
    assert nodes(netlist) == 1


def test_gates_that_cancel_vanish() -> None:
    # a ^ (a ^ b) is b.
    netlist = Netlist(2, np.array([[1, 2], [1, 3]]), np.array([XOR, XOR]), np.array([4]))
    assert nodes(netlist) == 0


def test_one_layer_of_two_input_gates_stays_as_it_is() -> None:
    netlist = prune(random_layers(np.random.default_rng(2), 50, [400], 2))[0]
    result = mapped(netlist)
    assert np.array_equal(result.fanin[:, :2], netlist.fanin)
    assert np.array_equal(result.table, logic.widen(netlist.table, 2, 3))
    assert np.array_equal(result.outputs, netlist.outputs)


def test_three_pins_and_nothing_to_fuse_is_returned_itself() -> None:
    netlist = gate(0x96, 3)
    assert three_input(netlist) is netlist


def test_outputs_may_be_inputs_constants_and_the_same_node() -> None:
    fanin = np.array([[1, 2, 3, 4], [0, 0, 0, 0]])
    outputs = np.array([0, 2, 5, 5, 6, 2])
    assert nodes(Netlist(4, fanin, np.array([0x6996, 0xFFFF]), outputs)) == 3


@pytest.mark.parametrize("n_pins", range(1, 7))
def test_a_netlist_without_gates(n_pins: int) -> None:
    empty = np.empty((0, n_pins), np.int32)
    none = np.empty(0, np.uint64)
    result = mapped(Netlist(2, empty, none, np.array([0, 1, 1])))
    assert result.n_gates == 0
    assert result.outputs.tolist() == [0, 1, 1]
    assert mapped(Netlist(0, empty, none, np.empty(0, np.int32))).n_gates == 0


@pytest.mark.slow
@given(netlist=netlists())
def test_no_output_changes(netlist: Netlist) -> None:
    nodes(netlist)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), n_pins=st.integers(2, 6), layers=st.integers(1, 5))
def test_no_output_of_deep_random_networks_changes(seed: int, n_pins: int, layers: int) -> None:
    rng = np.random.default_rng(seed)
    netlist = random_layers(rng, 10, [int(rng.integers(6, 40)) for _ in range(layers)], n_pins)
    nodes(netlist)


def test_no_output_of_a_large_network_changes() -> None:
    rng = np.random.default_rng(3)
    netlist = random_layers(rng, 200, [2000] * 6, 2)
    before, after = pruned_mapped(netlist)
    inputs = rng.integers(0, 2**64, (200, 4), dtype=np.uint64)
    assert np.array_equal(evaluate(after, inputs), evaluate(netlist, inputs))
    assert after.n_gates <= 0.72 * before.n_gates


@settings(max_examples=30)
@given(netlist=netlists())
def test_again_changes_nothing(netlist: Netlist) -> None:
    once = pruned_mapped(netlist)[1]
    assert three_input(once) is once


def test_the_same_network_gives_the_same_nodes() -> None:
    netlist = prune(random_netlist(np.random.default_rng(4), 12, 200, 6, 50))[0]
    first, second = three_input(netlist), three_input(netlist)
    assert np.array_equal(first.fanin, second.fanin)
    assert np.array_equal(first.table, second.table)
    assert np.array_equal(first.outputs, second.outputs)


def test_two_nodes_that_become_one_are_read_once() -> None:
    """Sharing gates leaves a gate that reads one of them twice, which fusing does not expect."""
    fanin = [
        *([1, 2, 0, 0, 0], [1, 2, 0, 0, 0], [1, 2, 0, 0, 0], [1, 3, 4, 5, 0], [1, 3, 4, 0, 0]),
        *([1, 3, 4, 0, 0], [1, 3, 5, 0, 0], [1, 3, 4, 5, 0], [1, 3, 4, 0, 0], [1, 3, 0, 0, 0]),
    ]
    table = [
        *(0xDDDDDDDD, 0x44444444, 0x77777777, 0x927D927D, 0xC4C4C4C4),
        *(0x0E0E0E0E, 0x15151515, 0xD7C9D7C9, 0x72727272, 0x22222222),
    ]
    netlist = Netlist(2, np.array(fanin), np.array(table, np.uint32), np.arange(6, 13))
    assert np.array_equal(truth(mapped(netlist)), truth(netlist))


@pytest.mark.slow
@given(netlists())
@settings(max_examples=200)
def test_fusing_finds_no_gate_that_reads_a_node_twice(netlist: Netlist) -> None:
    seen = []
    fused = three_input_module.fuse

    def fuse(given: Netlist) -> Netlist:
        seen.append(given)
        return fused(given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(three_input_module, "fuse", fuse)
        assert np.array_equal(truth(three_input(netlist)), truth(netlist))
    for given_netlist in seen:
        pins = np.sort(given_netlist.fanin, axis=1)
        assert not ((pins[:, 1:] == pins[:, :-1]) & (pins[:, 1:] != 0)).any()
