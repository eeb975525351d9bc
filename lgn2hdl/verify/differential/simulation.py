"""Verilog as an engine: several modules side by side, in the test bench of the output folders.

A top module feeds all of them with the same samples. Each has result ports of its own, which the
bench compares with the golden results at every valid cycle; ``valid_out`` is wrong as soon as that
of any module is.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lgn2hdl.base.errors import ToolError
from lgn2hdl.base.files import temporary_folder
from lgn2hdl.compiler.interface_choice import Kind
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.ports import Port, classifier_ports, result_ports
from lgn2hdl.model.vectors import Vectors, vector_files
from lgn2hdl.project.folder import BENCHES, RUNNER, bench_file
from lgn2hdl.tools.programs import run_program
from lgn2hdl.verify.differential.compare import Mismatch, Outcome, mismatch
from lgn2hdl.verify.differential.vectors import VectorTable

TOP = "side_by_side"


@dataclass(frozen=True, eq=False)
class Rtl:
    """Verilog with the ports of a design (parallel interface, no clock enable).

    Attributes:
        name: what people call it.
        module: its top module; no two that are simulated together have a module in common.
        verilog: texts by file name.
    """

    name: str
    module: str
    verilog: Mapping[str, str]


def simulate(design: Design, modules: Sequence[Rtl], table: VectorTable) -> list[Outcome]:
    """Run the test bench on all modules at once; after a failure on each alone, to tell which.

    The bench stops at the first mismatch, so that an outcome has one at most.

    Raises:
        ToolError: if the simulation cannot be built, or fails without a result that is wrong.
    """
    began = time.perf_counter()
    with temporary_folder() as folder:
        _write(design, modules, table, folder)
        wrong = _run(folder, design, modules, table)
    seconds = time.perf_counter() - began
    if wrong is not None and len(modules) > 1:
        return [outcome for item in modules for outcome in simulate(design, [item], table)]
    count = len(table.integers)
    return [Outcome(item.name, count, int(wrong is not None), wrong, seconds) for item in modules]


def _write(design: Design, modules: Sequence[Rtl], table: VectorTable, folder: Path) -> None:
    ports = _ports(design, modules)
    files = {f"{TOP}.v": _side_by_side(design, modules)}
    for item in modules:
        files |= item.verilog
    manifest = {
        "top": TOP,
        "verilog": list(files),
        "bench": BENCHES[Kind.PARALLEL][-1].removesuffix(".py"),
        "latency": design.latency,
        "ports": [
            {"name": port.name, "direction": port.direction, "width": port.width} for port in ports
        ],
        "head": design.network.head.kind,
    }
    files["manifest.json"] = json.dumps(manifest)
    for name in (*RUNNER, *BENCHES[Kind.PARALLEL]):
        files[f"sim/{name}"] = bench_file(name)
    vectors = vector_files(design.network, design.head, Vectors(table.integers, ""))
    files["vectors/x.hex"] = vectors["x.hex"]
    for place in range(len(modules)):
        for port in result_ports(design.head):
            files[f"vectors/{_port(place, port)}.hex"] = vectors[f"{port.name}.hex"]
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _ports(design: Design, modules: Sequence[Rtl]) -> list[Port]:
    results = result_ports(design.head)
    return [
        *classifier_ports(design)[: -len(results)],
        *(
            Port(_port(place, port), port.direction, port.width, port.meaning)
            for place in range(len(modules))
            for port in results
        ),
    ]


def _port(place: int, port: Port) -> str:
    """Name of the port of the module at a place."""
    return f"m{place}_{port.name}"


def _range(width: int) -> str:
    return "" if width == 1 else f"[{width - 1}:0] "


def _side_by_side(design: Design, modules: Sequence[Rtl]) -> str:
    """The top module."""
    ports = _ports(design, modules)
    declared = [f"    {port.direction} wire {_range(port.width)}{port.name}" for port in ports]
    instances = []
    for place, item in enumerate(modules):
        pins = {name: name for name in ("clk", "rst", "valid_in", "x")}
        pins["valid_out"] = f"valid[{place}]"
        pins |= {port.name: _port(place, port) for port in result_ports(design.head)}
        wired = ", ".join(f".{pin}({net})" for pin, net in pins.items())
        instances.append(f"    {item.module} m{place} ({wired});")
    # The expected valid decides which way valid_out must be wrong if any module's is.
    return "\n".join([
        f"module {TOP} (", ",\n".join(declared), ");",
        f"    wire [{len(modules) - 1}:0] valid;",
        f"    reg [{design.latency}:0] expected;",
        "    always @(posedge clk)",
        f"        expected <= rst ? 0 : {{expected[{design.latency - 1}:0], valid_in}};",
        f"    assign valid_out = expected[{design.latency - 1}] ? &valid : |valid;",
        *instances,
        "endmodule", "",
    ])  # fmt: skip


def _run(
    folder: Path, design: Design, modules: Sequence[Rtl], table: VectorTable
) -> Mismatch | None:
    """The first mismatch of the bench, in the name of the module whose port differs."""
    code, printed = run_program([sys.executable, "sim/run_sim.py"], folder=folder)
    if code == 0:
        return None
    report = folder / "mismatch.json"
    if not report.is_file():
        raise ToolError(f"the simulation failed: {_complaint(printed)}")
    return _decoded(json.loads(report.read_text()), design, modules, table)


def _complaint(printed: str) -> str:
    """The first error of Verilator's, else the last line."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if "%Error" in line]
    return [*errors, *lines[-1:], "it printed nothing"][0]


def _decoded(
    report: Mapping[str, Any], design: Design, modules: Sequence[Rtl], table: VectorTable
) -> Mismatch:
    """The mismatch that the bench reports; between samples the vector is the first one."""
    module, output = " and ".join(item.name for item in modules), str(report["output"])
    for place, item in enumerate(modules):
        for port in result_ports(design.head):
            if output == _port(place, port):
                module, output = item.name, f"port {port.name}"
    vector, got = report["vector"], str(report["got"])
    if vector is None:
        vector, output = 0, f"{output}, without a sample,"
    value = int(got, 16) if got.startswith("0x") else got
    return mismatch(module, table, int(vector), output, int(report["expected"], 16), value)
