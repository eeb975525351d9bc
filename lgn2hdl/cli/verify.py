"""``lgn2hdl verify``: prove that the Verilog computes what the model does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lgn2hdl.base.errors import MismatchError, OptionError
from lgn2hdl.cli.console import note, print_json, print_table
from lgn2hdl.cli.numbers import RealRange
from lgn2hdl.cli.options import FILE, model_argument, require_package, trained_dataset
from lgn2hdl.cli.recipe_options import RECIPE_OPTIONS, given_options, recipe_of
from lgn2hdl.cli.synth import named, require_packages, synth
from lgn2hdl.cli.synth_run import design_verilog, top_of
from lgn2hdl.cli.verify_board import board_parts
from lgn2hdl.cli.verify_certificate import require_certifiable, write_certificate
from lgn2hdl.cli.verify_folder import (
    folder_parts,
    folder_verilog,
    recipe_of_folder,
    require_manifest,
)
from lgn2hdl.compiler.flow import Compiled, compile_network
from lgn2hdl.compiler.interface_choice import Interface
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.hdl.interface import pipeline_name
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet
from lgn2hdl.targets.devices import Device
from lgn2hdl.verify.design import Verifier
from lgn2hdl.verify.interface.proof import with_interface
from lgn2hdl.verify.proofs.folder_files import read_files
from lgn2hdl.verify.proofs.replay import Golden
from lgn2hdl.verify.proofs.report import Counterexample, NotProvedError, Report, Verdict
from lgn2hdl.verify.proofs.text_replay import replay_text
from lgn2hdl.verify.readers.reader import read_text
from lgn2hdl.verify.readers.synthesized import synthesized as synthesize
from lgn2hdl.verify.readers.yosys_reader import read_with_yosys
from lgn2hdl.verify.sat.deadline import Deadline

SHARED_OPTIONS = (*RECIPE_OPTIONS, "scores", "native", "dataset", "data_dir", "label", "as_json")
"""Options of ``synth`` that decide what the Verilog is; ``verify`` has the same ones."""

READERS = {"own": read_text, "yosys": read_with_yosys}

SHOWN_FEATURES = 24
"""Features of a counterexample that are printed as text; JSON has all."""


@click.command()
@model_argument
@click.option("--rtl", type=FILE, help="Prove the files in this folder of synth's, and not what "
              "synth would write.")  # fmt: skip
@click.option("--synthesized", is_flag=True, help="Prove the netlist that Yosys makes of it for "
              "--device, each cell as Yosys models it.")  # fmt: skip
@click.option("--time-limit", type=RealRange(min=0, min_open=True), metavar="SECONDS",
              help="What is not proved by then counts as not proved [default: none].")  # fmt: skip
@click.option("--reader", type=click.Choice(sorted(READERS)), help="What reads the Verilog: the "
              "strict reader of lgn2hdl, or Yosys [default: own; yosys with "
              "--synthesized].")  # fmt: skip
@click.option("--certificate", type=FILE, help="Write the proof of the folder to this file, for "
              "the independent checker (python -m lgn2hdl.checker).")  # fmt: skip
@click.pass_context
def verify(
    context: click.Context,
    /,
    model: Path,
    rtl: Path | None,
    synthesized: bool,
    time_limit: float | None,
    reader: str | None,
    certificate: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Prove that MODEL's Verilog computes what MODEL does, or print an input where it does not.

    The other options are those of synth: they say how the Verilog is, or was, made. What the
    manifest of a folder says need not be said again.
    """
    require_package("pysat", "verify", "proving")
    if synthesized and reader == "own":
        raise OptionError("only Yosys can read what it made: leave --reader out")
    network = model_file.load(model)
    manifest: Mapping[str, Any] | None = None
    given = given_options(context)
    if rtl is None:
        recipe = named(recipe_of(options, given), model)
        target = recipe.target
    else:
        manifest = require_manifest(rtl, model)
        recipe = recipe_of_folder(rtl, manifest)
        asked = recipe_of(options, given, recipe)
        _require_the_same(rtl, recipe, asked, {"device"} if synthesized else set())
        target = asked.target
    require_packages(recipe)
    require_certifiable(certificate, rtl, recipe, synthesized=synthesized)
    compiled = _compiled(network, recipe, options)
    top = top_of(recipe, model)
    if rtl is None or manifest is None:
        text = design_verilog(model, recipe, compiled)
    else:
        files = read_files(rtl, manifest)
        text = folder_verilog(rtl, manifest, files)
    around, verilog = _around_and_pipeline(text, top, recipe.around)
    if synthesized:
        verilog = _synthesized(verilog, target)
    verifier = Verifier(
        compiled.design.network,
        compiled.design,
        time_limit=time_limit,
        golden=compiled.golden,
        dont_cares=recipe.dont_cares,
        progress=lambda part: note(f"proving {part} ..."),
    )
    report = verifier.verify(verilog, reader=READERS[reader or ("yosys" if synthesized else "own")])
    report = _replayed(report, compiled, verilog, recipe.around)
    report = with_interface(
        report,
        *(compiled.design, recipe.around, around, top),
        time_limit=time_limit,
        by_yosys=reader == "yosys",
        device=target if synthesized else None,
    )
    if rtl is not None and manifest is not None:
        note("comparing the other files of the folder ...")
        parts = folder_parts(rtl, manifest, files, model, compiled, recipe)
        left = None if time_limit is None else max(time_limit - report.seconds, 0.0)
        network_files = {name: files[name] for name in manifest["verilog"]}
        board = board_parts(rtl, network_files, model, compiled, recipe, Deadline(left))
        seconds = report.seconds + sum(part.seconds for part in board)
        report = replace(report, parts=(*report.parts, *parts, *board), seconds=seconds)
    _print(report, model, rtl, top, as_json)
    _raise(report)
    write_certificate(certificate, verifier, model, verilog)


