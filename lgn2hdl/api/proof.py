"""Proving a design, or the folder that it was written to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lgn2hdl.api.board_proof import board_parts
from lgn2hdl.api.content import folder_content, unmeasured_report
from lgn2hdl.api.folder import folder_verilog
from lgn2hdl.api.models import Model
from lgn2hdl.api.notes import Note, silent
from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.packages import require_package
from lgn2hdl.compiler.flow import Compiled
from lgn2hdl.compiler.interface_choice import Interface
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.hdl.interface import pipeline_name
from lgn2hdl.model.vectors import random_vectors
from lgn2hdl.targets.devices import Device
from lgn2hdl.verify.design import Verifier
from lgn2hdl.verify.interface.proof import with_interface
from lgn2hdl.verify.proofs.folder_files import read_files
from lgn2hdl.verify.proofs.replay import Golden
from lgn2hdl.verify.proofs.report import Part, Report
from lgn2hdl.verify.proofs.text_replay import replay_text
from lgn2hdl.verify.readers.reader import read_text
from lgn2hdl.verify.readers.synthesized import synthesized as synthesize
from lgn2hdl.verify.readers.yosys_reader import read_with_yosys
from lgn2hdl.verify.sat.deadline import Deadline

READERS = {"own": read_text, "yosys": read_with_yosys}
"""What reads the Verilog, by name."""


@dataclass(frozen=True)
class Question:
    """What is to be proved.

    Attributes:
        recipe: how the design was made, with the name of its top module.
        reader: what reads the Verilog, one of :data:`READERS`; None takes the strict reader, and
            Yosys for what it made itself.
        synthesized_for: device to synthesize the Verilog to first, and to prove the netlist of;
            None proves the Verilog itself.
        time_limit: seconds, after which what is not proved counts as not proved.

    Raises:
        OptionError: if the reader cannot read what is asked for.
    """

    recipe: Recipe
    reader: str | None = None
    synthesized_for: Device | None = None
    time_limit: float | None = None

    def __post_init__(self) -> None:
        if self.reader not in (None, *READERS):
            raise OptionError(f"no reader {self.reader!r}: choose one of {', '.join(READERS)}")
        if self.synthesized_for is not None and self.reader == "own":
            raise OptionError("only Yosys can read what it made: leave --reader out")

    @property
    def top(self) -> str:
        """Name of the top module."""
        return self.recipe.name or ""

    @property
    def reads(self) -> str:
        """Name of the reader."""
        return self.reader or ("own" if self.synthesized_for is None else "yosys")


@dataclass(frozen=True, eq=False)
class Proof:
    """What came out.

    Attributes:
        report: verdicts, part by part.
        verifier: what proved them, for a certificate.
        verilog: texts of the files of the pipeline, as they were read.
    """

    report: Report
    verifier: Verifier
    verilog: Mapping[str, str]


def prove(
    question: Question, compiled: Compiled, verilog: Mapping[str, str], note: Note = silent
) -> Proof:
    """Prove that Verilog computes what the network does.

    Args:
        question: what is to be proved, and how.
        compiled: the design.
        verilog: texts of its files by name.
        note: takes a line for people before every part.

    Raises:
        HardwareError: if the Verilog cannot be read.
        ToolError: if the solver is not installed, or Yosys fails.
    """
    require_package("pysat", "verify", "proving")
    recipe, target = question.recipe, question.synthesized_for
    around, pipeline = _around_and_pipeline(verilog, question.top, recipe.around)
    if target is not None:
        note(f"synthesizing to {target.name} ...")
        pipeline = _synthesized(pipeline, target)
    verifier = Verifier(
        compiled.design.network,
        compiled.design,
        time_limit=question.time_limit,
        golden=compiled.golden,
        dont_cares=recipe.dont_cares,
        progress=lambda part: note(f"proving {part} ..."),
    )
    report = verifier.verify(pipeline, reader=READERS[question.reads])
    if report.counterexample is not None:
        note("simulating the counterexample ...")
        report = _replayed(report, compiled, pipeline, recipe.around)
    report = with_interface(
        report,
        *(compiled.design, recipe.around, around, question.top),
        time_limit=question.time_limit,
        by_yosys=question.reader == "yosys",
        device=target,
    )
    return Proof(report, verifier, pipeline)


def prove_folder(
    question: Question,
    folder: Path,
    manifest: Mapping[str, Any],
    model: Model,
    compiled: Compiled,
    note: Note = silent,
) -> Proof:
    """Prove the Verilog in a folder, and that all that stands beside it is true of the design.

    Args:
        question: what is to be proved; its recipe is that of the manifest.
        folder: an output folder of synth.
        manifest: its manifest, see :func:`lgn2hdl.api.folder.require_manifest`.
        model: the network and its file.
        compiled: the model, compiled by that recipe.
        note: takes a line for people before every part.

    Raises:
        OptionError: if the manifest, or that of a board, cannot be used.
        OutputError: if a file cannot be read, or Verilog is missing.
        HardwareError: if the Verilog cannot be read.
        ToolError: if the solver is not installed, or Yosys fails.
    """
    files = read_files(folder, manifest)
    proof = prove(question, compiled, folder_verilog(folder, manifest, files), note)
    report, recipe = proof.report, question.recipe
    note("comparing the other files of the folder ...")
    parts = _folder_parts(folder, manifest, files, model, compiled, recipe)
    limit = question.time_limit
    left = Deadline(None if limit is None else max(limit - report.seconds, 0.0))
    network_files = {name: files[name] for name in manifest["verilog"]}
    board = board_parts(folder, network_files, model, compiled, recipe, left, note)
    seconds = report.seconds + sum(part.seconds for part in board)
    whole = replace(report, parts=(*report.parts, *parts, *board), seconds=seconds)
    return replace(proof, report=whole)


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
    return {f"{name}.v": synthesize(verilog, top, device, name)}


def _replayed(
    report: Report, compiled: Compiled, verilog: Mapping[str, str], interface: Interface
) -> Report:
    """With a part more that says what a simulator makes of the counterexample."""
    if report.counterexample is None:
        return report
    golden = Golden(compiled.design, compiled.golden)
    enable = interface.can_stall or interface.clock_enable
    part = replay_text(golden, report.counterexample, verilog, clock_enable=enable)
    return replace(report, parts=(*report.parts, part))


def _folder_parts(
    folder: Path,
    manifest: Mapping[str, Any],
    files: Mapping[str, bytes],
    model: Model,
    compiled: Compiled,
    recipe: Recipe,
) -> tuple[Part, ...]:
    """What is known of the files beside the Verilog, and of the manifest."""
    from lgn2hdl.verify.proofs.folder_proof import prove_folder as prove_files  # (needs Jinja)

    clock = manifest.get("clock_mhz")
    content = folder_content(
        model,
        recipe,
        compiled,
        folder_verilog(folder, manifest, files),
        random_vectors(compiled.design.network.features, 1),
        unmeasured_report(recipe, compiled),
        clock if isinstance(clock, float) and 0 < clock < math.inf else None,
    )
    return prove_files(folder, manifest, files, content)
