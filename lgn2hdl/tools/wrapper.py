"""The wrapper around a design to be placed and routed: three pins, however wide its ports are.

A network may have thousands of input bits and no package as many pins. Out of context, a shift
register feeds the inputs, and the outputs are caught in registers and folded into one bit by a
tree of exclusive ors with a register behind every LUT. No path of the wrapper has more than one
LUT4 between two registers, so that the design is what limits the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

CLOCK = "clk"
"""Clock of the design and of the wrapper."""

FOLD = 4
"""Bits that one LUT of the tree folds."""


@dataclass(frozen=True)
class PortBits:
    """A port of the design, the clock excepted.

    Attributes:
        name: Verilog name.
        is_input: whether the wrapper drives it.
        is_used: whether the design reads each bit of an input, least significant first. A bit
            that it does not read gets no register. All true for an output.
    """

    name: str
    is_input: bool
    is_used: tuple[bool, ...]

    @property
    def width(self) -> int:
        """Bits."""
        return len(self.is_used)


def wrapper_verilog(design: str, wrapper: str, ports: Iterable[PortBits]) -> str:
    """Verilog of the module ``wrapper`` with one instance of ``design``.

    Args:
        design: name of the design's top module, with the clock :data:`CLOCK`.
        wrapper: name of the new module; its ports are ``clk``, ``serial_in``, ``serial_out``.
        ports: the design's other ports.
    """
    ports = tuple(ports)
    inputs = [port for port in ports if port.is_input]
    outputs = [port for port in ports if not port.is_input]
    n_fed = max(1, sum(sum(port.is_used) for port in inputs))
    n_caught = max(1, sum(port.width for port in outputs))
    lines = [
        f"module {wrapper}(input clk, input serial_in, output serial_out);",
        f"  reg [{n_fed - 1}:0] feed;",
        *[f"  wire [{port.width - 1}:0] {_wire(port)};" for port in ports],
        *_assignments(inputs),
        f"  {design} design (",
        ",\n".join(
            [f"    .{CLOCK}(clk)", *[f"    .\\{port.name} ({_wire(port)})" for port in ports]]
        ),
        "  );",
        f"  reg [{n_caught - 1}:0] fold0;",
        *_tree(n_caught),
        "  always @(posedge clk) begin",
        f"    feed <= {_shifted(n_fed)};",
        f"    fold0 <= {_joined([_wire(port) for port in reversed(outputs)])};",
        *[f"    fold{step} <= {_folded(step, n)};" for step, n in _steps(n_caught)],
        "  end",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def stub_verilog(design: str, ports: Iterable[PortBits]) -> str:
    """Verilog of a module ``design`` that has the ports and no inside."""
    declared = [
        f"{'input' if port.is_input else 'output'} [{port.width - 1}:0] \\{port.name} "
        for port in ports
    ]
    return f"module {design}({', '.join([f'input {CLOCK}', *declared])});\nendmodule\n"


def _wire(port: PortBits) -> str:
    """The wrapper's wire at a port, which no other name of the wrapper equals."""
    return f"\\port.{port.name} "


def _shifted(n_bits: int) -> str:
    return f"{{feed[{n_bits - 2}:0], serial_in}}" if n_bits > 1 else "serial_in"


def _assignments(inputs: Iterable[PortBits]) -> Iterator[str]:
    """The design's inputs from the shift register, runs of bits at once."""
    place = 0
    for port in inputs:
        pieces = []
        for used, length in _runs(port.is_used):
            pieces.append(f"feed[{place + length - 1}:{place}]" if used else f"{length}'b0")
            place += length if used else 0
        yield f"  assign {_wire(port)} = {_joined(pieces[::-1])};"


def _runs(bits: Iterable[bool]) -> Iterator[tuple[bool, int]]:
    """Value and length of each run of equal bits."""
    for value, group in groupby(bits):
        yield value, len(list(group))


def _joined(pieces: list[str]) -> str:
    return f"{{{', '.join(pieces)}}}" if pieces else "1'b0"


def _steps(n_bits: int) -> list[tuple[int, int]]:
    """Number of each step of the tree, and the bits that it folds."""
    steps: list[tuple[int, int]] = []
    while n_bits > 1:
        steps.append((len(steps) + 1, n_bits))
        n_bits = -(-n_bits // FOLD)
    return steps


def _tree(n_bits: int) -> Iterator[str]:
    """The registers behind the first one, and the output."""
    steps = _steps(n_bits)
    for step, n in steps:
        yield f"  reg [{-(-n // FOLD) - 1}:0] fold{step};"
    yield f"  assign serial_out = fold{len(steps)}[0];"


def _folded(step: int, n_bits: int) -> str:
    """One exclusive or for every four bits of the step before, the last ones first."""
    pieces = [
        f"^fold{step - 1}[{min(first + FOLD, n_bits) - 1}:{first}]"
        for first in range(0, n_bits, FOLD)
    ]
    return _joined(pieces[::-1])
