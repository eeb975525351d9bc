"""Test vectors: samples with the golden model's results, as ``$readmemh`` files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.corners import corner_rows
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.golden import feature_bits, layer_outputs, result_bits
from lgn2hdl.model.heads import HeadPlan
from lgn2hdl.model.network import LogicNet

MAX_VALUES = 1 << 28
"""Most numbers in a table of random vectors: 2 GiB while it is made."""

CORNER_PART = 5
"""One test vector in so many may be a corner case."""


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
        OptionError: if ``number`` is below 1, or takes more memory than any use of them.
    """
    if number < 1:
        raise OptionError(f"{number} test vectors: give at least 1")
    most = MAX_VALUES // features.n_features
    if number > most:
        raise OptionError(f"{number} vectors of this network are too many: give at most {most:,}")
    values = np.random.default_rng(seed).integers(
        0, features.highest + 1, size=(number, features.n_features)
    )
    return Vectors(values.astype(features.dtype), f"random (seed {seed})")


def with_corners(network: LogicNet, vectors: Vectors, number: int) -> Vectors:
    """As many vectors, of which up to a fifth are corner cases at the end.

    Args:
        network: the network.
        vectors: samples, which the corner cases are made from.
        number: vectors that are wanted; there may be fewer samples.
    """
    corners = corner_rows(network, vectors.integers, number // CORNER_PART)
    if not len(corners):
        return vectors
    kept = vectors.integers[: number - len(corners)]
    source = f"{vectors.source}; {len(kept)} of them and {len(corners)} corner cases"
    return Vectors(np.concatenate([kept, corners]), source)


def vector_files(
    network: LogicNet, plan: HeadPlan, vectors: Vectors, gates: Netlist | None = None
) -> dict[str, str]:
    """Text of ``x.hex`` and of a file for each port with results: a hexadecimal line a sample.

    The ports are ``class_index`` and perhaps ``scores`` of a GroupSum head, ``bits`` of a Bits
    head.

    Args:
        network: the golden model.
        plan: says which ports there are.
        vectors: the samples.
        gates: what stands for the network's layers, if not they themselves.
    """
    outputs = layer_outputs(network, vectors.integers, gates)
    ports = {
        "x": feature_bits(network.features, vectors.integers),
        **result_bits(network, plan, outputs),
    }
    return {f"{name}.hex": _hex_lines(bits) for name, bits in ports.items()}


def _hex_lines(bits: npt.NDArray[np.bool_]) -> str:
    """Each sample of ``bits[width, N]`` as one number, row 0 the least significant bit."""
    packed = np.packbits(bits.T, axis=1, bitorder="little")[:, ::-1]
    digits = -(-len(bits) // 4)
    return "".join(f"{row.tobytes().hex()[-digits:]}\n" for row in packed)
