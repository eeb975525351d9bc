"""``lgn2hdl verify``: prove that the Verilog computes what the model does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lgn2hdl.api.certificate import require_certifiable, write_certificate
from lgn2hdl.api.folder import recipe_of_folder, require_manifest
from lgn2hdl.api.making import emitted, require_packages
from lgn2hdl.api.models import model_of
from lgn2hdl.api.proof import READERS, Question, prove, prove_folder
from lgn2hdl.base.errors import MismatchError, OptionError
from lgn2hdl.base.packages import require_package
from lgn2hdl.cli.console import note, print_json, print_table
from lgn2hdl.cli.download_bar import download_bar
from lgn2hdl.cli.numbers import RealRange
from lgn2hdl.cli.options import FILE, model_argument
from lgn2hdl.cli.recipe_options import RECIPE_OPTIONS, given_options, recipe_of
from lgn2hdl.cli.synth import synth
from lgn2hdl.compiler.flow import Compiled, compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.datasets.trained import trained_dataset
from lgn2hdl.model.network import LogicNet
from lgn2hdl.verify.proofs.report import Counterexample, NotProvedError, Report, Verdict

SHARED_OPTIONS = (*RECIPE_OPTIONS, "scores", "native", "dataset", "data_dir", "label", "as_json")
"""Options of ``synth`` that decide what the Verilog is; ``verify`` has the same ones."""

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
    known, given = model_of(model), given_options(context)
    manifest: Mapping[str, Any] = {}
    if rtl is None:
        recipe = recipe_of(options, given)
        recipe = asked = replace(recipe, name=known.top(recipe))
    else:
        manifest = require_manifest(rtl, known.sha256, str(model))
        recipe = recipe_of_folder(rtl, manifest)
        asked = recipe_of(options, given, recipe)
        _require_the_same(rtl, recipe, asked, {"device"} if synthesized else set())
    target = asked.target if synthesized else None
    question = Question(recipe, reader, target, time_limit)
    require_packages(recipe)
    require_certifiable(certificate, rtl, recipe, synthesized=synthesized)
    compiled = _compiled(known.network, recipe, options)
    if rtl is None:
        proof = prove(question, compiled, emitted(known, compiled, recipe), note)
    else:
        proof = prove_folder(question, rtl, manifest, known, compiled, note)
    _print(proof.report, model, rtl, question.top, as_json)
    _raise(proof.report)
    write_certificate(certificate, proof.verifier, model, proof.verilog, note)


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
            network, options["dataset"], options["data_dir"], options["label"], shown=download_bar
        )
    note(f"compiling {network.n_nodes:,} nodes ...")
    return compile_network(network, recipe, data, native=options["native"])


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
        NotProvedError: if nothing is known to differ, but not all is proved, or nothing was there
            to prove.
    """
    if report.verdict is Verdict.DIFFERENT:
        part = next(item for item in report.parts if item.verdict is Verdict.DIFFERENT)
        raise MismatchError(f"different: {part.name}: {part.detail}")
    if report.verdict is Verdict.NOT_PROVED:
        names = [item.name for item in report.parts if item.verdict is Verdict.NOT_PROVED]
        raise NotProvedError(f"not proved: {', '.join(names)}; nothing is known to differ")
    if report.verdict is Verdict.NOTHING:
        raise NotProvedError("not proved: no part had anything to compare; give other Verilog")
