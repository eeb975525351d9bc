"""``lgn2hdl train``: options and presets, a progress bar, the model file."""

from __future__ import annotations

import dataclasses
import os
import shlex
from pathlib import Path
from typing import Any

import click

from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.files import require_writable
from lgn2hdl.base.packages import require_package
from lgn2hdl.cli.console import data_note, note, print_json, print_table
from lgn2hdl.cli.csv_files import column_options, notation_options
from lgn2hdl.cli.download_bar import download_bar
from lgn2hdl.cli.numbers import WholeRange
from lgn2hdl.cli.options import FILE, data_dir_option, dataset_help, json_option, label_option
from lgn2hdl.cli.train_options import config_options
from lgn2hdl.cli.train_run import train_with_bar
from lgn2hdl.cli.train_sweep import SweepRun, require_sweep, run_sweep
from lgn2hdl.datasets import CsvOptions, Missing, load_dataset
from lgn2hdl.datasets.trained import DEFAULT_INPUT_WIDTH, csv_card, with_notation
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.presets import PRESETS, adapted, preset, preset_for
from lgn2hdl.train.running import Run, require_device


@click.command()
@click.option("--dataset", required=True, help=f"{dataset_help}.")
@click.option("--out", type=FILE, required=True, help="Model file to write, such as mnist.lgn.")
@click.option(
    "--preset",
    "preset_name",
    help=f"Start from {', '.join(item.name for item in PRESETS)} [default: by data set]; "
    "the options below change single values.",
)
@config_options
@click.option("--resume", is_flag=True, help="Go on from the checkpoint beside --out.")
@click.option("--teacher", type=FILE, help="Logits of the training rows to distil, as .npy.")
@click.option("--threads", type=WholeRange(1, 1024), help="CPU threads [default: by size].")
@click.option(
    "--device",
    type=click.Choice(("cpu", "cuda")),
    default="cpu",
    show_default=True,
    help="Where to train; under torchrun one GPU a process.",
)
@click.option(
    "--input-width",
    type=WholeRange(1, 16),
    default=DEFAULT_INPUT_WIDTH,
    show_default=True,
    help="Bits of a real-valued feature.",
)
@click.option(
    "--sweep",
    type=WholeRange(0, 1_000_000),
    metavar="TRIALS",
    help="Accuracy against size: vary these options in so many more trials; --out gets the best.",
)
@click.option(
    "--storage",
    metavar="URL",
    help="Database that the workers of a sweep share [default: sqlite:///<out>.sweep.db].",
)
@data_dir_option
@label_option
@click.option(
    "--missing",
    type=click.Choice([item.value for item in Missing]),
    default=Missing.ERROR.value,
    show_default=True,
    help="A missing number: stop; take the training median; or that, and a feature that tells.",
)
@notation_options
@column_options
@json_option
def train(
    dataset: str,
    out: Path,
    preset_name: str | None,
    resume: bool,
    teacher: Path | None,
    threads: int | None,
    device: str,
    input_width: int,
    sweep: int | None,
    storage: str | None,
    data_dir: Path | None,
    label: str | None,
    missing: str,
    decimal: str | None,
    separator: str | None,
    drop: tuple[str, ...],
    keep: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Train a network and write its model file.

    Ctrl-C stops after the running step and keeps a checkpoint beside the model file; the same
    command with --resume goes on, to the same weights as without the interruption.

    With --sweep, train many networks around the configuration, none wider, and print which have
    the best accuracy for their size. Any number of workers can add trials at the same time: the
    same command with the same --storage. --sweep 0 only reports.
    """
    require_package("torch", "train", "training")
    require_sweep(storage, sweep, resume)
    require_device(device)
    require_writable(out)
    checkpoint = out.with_name(f"{out.name}.ckpt")
    require_writable(checkpoint)
    _refuse_to_start_over(checkpoint, resume)
    given = {name: value for name, value in options.items() if value is not None}
    config = _config(dataset, preset_name, checkpoint if resume else None, given)
    csv = with_notation(CsvOptions(drop=drop, keep=keep), decimal, separator)
    data = load_dataset(
        dataset,
        data_dir=data_dir,
        label=label,
        input_width=input_width,
        csv=csv,
        missing=Missing(missing),
        shown=download_bar,
    )
    if os.environ.get("RANK", "0") == "0":  # of a group of processes one speaks
        for line in data.notes:
            data_note(line)
    if options["layers"] is None:
        config = adapted(config, len(data.class_names), bits=data.has_bit_targets)
    config.require_outputs(len(data.class_names), bits=data.has_bit_targets)
    arguments = click.get_current_context().obj
    command = shlex.join(["lgn2hdl", *arguments])
    run = Run(checkpoint, resume, teacher, threads, device, command)
    # With these, other commands find the same data again.
    origin = {"source": dataset, "label": label, "input_width": input_width, **csv_card(csv)}
    if missing != Missing.ERROR.value:
        origin["missing"] = missing
    if sweep is not None:
        run_sweep(data, config, run, SweepRun(sweep, storage, out, origin, arguments, as_json))
        return
    network = train_with_bar(data, config, run)
    if network is None:  # another process of the group writes
        return
    card = {**network.card, "dataset": {**network.card["dataset"], **origin}}
    network = dataclasses.replace(network, card=card)
    model_file.save(network, out)
    checkpoint.unlink(missing_ok=True)
    note(f"wrote {out}")
    _report(out, network, as_json)


def _refuse_to_start_over(checkpoint: Path, resume: bool) -> None:
    """An unfinished run is not overwritten by accident; a finished one leaves no checkpoint."""
    if checkpoint.exists() and not resume:
        raise OptionError(
            f"{checkpoint} holds an unfinished run: give --resume to go on with it, or delete it "
            "to start over"
        )


def _config(
    dataset: str, preset_name: str | None, checkpoint: Path | None, given: dict[str, Any]
) -> TrainConfig:
    """The options: of the checkpoint, else of the preset, changed by those that were given."""
    if checkpoint is not None and preset_name is None:
        from lgn2hdl.train.loop.checkpoint import read

        base = read(checkpoint).config
    else:
        base = (preset(preset_name) if preset_name else preset_for(dataset)).config
    return base.changed(**given)


def _report(out: Path, network: LogicNet, as_json: bool) -> None:
    metrics, timing = network.card["metrics"], network.card["timing"]
    if as_json:
        print_json({"model": str(out), "card": dict(network.card)})
        return
    rows = [
        ("validation accuracy, soft", f"{metrics['validation_soft_accuracy']:.2%}"),
        ("validation accuracy, hard", f"{metrics['validation_hard_accuracy']:.2%}"),
        ("gap, soft - hard", f"{metrics['validation_gap']:.2%}"),
        ("test accuracy, hard", f"{metrics['test_hard_accuracy']:.2%}"),
        ("nodes", network.n_nodes),
        ("input bits", network.encoder.n_bits),
        ("training", f"{timing['seconds']:.0f} s"),
        ("step", f"{timing['milliseconds_per_step']:.1f} ms"),
    ]
    if "estimated_luts" in metrics:
        rows.append(("estimated LUTs", metrics["estimated_luts"]))
    print_table(str(out), ("what", "value"), rows)
