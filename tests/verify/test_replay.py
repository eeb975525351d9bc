"""Counterexamples: the golden model's results as numbers, and the first sample that differs."""

import dataclasses

import numpy as np
import pytest
from hardware import adder_network, design_of, mixed_network, random_rows

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.verify.proofs.replay import Golden, with_every_node

pytestmark = pytest.mark.simulator


@pytest.fixture(scope="module")
def golden():
    return Golden(design_of(mixed_network(), levels=4))


def bits_of(value: int, width: int) -> list[bool]:
    return [bool(value >> place & 1) for place in range(width)]


def test_results_are_decoded(golden):
    rows = random_rows(golden.network.features, 20)
    scores = golden.network.scores(rows)
    results = golden.results(rows)
    for row in range(20):
        assert golden.decoded(results[:, row]) == {
            "class": int(scores[row].argmax()),
            **{f"score of class {index}": int(value) for index, value in enumerate(scores[row])},
        }


def test_numbers_with_and_without_a_sign(golden):
    plan = golden.design.head
    width = plan.score_width
    assert plan.score_signed
    bits = bits_of(2, plan.class_width)
    for value in (-1, 3, -(1 << width - 1)):
        bits += bits_of(value & (1 << width) - 1, width)
    found = golden.decoded(np.array(bits))
    assert found == {
        "class": 2, "score of class 0": -1, "score of class 1": 3,
        "score of class 2": -(1 << width - 1),
    }  # fmt: skip
    bare = dataclasses.replace(plan, scores=False, margin=True)
    design = dataclasses.replace(golden.design, head=bare)
    bits = [*bits_of(1, plan.class_width), *bits_of(5, bare.margin_width)]
    assert Golden(design).decoded(np.array(bits)) == {"class": 1, "margin": 5}


def test_bits_are_named_by_their_places():
    design = design_of(adder_network(2), levels=1)
    found = Golden(design).decoded(np.array([1, 0, 1, 0, 0, 0, 1], bool))
    assert found == {f"bit {place}": int(place in (0, 2, 6)) for place in range(7)}


def wires(n_inputs: int, outputs: list[int]) -> Netlist:
    return Netlist(n_inputs, np.zeros((0, 2), np.int32), [], outputs)


def test_the_first_sample_that_differs():
    network = adder_network(1)  # two bits in; sum, carry, and four more out
    golden = Golden(design_of(network, levels=1))
    samples = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], network.features.dtype)
    expected = golden.results(samples)
    copies = wires(2, [1] * len(expected))
    wanted = [0, 1, 0, 1]
    same = np.array([[bool(bit) for bit in wanted]] * len(expected))
    assert golden.mismatch(copies, samples, same) is None
    for sample in range(4):
        changed = same.copy()
        changed[-1, sample:] ^= True
        assert golden.mismatch(copies, samples, changed) == sample
    assert isinstance(golden.mismatch(copies, samples, ~same), int)


def test_a_counterexample_has_only_what_differs():
    network = adder_network(1)
    golden = Golden(design_of(network, levels=1))
    sample = np.array([[1, 1]], network.features.dtype)
    right = golden.decoded(golden.results(sample)[:, 0])
    found = golden.counterexample("core", wires(2, [1] * len(right)), sample)
    assert (found.part, found.features) == ("core", (1, 1))
    assert found.expected == right
    assert found.actual == {name: 1 for name, value in right.items() if value != 1}
    assert found.actual


def test_every_node_is_an_output():
    netlist = Netlist(2, [[1, 2], [3, 1]], np.array([8, 6], np.uint8), [4])
    whole = with_every_node(netlist)
    assert whole.outputs.tolist() == [0, 1, 2, 3, 4]
    assert whole.fanin is not None
    assert np.array_equal(whole.table, netlist.table)
