"""The command line; ``lgn2hdl --help`` lists the commands.

Results go to stdout; progress and notes go to stderr. Exit codes: 0 fine, 1 something is wrong with
a file, the data or a tool, 2 a wrong command line, 130 interrupted (Ctrl-C, SIGINT), 141 nobody
reads the output, 143 terminated (SIGTERM).
"""

from __future__ import annotations

import atexit
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import click

import lgn2hdl
from lgn2hdl.base import scratch
from lgn2hdl.base.errors import Lgn2HdlError, OutputError
from lgn2hdl.base.interrupts import INTERRUPTS, told
from lgn2hdl.base.system_errors import explained
from lgn2hdl.cli.commands import Commands
from lgn2hdl.cli.console import one_line
from lgn2hdl.cli.streams import READER_GONE, ReaderGoneError, prepare_streams, write_out
from lgn2hdl.train.loop.interrupt import TrainingInterruptedError


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(lgn2hdl.__version__, prog_name="lgn2hdl")
def cli() -> None:
    """Train logic gate networks and compile them to pipelined Verilog, checked bit for bit."""
    with suppress(OSError):
        scratch.sweep_temporary()


def main() -> None:
    """Run the command line; every expected failure is one line on stderr."""
    prepare_streams()
    end_process(run(sys.argv[1:]))


def end_process(code: int) -> NoReturn:
    """End Python without tearing the interpreter down.

    While it is torn down, a signal ends the process without a word; and in a group of processes
    torch's own threads can abort it at that point, though all is done.
    """
    if os.environ.get("WORLD_SIZE", "1") == "1":
        atexit._run_exitfuncs()
    scratch.remove_all()
    with suppress(OutputError, ReaderGoneError):  # (what could not be written has been said)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def run(arguments: list[str]) -> int:
    """The exit code of ``lgn2hdl`` with these arguments."""
    try:
        INTERRUPTS.working = True
        code = _run(arguments)
        INTERRUPTS.working = False
    except (KeyboardInterrupt, click.Abort):
        INTERRUPTS.working = False
        return _complain(*told())
    if code == 0 and INTERRUPTS.noted:  # some library has swallowed it
        return _complain(*told())
    return code


def _run(arguments: list[str]) -> int:
    """Run a command, and see that all it has printed arrives."""
    code = _guarded(lambda: _invoke(arguments))
    if not code:
        return _guarded(write_out)
    with suppress(OutputError, ReaderGoneError):  # (one reason is enough)
        write_out()
    return code


def _invoke(arguments: list[str]) -> int:
    try:
        result = cli.main(arguments, prog_name="lgn2hdl", standalone_mode=False, obj=arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 2
    return result if isinstance(result, int) else 0


def _guarded(action: Callable[[], int | None]) -> int:
    """The exit code of an action; every expected failure is one line on stderr."""
    try:
        return action() or 0
    except click.ClickException as error:
        return _complain(f"{error.format_message()} (see --help)", 2)
    except TrainingInterruptedError as error:
        return _complain(str(error), told()[1])
    except Lgn2HdlError as error:
        return _complain(str(error), 1)
    except ReaderGoneError:
        return READER_GONE  # that is its right
    except MemoryError:
        return _complain("out of memory: use a smaller network or batch", 1)
    except OSError as error:  # what no command has said better
        place = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return _complain(f"{place}{explained(error, 'check the path, and the space there')}", 1)


_PASSWORD = re.compile(r"(://[^\s/:@]*):\S*@")
"""Where a password stands in a URL, such as one that was given in the wrong place."""


def _complain(message: str, code: int) -> int:
    message = _PASSWORD.sub(r"\1:***@", message)
    click.echo(f"lgn2hdl: error: {one_line(' '.join(message.split()))}", err=True)
    return code
