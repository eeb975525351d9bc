"""Functions of bounded size that compute the netlist, interpreted here without a compiler."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from networks import exhaustive_inputs, netlists, random_netlist, truth

from lgn2hdl.c_export import gates
from lgn2hdl.c_export.gates import MAX_LOCALS, MAX_OUTPUTS, GateCode, gate_code
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.passes import prune

STATEMENT = re.compile(r"(?:const W )?(v\d+|[sy]\[\d+\]) = (.*);")


def interpret(code: GateCode, inputs: np.ndarray) -> np.ndarray:
    """Outputs of the functions for packed inputs ``u64[n, words]``; values must be set before."""
    zero = np.zeros(inputs.shape[1], np.uint64)
    slots: list[np.ndarray | None] = [None] * code.n_slots
    outputs = []
    for part in code.parts:
        assert part.first_output == len(outputs)
        names = {"ZERO": zero, "ONES": ~zero, "x": inputs, "s": slots, "__builtins__": {}}
        y: list[np.ndarray | None] = [None] * part.n_outputs
        for line in part.statements:
            match = STATEMENT.fullmatch(line)
            assert match, line
            value = eval(match[2].replace("(W)", ""), names)
            if match[1][0] == "v":
                assert match[1] not in names, "a variable has one value"
                names[match[1]] = value
            else:
                place = int(match[1][2:-1])
                {"s": slots, "y": y}[match[1][0]][place] = value
        outputs += y
    return np.array(outputs).reshape(len(outputs), inputs.shape[1])


def prepared(netlist: Netlist) -> Netlist:
    return prune(netlist)[0]


def bounded(code: GateCode) -> None:
    """The limits hold, and the numbers are what the text says."""
    names = [sum(line.startswith("const W") for line in part.statements) for part in code.parts]
    text = "\n".join(line for part in code.parts for line in part.statements)
    assert max(names) == code.n_locals <= gates.MAX_LOCALS
    assert max(part.n_outputs for part in code.parts) <= MAX_OUTPUTS
    assert max(len(part.statements) for part in code.parts) <= 2 * gates.MAX_LOCALS + MAX_OUTPUTS
    assert sum(map(text.count, "&|^~")) == code.n_operators
    assert len(set(re.findall(r"s\[\d+\]", text))) == code.n_slots


@settings(max_examples=80)
@given(netlist=netlists(max_gates=60))
def test_random_netlists_in_tiny_functions(netlist: Netlist) -> None:
    netlist = prepared(netlist)
    if netlist.n_pins > 3 or not len(netlist.outputs):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "MAX_LOCALS", 5)
        patch.setattr(gates, "MAX_OUTPUTS", 2)
        code = gate_code(netlist)
    got = interpret(code, exhaustive_inputs(netlist.n_inputs))
    assert np.array_equal(packed.unpack(got, 1 << netlist.n_inputs), truth(netlist))
    assert code.n_locals <= 5
    assert all(part.n_outputs <= 2 for part in code.parts)


@pytest.mark.parametrize("n_pins", [2, 3])
def test_a_large_network_has_functions_of_bounded_size(n_pins: int) -> None:
    rng = np.random.default_rng(n_pins)
    netlist = prepared(random_netlist(rng, 50, 6000, n_pins, 2000))
    code = gate_code(netlist)
    bounded(code)
    assert len(code.parts) > 10
    inputs = rng.integers(0, 1 << 64, (50, 2), np.uint64)
    assert np.array_equal(interpret(code, inputs), evaluate(netlist, inputs))


def chain(n_gates: int) -> Netlist:
    """Each gate reads the one before it: 1 & 2, then ^ 1, ^ 2, ^ 1, ..."""
    last = np.arange(2, 2 + n_gates)
    fanin = np.stack([last, 1 + np.arange(n_gates) % 2], axis=1)
    table = np.where(np.arange(n_gates), 0b0110, 0b1000)
    return Netlist(2, fanin, table, np.array([2 + n_gates]))


def test_a_deep_chain_needs_no_recursion_and_one_slot() -> None:
    netlist = chain(3_000)
    code = gate_code(netlist)
    bounded(code)
    assert code.n_slots == 1
    assert len(code.parts) <= 3_000 / (MAX_LOCALS - 2) + 1
    inputs = exhaustive_inputs(2)
    assert np.array_equal(interpret(code, inputs), evaluate(netlist, inputs))


def test_outputs_without_gates() -> None:
    netlist = Netlist(2, np.empty((0, 2), np.int32), np.empty(0, np.uint8), [0, 2, 1, 2])
    code = gate_code(netlist)
    lines = code.parts[0].statements
    assert lines == ("y[0] = ZERO;", "y[1] = x[1];", "y[2] = x[0];", "y[3] = x[1];")
    assert (code.n_slots, code.n_locals, code.n_operators) == (0, 0, 0)


def test_a_gate_that_no_output_needs_is_left_out() -> None:
    netlist = Netlist(2, [[1, 2], [1, 2]], [0b1000, 0b0110], [4])
    assert gate_code(netlist).parts[0].statements == ("y[0] = (W)(x[0] ^ x[1]);",)


def test_a_gate_of_several_readers_is_computed_once() -> None:
    netlist = Netlist(2, [[1, 2], [3, 1]], [0b1000, 0b0110], [4, 3])
    assert gate_code(netlist).parts[0].statements == (
        "const W v3 = (W)(x[0] & x[1]);",
        "y[0] = (W)(v3 ^ x[0]);",
        "y[1] = v3;",
    )
