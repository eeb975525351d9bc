"""Counterexamples, replayed on the text: Verilator reads the same bytes and must show the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lgn2hdl.base.errors import ToolError
from lgn2hdl.hdl.ports import classifier_ports, result_ports
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.tools.verilator import Pins, simulate_text
from lgn2hdl.verify.proofs.replay import Bools, Golden
from lgn2hdl.verify.proofs.report import Counterexample, Part, Verdict

REPLAY = "Verilog: simulation"
"""The part that says what a simulator makes of the counterexample."""

Cycle = dict[str, int]


def replay_text(
    golden: Golden,
    example: Counterexample,
    verilog: Mapping[str, str],
    *,
    clock_enable: bool = False,
) -> Part:
    """Apply a counterexample to the Verilog in Verilator, after one cycle of reset.

    Args:
        golden: what the results must be.
        example: the sample, or the samples of consecutive clock cycles.
        verilog: texts by file name, the first one that of the pipeline's top module.
        clock_enable: whether that module has a port ``enable``.

    Returns:
        A part: different if the simulation is wrong too; not proved if it is right, or there is
        none.
    """
    top = next(iter(verilog)).removesuffix(".v")
    ports = classifier_ports(golden.design, clock_enable=clock_enable)
    inputs = {port.name: port.width for port in ports if port.direction == "input"}
    del inputs["clk"]
    pins = Pins(inputs, {port.name: port.width for port in ports if port.direction == "output"})
    cycles, right = _table(golden, example, golden.design.latency)
    try:
        given = simulate_text(verilog, top, pins, cycles, power_up=example.power_up)
    except ToolError as error:
        return Part(REPLAY, Verdict.NOT_PROVED, f"the counterexample was not simulated: {error}")
    for cycle, (expected, actual) in enumerate(zip(right, given, strict=True)):
        wrong = {name: value for name, value in expected.items() if actual[name] != value}
        if wrong:
            name, value = next(iter(wrong.items()))
            detail = f"Verilator shows it: in cycle {cycle} {name} is {actual[name]}, not {value}"
            return Part(REPLAY, Verdict.DIFFERENT, detail)
    detail = "Verilator gives the right results for the counterexample: the readers differ"
    return Part(REPLAY, Verdict.NOT_PROVED, detail)


def _table(
    golden: Golden, example: Counterexample, latency: int
) -> tuple[list[Cycle], list[Cycle]]:
    """Inputs of every cycle, and the outputs that are known for it.

    Where the cycle of reset has no sample of the stream, it has no edge of the clock enable either.
    """
    network = golden.network
    samples = np.array(example.stream or [example.features], network.features.dtype)
    results = golden.results(samples)
    bits = feature_bits(network.features, samples)
    x = [_number(column) for column in bits.T]
    first = 0 if example.reset else 1
    rows = [0] * first + x + [0] * latency
    n_reset = max(1, example.reset)
    cycles: list[Cycle] = []
    right: list[Cycle] = []
    for cycle, value in enumerate(rows):
        is_reset = cycle < n_reset
        is_sample = not is_reset and cycle < first + len(x)
        enable = not is_reset or example.reset > 0
        inputs = {"rst": is_reset, "valid_in": is_sample, "enable": enable}
        cycles.append({"x": value, **{name: int(bit) for name, bit in inputs.items()}})
        place = cycle - latency
        known = n_reset <= place < first + len(x)
        expected = {} if is_reset else {"valid_out": int(known)}
        right.append(expected | (_results(golden, results[:, place - first]) if known else {}))
    return cycles, right


def _results(golden: Golden, bits: Bools) -> Cycle:
    """Values of the result ports."""
    values, lsb = {}, 0
    for port in result_ports(golden.design.head):
        values[port.name] = _number(bits[lsb : lsb + port.width])
        lsb += port.width
    return values


def _number(bits: Bools) -> int:
    packed = np.packbits(bits, bitorder="little")
    return int.from_bytes(packed.tobytes(), "little")