verify.params += [item for item in synth.params if item.name in SHARED_OPTIONS]


def _require_the_same(rtl: Path, told: Recipe, asked: Recipe, free: set[str]) -> None:
    """Check that the user does not contradict the manifest, but in options that are free.

    Raises:
        OptionError: if an option says another thing.
    """
    for name, value in told.to_json().items():
        if name not in free and asked.to_json()[name] != value:
            shown = ",".join(value) if isinstance(value, list) else value
            raise OptionError(
                f"{rtl} was made with {shown!r} for --{name.replace('_', '-')}: leave it out"
            )


def _compiled(network: LogicNet, recipe: Recipe, options: Mapping[str, Any]) -> Compiled:
    data = None
    if recipe.needs_data:
        data = trained_dataset(
            network, *(options[name] for name in ("dataset", "data_dir", "label"))
        )
    note(f"compiling {network.n_nodes:,} nodes ...")
    return compile_network(network, recipe, data, native=options["native"])


def _around_and_pipeline(
    verilog: Mapping[str, str], name: str, interface: Interface
) -> tuple[dict[str, str], dict[str, str]]:
    """The file of the module around the pipeline, if there is one, and those of the pipeline."""
    if not interface.can_stall:
        return {}, dict(verilog)
    top = f"{pipeline_name(name, interface)}.v"
    around = f"{name}.v"
    rest = {file: text for file, text in verilog.items() if file not in (around, top)}
    return {around: verilog.get(around, "")}, {top: verilog.get(top, ""), **rest}


def _synthesized(verilog: Mapping[str, str], device: Device) -> dict[str, str]:
    """The netlist of cells for the device, one file."""
    top = next(iter(verilog)).removesuffix(".v")
    name = f"{top}_synthesized"
    note(f"synthesizing to {device.name} ...")
    return {f"{name}.v": synthesize(verilog, top, device, name)}


def _replayed(
    report: Report, compiled: Compiled, verilog: Mapping[str, str], interface: Interface
) -> Report:
    """With a part more that says what a simulator makes of the counterexample, if there is one."""
    if report.counterexample is None:
        return report
    note("simulating the counterexample ...")
    golden = Golden(compiled.design, compiled.golden)
    enable = interface.can_stall or interface.clock_enable
    part = replay_text(golden, report.counterexample, verilog, clock_enable=enable)
    return replace(report, parts=(*report.parts, part))


def _print(report: Report, model: Path, rtl: Path | None, top: str, as_json: bool) -> None:
    if as_json:
        print_json({"model": str(model), "rtl": str(rtl) if rtl else None, **report.to_json()})
        return
    rows = [
        (part.name, part.verdict.value, part.detail, f"{part.seconds:.1f}") for part in report.parts
    ]
    rows.append(("all", report.verdict.value, "", f"{report.seconds:.1f}"))
    print_table(str(rtl or top), ("part", "verdict", "what", "seconds"), rows)
    if report.counterexample is not None:
        for line in _counterexample_lines(report.counterexample):
            click.echo(line)
    if report.trace is not None:
        for line in report.trace.lines():
            click.echo(line)


def _counterexample_lines(example: Counterexample) -> list[str]:
    features = example.features
    shown = " ".join(map(str, features[:SHOWN_FEATURES]))
    more = f" ... ({len(features)} in all, --json prints them)"
    lines = [
        f"counterexample, found in {example.part}; by the golden model, for the features",
        f"  {shown}{more if len(features) > SHOWN_FEATURES else ''}",
    ]
    lines += [
        f"  {name}: expected {example.expected[name]}, actual {value}"
        for name, value in example.actual.items()
    ]
    return lines


def _raise(report: Report) -> None:
    """An error unless everything is proved.

    Raises:
        MismatchError: if something differs.
        NotProvedError: if nothing is known to differ, but not all is proved.
    """
    if report.verdict is Verdict.DIFFERENT:
        part = next(item for item in report.parts if item.verdict is Verdict.DIFFERENT)
        raise MismatchError(f"different: {part.name}: {part.detail}")
    if report.verdict is Verdict.NOT_PROVED:
        names = [item.name for item in report.parts if item.verdict is Verdict.NOT_PROVED]
        raise NotProvedError(f"not proved: {', '.join(names)}; nothing is known to differ")
