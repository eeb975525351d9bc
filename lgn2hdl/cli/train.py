"""``lgn2hdl train``: options and presets, a progress bar, the model file."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lgn2hdl import model_file
from lgn2hdl.cli.console import note, print_json, print_table
from lgn2hdl.cli.options import (
    DEFAULT_INPUT_WIDTH,
    FILE,
    data_dir_option,
    dataset_help,
    json_option,
    label_option,
    require_package,
)
from lgn2hdl.datasets import Dataset, load_dataset
from lgn2hdl.errors import OptionError
from lgn2hdl.files import require_writable
from lgn2hdl.model import LogicNet
from lgn2hdl.train.config import INITIALIZATIONS, RELAXATION_NAMES, TrainConfig
from lgn2hdl.train.presets import PRESETS, Preset, adapted, preset
from lgn2hdl.train.thermometer import ENCODERS
from lgn2hdl.train.wiring import WIRINGS

if TYPE_CHECKING:
    from lgn2hdl.train.loop import Progress as Step


def _numbers(_context: Any, option: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """``4000,2000`` as a tuple."""
    if value is None:
        return None
    try:
        return tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{value!r}: give whole numbers with commas", param=option
        ) from None


def _words(_context: Any, _option: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(part.strip() for part in value.split(","))


@click.command()
@click.option("--dataset", required=True, help=f"{dataset_help}.")
@click.option("--out", type=FILE, required=True, help="Model file to write, such as mnist.lgn.")
@click.option(
    "--preset",
    "preset_name",
    help=f"Start from {', '.join(item.name for item in PRESETS)} [default: by data set]; "
    "the options below change single values.",
)
@click.option("--layers", callback=_numbers, help="Nodes of each layer, such as 8000,4000.")
@click.option("--encoder", type=click.Choice(ENCODERS), help="How thresholds are chosen.")
@click.option("--bits-per-feature", type=int, help="Most thermometer bits of a feature.")
@click.option("--thresholds", callback=_numbers, help="Thresholds of the encoder 'fixed'.")
@click.option("--wiring", callback=_words, help=f"Wiring of each layer: {' or '.join(WIRINGS)}.")
@click.option("--local-radius", type=int, help="Reach of wiring 'local', in pixels.")
@click.option("--shift-pixels", type=int, help="Random shifts of training images, in pixels.")
@click.option("--relaxation", type=click.Choice(RELAXATION_NAMES), help="Form of a soft gate.")
@click.option("--initialization", type=click.Choice(INITIALIZATIONS), help="First logits.")
@click.option("--tau", type=float, help="Divisor of the group sums [default: from the width].")
@click.option("--learning-rate", type=float, help="Adam's, at the start of the cosine.")
@click.option("--batch-size", type=int, help="Rows per step.")
@click.option("--steps", type=int, help="Optimizer steps.")
@click.option("--validation-fraction", type=float, help="Part of the training rows.")
@click.option("--evaluate-every", type=int, help="Steps between evaluations.")
@click.option("--checkpoint-every", type=int, help="Steps between checkpoints.")
@click.option("--seed", type=int, help="Seed of split, wiring, parameters and batches.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint beside --out.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads [default: by size].")
@click.option(
    "--input-width",
    type=click.IntRange(1, 16),
    default=DEFAULT_INPUT_WIDTH,
    show_default=True,
    help="Bits of a real-valued feature.",
)
@data_dir_option
@label_option
@json_option
def train(
    dataset: str,
    out: Path,
    preset_name: str | None,
    resume: bool,
    threads: int | None,
    input_width: int,
    data_dir: Path | None,
    label: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Train a network and write its model file.

    Ctrl-C stops after the running step and keeps a checkpoint beside the model file; the same
    command with --resume goes on, to the same weights as without the interruption.
    """
    require_package("torch", "train", "training")
    checkpoint = out.with_name(f"{out.name}.ckpt")
    require_writable(out)
    _refuse_to_start_over(checkpoint, resume)
    given = {name: value for name, value in options.items() if value is not None}
    config = _config(dataset, preset_name, checkpoint if resume else None, given)
    data = load_dataset(dataset, data_dir=data_dir, label=label, input_width=input_width)
    if options["layers"] is None:
        config = adapted(config, len(data.class_names))
    config.require_classes(len(data.class_names))
    command = shlex.join(["lgn2hdl", *click.get_current_context().obj])
    network = _train(data, config, checkpoint, resume, threads, command)
    # With these, other commands find the same data again.
    origin = {"source": dataset, "label": label, "input_width": input_width}
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
        from lgn2hdl.train.checkpoint import read

        base = read(checkpoint).config
    else:
        base = (preset(preset_name) if preset_name else _preset_for(dataset)).config
    if "encoder" in given and given["encoder"] != "fixed":
        given.setdefault("thresholds", ())
    return dataclasses.replace(base, **given)


def _preset_for(dataset: str) -> Preset:
    """The preset that was made for the data set, else the one for any."""
    fitting = [item for item in PRESETS if item.dataset == dataset]
    return (fitting or [item for item in PRESETS if item.dataset is None])[0]


def _train(
    data: Dataset,
    config: TrainConfig,
    checkpoint: Path,
    resume: bool,
    threads: int | None,
    command: str,
) -> LogicNet:
    from lgn2hdl.train.loop import train as run
    from lgn2hdl.train.threads import use_threads

    use_threads(config, threads)
    with _bar() as bar:
        task = bar.add_task("", total=config.steps, figures="")

        def show(step: Step) -> None:
            bar.update(task, completed=step.step, figures=_figures(step))

        try:
            return run(
                data,
                config,
                checkpoint=checkpoint,
                resume=resume,
                on_progress=show,
                command=command,
            )
        except RuntimeError as error:
            if "allocate memory" in str(error):  # torch has no type of its own for this
                raise MemoryError from None
            raise


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        BarColumn(bar_width=8),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
        console=Console(stderr=True, highlight=False),
    )


def _figures(step: Step) -> str:
    parts = [f"loss {step.loss:.3f}"]
    if step.soft_accuracy is not None and step.hard_accuracy is not None:
        parts.append(f"soft {step.soft_accuracy:.2%} hard {step.hard_accuracy:.2%}")
    if step.best_hard_accuracy is not None:
        parts.append(f"(best {step.best_hard_accuracy:.2%})")
    return " ".join(parts)


def _report(out: Path, network: LogicNet, as_json: bool) -> None:
    metrics, timing = network.card["metrics"], network.card["timing"]
    if as_json:
        print_json({"model": str(out), "card": dict(network.card)})
        return
    rows = [
        ("validation accuracy, soft", f"{metrics['validation_soft_accuracy']:.2%}"),
        ("validation accuracy, hard", f"{metrics['validation_hard_accuracy']:.2%}"),
        ("test accuracy, hard", f"{metrics['test_hard_accuracy']:.2%}"),
        ("gates", network.n_nodes),
        ("input bits", network.encoder.n_bits),
        ("training", f"{timing['seconds']:.0f} s"),
        ("step", f"{timing['milliseconds_per_step']:.1f} ms"),
    ]
    print_table(str(out), ("what", "value"), rows)
