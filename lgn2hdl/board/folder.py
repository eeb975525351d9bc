"""The folder of a board: bitstream, sources, constraints, report, and how to load it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import lgn2hdl
from lgn2hdl.base.files import replaced_folder
from lgn2hdl.board.build import BoardBuild

MARKER = "board.json"
"""The report; a folder that has it is one of ours."""


def write_board_folder(build: BoardBuild, target: Path) -> None:
    """Write the folder in one step: afterwards it is complete, or as it was.

    The same build gives the same bytes; no time or path is written.

    Raises:
        OutputError: if ``target`` cannot be written or holds something else.
    """
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in build.files.items()}
    report = {
        "lgn2hdl": lgn2hdl.__version__,
        **build.to_json(),
        "sha256": dict(sorted(hashes.items())),
    }
    files = {
        **build.files,
        MARKER: (json.dumps(report, indent=1) + "\n").encode(),
        "README.md": readme(build).encode(),
    }
    with replaced_folder(target, MARKER) as folder:
        for name, data in files.items():
            (folder / name).write_bytes(data)


def readme(build: BoardBuild) -> str:
    """How to load the bitstream and to talk to the board."""
    board, routed = build.options.board, build.routed
    cells = [
        f"| {name} | {item.used:,} of {item.available:,} |"
        for name, item in routed.utilization.items()
    ]
    load = ("Until the power goes off:", "", *_commands(board.load, build.bitstream))
    host = f"lgn2hdl host --port DEVICE --baud {build.options.baud} --check MODEL FILE"
    return "\n".join(
        [
            f"# {build.top} on {board.title}",
            "",
            "Write the bitstream to the flash of the board, with a tool that you have:",
            "",
            *_commands(board.flash, build.bitstream),
            *(load if board.load else ()),
            "Then send it the rows of a file, and compare the answers with the model:",
            "",
            *_commands((host,)),
            f"The clock has {build.clock_mhz:g} MHz; the design would run at "
            f"{routed.fmax_mhz:.1f} MHz.",
            "",
            "| cell | used |",
            "|---|---|",
            *cells,
            "",
            "The tools that made it, in this folder (pip installs them with the prefix `yowasp-`):",
            "",
            *_commands(routed.commands),
        ]
    )


def _commands(lines: tuple[str, ...], file: str = "") -> list[str]:
    """A block of commands."""
    return ["```sh", *(line.replace("{file}", file) for line in lines), "```", ""]
