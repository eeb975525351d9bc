"""Joining blocks by hand; whole circuits of networks are in test_assemble."""

from dataclasses import replace

import numpy as np
import pytest
from networks import truth

from lgn2hdl.ir.circuit import NO_CHAIN, Block, Chain, join, without_dead
from lgn2hdl.ir.labels import CORE, ENCODER, Comparison, Label, NumberBit, Part
from lgn2hdl.ir.netlist import Netlist


def block(n_inputs: int, fanin, table, outputs) -> Block:
    """A block of plain LUTs."""
    return Block(Netlist(n_inputs, np.array(fanin), np.array(table), np.array(outputs)))


def adder(*, absorb: bool = False, carry_out: bool = True) -> Block:
    """Two bits plus two bits plus a carry, as a chain: inputs a0, a1, b0, b1, carry.

    With ``absorb`` the addends are b & a of the same position, made by gates of their own.
    """
    first = 8 if absorb else 6
    b0, b1 = (6, 7) if absorb else (3, 4)
    gates = [([1, 3, 0], 0x88), ([2, 4, 0], 0x88)] if absorb else []
    gates += [([1, b0, 5], 0x96), ([1, b0, 5], 0xE8)]
    gates += [([2, b1, first + 1], 0x96), ([2, b1, first + 1], 0xE8)]
    if not carry_out:
        gates.pop()
    fanin, table = zip(*gates, strict=True)
    carries = [first + 1, first + 3 if carry_out else 0]
    outputs = [first, first + 2, *([first + 3] if carry_out else [])]
    netlist = Netlist(5, np.array(fanin), np.array(table), np.array(outputs))
    sums = [first, first + 2]
    absorbed = [6, 7] if absorb else []
    return Block(netlist, (Chain([1, 2], [b0, b1], 5, sums, carries, absorbed),))


def everything(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.int32)


def numbers(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(int) << np.arange(len(bits))[:, None]).sum(axis=0)


POPCOUNT = Part("popcount", "p", in_head=True)
BOTH, FIRST = Comparison(0, 3), NumberBit("score", 1, 2)


def test_parts_are_those_of_the_blocks_in_their_order():
    parts = [(ENCODER, block(1, [[1]], [1], [2]), everything(1)), (POPCOUNT, adder(), [0] * 5)]
    circuit = join(1, parts, [(1, 0)])
    assert circuit.parts == (ENCODER, POPCOUNT)
    assert circuit.behind_core.tolist() == [False] + [True] * adder().netlist.n_gates


def test_meanings_have_names():
    assert (BOTH.name, FIRST.name) == ("x0_ge_3", "score2_1")
    assert NumberBit("class_index", 0).name == "class_index_0"


@pytest.mark.parametrize(
    ("name", "prefix"), [("", "a"), ("A", "a"), ("1a", "a"), ("a b", "a"), ("a", ""), ("a", "ab")]
)
def test_a_part_that_cannot_be_a_module_is_refused(name, prefix):
    with pytest.raises(ValueError, match=r"part|prefix"):
        Part(name, prefix)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": ()}, "are called"),
        ({"parts": (CORE, CORE)}, "a name of its own"),
        ({"part": [0]}, "not every gate"),
        ({"part": [0, 1, 2, 1, 1]}, "not every gate"),
        ({"part": [0, 1, 0, 1, 1]}, "in two parts"),
        ({"chain": [-1, 0, 0, 0, -1]}, "differ"),
        ({"chains": ()}, "differ"),
        ({"labels": (Label(99, BOTH),)}, "does not exist"),
        ({"labels": (Label(-1, BOTH),)}, "does not exist"),
        ({"lut_inputs": 7}, "7 inputs"),
    ],
)
def test_a_circuit_whose_pieces_do_not_fit_is_refused(change, message):
    encoder = block(2, [[1, 2]], [8], [3, 1, 2, 1, 2])
    parts = [(ENCODER, encoder, everything(2)), (POPCOUNT, adder(), everything(5))]
    circuit = join(2, parts, [(1, 0), (1, 1), (1, 2)])
    assert circuit.netlist.n_gates == 5
    with pytest.raises(ValueError, match=message):
        replace(circuit, **change)


