"""Test vectors of the exported C: rows of features with the golden model's results."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.c_export.filling import number_lines
from lgn2hdl.c_export.inputs import Logic
from lgn2hdl.ir import packed
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.heads import ScoringHead
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.heads.group_sum_plan import decide
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes.lower import lower

MAX_VALUES = 1 << 25
"""Most numbers in the file of vectors: compilers need about 100 bytes for each."""

CANDIDATES = 1 << 10
"""Random rows among which ties are looked for."""


def vector_rows(network: LogicNet, logic: Logic, number: int, seed: int) -> Integers:
    """Rows ``[number, F]`` that try what can go wrong.

    The first is all zero, the second as high as can be. Of the others, by turns:

    * every feature is at a threshold of the encoder, 1 below or 1 above, in an order that reaches
      all of them if there are enough rows;
    * random, and the two highest scores are equal, as far as such rows are found;
    * uniformly random;
    * so in part, and zero elsewhere, as images are.

    Raises:
        OptionError: if ``number`` is below 1, or the rows are too many for a C file.
    """
    features = network.features
    if number < 1:
        raise OptionError(f"{number} test vectors: give at least 1")
    if number * features.n_features > MAX_VALUES:
        most = max(1, MAX_VALUES // features.n_features)
        raise OptionError(
            f"{number} test vectors of this network are too many: give {most} at most"
        )
    rng = np.random.default_rng(seed)
    rows = _random(rng, features, number)
    rows[0::4] = _at_thresholds(features, logic, rows[0::4])
    tied = _tied(rng, network, len(rows[1::4]))
    rows[1::4][: len(tied)] = tied
    rows[3::4] = _with_zeros(rng, rows[3::4])
    rows[0], rows[1:2] = 0, features.highest
    return rows.astype(features.dtype)


def _random(rng: np.random.Generator, features: Features, number: int) -> npt.NDArray[np.int64]:
    return rng.integers(0, features.highest + 1, (number, features.n_features))


def _with_zeros(rng: np.random.Generator, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return rows * (rng.random(rows.shape) < rng.random((len(rows), 1)))


def _at_thresholds(
    features: Features, logic: Logic, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The rows with each feature that the encoder reads at, below or above one of its thresholds.

    Three rows in turn are for the same thresholds; the next three for the next ones.
    """
    order = np.lexsort((logic.threshold, logic.feature))
    read, start, count = np.unique(logic.feature[order], return_index=True, return_counts=True)
    turn, step = np.divmod(np.arange(len(rows)), 3)
    chosen = order[start + turn[:, None] % count]
    result = rows.copy()
    result[:, read] = logic.threshold[chosen] + (step - 1)[:, None]
    return np.clip(result, 0, features.highest)


def _tied(rng: np.random.Generator, network: LogicNet, most: int) -> npt.NDArray[np.int64]:
    """Up to ``most`` rows whose two highest scores are equal."""
    features = network.features
    candidates = _random(rng, features, CANDIDATES)
    candidates[1::2] = _with_zeros(rng, candidates[1::2])
    if not isinstance(network.head, ScoringHead):
        return candidates[:0]
    scores = np.sort(network.scores(candidates.astype(features.dtype)), axis=1)
    return candidates[scores[:, -1] == scores[:, -2]][:most]


def vectors_text(network: LogicNet, logic: Logic, prefix: str, rows: Integers) -> str:
    """Text of ``vectors.h``: the rows, and what the golden model makes of them.

    The bits of the encoder and of the last layer are there as one hash a row; they would be most of
    the file.
    """
    inputs = packed.unpack(network.encoder.encode(rows)[logic.bits], len(rows))
    outputs = head_outputs(network, network.outputs(rows))
    arrays = [
        f"#define VECTORS {len(rows)}",
        _array(f"{prefix}_feature", "vector_rows", f"VECTORS * {prefix.upper()}_FEATURES", rows),
        _array("uint32_t", "vector_input_hashes", "VECTORS", hashes(inputs)),
        _array("uint32_t", "vector_output_hashes", "VECTORS", hashes(outputs)),
    ]
    if not isinstance(network.head, GroupSum):
        bytes_of_row = np.packbits(outputs.T, axis=1, bitorder="little")
        arrays.append(_array("uint8_t", "vector_bits", "", bytes_of_row))
    else:
        scores = network.head.scores(outputs)
        size = f"VECTORS * {prefix.upper()}_CLASSES"
        arrays.append(_array("int32_t", "vector_scores", size, scores))
        arrays.append(_array("uint16_t", "vector_classes", "VECTORS", decide(scores)))
    return "/* Written by lgn2hdl: test vectors. */\n" + "\n\n".join(arrays) + "\n"


def head_outputs(network: LogicNet, outputs: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What the exported gates give: the last layer's bits, or those of the result ports."""
    if isinstance(network.head, GroupSum):
        return outputs
    plan = network.head.plan(lower(network), None)
    return np.concatenate(list(plan.result_bits(network.head, outputs).values()))


def _array(kind: str, name: str, size: str, values: npt.NDArray[np.integer]) -> str:
    return f"static const {kind} {name}[{size}] = {{\n{number_lines(values)}\n}};"


def hashes(bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint32]:
    """FNV-1a (Fowler, Noll, Vo) of each sample's bits, one a byte: ``u32[N]`` of ``bool[B, N]``."""
    result = np.full(bits.shape[1], 2166136261, np.uint32)
    for row in bits:
        result = (result ^ row) * np.uint32(16777619)
    return result
