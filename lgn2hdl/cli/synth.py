"""``lgn2hdl synth``: a model file becomes a folder of Verilog that simulates itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lgn2hdl.api.data import rows_for
from lgn2hdl.api.making import make, require_packages
from lgn2hdl.api.models import Model, model_of
from lgn2hdl.api.project import Project
from lgn2hdl.api.tasks import Tasks
from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.base.files import require_replaceable
from lgn2hdl.cli.console import note, print_json
from lgn2hdl.cli.download_bar import download_bar
from lgn2hdl.cli.numbers import REAL, WHOLE
from lgn2hdl.cli.options import (
    FILE,
    data_dir_option,
    dataset_help,
    json_option,
    label_option,
    model_argument,
)
from lgn2hdl.cli.recipe_options import given_options, recipe_of, recipe_option
from lgn2hdl.cli.synth_board import board_choice, board_options, for_board
from lgn2hdl.cli.synth_report import print_report, report_as_json
from lgn2hdl.compiler.flow import DEFAULT_VECTORS
from lgn2hdl.compiler.module_names import module_name, why_renamed
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model.heads import ScoringHead
from lgn2hdl.project.manifest import MANIFEST, replaced_version
from lgn2hdl.targets.devices import estimated_mhz, is_beyond_estimate

DEFAULT_OUT = Path("rtl_out")


@click.command()
@model_argument
@click.option("--out", type=FILE, help="Folder to write [default: rtl_out/<name>].")
@recipe_option("name")
@recipe_option("device")
@recipe_option("levels")
@click.option("--target-mhz", type=REAL, help="Clock to choose the LUT levels per stage for: by "
              "the device's estimate, and with --pnr until it is reached.")  # fmt: skip
@recipe_option("effort")
@recipe_option("head")
@recipe_option("wire_levels")
@recipe_option("wide")
@click.option("--scores/--no-scores", default=True, help="Emit the scores beside the class.")
@recipe_option("interface")
@recipe_option("beat_bits")
@recipe_option("clock_enable")
@recipe_option("outputs")
@recipe_option("prune_head")
@recipe_option("observe")
@click.option("--check", is_flag=True, help="Compare each step with the golden model.")
@recipe_option("emitter")
@click.option("--native", is_flag=True, help="Optimize with the yosys on the PATH.")
@click.option("--area/--no-area", default=True, help="Count cells with Yosys.")
@click.option("--pnr", is_flag=True, help="Place and route with nextpnr, and report the clock.")
@board_options
@click.option("--vectors", type=WHOLE, default=DEFAULT_VECTORS, show_default=True,
              help="Test vectors: test rows, and up to a fifth corner cases.")  # fmt: skip
@click.option("--dataset", help=f"Where rows come from: {dataset_help} "
              "[default: what the model was trained on].")  # fmt: skip
@data_dir_option
@label_option
@json_option
@click.pass_context
def synth(
    context: click.Context, /, model: Path, out: Path | None, as_json: bool, **options: Any
) -> None:
    """Compile MODEL to pipelined Verilog in a folder that simulates itself (make -C FOLDER sim)."""
    known, given = model_of(model), given_options(context)
    recipe, tasks = chosen(known, options, given)
    folder = out or DEFAULT_OUT / known.top(recipe)
    require_packages(recipe)
    if "outputs" in given and not isinstance(known.network.head, ScoringHead):
        raise OptionError(f"the outputs of {model} are bits, not classes: leave --outputs out")
    require_place(folder, model, known, own=out is None)
    places = {name: options[name] for name in ("data_dir", "label")}
    data = rows_for(
        known.network,
        options["dataset"],
        **places,
        needed=recipe.needs_data,
        note=note,
        shown=download_bar,
    )
    project = make(known, recipe, data, tasks, note)
    project.write(folder)
    if options["name"] is None:
        say_renamed(model)
    if as_json:
        print_json(report_as_json(project, folder))
    else:
        print_report(project, folder)
    _require_target(project, folder)


def chosen(model: Model, options: Mapping[str, Any], given: set[str]) -> tuple[Recipe, Tasks]:
    """What is to be made for a command line, and what is done besides.

    Args:
        model: the network and its file.
        options: values of all options by name.
        given: names of the options that stand on the command line.

    Raises:
        OptionError: if a value is out of its range, or options contradict each other.
        ToolError: if something that a board needs is not installed.
    """
    board = board_choice(options["board"], options["baud"])
    if {"levels", "target_mhz"} <= given:
        raise OptionError("--levels and --target-mhz both choose the LUT levels: give one of them")
    recipe = recipe_of(options, given)
    recipe = replace(recipe, name=model.top(recipe))
    if board is not None:
        recipe = for_board(board, recipe, given)
    names = ("target_mhz", "native", "check", "area", "pnr", "vectors")
    return recipe, Tasks(board=board, **{name: options[name] for name in names})


def require_place(folder: Path, path: Path, model: Model, *, own: bool) -> None:
    """Check that the folder can be replaced, and say so where it is of an older model.

    Args:
        folder: output folder.
        path: the model file.
        model: what is in it.
        own: whether the folder must not hold the design of another model, since its name follows
            from that of the model.

    Raises:
        OutputError: if it cannot be replaced.
    """
    require_replaceable(folder, MANIFEST)
    if own and replaced_version(folder, path, model.sha256):
        note(f"note: {folder} is of another {path.name} and will be replaced")


def _require_target(project: Project, folder: Path) -> None:
    """Check that the clock that was asked for is reached; by estimate, if nothing was placed.

    Raises:
        ToolError: if it is not.
    """
    search, target, device = project.search, project.tasks.target_mhz, project.recipe.target
    if search is None and target is not None and is_beyond_estimate(device, target):
        raise ToolError(
            f"{target:g} MHz is out of reach on {device.name}: by estimate one LUT level "
            f"per stage runs at {estimated_mhz(device, 1):.0f} MHz, and that is in "
            f"{folder}"
        )
    if search is not None and not search.is_met:
        levels, best = search.best
        reached = "no clock at all" if best.fmax_mhz is None else f"{best.fmax_mhz:.1f} MHz"
        raise ToolError(
            f"{search.target_mhz:g} MHz is out of reach on {device.name}: the best is "
            f"{reached}, with {levels} LUT levels per stage, and that is in {folder}"
        )


def say_renamed(model: Path) -> None:
    """Say how the module is called, if not as the model file."""
    reason = why_renamed(model.stem)
    if reason is not None:
        note(f"note: the module is called {module_name(model.stem)}: {reason}")