@pytest.mark.parametrize("gate", range(4))
def test_a_chain_that_adds_something_else_is_refused(gate):
    circuit = joined(adder(), [0, 1, 2])
    table = circuit.netlist.table.copy()
    table[gate] ^= 1
    with pytest.raises(ValueError, match="not the sum or carry"):
        replace(circuit, netlist=replace(circuit.netlist, table=table))
    fanin = circuit.netlist.fanin.copy()
    fanin[gate, 0] = 3
    with pytest.raises(ValueError, match="not the sum or carry"):
        replace(circuit, netlist=replace(circuit.netlist, fanin=fanin))


def test_blocks_behind_each_other_compute_what_they_did():
    inverters = block(2, [[1], [2]], [1, 1], [4, 3])  # outputs swapped: not b, not a
    and_not = block(2, [[1, 2]], [2], [3])  # first and not second
    circuit = join(
        3,
        [(ENCODER, inverters, np.array([2, 0])), (CORE, and_not, np.array([1, 0]))],
        [(1, 0), (0, 0)],
    )
    assert circuit.netlist.n_inputs == 3
    assert circuit.part.tolist() == [0, 0, 1]
    vectors = np.arange(8)[None, :] >> np.arange(3)[:, None] & 1
    not_x0, not_x2 = 1 - vectors[0], 1 - vectors[2]
    # encoder input 0 is x2 and 1 is x0; its outputs are not x0, not x2; the core reads them swapped
    expected = np.stack([not_x2 & (1 - not_x0), not_x0])
    assert truth(circuit.netlist).astype(int).tolist() == expected.tolist()


def test_pins_and_tables_grow_to_the_widest_block():
    narrow, wide = block(1, [[1]], [1], [2]), block(1, [[1, 0, 0]], [0x55], [2])
    parts = [(ENCODER, narrow, everything(1)), (CORE, wide, everything(1))]
    circuit = join(1, parts, [(0, 0), (1, 0)])
    assert circuit.netlist.fanin.tolist() == [[1, 0, 0], [2, 0, 0]]
    assert circuit.netlist.table.tolist() == [0x55, 0x55]
    assert truth(circuit.netlist).tolist() == [[True, False], [False, True]]


def test_an_input_that_is_not_used_and_constants():
    encoder = block(2, [[0]], [1], [2, 3, 0])  # outputs: input 1, constant 1, constant 0
    core = block(4, [[1, 2]], [6], [5, 3, 4])
    parts = [(ENCODER, encoder, everything(2)), (CORE, core, np.array([0, 1, 2, -1]))]
    circuit = join(2, parts, [(1, 0), (1, 1), (1, 2)])
    second = np.array([False, False, True, True])
    assert truth(circuit.netlist).tolist() == [(~second).tolist(), [False] * 4, [False] * 4]


def test_origin_is_kept():
    core = Netlist(1, [[1], [2]], np.array([1, 1], np.uint8), [3], [4, 2])
    encoder = block(1, [[1]], [1], [2])
    parts = [(ENCODER, encoder, everything(1)), (CORE, Block(core), everything(1))]
    assert join(1, parts, [(1, 0)]).netlist.origin.tolist() == [-1, 4, 2]


def test_labels_name_the_outputs_of_a_part():
    encoder = block(2, [[1, 2]], [8], [3, 1])
    parts = [(ENCODER, encoder, everything(2)), (CORE, encoder, everything(2))]
    circuit = join(2, parts, [(1, 0)], {"encoder": [BOTH, FIRST]})
    assert circuit.labels == (Label(3, BOTH), Label(1, FIRST))


@pytest.mark.parametrize("absorb", [False, True])
@pytest.mark.parametrize("carry_out", [False, True])
def test_a_chain_moves_with_its_block(absorb, carry_out):
    encoder = block(5, [[0]], [1], [*range(1, 6)])
    chain = adder(absorb=absorb, carry_out=carry_out)
    circuit = join(
        5, [(ENCODER, encoder, everything(5)), (POPCOUNT, chain, everything(5))],
        [(1, place) for place in range(2 + carry_out)],
    )  # fmt: skip
    a, b, carry = np.arange(32) & 3, np.arange(32) >> 2 & 3, np.arange(32) >> 4
    total = a + (a & b if absorb else b) + carry
    assert numbers(truth(circuit.netlist)).tolist() == (total % (8 if carry_out else 4)).tolist()
    assert circuit.chain[0] == NO_CHAIN
    assert (circuit.chain[1:] == 0).all()
    assert circuit.clusters.tolist() == [0] + [1] * (circuit.netlist.n_gates - 1)
    assert chain.clusters.tolist() == [0] * chain.netlist.n_gates
    # The inverter-like constant is no LUT; a chain is one LUT a position, whatever it absorbs.
    assert circuit.lut_count() == {"encoder": 0, "popcount": 2}


