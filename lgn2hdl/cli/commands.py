"""The commands, each imported when it is asked for: one starts without all the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from textwrap import shorten
from typing import Any

import click

COMMANDS: Mapping[str, tuple[str, str]] = {
    "compare": (
        "compare.compare_command",
        "Run MODEL on everything that can run it, with the same vectors, and require equal bits.",
    ),
    "eval": ("inference.evaluate", "Hard accuracy of MODEL on the test rows of a data set."),
    "export-c": (
        "export_c.export_c",
        "Write MODEL as standalone portable C99, with a self-test (make -C FOLDER test).",
    ),
    "host": (
        "host.host", "Run MODEL on a board, on the rows of FILE (.npy, .npz, .csv or IDX).",
    ),
    "info": (
        "info.info",
        "Show what is in MODEL: its card, its layers, and what pruning does to its gates.",
    ),
    "predict": (
        "inference.predict", "Run MODEL on the rows of FILE (.npy, .npz, .csv or IDX).",
    ),
    "sim": ("sim.sim", "Co-simulate MODEL's Verilog against the golden model with cocotb."),
    "synth": (
        "synth.synth",
        "Compile MODEL to pipelined Verilog in a folder that simulates itself "
        "(make -C FOLDER sim).",
    ),
    "train": ("train.train", "Train a network and write its model file."),
    "verify": (
        "verify.verify",
        "Prove that MODEL's Verilog computes what MODEL does, or print an input where it does not.",
    ),
}  # fmt: skip
"""Where each command is, in this package, and the first line of its help."""


class _OnDemand(MutableMapping[str, click.Command]):
    """The commands by name, and what is added to them; a test holds their help to the lines."""

    def __init__(self) -> None:
        self._known: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._known:
            module, _, attribute = COMMANDS[name][0].rpartition(".")
            self._known[name] = getattr(import_module(f"lgn2hdl.cli.{module}"), attribute)
        return self._known[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._known[name] = command

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**COMMANDS, **self._known})

    def __len__(self) -> int:
        return len({**COMMANDS, **self._known})


class Commands(click.Group):
    """A group whose own help imports no command."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.commands = _OnDemand()

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands."""
        width = formatter.width - 6 - max(map(len, COMMANDS))
        rows = [(name, shorten(line, width, placeholder="..."))
                for name, (_, line) in COMMANDS.items()]  # fmt: skip
        with formatter.section("Commands"):
            formatter.write_dl(rows)
