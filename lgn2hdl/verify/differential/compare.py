"""Engines that must agree bit for bit, compared on one table of vectors.

The golden model is the trained network itself. An engine gives some or all of its results, as
arrays; the first difference is kept as a vector, an output, the expected value and what came.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.files import write_atomically
from lgn2hdl.model.features import Integers
from lgn2hdl.model.network import LogicNet
from lgn2hdl.verify.differential.vectors import VectorTable

OUTPUTS = "node of the last layer"
"""Name of the result that every network has, ``[N, O]``; a head gives the others, see
:attr:`lgn2hdl.model.results.Result.name`."""

Results = Mapping[str, npt.NDArray[Any]]
"""Integers or booleans by the name of the result, a row for every vector."""


@dataclass(frozen=True, eq=False)
class Engine:
    """Something that computes what a network does.

    Attributes:
        name: what people call it.
        run: its results for integer features ``[N, F]``.
    """

    name: str
    run: Callable[[Integers], Results]


@dataclass(frozen=True)
class Mismatch:
    """The first vector, and its first output, for which an engine is wrong.

    Attributes:
        engine: which one.
        vector: number of the vector in the table.
        group: its group.
        output: which result.
        expected: by the golden model.
        got: from the engine; text if it is no number.
        features: integer features of the vector.
    """

    engine: str
    vector: int
    group: str
    output: str
    expected: int
    got: int | str
    features: tuple[int, ...]

    @property
    def text(self) -> str:
        """One line for people."""
        return (
            f"{self.engine}: vector {self.vector} ({self.group}): {self.output} is {self.got}, "
            f"expected {self.expected}"
        )

    def write(self, path: Path, **more: Any) -> None:
        """Write a JSON file that has the vector's features, and whatever else is given.

        Raises:
            OutputError: if the file cannot be written.
        """
        text = json.dumps({**more, **asdict(self)}, indent=1) + "\n"
        write_atomically(path, text.encode())


@dataclass(frozen=True)
class Outcome:
    """What came of an engine.

    Attributes:
        engine: its name.
        vectors: vectors that were compared.
        mismatches: vectors with a wrong result; at least so many if the engine stops at the first.
        first: the first mismatch, if there is any.
        seconds: wall-clock time of the engine.
    """

    engine: str
    vectors: int
    mismatches: int
    first: Mismatch | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def golden_results(network: LogicNet, integers: Integers) -> dict[str, npt.NDArray[Any]]:
    """All results of the network itself, from its layers as trained."""
    outputs = network.outputs(integers)
    return {OUTPUTS: outputs.T, **head_results(network, outputs)}


def head_results(network: LogicNet, outputs: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
    """What the network's head makes of bits of the last layer, ``bool[O, N]``."""
    return dict(network.head.values(outputs))


def compare(engine: Engine, table: VectorTable, golden: Results) -> Outcome:
    """Run an engine on the table, and hold each of its results against the golden one.

    Raises:
        ValueError: if the engine gives no results, or some of another name or shape.
    """
    began = time.perf_counter()
    results = engine.run(table.integers)
    seconds = time.perf_counter() - began
    n_vectors = len(table.integers)
    wrong = np.zeros(n_vectors, np.bool_)
    if not results:
        raise ValueError(f"{engine.name} gives no results")
    for name, values in results.items():
        if name not in golden or values.shape != golden[name].shape:
            raise ValueError(f"{engine.name} gives {name} of shape {values.shape}")
        wrong |= (values != golden[name]).reshape(n_vectors, -1).any(axis=1)
    first = _first(engine.name, table, golden, results, wrong) if wrong.any() else None
    return Outcome(engine.name, n_vectors, int(wrong.sum()), first, seconds)


def _first(
    engine: str,
    table: VectorTable,
    golden: Results,
    results: Results,
    wrong: npt.NDArray[np.bool_],
) -> Mismatch:
    vector = int(wrong.argmax())
    for name, values in results.items():
        got, expected = np.atleast_1d(values[vector]), np.atleast_1d(golden[name][vector])
        if (got != expected).any():
            place = int((got != expected).argmax())
            output = f"{name} {place}" if values.ndim == 2 else name
            return mismatch(engine, table, vector, output, int(expected[place]), int(got[place]))
    raise ValueError(f"vector {vector} of {engine} is right")


def mismatch(
    engine: str, table: VectorTable, vector: int, output: str, expected: int, got: int | str
) -> Mismatch:
    """A mismatch with the features and the group of its vector."""
    features = tuple(table.integers[vector].tolist())
    return Mismatch(engine, vector, table.group_of(vector), output, expected, got, features)
