"""Circuit files: what is written comes back, and what is damaged is one error."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hardware import design_of, mixed_network
from hypothesis import HealthCheck, given, settings
from networks import networks

from lgn2hdl.base import container
from lgn2hdl.base.errors import ModelFileError
from lgn2hdl.ir import circuit_file
from lgn2hdl.ir.circuit import Circuit
from lgn2hdl.model.network import LogicNet


def same(one: Circuit, other: Circuit) -> bool:
    arrays = all(
        np.array_equal(getattr(one.netlist, name), getattr(other.netlist, name))
        for name in ("fanin", "table", "outputs", "origin")
    )
    chains = all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for a, b in zip(one.chains, other.chains, strict=True)
        for name in ("augend", "addend", "carry_in", "sums", "carries", "absorbed")
    )
    rest = ("parts", "labels", "lut_inputs")
    return (
        arrays
        and chains
        and one.netlist.n_inputs == other.netlist.n_inputs
        and np.array_equal(one.part, other.part)
        and np.array_equal(one.chain, other.chain)
        and all(getattr(one, name) == getattr(other, name) for name in rest)
    )


@given(networks())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_comes_back(tmp_path: Path, network: LogicNet) -> None:
    circuit = design_of(network).circuit
    path = tmp_path / "circuit"
    circuit_file.save(circuit, path)
    again = circuit_file.load(path)
    assert same(again, circuit)
    circuit_file.save(again, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_without_chains_and_labels(tmp_path: Path) -> None:
    circuit = design_of(mixed_network(1), carry=False).circuit
    assert not circuit.chains
    plain = replace(circuit, labels=())
    circuit_file.save(plain, tmp_path / "plain")
    assert same(circuit_file.load(tmp_path / "plain"), plain)


def without(values: dict[str, Any], name: str) -> None:
    del values[name]


DAMAGES = {
    "no parts": lambda a, d: without(d, "parts"),
    "no inputs": lambda a, d: without(d, "n_inputs"),
    "no table": lambda a, d: without(a, "table"),
    "no chain": lambda a, d: without(a, "chain.sums"),
    "inputs are text": lambda a, d: d.update(n_inputs="3"),
    "labels are text": lambda a, d: d.update(labels="abc"),
    "a label is short": lambda a, d: d.update(labels=[[1, "comparison", 2]]),
    "a label of another kind": lambda a, d: d.update(labels=[[1, "color", 2, 3]]),
    "a label of a number without a name": lambda a, d: d.update(labels=[[1, "number", 2, 3, 4]]),
    "a label of a node too high": lambda a, d: d.update(labels=[[1 << 30, "comparison", 2, 3]]),
    "a part without a name": lambda a, d: d.update(parts=[[1, "e", False]]),
    "parts are too few": lambda a, d: d.update(parts=d["parts"][:1]),
    "a fan-in too high": lambda a, d: a.update(fanin=a["fanin"] + 10_000),
    "an output too high": lambda a, d: a.update(outputs=a["outputs"] + 10_000),
    "a chain of another length": lambda a, d: a.update({"chain.length": a["chain.length"] + 1}),
    "a chain less": lambda a, d: a.update({"chain.carry_in": a["chain.carry_in"][1:]}),
    "a chain of other gates": lambda a, d: a.update({"chain.sums": a["chain.carries"]}),
    "a chain above": lambda a, d: a.update({"chain.sums": a["chain.sums"] + 100_000}),
    "an augend above": lambda a, d: a.update({"chain.augend": a["chain.augend"] + 100_000}),
    "parts of gates are other ones": lambda a, d: a.update(part=a["part"][::-1].copy() * 0 + 9),
    "LUTs are too wide": lambda a, d: d.update(lut_inputs=60),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_one_error(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "circuit"
    circuit_file.save(design_of(mixed_network(2)).circuit, path)
    arrays, document = container.read(path, circuit_file.FORMAT, circuit_file.VERSION)
    damage(arrays, document)
    container.write(path, arrays, document, circuit_file.FORMAT, circuit_file.VERSION)
    with pytest.raises(ModelFileError, match=r"is damaged \(.*\): write it anew"):
        circuit_file.load(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no circuit file"):
        circuit_file.load(tmp_path / "nothing")
    (tmp_path / "text").write_text("circuit")
    with pytest.raises(ModelFileError, match="text"):
        circuit_file.load(tmp_path / "text")
