"""``lgn2hdl synth``: a model file becomes a folder of Verilog that simulates itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lgn2hdl.arithmetic.cost import Objective
from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.cli.console import note, print_json
from lgn2hdl.cli.numbers import REAL, WHOLE, parse_whole
from lgn2hdl.cli.options import (
    FILE,
    data_dir_option,
    dataset_help,
    json_option,
    label_option,
    model_argument,
    require_package,
)
from lgn2hdl.cli.synth_board import board_choice, board_options, for_board
from lgn2hdl.cli.synth_report import print_report, report_as_json
from lgn2hdl.cli.synth_run import SynthOptions, Written, write_design
from lgn2hdl.compiler.flow import DEFAULT_LEVELS, DEFAULT_VECTORS, options_for
from lgn2hdl.compiler.mapping import DEFAULT, EFFORTS
from lgn2hdl.hdl.emit import Emitter
from lgn2hdl.hdl.interface import DEFAULT_BEAT_BITS, Interface, Kind
from lgn2hdl.hdl.module_names import check_module_name, module_name, why_renamed
from lgn2hdl.targets.devices import (
    DEVICES,
    MOST_LEVELS,
    estimated_mhz,
    find_device,
    is_beyond_estimate,
)

DEFAULT_OUT = Path("rtl_out")
DEFAULT_DEVICE = "xcup"
OUTPUTS = ("class", "scores", "margin")
EFFORT_NAMES = (*(effort.name for effort in EFFORTS), "none")


@click.command()
@model_argument
@click.option("--out", type=FILE, help="Folder to write [default: rtl_out/<name>].")
@click.option("--name", help="Name of the top module [default: from the model file].")
@click.option("--device", default=DEFAULT_DEVICE, show_default=True,
              help=f"What to map to: {', '.join(device.name for device in DEVICES)}.")  # fmt: skip
@click.option("--levels", type=WHOLE, help="LUT levels per pipeline stage "
              f"[default: {DEFAULT_LEVELS}].")  # fmt: skip
@click.option("--target-mhz", type=REAL, help="Clock to choose the LUT levels per stage for: by "
              "the device's estimate, and with --pnr until it is reached.")  # fmt: skip
@click.option("--effort", type=click.Choice(EFFORT_NAMES), default=DEFAULT.name, show_default=True,
              help="How hard to look for few LUTs; none keeps the trained nodes.")  # fmt: skip
@click.option("--head", "objective", default="small", show_default=True,
              type=click.Choice(["small", "shallow"]),
              help="Popcount and argmax of few LUTs, or of few levels.")  # fmt: skip
@click.option("--wire-levels", type=WHOLE, default=0, show_default=True, help="LUT levels that the "
              "wires into the core count for: registers on them raise the clock.")  # fmt: skip
@click.option("--wide/--no-wide", default=True, help="Join LUTs by multiplexers where that takes "
              "fewer of them.")  # fmt: skip
@click.option("--scores/--no-scores", default=True, help="Emit the scores beside the class.")
@click.option("--interface", "kind", type=click.Choice([item.value for item in Kind]),
              default=Kind.PARALLEL.value, show_default=True,
              help="valid alone, valid and ready, or AXI4-Stream.")  # fmt: skip
@click.option("--beat-bits", metavar="N", help="Bits of a beat of the stream, or 'whole' for as "
              f"many bytes as a sample takes [default: {DEFAULT_BEAT_BITS}].")  # fmt: skip
@click.option("--clock-enable", is_flag=True, help="Add a clock enable, port enable.")
@click.option("--outputs", help="What leaves beside the class, such as class,scores,margin: all "
              "scores, the margin between the two best [default: class,scores].")  # fmt: skip
@click.option("--prune-head", type=REAL, metavar="BUDGET", help="Drop outputs for at most this "
              "part of the training rows, such as 0.001.")  # fmt: skip
@click.option("--observe", type=WHOLE, metavar="N", help="Replace nodes that are constant or equal "
              "in all but N training rows.")  # fmt: skip
@click.option("--check", is_flag=True, help="Compare each step with the golden model.")
@click.option("--emitter", type=click.Choice([item.value for item in Emitter]), default="text",
              show_default=True, help="What writes the Verilog.")  # fmt: skip
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
def synth(model: Path, out: Path | None, name: str | None, as_json: bool, **options: Any) -> None:
    """Compile MODEL to pipelined Verilog in a folder that simulates itself (make -C FOLDER sim)."""
    board = board_choice(options.pop("board"), options.pop("baud"))
    if board is not None:
        options = for_board(board, options)
    chosen = replace(synth_options(model, out, name, **options), board=board)
    written = write_design(model, chosen)
    if name is None:
        say_renamed(model)
    if as_json:
        print_json(report_as_json(chosen, written))
    else:
        print_report(chosen, written)
    _require_target(chosen, written)


def _require_target(chosen: SynthOptions, written: Written) -> None:
    """Check that the clock that was asked for is reached; by estimate, if nothing was placed.

    Raises:
        ToolError: if it is not.
    """
    search, target = written.search, chosen.target_mhz
    if search is None and target is not None and is_beyond_estimate(chosen.device, target):
        raise ToolError(
            f"{target:g} MHz is out of reach on {chosen.device.name}: by estimate one LUT level "
            f"per stage runs at {estimated_mhz(chosen.device, 1):.0f} MHz, and that is in "
            f"{chosen.out}"
        )
    if search is not None and not search.is_met:
        levels, best = search.best
        reached = "no clock at all" if best.fmax_mhz is None else f"{best.fmax_mhz:.1f} MHz"
        raise ToolError(
            f"{search.target_mhz:g} MHz is out of reach on {chosen.device.name}: the best is "
            f"{reached}, with {levels} LUT levels per stage, and that is in {chosen.out}"
        )


def say_renamed(model: Path) -> None:
    """Say how the module is called, if not as the model file."""
    reason = why_renamed(model.stem)
    if reason is not None:
        note(f"note: the module is called {module_name(model.stem)}: {reason}")


def synth_options(
    model: Path,
    out: Path | None = None,
    name: str | None = None,
    *,
    device: str = DEFAULT_DEVICE,
    levels: int | None = None,
    target_mhz: float | None = None,
    effort: str = DEFAULT.name,
    objective: str = "small",
    wire_levels: int = 0,
    wide: bool = True,
    scores: bool = True,
    outputs: str | None = None,
    prune_head: float | None = None,
    observe: int | None = None,
    check: bool = False,
    emitter: str = Emitter.TEXT.value,
    kind: str = Kind.PARALLEL.value,
    beat_bits: str | None = None,
    clock_enable: bool = False,
    native: bool = False,
    **options: Any,
) -> SynthOptions:
    """The options with the defaults that depend on the model's file name and on the device.

    Raises:
        OptionError: if ``name`` is not a legal Verilog identifier, there is no such device, or
            options contradict each other.
        ToolError: if a package that synthesis needs is not installed.
    """
    require_package("scipy", "synth", "placing registers")
    require_package("jinja2", "synth", "writing the output folder")
    if emitter == Emitter.AMARANTH.value:
        require_package("amaranth", "synth", "writing Verilog with Amaranth")
    if levels is not None and target_mhz is not None:
        raise OptionError("--levels and --target-mhz both choose the LUT levels: give one of them")
    if levels is not None and levels < 1:
        raise OptionError(f"{levels} levels per pipeline stage: give at least 1")
    if max(levels or 1, wire_levels) > MOST_LEVELS:
        raise OptionError(f"more than {MOST_LEVELS:,} levels: give fewer")
    target = find_device(device)
    interface = Interface(Kind(kind), _beat_bits(Kind(kind), beat_bits), clock_enable)
    top = check_module_name(name) if name is not None else module_name(model.stem)
    build = options_for(
        target if wide else replace(target, wide_inputs=target.lut_inputs),
        levels=DEFAULT_LEVELS if levels is None else levels,
        effort=next((item for item in EFFORTS if item.name == effort), None),
        objective=Objective.LUTS if objective == "small" else Objective.DEPTH,
        wire_levels=wire_levels,
        **_outputs(scores, outputs),
        native=native,
        check=check,
        prune_head=prune_head,
        observe=observe,
    )
    return SynthOptions(
        out=out or DEFAULT_OUT / top,
        name=top,
        own_folder=out is None,
        device=target,
        build=build,
        emitter=Emitter(emitter),
        interface=interface,
        chooses_outputs=outputs is not None,
        target_mhz=target_mhz,
        **options,
    )


def _beat_bits(kind: Kind, wish: str | None) -> int | None:
    """Bits of a beat; None for a whole sample, and where there are no beats.

    Raises:
        OptionError: if ``wish`` is no number and not ``whole``.
    """
    if wish is None:
        return DEFAULT_BEAT_BITS if kind is Kind.STREAM else None
    if wish == "whole" and kind is Kind.STREAM:
        return None
    try:
        return 0 if wish == "whole" else parse_whole(wish)
    except ValueError:
        raise OptionError(f"beats of {wish!r} bits: give a multiple of 8, or 'whole'") from None


def _outputs(scores: bool, wish: str | None) -> dict[str, bool]:
    """Whether scores and margin leave the hardware, as options of the compiler.

    Raises:
        OptionError: if ``wish`` is no list of outputs with the class, or contradicts ``scores``.
    """
    if wish is None:
        return {"scores": scores, "margin": False}
    names = [name.strip() for name in wish.split(",")]
    if set(names) - set(OUTPUTS) or "class" not in names or len(set(names)) < len(names):
        raise OptionError(
            f"outputs {wish!r}: give class, and scores and margin if you want them, with commas"
        )
    if not scores and "scores" in names:
        raise OptionError("--no-scores and --outputs with scores contradict each other")
    return {name: name in names for name in OUTPUTS[1:]}
