"""The options of ``lgn2hdl train`` that make up a :class:`~lgn2hdl.train.config.TrainConfig`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from lgn2hdl.cli.numbers import REAL, WHOLE, parse_whole
from lgn2hdl.train.config import (
    ENCODER_NAMES,
    INITIALIZATIONS,
    RESAMPLINGS,
    SAMPLINGS,
    SELECTIONS,
)
from lgn2hdl.train.relax.kinds import RELAXATIONS
from lgn2hdl.train.wiring.kinds import WIRINGS


def _numbers(_context: Any, option: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """``4000,2000`` as a tuple."""
    if value is None:
        return None
    try:
        return tuple(parse_whole(part.strip()) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{error} Give whole numbers with commas", param=option) from None


def _words(_context: Any, _option: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(part.strip() for part in value.split(","))


def _numbers_option(name: str, text: str) -> Any:
    return click.option(name, callback=_numbers, help=text)


_OPTIONS = (
    _numbers_option("--layers", "Nodes of each layer, such as 8000,4000."),
    _numbers_option("--fan-in", "Pins of a node in each layer, 2 to 6."),
    click.option("--encoder", type=click.Choice(ENCODER_NAMES), help="How thresholds are chosen."),
    click.option("--bits-per-feature", type=WHOLE, help="Most thermometer bits of a feature."),
    _numbers_option("--thresholds", "Thresholds of the encoder 'fixed'."),
    click.option("--wiring", callback=_words, help=f"Of each layer: {', '.join(WIRINGS.names)}."),
    click.option("--local-radius", type=WHOLE, help="Reach of local wiring, in pixels."),
    click.option("--candidates", type=WHOLE, help="Sources a pin of learned wiring chooses from."),
    click.option("--selection", type=click.Choice(SELECTIONS), help="How it chooses in training."),
    click.option("--resample-every", type=WHOLE, help="Steps between replacements of candidates."),
    click.option("--resampling", type=click.Choice(RESAMPLINGS), help="How they are replaced."),
    click.option("--relaxation", type=click.Choice(RELAXATIONS.names), help="Form of a table."),
    click.option("--initialization", type=click.Choice(INITIALIZATIONS), help="First logits."),
    click.option("--sampling", type=click.Choice(SAMPLINGS), help="How nodes compute in training."),
    click.option("--temperature", type=REAL, help="Divisor of the logits of tables."),
    click.option("--finetune-steps", type=WHOLE, help="Last steps, on the discrete network."),
    click.option("--tau", type=REAL, help="Divisor of the group sums [default: from the width]."),
    click.option("--learn-tau/--fixed-tau", default=None, help="Whether tau is trained."),
    click.option("--learning-rate", type=REAL, help="Adam's, at the start of the cosine."),
    click.option("--wiring-learning-rate", type=REAL, help="The same for learned wiring."),
    click.option(
        "--head-connections",
        type=WHOLE,
        help="Classes that an output counts for on average, for or against, learned; 0 for "
        "equal groups.",
    ),
    click.option("--head-learning-rate", type=REAL, help="The same for these connections."),
    click.option("--weight-decay", type=REAL, help="Decoupled weight decay of the tables."),
    click.option("--label-smoothing", type=REAL, help="Part of the target for all classes."),
    click.option("--distill-weight", type=REAL, help="Part of the loss from the teacher."),
    click.option("--distill-temperature", type=REAL, help="Divisor of the logits in that part."),
    click.option("--size-weight", type=REAL, help="Drive nodes to wires and constants."),
    click.option("--target-luts", type=WHOLE, help="Estimated LUTs that the result may need."),
    click.option("--batch-size", type=WHOLE, help="Rows per step, over all processes."),
    click.option("--steps", type=WHOLE, help="Optimizer steps."),
    click.option("--shift-pixels", type=WHOLE, help="Random shifts of training images, in pixels."),
    click.option("--mirror/--no-mirror", default=None, help="Mirror training images at random."),
    click.option("--input-noise", type=REAL, help="Flip training bits with this probability."),
    click.option("--validation-fraction", type=REAL, help="Part of the training rows."),
    click.option("--evaluate-every", type=WHOLE, help="Steps between evaluations."),
    click.option("--checkpoint-every", type=WHOLE, help="Steps between checkpoints."),
    click.option("--seed", type=WHOLE, help="Seed of split, wiring, parameters and batches."),
)


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for every field of the configuration; absent ones are ``None``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
