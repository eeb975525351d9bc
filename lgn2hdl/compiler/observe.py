"""Replace nodes by what they look like on data: constants, equal nodes, complements.

Unlike the passes this changes what the network computes, on rows that it did not see and, with a
tolerance, on those that it saw. It is for those who ask for it, and measure what it costs with
:func:`lgn2hdl.compiler.accuracy.netlist_accuracy` on rows held out.

The rows go through the netlist twice, some words at a time, so that memory does not grow with them:
first for a signature of every node's values, then to count where candidates differ. Only counts
decide, so that a collision of signatures does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist, evaluate, live
from lgn2hdl.passes import prune
from lgn2hdl.passes.replacing import ordered_by_level, replace_nodes

BLOCK_WORDS = 64
"""Words of samples evaluated at a time: memory is about three times 512 bytes a node."""

MAX_BANDS = 32
"""Most parts of the samples; a pair has to agree in one of them in full to be compared."""

PAIRS = 1 << 15
"""Pairs of nodes compared at a time."""

ONES_OF_BYTE = np.array([value.bit_count() for value in range(256)], np.uint8)
"""Bits set in every byte."""

Words = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ObserveReport:
    """What :func:`observe` found.

    Attributes:
        samples: rows that were looked at.
        tolerance: samples in which a node may differ from what replaces it.
        constants: nodes (gates or inputs) replaced by a constant.
        equalities: nodes replaced by another node.
        complements: nodes replaced by the complement of another node.
        gates_before: gates of the pruned netlist before.
        gates_after: gates of the pruned netlist afterwards.
    """

    samples: int
    tolerance: int
    constants: int
    equalities: int
    complements: int
    gates_before: int
    gates_after: int


def observe(
    netlist: Netlist, inputs: Words, n_samples: int, tolerance: int = 0
) -> tuple[Netlist, ObserveReport]:
    """Replace nodes that hardly ever differ from a constant or an earlier node, and prune.

    First exactly: all such nodes are found, and no output changes on the samples. Then, with a
    tolerance, what is left: no node is further than the tolerance from what replaces it, but its
    readers may differ more often. Pairs that agree in a whole part of the samples are compared, so
    that with a tolerance some are missed.

    Args:
        netlist: the gates.
        inputs: packed samples, ``u64[n_inputs, words]``, as :meth:`Thermometer.encode` gives them.
        n_samples: number of samples in them.
        tolerance: most samples in which a node may differ from what replaces it.

    Raises:
        DataError: if there is no sample.
        OptionError: if the tolerance is negative or not below half the samples.
        ValueError: if ``inputs`` has another shape than netlist and samples need.
    """
    _check(netlist, inputs, n_samples, tolerance)
    netlist = ordered_by_level(prune(netlist)[0])
    before = netlist.n_gates
    found = np.zeros(3, np.int64)
    for allowed in sorted({0, tolerance}):
        source, flipped = _replacements(netlist, inputs, n_samples, allowed)
        found += _kinds(source, flipped)
        netlist = replace_nodes(
            netlist, netlist.fanin.copy(), netlist.table.copy(), source, flipped
        )
        netlist = ordered_by_level(prune(netlist)[0])
    constants, equalities, complements = found.tolist()
    return netlist, ObserveReport(
        n_samples, tolerance, constants, equalities, complements, before, netlist.n_gates
    )


def _check(netlist: Netlist, inputs: Words, n_samples: int, tolerance: int) -> None:
    if n_samples < 1:
        raise DataError("no rows to observe the netlist on: give some")
    if not 0 <= tolerance * 2 < n_samples:
        raise OptionError(
            f"a tolerance of {tolerance} samples is not 0 to less than half of the {n_samples} "
            "samples: give another"
        )
    if inputs.shape != (netlist.n_inputs, packed.words_for(n_samples)):
        raise ValueError(
            f"inputs of shape {inputs.shape} for {netlist.n_inputs} inputs and {n_samples} samples"
        )


def _kinds(source: Ids, flipped: Bools) -> Counts:
    """Number of constants, equalities and complements."""
    moved = source != np.arange(len(source))
    constant = source == CONSTANT_ZERO
    kinds = (moved & constant, moved & ~constant & ~flipped, moved & ~constant & flipped)
    return np.array([kind.sum() for kind in kinds])


def _replacements(
    netlist: Netlist, inputs: Words, n_samples: int, tolerance: int
) -> tuple[Ids, Bools]:
    """Node that stands for each node (itself if none does), and whether its complement does."""
    node, candidate = _candidates(netlist, inputs, n_samples, tolerance)
    differing = _differing(netlist, inputs, n_samples, node, candidate)
    near = np.minimum(differing, n_samples - differing) <= tolerance
    node, candidate, differing = node[near], candidate[near], differing[near]
    first = np.ones(len(node), np.bool_)  # pairs ascend: the lowest candidate of every node
    first[1:] = node[1:] != node[:-1]
    source: Ids = np.arange(netlist.n_nodes, dtype=np.int32)
    flipped = np.empty(netlist.n_nodes, np.bool_)  # (only of nodes that are replaced)
    source[node[first]] = candidate[first]
    flipped[node[first]] = differing[first] * 2 > n_samples
    kept = _without_chains(source)
    return np.where(kept, np.arange(netlist.n_nodes, dtype=np.int32), source), flipped & ~kept


def _without_chains(source: Ids) -> Bools:
    """Nodes to keep, so that nobody is replaced by a node that is replaced itself."""
    stays = source == np.arange(len(source))
    kept = stays
    while True:  # sources have lower ids, so what depends on them settles one after the other
        again = stays | ~kept[source]
        if np.array_equal(again, kept):
            return kept
        kept = again


def _candidates(netlist: Netlist, inputs: Words, n_samples: int, tolerance: int) -> tuple[Ids, Ids]:
    """Pairs (node, lower node) to compare: all nodes with the constant, and those alike in a band.

    Of the nodes that agree in a band, up to complement, each is compared with the lowest one and
    with its neighbours in order of the number of ones. Inputs that nobody reads are no nodes here.
    """
    used = np.flatnonzero(live(netlist)[1:]).astype(np.int32) + 1
    ones, signatures = _signatures(netlist, inputs, n_samples, tolerance)
    ones = np.minimum(ones, n_samples - ones)[used]
    pairs = [(used, np.zeros_like(used))]
    for signature in signatures:
        _, first, member = np.unique(signature[used], return_index=True, return_inverse=True)
        pairs.append((used, used[first[member]]))
        order = np.lexsort((used, ones, member))
        alike = member[order[1:]] == member[order[:-1]]
        pairs.append((used[order[1:][alike]], used[order[:-1][alike]]))
    one, other = (np.concatenate(side).astype(np.int64) for side in zip(*pairs, strict=True))
    high, low = np.maximum(one, other), np.minimum(one, other)
    unique = np.unique((high * netlist.n_nodes + low)[high > low])
    node, candidate = np.divmod(unique, netlist.n_nodes)
    return node.astype(np.int32), candidate.astype(np.int32)


def _signatures(
    netlist: Netlist, inputs: Words, n_samples: int, tolerance: int
) -> tuple[Counts, Words]:
    """Samples in which each node is 1 ``[n_nodes]``, and hashes of its bands ``[bands, n_nodes]``.

    A node and its complement have the same hashes. Two nodes that differ in no more samples than
    the tolerance agree in a band for certain if there is one band more than that.
    """
    bands = min(tolerance + 1, MAX_BANDS, inputs.shape[1])
    edges = np.linspace(0, inputs.shape[1], bands + 1).astype(int)
    ones = np.zeros(netlist.n_nodes, np.int64)
    signatures = np.zeros((bands, netlist.n_nodes), np.uint64)
    for band in range(bands):
        first: Words | None = None  # all bits as in the band's first sample
        for start, values in _values(netlist, inputs, n_samples, edges[band], edges[band + 1]):
            ones += _ones(values)
            if first is None:
                first = np.where(values[:, :1] & np.uint64(1), ~np.uint64(0), np.uint64(0))
            turned = values ^ (first & _valid(n_samples, start, values.shape[1]))
            signatures[band] += _hashes(turned, start)
    return ones, signatures


def _differing(
    netlist: Netlist, inputs: Words, n_samples: int, node: Ids, candidate: Ids
) -> Counts:
    """Samples in which the nodes of each pair differ."""
    differing = np.zeros(len(node), np.int64)
    for _, values in _values(netlist, inputs, n_samples, 0, inputs.shape[1]):
        for start in range(0, len(node), PAIRS):
            pairs = slice(start, start + PAIRS)
            differing[pairs] += _ones(values[node[pairs]] ^ values[candidate[pairs]])
    return differing


def _values(
    netlist: Netlist, inputs: Words, n_samples: int, start: int, stop: int
) -> Iterator[tuple[int, Words]]:
    """Word number and values of all nodes ``u64[n_nodes, words]``, a block at a time.

    Bits behind the last sample are 0.
    """
    every = np.arange(netlist.n_nodes, dtype=np.int32)
    whole = Netlist(netlist.n_inputs, netlist.fanin, netlist.table, every)
    for block in range(start, stop, BLOCK_WORDS):
        values = evaluate(whole, inputs[:, block : min(block + BLOCK_WORDS, stop)])
        yield block, values & _valid(n_samples, block, values.shape[1])


def _valid(n_samples: int, start: int, n_words: int) -> Words:
    """Ones where a word has a sample, for the words from ``start`` on."""
    left = np.clip(n_samples - packed.WORD_BITS * (start + np.arange(n_words)), 0, 64)
    masks = [(1 << int(count)) - 1 for count in left]
    return np.array(masks, np.uint64)


def _ones(values: Words) -> Counts:
    """Bits that are set in each row."""
    as_bytes = np.ascontiguousarray(values).view(np.uint8)
    return ONES_OF_BYTE[as_bytes].sum(axis=1, dtype=np.int64)


def _hashes(values: Words, start: int) -> Words:
    """Hash of each row of words; the sum over blocks is the hash of the whole (wrapping around).

    Every word is mixed with its position by multiplications and shifts, as the finalizers of
    common hash functions do, before the words are added.
    """
    place = np.arange(start + 1, start + 1 + values.shape[1], dtype=np.uint64)
    mixed = values ^ place * np.uint64(0x9E3779B97F4A7C15)
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        mixed = (mixed ^ mixed >> np.uint64(31)) * np.uint64(factor)
    return (mixed ^ mixed >> np.uint64(29)).sum(axis=1, dtype=np.uint64)
