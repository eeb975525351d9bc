"""Choice of segments and vectors: the cheapest of all that are allowed."""

import numpy as np
import pytest
from programs import example_network, wide_operands

from lgn2hdl.cpu import choice
from lgn2hdl.cpu.choice import SEGMENTS, VECTORS, choose, cost
from lgn2hdl.cpu.counting import Terms, terms
from lgn2hdl.cpu.encoder import representatives
from lgn2hdl.cpu.instructions import instructions
from lgn2hdl.cpu.nodes import NormalNodes, normal_form
from lgn2hdl.cpu.plan import plan
from lgn2hdl.cpu.program import three_input_netlist
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.network import LogicNet

Parts = tuple[NormalNodes, np.ndarray, Terms | None]


def parts(network: LogicNet) -> Parts:
    nodes = normal_form(three_input_netlist(network))
    head = network.head
    counted = terms(head, nodes) if isinstance(head, GroupSum) else None
    return nodes, representatives(network.encoder, network.features), counted


@pytest.fixture(scope="module")
def some() -> Parts:
    return parts(example_network(1, nodes=300))


def test_the_cheapest_is_chosen(some: Parts) -> None:
    nodes, same, counted = some
    costs = {}
    for segments in SEGMENTS:
        layout = plan(nodes, same, counted, segments)
        code = instructions(nodes, layout, counted)
        for vectors in VECTORS:
            costs[segments, vectors] = cost(layout, code, vectors)
    layout, code, vectors = choose(nodes, same, counted)
    assert cost(layout, code, vectors) == min(costs.values())
    assert len(set(costs.values())) > 1
    again = choose(nodes, same, counted)
    assert np.array_equal(again[1].operands, code.operands)


@pytest.mark.parametrize("segments", [1, 8])
@pytest.mark.parametrize("vectors", VECTORS)
def test_only_what_is_allowed_is_chosen(some: Parts, segments: int, vectors: int) -> None:
    layout, _, width = choose(*some, segments=(segments,), vectors=(vectors,))
    assert len(layout.segment_end) == segments
    assert width == vectors


def test_cost_grows_with_jumps_and_memory(some: Parts) -> None:
    nodes, same, counted = some
    layout = plan(nodes, same, counted, 1)
    code = instructions(nodes, layout, counted)
    jumps = [cost(layout, code, vectors) - cost(layout, code, 2 * vectors) for vectors in (1, 2)]
    assert jumps[0] > jumps[1]
    large = plan(nodes, same, counted, 1)
    object.__setattr__(large, "n_slots", 100 * layout.n_slots)
    assert cost(large, code, 1) > cost(layout, code, 1)


def test_output_bits_have_one_segment() -> None:
    layout, _, _ = choose(*parts(example_network(2, bits=True)), segments=(8, 16))
    assert len(layout.segment_end) == 1


def test_wide_operands_have_one_vector(some: Parts) -> None:
    with wide_operands():
        layout, _, vectors = choose(*some, vectors=(4,))
        assert not layout.narrow
    assert vectors == 1


def test_large_networks_try_few_segments(some: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def counting_plan(*arguments: object) -> object:
        tried.append(arguments[-1])
        return plan(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(choice, "plan", counting_plan)
    choose(*some)
    assert tried == list(SEGMENTS)
    tried.clear()
    monkeypatch.setattr(choice, "LARGE", len(some[0].table))
    choose(*some)
    assert tried == list(choice.SEGMENTS_OF_LARGE)


def test_a_small_cache_asks_for_fewer_values(some: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    slots = []
    for size in (8 << 10, 64 << 20):
        monkeypatch.setattr(choice.memory, "second_level_cache", lambda size=size: size)
        layout, _, vectors = choose(*some)
        slots.append(layout.n_slots * vectors)
    assert slots[0] < slots[1]
