"""What ``synth`` does: compile, emit, count, place and route, write the folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lgn2hdl.arithmetic.cost import Objective
from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.base.files import require_replaceable
from lgn2hdl.board.build import BoardBuild, BoardOptions, build_board
from lgn2hdl.board.folder import write_board_folder
from lgn2hdl.cli.console import note
from lgn2hdl.cli.options import trained_dataset
from lgn2hdl.compiler.flow import (
    DEFAULT_VECTORS,
    Compiled,
    CompileOptions,
    compile_network,
    dataset_vectors,
    file_sha256,
    rescheduled,
)
from lgn2hdl.datasets import Dataset
from lgn2hdl.hdl.emit import Emitter, emit_verilog
from lgn2hdl.hdl.interface import PARALLEL, Interface, latency
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import Bits, LogicNet
from lgn2hdl.model.vectors import Vectors, random_vectors, with_corners
from lgn2hdl.project.manifest import MANIFEST, replaced_version
from lgn2hdl.project.report import DesignReport, estimate_timing
from lgn2hdl.targets.devices import Device, estimated_mhz, levels_for_target, require_router
from lgn2hdl.tools.area import AreaReport, measure_area
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
class SynthOptions:
    """What the user chose.

    Attributes:
        out: output folder.
        name: name of the top module.
        own_folder: whether ``out`` must not hold the design of another model, since it follows from
            the name.
        device: what to map to and to count for.
        build: how to compile.
        emitter: what writes the Verilog.
        interface: what is around the pipeline.
        chooses_outputs: whether the user chose what leaves beside the class.
        vectors: number of test vectors.
        dataset, data_dir, label: where rows and test vectors come from.
        area: whether to count cells with Yosys.
        pnr: whether to place and route.
        pnr_seconds: time limit of placing and routing once.
        target_mhz: clock to choose the LUT levels per stage for; None takes those of ``build``.
        board: board to build a bitstream for, in the folder :data:`BOARD_FOLDER`.
    """

    out: Path
    name: str
    device: Device
    build: CompileOptions
    emitter: Emitter = Emitter.TEXT
    interface: Interface = PARALLEL
    own_folder: bool = False
    chooses_outputs: bool = False
    vectors: int = DEFAULT_VECTORS
    dataset: str | None = None
    data_dir: Path | None = None
    label: str | None = None
    area: bool = True
    pnr: bool = False
    pnr_seconds: float = DEFAULT_SECONDS
    target_mhz: float | None = None
    board: BoardOptions | None = None


@dataclass(frozen=True, eq=False)
class Written:
    """An output folder, and what is known of its design.

    Attributes:
        compiled: the design and how it came about.
        report: area and timing.
        verilog_seconds: time that emitting took.
        search: the tries for a target clock, if one was placed and routed for.
        board: the bitstream, if one was built.
    """

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


def write_design(model: Path, options: SynthOptions) -> Written:
    """Compile ``model`` and write its folder.

    Raises:
        Lgn2HdlError: whatever is wrong with the model, the options, the tools or the folder.
    """
    from lgn2hdl.project.folder import folder_files, write_files

    network = model_file.load(model)
    if options.chooses_outputs and isinstance(network.head, Bits):
        raise OptionError(f"the outputs of {model} are bits, not classes: leave --outputs out")
    require_replaceable(options.out, MANIFEST)
    if options.own_folder and replaced_version(options.out, model, file_sha256(model)):
        note(f"note: {options.out} is of another {model.name} and will be replaced")
    if options.pnr:
        require_router(options.device)
    data = _dataset(network, options)
    vectors = _vectors(network, data, options)
    note(f"compiling {network.n_nodes:,} nodes ...")
    compiled = compile_network(network, _build(options), data)
    compiled, timing, search = _placed(compiled, options)
    began = time.perf_counter()
    verilog = emit_verilog(compiled.design, options.name, options.emitter, options.interface)
    seconds = time.perf_counter() - began
    board = _bitstream(compiled, verilog, file_sha256(model), options)
    area = None
    if options.area and options.device.synthesis is not None:
        note("counting cells with Yosys (the first run after installing takes a minute more) ...")
        area = measure_area(verilog, options.name, options.device)
    report = replace(unmeasured_report(options, compiled), area=area, timing=timing)
    files = folder_files(folder_content(model, options, compiled, verilog, vectors, report))
    write_files(files, options.out)
    if board is not None:  # (its copy of the Verilog tells the build as well)
        told = {name: files[name].encode() for name in verilog if name in board.files}
        board = replace(board, files={**board.files, **told})
        write_board_folder(board, options.out / BOARD_FOLDER)
    note(f"wrote {options.out}")
    return Written(compiled, report, seconds, search, board)


def unmeasured_report(options: SynthOptions, compiled: Compiled) -> DesignReport:
    """What is known of a design before any tool has seen it."""
    design = compiled.design
    estimate = estimate_timing(options.device, design.levels_per_stage)
    return DesignReport(options.device, latency(design, options.interface), estimate)


def folder_content(
    model: Path,
    options: SynthOptions,
    compiled: Compiled,
    verilog: Mapping[str, str],
    vectors: Vectors,
    report: DesignReport,
) -> FolderContent:
    """Everything that goes into the output folder."""
    from lgn2hdl.project.folder import FolderContent

    return FolderContent(
        design=compiled.design,
        top=options.name,
        model_sha256=file_sha256(model),
        verilog=verilog,
        vectors=vectors,
        gates_before=compiled.lowered.n_gates,
        report=report,
        golden=compiled.golden,
        changes=changes(compiled),
        interface=options.interface,
        clock_mhz=options.target_mhz,
        options=made_with(options),
        model_file=model.name,
    )


def _bitstream(
    compiled: Compiled, verilog: Mapping[str, str], sha256: str, options: SynthOptions
) -> BoardBuild | None:
    """The bitstream, if one was asked for; what is too large for the board is found here."""
    if options.board is None:
        return None
    note(f"building the bitstream for {options.board.board.title} ...")
    changed = bool(changes(compiled))
    return build_board(
        compiled.design, options.name, verilog, sha256, options.board, changed=changed
    )


def made_with(options: SynthOptions) -> dict[str, Any]:
    """Options of ``synth`` that decide about the Verilog, as ``synth_options`` takes them."""
    build = options.build
    return {
        "device": options.device.name,
        "effort": "none" if build.effort is None else build.effort.name,
        "objective": "small" if build.objective is Objective.LUTS else "shallow",
        "wire_levels": build.wire_levels,
        "wide": build.wide == options.device.wide_inputs,
        "emitter": options.emitter.value,
    }


def changes(compiled: Compiled) -> dict[str, Mapping[str, Any]]:
    """What is no longer as trained, and what that cost."""
    reports = {"prune_head": compiled.pruned_head, "observe": compiled.observed}
    return {name: asdict(report) for name, report in reports.items() if report is not None}


def _build(options: SynthOptions) -> CompileOptions:
    """The options of the compiler; a target clock gives the levels per stage."""
    if options.target_mhz is None:
        return options.build
    levels = levels_for_target(options.device, options.target_mhz)
    clock = estimated_mhz(options.device, levels)
    note(
        f"{options.target_mhz:g} MHz on {options.device.name}: {levels} LUT levels per stage "
        f"(about {clock:.0f} MHz by estimate)"
    )
    return replace(options.build, levels=levels)


def _placed(
    compiled: Compiled, options: SynthOptions
) -> tuple[Compiled, TimingReport | None, TargetSearch | None]:
    """The design as it is placed and routed, if that was asked for."""
    if not options.pnr:
        return compiled, None, None

    def measure(levels: int) -> TimingReport:
        mhz = options.target_mhz or estimated_mhz(options.device, levels)
        note(f"placing and routing with {levels} LUT levels per stage for {mhz:.0f} MHz ...")
        design = rescheduled(compiled, levels).design
        verilog = emit_verilog(design, options.name, options.emitter, options.interface)
        return place_and_route(
            verilog,
            options.name,
            options.device,
            target_mhz=mhz,
            timeout=options.pnr_seconds,
        )

    if options.target_mhz is None:
        return compiled, measure(options.build.levels), None
    search = meet_target(measure, options.device, options.target_mhz)
    levels, timing = search.best
    return rescheduled(compiled, levels), timing, search


def _dataset(network: LogicNet, options: SynthOptions) -> Dataset | None:
    """Real rows; None, with a note, where the data set is not at hand and not needed."""
    try:
        return trained_dataset(network, options.dataset, options.data_dir, options.label)
    except DataError as error:
        if options.dataset is not None or options.build.needs_data:
            raise
        note(f"note: test vectors are random, not real samples: {error}")
        return None


def _vectors(network: LogicNet, data: Dataset | None, options: SynthOptions) -> Vectors:
    if data is None:
        vectors = random_vectors(network.features, options.vectors)
    else:
        vectors = dataset_vectors(network, data, options.vectors)
    return with_corners(network, vectors, options.vectors)
