import numpy as np
from hypothesis import given, settings
from networks import networks

from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import facts_of, prune
from lgn2hdl.passes.lower import lower
from lgn2hdl.verify.proofs.steps import pruning_steps


def same(one: object, other: object) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("fanin", "table", "outputs")
    )


@given(networks())
@settings(max_examples=15)
def test_steps_begin_and_end_as_the_compiler_does(network: LogicNet) -> None:
    steps = list(pruning_steps(network))
    compiled = compile_network(network, Recipe(effort="none"))
    assert same(steps[0].netlist, lower(network))
    assert same(steps[-1].netlist, compiled.pruned)
    assert any(same(step.netlist, compiled.pruned) for step in steps[:-1])
    changing = [item for item in compiled.records if item.gates_before != item.gates_after]
    assert {f"{item.name}, round {item.round}" for item in changing} <= {s.name for s in steps}


@given(networks())
@settings(max_examples=5)
def test_without_dont_cares(network: LogicNet) -> None:
    steps = list(pruning_steps(network, dont_cares=False))
    assert same(steps[-1].netlist, prune(lower(network))[0])
    assert not any("dont_cares" in step.name for step in steps)


@given(networks())
@settings(max_examples=5)
def test_gates_in_place_of_the_layers(network: LogicNet) -> None:
    gates = prune(lower(network))[0]
    wanted = prune(gates, facts_of(network))[0]
    assert same(list(pruning_steps(network, gates))[-1].netlist, wanted)
