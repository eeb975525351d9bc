"""``lgn2hdl host``: what ``predict`` does, on a board."""

from __future__ import annotations

import time
from pathlib import Path

import click

from lgn2hdl.base.errors import MismatchError, OptionError
from lgn2hdl.base.packages import require_package
from lgn2hdl.board.baud import DEFAULT_BAUD
from lgn2hdl.board.host import Patience, SampleRun, identify, open_port, require_network
from lgn2hdl.board.protocol import Flag, Identity, Result
from lgn2hdl.board.samples import golden_results, sample_payloads
from lgn2hdl.cli.console import data_note, note, one_line_names, print_json
from lgn2hdl.cli.csv_files import notation_options
from lgn2hdl.cli.numbers import RealRange, WholeRange
from lgn2hdl.cli.options import FILE, json_option, model_argument
from lgn2hdl.compiler.flow import file_sha256
from lgn2hdl.datasets import read_rows
from lgn2hdl.datasets.trained import trained_csv_options, with_notation
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads import ScoringHead
from lgn2hdl.model.network import LogicNet


@click.command()
@model_argument
@click.argument("file", type=FILE)
@click.option("--port", "device", required=True, metavar="DEVICE",
              help="Serial port of the board, such as /dev/ttyUSB1.")  # fmt: skip
@click.option("--baud", type=WholeRange(1, 100_000_000), default=DEFAULT_BAUD, show_default=True,
              help="Baud rate that the bitstream was built with.")  # fmt: skip
@click.option("--scores", "with_scores", is_flag=True, help="Print every class score as well.")
@click.option("--check", is_flag=True, help="Compare every answer with the golden model.")
@click.option("--timeout", type=RealRange(0.01, 600), default=1.0, show_default=True,
              help="Seconds to wait for an answer.")  # fmt: skip
@click.option("--tries", type=WholeRange(1, 100), default=4, show_default=True,
              help="Times that a row is sent before giving up.")  # fmt: skip
@notation_options
@json_option
def host(
    model: Path,
    file: Path,
    device: str,
    baud: int,
    with_scores: bool,
    check: bool,
    timeout: float,
    tries: int,
    decimal: str | None,
    separator: str | None,
    as_json: bool,
) -> None:
    """Run MODEL on a board, on the rows of FILE (.npy, .npz, .csv or IDX).

    The board must have the bitstream that 'lgn2hdl synth MODEL --board' built. Prints what
    'lgn2hdl predict' prints.
    """
    require_package("serial", "host", "talking to a board")
    network = model_file.load(model)
    if with_scores and not isinstance(network.head, ScoringHead):
        raise OptionError(f"the outputs of {model} are bits, not scores: leave --scores out")
    csv = with_notation(trained_csv_options(network), decimal, separator)
    integers = network.features.integers(read_rows(file, network.features, csv, data_note))
    patience = Patience(timeout, tries)
    with open_port(device, baud) as port:
        identity = identify(port, patience)
        require_network(identity, file_sha256(model), str(model))
        _require_abilities(identity, with_scores, check)
        payloads = sample_payloads(network.features, integers)
        run = SampleRun(port, identity, payloads, patience.with_line(identity, baud))
        results = _print_results(network, run, with_scores, as_json)
    if check:
        _compare(network, identity, integers, results)


def _require_abilities(identity: Identity, with_scores: bool, check: bool) -> None:
    if with_scores and not identity.score_bits:
        raise OptionError("the board's network was built without scores: leave --scores out")
    if check and Flag.CHANGED in identity.flags:
        raise OptionError(
            "the board's network was changed by --prune-head or --observe and may differ from the "
            "model: leave --check out"
        )


def _print_results(
    network: LogicNet, run: SampleRun, with_scores: bool, as_json: bool
) -> list[Result]:
    """Print results as they arrive; JSON at the end."""
    began, results = time.perf_counter(), []
    names = one_line_names(network.class_names)
    for result in run.results():
        results.append(result)
        if not as_json:
            click.echo(_line(names, result, with_scores))
    if as_json:
        print_json([_entry(network, result, with_scores) for result in results])
    seconds = time.perf_counter() - began
    again = f", {run.repeated:,} sent again" if run.repeated else ""
    note(f"{len(results):,} rows in {seconds:.2f} s, {len(results) / seconds:,.0f} rows/s{again}")
    return results


def _line(names: list[str], result: Result, with_scores: bool) -> str:
    if result.class_index is None:
        return "\t".join(map(str, result.bits))
    name = names[result.class_index]
    return "\t".join([name, *map(str, result.scores)]) if with_scores else name


def _entry(network: LogicNet, result: Result, with_scores: bool) -> dict[str, object]:
    if result.class_index is None:
        return {"bits": list(result.bits)}
    entry: dict[str, object] = {"class": network.class_names[result.class_index]}
    return {**entry, "scores": list(result.scores)} if with_scores else entry


def _compare(
    network: LogicNet, identity: Identity, integers: Integers, results: list[Result]
) -> None:
    """Every answer against the golden model.

    Raises:
        MismatchError: if one differs.
    """
    golden = golden_results(network, identity, integers)
    wrong = [
        row for row, pair in enumerate(zip(results, golden, strict=True)) if pair[0] != pair[1]
    ]
    if wrong:
        first = wrong[0]
        raise MismatchError(
            f"{len(wrong):,} of {len(golden):,} rows differ from the golden model; row {first}: "
            f"the board answers {_text(results[first])}, the model {_text(golden[first])}"
        )
    note(f"{len(golden):,} rows equal to the golden model")


def _text(result: Result) -> str:
    if result.class_index is None:
        return f"bits {''.join(map(str, result.bits))}"
    return f"class {result.class_index}, scores {list(result.scores)}"
