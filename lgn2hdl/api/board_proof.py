"""What ``verify --rtl`` says of the board that a folder was built for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lgn2hdl.api.content import BOARD_FOLDER
from lgn2hdl.api.models import Model
from lgn2hdl.api.notes import Note
from lgn2hdl.base.errors import OptionError
from lgn2hdl.board.baud import cycles_per_bit
from lgn2hdl.board.boards import constraints, find_board, read_pins
from lgn2hdl.board.build import TOP_SUFFIX, BoardOptions, claims, gap_cycles
from lgn2hdl.board.folder import MARKER
from lgn2hdl.board.identity import describe
from lgn2hdl.compiler.flow import Compiled
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.project.changes import changes
from lgn2hdl.project.manifest import read_manifest
from lgn2hdl.verify.board.proof import board_wanted, prove_uart
from lgn2hdl.verify.proofs.folder_files import HASHES, changed_files, read_files, unlisted
from lgn2hdl.verify.proofs.report import Part, Verdict
from lgn2hdl.verify.proofs.session import named
from lgn2hdl.verify.sat.deadline import Deadline

FILES = "board: files"


def board_parts(
    rtl: Path,
    verilog: Mapping[str, bytes],
    model: Model,
    compiled: Compiled,
    recipe: Recipe,
    deadline: Deadline,
    note: Note,
) -> list[Part]:
    """Verdicts on the files of a board, and on the module around the network; none without one.

    Args:
        rtl: folder of ``synth``.
        verilog: the network's files in it, by name.
        model: the network and its file.
        compiled: the model, compiled by the recipe of the manifest.
        recipe: this recipe.
        deadline: when to give up the proof.
        note: takes a line for people.

    Raises:
        OptionError: if ``board.json`` cannot be read or tells of no board that there is.
        OutputError: if a file cannot be read, or a Verilog file is missing.
        HardwareError: if the board's Verilog is no sound hardware.
    """
    from lgn2hdl.verify.proofs.folder_proof import (
        differences,  # needs what only writing a folder does
    )

    folder = rtl / BOARD_FOLDER
    if not (folder / MARKER).is_file():
        return []
    report = read_manifest(folder, MARKER) or {}
    board = _options(folder / MARKER, report)
    pins = read_pins(board.board)
    cycles = cycles_per_bit(pins.clock_hz, board.baud)
    identity = describe(compiled.design, model.sha256, changed=bool(changes(compiled)))
    top = f"{model.top(recipe)}{TOP_SUFFIX}"
    told = claims(board, top, pins.clock_hz / 1e6, cycles, identity)
    names = [*verilog, f"{top}.v"]
    files = read_files(folder, {**report, "verilog": names}, MARKER)
    faults = list(
        differences({name: report.get(name) for name in told}, json.loads(json.dumps(told)))
    )
    right = {**verilog, board.board.tools.pins_file: constraints(board.board, pins).encode()}
    faults += _file_faults(folder, files, report[HASHES], right, {f"{top}.v", told["bitstream"]})
    want = board_wanted(
        compiled.design,
        bit_cycles=cycles,
        gap_cycles=gap_cycles(pins.clock_hz),
        identity=identity.to_bytes(),
    )
    note("proving the UART around the network ...")
    text = {f"{top}.v": files[f"{top}.v"]}
    return [_files(files, faults), prove_uart(want, text, top, verilog, deadline)]


def _options(path: Path, report: Mapping[str, Any]) -> BoardOptions:
    """What the board was built with, as far as it decides about files that are no tool's."""
    name, baud, seed = (report.get(entry) for entry in ("board", "baud", "seed"))
    if not isinstance(name, str) or type(baud) is not int or type(seed) is not int:
        raise OptionError(f"{path} tells of no board: run 'lgn2hdl synth --board' again")
    return BoardOptions(find_board(name), baud, seed)


def _file_faults(
    folder: Path,
    files: Mapping[str, bytes],
    hashes: Mapping[str, Any],
    right: Mapping[str, bytes],
    others: set[str],
) -> list[str]:
    """Files that were changed, are missing, or are not of the design.

    Args:
        folder: where they are.
        files: what is there.
        hashes: what the report says of them.
        right: what is known of their content.
        others: names of those of which it is not.
    """
    wanted = others | set(right)
    foreign = (set(files) - wanted) | set(unlisted(folder, hashes))
    wrong = [name for name, data in right.items() if files.get(name, data) != data]
    faults = [
        *changed_files(files, hashes),
        *(f"{name} is missing" for name in sorted(wanted - set(files))),
        *(f"{name} is no file of synth's" for name in sorted(foreign)),
        *(f"{name} does not fit the design" for name in wrong),
    ]
    return [f"{BOARD_FOLDER}/{fault}" for fault in faults]


def _files(files: Mapping[str, bytes], faults: list[str]) -> Part:
    if faults:
        return Part(FILES, Verdict.DIFFERENT, named(faults))
    known = f"{len(files)} files; the bitstream is what the tools made, which is not compared"
    return Part(FILES, Verdict.PROVED, known)
