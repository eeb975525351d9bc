"""``lgn2hdl synth``: a model file becomes a folder of Verilog that simulates itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.cli.console import note, print_json
from lgn2hdl.cli.numbers import REAL, WHOLE
from lgn2hdl.cli.options import (
    FILE,
    data_dir_option,
    dataset_help,
    json_option,
    label_option,
    model_argument,
    require_package,
)
from lgn2hdl.cli.recipe_options import given_options, recipe_of, recipe_option
from lgn2hdl.cli.synth_board import board_choice, board_options, for_board
from lgn2hdl.cli.synth_report import print_report, report_as_json
from lgn2hdl.cli.synth_run import Run, Written, top_of, write_design
from lgn2hdl.compiler.flow import DEFAULT_VECTORS
from lgn2hdl.compiler.module_names import module_name, why_renamed
from lgn2hdl.compiler.recipe import Emitter, Recipe
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
    run = run_of(model, out, options, given_options(context))
    written = write_design(model, run)
    if options["name"] is None:
        say_renamed(model)
    if as_json:
        print_json(report_as_json(run, written))
    else:
        print_report(run, written)
    _require_target(run, written)


def _require_target(run: Run, written: Written) -> None:
    """Check that the clock that was asked for is reached; by estimate, if nothing was placed.

    Raises:
        ToolError: if it is not.
    """
    search, target = written.search, run.target_mhz
    if search is None and target is not None and is_beyond_estimate(run.device, target):
        raise ToolError(
            f"{target:g} MHz is out of reach on {run.device.name}: by estimate one LUT level "
            f"per stage runs at {estimated_mhz(run.device, 1):.0f} MHz, and that is in "
            f"{run.out}"
        )
    if search is not None and not search.is_met:
        levels, best = search.best
        reached = "no clock at all" if best.fmax_mhz is None else f"{best.fmax_mhz:.1f} MHz"
        raise ToolError(
            f"{search.target_mhz:g} MHz is out of reach on {run.device.name}: the best is "
            f"{reached}, with {levels} LUT levels per stage, and that is in {run.out}"
        )


def say_renamed(model: Path) -> None:
    """Say how the module is called, if not as the model file."""
    reason = why_renamed(model.stem)
    if reason is not None:
        note(f"note: the module is called {module_name(model.stem)}: {reason}")


def run_of(model: Path, out: Path | None, options: Mapping[str, Any], given: set[str]) -> Run:
    """What is to be done for a command line.

    Args:
        model: the model file.
        out: output folder; None takes one that is named after the module.
        options: values of all options by name; ``given`` are those that were given.
        given: names of options that stand on the command line.

    Raises:
        OptionError: if a value is out of its range, or options contradict each other.
        ToolError: if a package that synthesis needs is not installed.
    """
    board = board_choice(options["board"], options["baud"])
    if {"levels", "target_mhz"} <= given:
        raise OptionError("--levels and --target-mhz both choose the LUT levels: give one of them")
    recipe = named(recipe_of(options, given), model)
    if board is not None:
        recipe = for_board(board, recipe, given)
    require_packages(recipe)
    more = {
        name: options[name]
        for name in ("native", "check", "vectors", "dataset", "data_dir", "label", "area", "pnr",
                     "target_mhz")
    }  # fmt: skip
    return Run(
        out=out or DEFAULT_OUT / top_of(recipe, model),
        recipe=recipe,
        own_folder=out is None,
        chooses_outputs="outputs" in given,
        board=board,
        **more,
    )


def named(recipe: Recipe, model: Path) -> Recipe:
    """The recipe with the name of the top module, which may follow from that of the model file."""
    return replace(recipe, name=top_of(recipe, model))


def require_packages(recipe: Recipe) -> None:
    """Check that what synthesis needs is installed.

    Raises:
        ToolError: if a package is not.
    """
    require_package("scipy", "synth", "placing registers")
    require_package("jinja2", "synth", "writing the output folder")
    if recipe.writer is not Emitter.TEXT:
        require_package("amaranth", "synth", "writing Verilog with Amaranth")
