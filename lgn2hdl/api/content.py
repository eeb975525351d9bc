"""What goes into the output folder of a design, whether it is written or compared with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lgn2hdl.api.models import Model
from lgn2hdl.compiler.flow import Compiled
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.hdl.interface import latency
from lgn2hdl.model.vectors import Vectors
from lgn2hdl.project.changes import changes
from lgn2hdl.project.report import DesignReport, estimate_timing

if TYPE_CHECKING:
    from lgn2hdl.project.folder import FolderContent

BOARD_FOLDER = "board"
"""Folder of the bitstream in the output folder."""


def unmeasured_report(recipe: Recipe, compiled: Compiled) -> DesignReport:
    """What is known of a design before any tool has seen it."""
    design = compiled.design
    estimate = estimate_timing(recipe.target, design.levels_per_stage)
    return DesignReport(recipe.target, latency(design, recipe.around), estimate)


def folder_content(
    model: Model,
    recipe: Recipe,
    compiled: Compiled,
    verilog: Mapping[str, str],
    vectors: Vectors,
    report: DesignReport,
    clock_mhz: float | None,
) -> FolderContent:
    """Everything that goes into the output folder.

    Args:
        model: the network and its file.
        recipe: how the design was made.
        compiled: the design.
        verilog: its files by name, the top module first.
        vectors: samples for the test bench.
        report: area and timing.
        clock_mhz: clock for the constraint files; None takes that of the report.
    """
    from lgn2hdl.project.folder import FolderContent  # (needs Jinja)

    return FolderContent(
        design=compiled.design,
        top=model.top(recipe),
        model_sha256=model.sha256,
        verilog=verilog,
        vectors=vectors,
        gates_before=compiled.lowered.n_gates,
        report=report,
        golden=compiled.golden,
        changes=changes(compiled),
        interface=recipe.around,
        clock_mhz=clock_mhz,
        recipe=recipe,
        model_file=model.file,
    )
