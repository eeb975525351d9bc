"""What ``--board`` adds to ``synth``: the board's device and clock, a bitstream, its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.packages import require_package
from lgn2hdl.board.baud import DEFAULT_BAUD
from lgn2hdl.board.boards import BOARDS, find_board
from lgn2hdl.board.build import BoardBuild, BoardOptions, board_levels, require_board
from lgn2hdl.cli.console import print_table
from lgn2hdl.cli.numbers import WHOLE
from lgn2hdl.compiler.interface_choice import PARALLEL
from lgn2hdl.compiler.recipe import Recipe


def board_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--board`` and ``--baud``."""
    board = click.option(
        "--board",
        metavar="NAME",
        help=f"Build a bitstream, with a UART around the network: {', '.join(BOARDS.names)}.",
    )
    baud = click.option(
        "--baud", type=WHOLE, help=f"Baud rate of the board's UART [default: {DEFAULT_BAUD}]."
    )
    return board(baud(command))


def board_choice(name: str | None, baud: int | None) -> BoardOptions | None:
    """The board that was asked for, if one was.

    Raises:
        OptionError: if there is no such board, or the baud rate does not suit it.
        ToolError: if something that it needs is not installed.
    """
    if name is None:
        if baud is not None:
            raise OptionError("--baud is that of a board's UART: give --board too")
        return None
    options = BoardOptions(find_board(name), DEFAULT_BAUD if baud is None else baud)
    require_package("amaranth", "board", "--board")
    require_board(options)
    return options


def for_board(board: BoardOptions, recipe: Recipe, given: set[str]) -> Recipe:
    """The recipe for a board: its device, and LUT levels that suit its clock.

    Args:
        board: the board.
        recipe: how the design would be made without one.
        given: names of options that stand on the command line.

    Raises:
        OptionError: if another device was given, or an interface or an output that the UART does
            not have.
    """
    name, device = board.board.name, board.board.device
    if "device" in given and recipe.device != device:
        raise OptionError(f"--board {name} has {device}: leave --device {recipe.device} out")
    if recipe.around != PARALLEL:
        raise OptionError(
            f"--board {name} puts a UART around the network: leave --interface and --clock-enable "
            "out"
        )
    if recipe.margin:
        raise OptionError(
            f"--board {name} answers class and scores, and the margin is their difference: leave "
            "margin out of --outputs"
        )
    if not {"levels", "target_mhz"} & given:
        recipe = replace(recipe, levels=board_levels(board.board))
    return replace(recipe, device=device)


def print_board(build: BoardBuild, folder: Path) -> None:
    """The report on a bitstream, on stdout."""
    cells = [
        (name, f"{item.used:,} of {item.available:,}")
        for name, item in build.routed.utilization.items()
    ]
    rows = [
        ("clock of the board", f"{build.clock_mhz:g} MHz"),
        ("clock reached, placed and routed", f"{build.routed.fmax_mhz:.1f} MHz"),
        ("baud rate", f"{build.options.baud:,}"),
        ("bytes of a sample", build.identity.sample_bytes),
        ("bytes of a result", build.identity.result_bytes),
        *cells,
    ]
    print_table(
        f"{folder}/{build.bitstream} for {build.options.board.title}", ("what", "value"), rows
    )
