"""Terms of the head: bias and counted bits are the score, for every input."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import random_netlist, truth
from programs import random_head

from lgn2hdl.cpu.counting import Terms, terms
from lgn2hdl.cpu.nodes import NormalNodes, normal_form
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads.group_sum import GroupSum

INT32 = np.iinfo(np.int32)


def nodes_of(outputs: list[int], complemented: list[bool]) -> NormalNodes:
    """Three inputs and no gates."""
    empty = np.empty((0, 3), np.int32)
    nothing = np.empty(0, np.uint8)
    return NormalNodes(
        3, empty, nothing, np.array(outputs, np.int32), np.array(complemented, np.bool_)
    )


def head_of(class_of: list[int], weight: list[int], bias: list[int]) -> GroupSum:
    return GroupSum(np.array(class_of), np.array(weight), np.array(bias), 1.0)


def scores(counted: Terms, nodes: NormalNodes) -> npt.NDArray[np.int64]:
    """Scores ``i64[C, 2**n_inputs]`` that the terms mean."""
    everything = np.arange(nodes.n_nodes)
    values = truth(Netlist(nodes.n_inputs, nodes.fanin, nodes.table, everything))
    sums = np.repeat(counted.bias[:, None], values.shape[1], axis=1)
    signed = np.where(counted.negative, -1, 1) << counted.plane
    np.add.at(sums, counted.class_of, signed[:, None] * values[counted.node])
    return counted.lowest + sums % (1 << counted.n_planes)


def checked(head: GroupSum, nodes: NormalNodes) -> Terms:
    """The terms, checked for what they must be."""
    counted = terms(head, nodes)
    netlist = Netlist(nodes.n_inputs, nodes.fanin, nodes.table, nodes.outputs)
    outputs = truth(netlist) ^ nodes.complemented[:, None]
    assert np.array_equal(scores(counted, nodes), head.scores(outputs).T)
    key = np.stack([counted.class_of, counted.negative, counted.plane, counted.node])
    assert np.array_equal(key, key[:, np.lexsort(key[::-1])])
    assert len(np.unique(key[[0, 2, 3]], axis=1).T) == key.shape[1]
    assert (counted.node != 0).all()
    assert ((counted.bias >= 0) & (counted.bias < 1 << counted.n_planes)).all()
    assert (counted.plane < counted.n_planes).all()
    assert counted.n_planes >= 1
    low, high = head.score_range()
    assert counted.lowest == low.min()
    assert counted.n_planes == max(1, int(high.max() - low.min()).bit_length())
    return counted


@given(seed=st.integers(0, 2**32 - 1), n_outputs=st.integers(0, 60), n_classes=st.integers(2, 12))
def test_terms_are_the_scores(seed: int, n_outputs: int, n_classes: int) -> None:
    rng = np.random.default_rng(seed)
    netlist = random_netlist(rng, int(rng.integers(0, 7)), int(rng.integers(0, 30)), 3, n_outputs)
    checked(random_head(rng, n_outputs, n_classes), normal_form(netlist))


def test_equal_outputs_are_counted_once_with_their_sum() -> None:
    head = head_of([0, 0, 0, 1, 1], [1, 1, 1, 1, 1], [0, 0])
    counted = checked(head, nodes_of([1, 1, 2, 1, 1], [False] * 5))
    assert counted.node.tolist() == [2, 1, 1]
    assert counted.plane.tolist() == [0, 1, 1]


def test_what_cancels_is_not_counted() -> None:
    counted = checked(head_of([0, 0, 1], [5, -5, 0], [1, 2]), nodes_of([1, 1, 2], [False] * 3))
    assert len(counted.node) == 0


def test_an_output_and_its_complement_are_a_constant() -> None:
    counted = checked(head_of([0, 0], [1, 1], [0, 0]), nodes_of([3, 3], [False, True]))
    assert len(counted.node) == 0
    assert counted.bias.tolist() == [1, 0]


def test_constants_are_part_of_the_bias() -> None:
    counted = checked(
        head_of([0, 1, 1], [3, 4, 1], [0, 0]), nodes_of([0, 0, 0], [True, True, False])
    )
    assert len(counted.node) == 0
    assert counted.bias.tolist() == [3, 4]


@pytest.mark.parametrize("weight", [127, -128, 1, -1])
def test_a_weight_is_its_powers_of_two(weight: int) -> None:
    counted = checked(head_of([0], [weight], [0, 0]), nodes_of([1], [False]))
    assert counted.negative.tolist() == [weight < 0] * len(counted.node)
    assert (1 << counted.plane).sum() == abs(weight)


def test_scores_that_never_vary_have_a_plane() -> None:
    assert checked(head_of([], [], [-7, -7]), nodes_of([], [])).n_planes == 1


@pytest.mark.parametrize(
    ("bias", "weight"),
    [
        ([INT32.min, INT32.max - 9], [9, 9]),
        ([INT32.max, INT32.min + 9], [-9, -9]),
        ([INT32.max - 9, -9], [9, 9]),
        ([9, INT32.min + 9], [-9, -9]),
        ([INT32.min, INT32.max], [0, 0]),
    ],
)
def test_the_widest_scores_that_fit(bias: list[int], weight: list[int]) -> None:
    counted = checked(head_of([0, 1], weight, bias), nodes_of([1, 2], [False, True]))
    assert counted.n_planes >= 31
