"""What ``synth`` prints: tables for people, JSON for scripts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from lgn2hdl.api.content import BOARD_FOLDER
from lgn2hdl.api.project import Project
from lgn2hdl.cli.console import print_table
from lgn2hdl.cli.synth_board import print_board
from lgn2hdl.compiler.flow import Compiled
from lgn2hdl.compiler.interface_choice import PARALLEL, Kind
from lgn2hdl.hdl.interface import (
    description,
    initiation_interval,
    interface_flip_flops,
    stream_layout,
)
from lgn2hdl.project.changes import changes
from lgn2hdl.project.report import AREA_HEADER


def report_as_json(project: Project, folder: Path) -> dict[str, Any]:
    """JSON-ready values."""
    compiled = project.compiled
    design, mapping = compiled.design, compiled.mapping
    return {
        "folder": str(folder),
        "top": project.top,
        "nodes_trained": compiled.lowered.n_gates,
        "gates_pruned": compiled.pruned.n_gates,
        "changes": changes(compiled),
        "mapping": None if mapping is None else asdict(mapping),
        "luts": design.luts(),
        "interface": description(design, project.recipe.around),
        "initiation_interval": initiation_interval(design, project.recipe.around),
        "levels_per_stage": design.levels_per_stage,
        "flip_flops": design.flip_flops(),
        "flip_flops_naive": design.naive_flip_flops(),
        "fewest_registers": design.stages.minimal,
        "verilog_seconds": round(project.verilog_seconds, 2),
        **({} if project.board is None else {"board": project.board.to_json()}),
        **project.report.to_json(),
    }


def print_report(project: Project, folder: Path) -> None:
    """Tables of what was compiled, what changed, how large and how fast it is."""
    compiled, report = project.compiled, project.report
    print_table(str(folder), ("what", "value"), _design_rows(project))
    if changes(compiled):
        print_table("no longer as trained", ("what", "before", "after"), _change_rows(compiled))
    if report.area is not None:
        tool = report.area.tool.split(" (")[0]
        print_table(f"Mapped by {tool}: {report.area.command}", AREA_HEADER, report.area_rows())
    print_table(f"timing on {report.device.title}", ("what", "value"), report.timing_rows())
    if project.board is not None:
        print_board(project.board, folder / BOARD_FOLDER)


def _design_rows(project: Project) -> list[tuple[str, Any]]:
    compiled = project.compiled
    design, luts = compiled.design, compiled.design.luts()
    kind = f"LUT{project.recipe.target.lut_inputs}"
    flip_flops = sum(design.flip_flops().values())
    fewest = "" if design.stages.minimal else " (not proven to be the fewest)"
    return [
        ("nodes trained", compiled.lowered.n_gates),
        ("gates after pruning", compiled.pruned.n_gates),
        (f"{kind} of the core", luts["core"]),
        (f"{kind} of all parts", sum(luts.values())),
        ("LUT levels per stage", design.levels_per_stage),
        ("latency, clock cycles", project.report.latency_cycles),
        *_interface_rows(project),
        ("flip-flops", f"{flip_flops:,}{fewest}"),
        ("flip-flops, part by part", sum(design.naive_flip_flops().values())),
        ("Verilog written in", f"{project.verilog_seconds:.1f} s"),
    ]


def _interface_rows(project: Project) -> list[tuple[str, Any]]:
    """What is around the pipeline, unless it is the default."""
    design, interface = project.compiled.design, project.recipe.around
    if interface == PARALLEL:
        return []
    rows: list[tuple[str, Any]] = [("interface", interface.kind.value)]
    if interface.kind is Kind.STREAM:
        layout = stream_layout(design, interface)
        rows += [("bits per beat", layout.beat_bits), ("bits per result", layout.result_bits)]
    rows.append(("clock cycles per sample", initiation_interval(design, interface)))
    if interface.can_stall:
        rows.append(("flip-flops of the interface", interface_flip_flops(design, interface)))
    return rows


def _change_rows(compiled: Compiled) -> list[tuple[str, str, str]]:
    rows = []
    head, observed = compiled.pruned_head, compiled.observed
    if head is not None:
        rows += [
            ("outputs", f"{head.outputs_before:,}", f"{head.outputs_after:,}"),
            _accuracies("training accuracy", head.train_accuracy_before, head.train_accuracy_after),
            _accuracies(
                "test accuracy", head.held_out_accuracy_before, head.held_out_accuracy_after
            ),
        ]
    if observed is not None:
        found = observed.report
        rows += [
            ("gates", f"{found.gates_before:,}", f"{found.gates_after:,}"),
            _accuracies(
                "test accuracy, observed",
                observed.test_accuracy_before,
                observed.test_accuracy_after,
            ),
        ]
    return rows


def _accuracies(what: str, before: float | None, after: float | None) -> tuple[str, str, str]:
    texts = ["not measured" if value is None else f"{value:.2%}" for value in (before, after)]
    return what, texts[0], texts[1]
