"""What ``predict`` and ``eval`` compute with: the C engine, or the NumPy golden model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import ToolError
from lgn2hdl.cli.console import note
from lgn2hdl.cli.numbers import WholeRange
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads import Decisions
from lgn2hdl.model.network import LogicNet

FEW_ROWS = 16
"""Rows that the golden model has computed before the native engine would be ready."""


class Compute(Enum):
    """Choices of ``--engine``."""

    AUTO = "auto"
    NATIVE = "native"
    GOLDEN = "golden"


@dataclass(frozen=True)
class Predictor:
    """Results of integer features ``[N, F]``.

    Attributes:
        predict: as :meth:`lgn2hdl.model.network.LogicNet.decisions`.
        scores: as :meth:`lgn2hdl.model.network.LogicNet.scores`.
    """

    predict: Callable[[Integers], Decisions]
    scores: Callable[[Integers], npt.NDArray[np.int32]]


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--engine`` and ``--threads``."""
    choice = click.option(
        "--engine",
        type=click.Choice([item.value for item in Compute]),
        default=Compute.AUTO.value,
        show_default=True,
        help="native: C, needs a C compiler once; golden: NumPy; auto: golden for few rows, else "
        "native where it works.",
    )
    threads = click.option(
        "--threads",
        type=WholeRange(1, 1024),
        default=1,
        show_default=True,
        help="CPU threads of the native engine.",
    )
    return choice(threads(command))


def predictor(network: LogicNet, engine: str, threads: int, n_rows: int) -> Predictor:
    """What computes a network's results.

    Unless one is demanded that is the golden model for a few rows, else the native engine; a note
    tells if there is none.

    Raises:
        ToolError: if the native engine is demanded and cannot be built.
    """
    golden = Predictor(network.decisions, network.scores)
    few = engine == Compute.AUTO.value and n_rows <= FEW_ROWS
    if few or engine == Compute.GOLDEN.value:
        return golden
    from lgn2hdl.cpu import Engine

    try:
        native = Engine(network, threads=threads)
    except ToolError as error:
        if engine == Compute.NATIVE.value:
            raise
        note(f"The slower NumPy model computes the results: {error}")
        return golden
    return Predictor(native.predict, native.scores)
