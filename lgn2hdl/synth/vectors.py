"""Test vectors: samples with the golden model's results, as ``$readmemh`` files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.errors import OptionError
from lgn2hdl.features import Features, Integers
from lgn2hdl.head import BitsPlan, HeadPlan
from lgn2hdl.model import LogicNet, decide


@dataclass(frozen=True, eq=False)
class Vectors:
    """Samples to simulate.

    Attributes:
        integers: unsigned features, ``[N, F]``.
        source: where they are from, for people.
    """

    integers: Integers
    source: str


def random_vectors(features: Features, number: int, seed: int = 0) -> Vectors:
    """Uniformly random features: a stand-in where the model's data set is not at hand.

    Raises:
        OptionError: if ``number`` is below 1.
    """
    if number < 1:
        raise OptionError(f"{number} test vectors: give at least 1")
    values = np.random.default_rng(seed).integers(
        0, features.highest + 1, size=(number, features.n_features)
    )
    return Vectors(values.astype(features.dtype), f"random (seed {seed})")


def vector_files(network: LogicNet, plan: HeadPlan, vectors: Vectors) -> dict[str, str]:
    """Text of ``x.hex`` and of a file for each port with results: a hexadecimal line a sample.

    The ports are ``class_index`` and ``scores`` of a GroupSum head, ``bits`` of a Bits head.
    """
    files = {"x.hex": _hex_lines(vectors.integers, network.features.width)}
    if isinstance(plan, BitsPlan):
        bits = network.decisions(vectors.integers)
        return {**files, "bits.hex": _hex_lines(bits, np.ones(plan.n_outputs, np.int64))}
    scores = network.scores(vectors.integers)
    classes = decide(scores)[:, None]
    score_widths = np.full(plan.n_classes, plan.score_width)
    return {
        **files,
        "class_index.hex": _hex_lines(classes, np.array([plan.class_width])),
        "scores.hex": _hex_lines(scores, score_widths),
    }


def _hex_lines(values: npt.NDArray[np.integer], widths: Iterable[int]) -> str:
    """Each row packed into one number, column 0 in the least significant bits."""
    columns = [
        ((values[:, index, None].astype(np.int64) >> np.arange(width)) & 1).astype(np.uint8)
        for index, width in enumerate(widths)
    ]
    bits = np.concatenate(columns, axis=1)
    packed = np.packbits(bits, axis=1, bitorder="little")[:, ::-1]
    digits = -(-bits.shape[1] // 4)
    return "".join(f"{row.tobytes().hex()[-digits:]}\n" for row in packed)
