"""Engines without a simulator: that they agree, and that a fault in one of them is found."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hardware import adder_network, all_rows, design_of, mixed_network
from hypothesis import given, settings
from networks import networks

from lgn2hdl.api.engines import c_engine, cpu_engines, torch_engine
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum_plan import CLASS, SCORES
from lgn2hdl.passes import prune
from lgn2hdl.passes.lower import lower
from lgn2hdl.verify.differential.compare import Engine, compare, golden_results
from lgn2hdl.verify.differential.engines import (
    circuit_engine,
    netlist_engine,
    network_engine,
    step_engines,
)
from lgn2hdl.verify.differential.vectors import VectorTable, vector_table


def table_of(network, number=60):
    return vector_table(network, None, number)


@pytest.mark.slow
@given(networks())
@settings(max_examples=25)
def test_the_engines_in_python_agree(network):
    table = table_of(network)
    golden = golden_results(network, table.integers)
    margin = () if isinstance(network.head, Bits) else ("margin",)
    recipe = Recipe(effort="none", outputs=("class", "scores", *margin))
    design = compile_network(network, recipe).design
    engines = [
        torch_engine(network),
        network_engine(network),
        *step_engines(network),
        circuit_engine(design),
        *cpu_engines(network),
    ]
    for engine in engines:
        outcome = compare(engine, table, golden)
        assert (outcome.mismatches, outcome.first) == (0, None), engine.name
        assert outcome.vectors == len(table.integers)


@pytest.mark.parametrize(
    "network",
    [mixed_network(8, n_classes=4, width=40), adder_network(3)],
    ids=["classes", "bits"],
)
def test_the_exported_c_agrees(network):
    table = table_of(network)
    outcome = compare(c_engine(network), table, golden_results(network, table.integers))
    assert outcome.mismatches == 0
    assert "exported C" in outcome.engine


def wrong_at(engine, name, place, rows):
    """The engine with one value of a result too large by one in some rows."""

    def run(integers):
        results = {key: np.array(values) for key, values in engine.run(integers).items()}
        for row in rows:
            results[name][(row, *place)] += 1
        return results

    return Engine(engine.name, run)


def test_the_first_mismatch_is_told():
    network = mixed_network(2)
    table = table_of(network)
    golden = golden_results(network, table.integers)
    vector = len(table.integers) - table.groups["tie"] - 2
    engine = wrong_at(network_engine(network), SCORES, (2,), [vector + 1, vector])
    outcome = compare(engine, table, golden)
    assert outcome.mismatches == 2
    first = outcome.first
    score = int(network.scores(table.integers)[vector, 2])
    assert (first.vector, first.group) == (vector, "threshold")
    assert (first.output, first.expected, first.got) == (f"{SCORES} 2", score, score + 1)
    assert first.features == tuple(table.integers[vector].tolist())
    assert first.text == (
        f"network: vector {vector} (threshold): score of class 2 is {score + 1}, expected {score}"
    )
    wrong_class = compare(wrong_at(network_engine(network), CLASS, (), [5]), table, golden)
    assert wrong_class.first.output == CLASS
    assert wrong_class.to_json()["first"]["vector"] == 5


def test_a_mismatch_leaves_a_file(tmp_path):
    network = adder_network(2)
    table = VectorTable(all_rows(4), {"all": 16})
    golden = golden_results(network, table.integers)
    engine = wrong_at(network_engine(network), "bit", (1,), [3])
    compare(engine, table, golden).first.write(tmp_path / "m.json", model="adder.lgn")
    document = json.loads((tmp_path / "m.json").read_text())
    assert document == {
        "model": "adder.lgn", "engine": "network", "vector": 3, "group": "all", "output": "bit 1",
        "expected": 1, "got": 2, "features": [1, 1, 0, 0],
    }  # fmt: skip


def test_a_fault_in_a_netlist_is_found():
    """Whatever gate is complemented: wherever outputs change, the comparison says so."""
    network = mixed_network(4)
    table = table_of(network)
    golden = golden_results(network, table.integers)
    netlist = prune(lower(network))[0]
    for gate in range(netlist.n_gates):
        fault = np.array(netlist.table)
        fault[gate] ^= fault.dtype.type(1)  # the row in which all pins are 0
        engine = netlist_engine("faulty", network, replace(netlist, table=fault))
        differs = (engine.run(table.integers)["node of the last layer"] !=
                   golden["node of the last layer"]).any(axis=1)  # fmt: skip
        assert compare(engine, table, golden).mismatches == int(differs.sum())


def test_a_circuit_of_another_network_is_found():
    one, other = mixed_network(4), mixed_network(5)
    table = table_of(one)
    golden = golden_results(one, table.integers)
    design = replace(design_of(other, margin=True), network=one)
    assert compare(circuit_engine(design), table, golden).mismatches > 0


def test_the_tie_rule_is_tried():
    """An engine whose highest class wins a tie is wrong for the ties, and for them alone."""
    network = mixed_network(8, n_classes=4, width=40)
    table = table_of(network)

    def run(integers):
        return {CLASS: 3 - network.scores(integers)[:, ::-1].argmax(axis=1)}

    outcome = compare(Engine("last", run), table, golden_results(network, table.integers))
    scores = np.sort(network.scores(table.integers), axis=1)
    assert outcome.mismatches == int((scores[:, -1] == scores[:, -2]).sum())
    assert outcome.mismatches >= table.groups["tie"] > 20


@pytest.mark.parametrize(
    "results",
    [{}, {"colour": np.zeros(3)}, {CLASS: np.zeros(2)}],
    ids=["none", "unknown", "too few"],
)
def test_engines_must_give_results(results):
    network = mixed_network(1)
    table = VectorTable(np.zeros((3, 5), np.uint8), {"zeros": 3})
    with pytest.raises(ValueError, match="strange gives"):
        compare(
            Engine("strange", lambda integers: results),
            table,
            golden_results(network, table.integers),
        )


def test_the_golden_results_are_those_of_the_head():
    network = mixed_network(8, n_classes=4, width=40)
    rows = table_of(network).integers
    golden = golden_results(network, rows)
    assert list(golden) == ["node of the last layer", "score of class", "class", "margin"]
    np.testing.assert_array_equal(golden[SCORES], network.scores(rows))
    np.testing.assert_array_equal(golden[CLASS], network.decisions(rows))
    assert isinstance(adder_network(2).head, Bits)
    assert list(golden_results(adder_network(2), all_rows(4))) == ["node of the last layer", "bit"]