def test_luts_of_plain_gates_are_counted_by_part():
    encoder = block(2, [[1, 2], [1, 0], [0, 0]], [8, 5, 15], [3, 4, 5])
    parts = [(ENCODER, encoder, everything(2)), (CORE, adder(), np.array([0, 1, 2, 0, 1]))]
    circuit = join(2, parts, [(1, 0), (1, 1), (1, 2)])
    assert circuit.lut_count() == {"encoder": 2, "core": 2}
    assert circuit.clusters.tolist() == [0, 1, 2, 3, 3, 3, 3]


@pytest.mark.parametrize(("lut_inputs", "counts"), [(6, 5), (5, 6), (4, 9), (3, 16)])
def test_a_wide_gate_takes_several_luts(lut_inputs, counts):
    """Gates of 0, 1, 3, 4, 5 and 6 pins: one LUT each as far as they fit, twice as many a pin."""
    fanin = np.array([[*range(1, pins + 1), *[0] * (6 - pins)] for pins in (0, 1, 3, 4, 5, 6)])
    netlist = Netlist(6, fanin, np.zeros(6, np.uint64), np.arange(7, 13))
    parts = [(CORE, Block(netlist), everything(6))]
    circuit = join(6, parts, [(0, 0)], lut_inputs=lut_inputs)
    assert circuit.lut_count()["core"] == counts


def test_a_gate_in_two_chains_is_refused():
    one = adder()
    with pytest.raises(ValueError, match="two carry chains"):
        join(5, [(CORE, Block(one.netlist, one.chains * 2), everything(5))], [(0, 0)])


@pytest.mark.parametrize("lengths", [(1, 2), (2, 1), (0, 0)])
def test_a_chain_of_uneven_or_no_columns_is_refused(lengths):
    left, right = (np.zeros(length, np.int32) for length in lengths)
    with pytest.raises(ValueError, match="columns have lengths"):
        Chain(left, left, 0, right, right)


def joined(chain: Block, outputs: list[int]):
    return join(5, [(POPCOUNT, chain, everything(5))], [(0, place) for place in outputs])


def test_nothing_dead_nothing_done():
    circuit = joined(adder(), [0, 1, 2])
    assert without_dead(circuit) is circuit


@pytest.mark.parametrize("absorb", [False, True])
@pytest.mark.parametrize(
    ("outputs", "length", "n_carries"), [([0], 1, 0), ([1], 2, 1), ([2], 2, 2), ([0, 1], 2, 1)]
)
def test_a_chain_ends_at_the_highest_sum_in_use(absorb, outputs, length, n_carries):
    circuit = joined(adder(absorb=absorb), outputs)
    smaller = without_dead(circuit)
    np.testing.assert_array_equal(truth(smaller.netlist), truth(circuit.netlist))
    (chain,) = smaller.chains
    assert chain.length == length == smaller.lut_count()["popcount"]
    assert np.count_nonzero(chain.carries) == n_carries
    assert len(chain.absorbed) == (length if absorb else 0)
    assert smaller.netlist.n_gates == length + n_carries + len(chain.absorbed)
    assert (smaller.chain == 0).all()


def test_dead_gates_chains_and_labels_go():
    encoder = block(5, [[1, 2], [3, 4]], [8, 8], [6, 7, 1, 2, 3])
    parts = [(ENCODER, encoder, everything(5)), (CORE, adder(), everything(5))]
    circuit = join(5, parts, [(0, 1)], {"encoder": [FIRST, BOTH], "core": [FIRST] * 3})
    smaller = without_dead(circuit)
    np.testing.assert_array_equal(truth(smaller.netlist), truth(circuit.netlist))
    assert smaller.netlist.n_gates == 1
    assert smaller.part.tolist() == [0]
    assert smaller.chains == ()
    assert smaller.labels == (Label(6, BOTH),)
