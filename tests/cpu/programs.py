"""Help for the tests of the CPU engine: networks, rows, engines with given settings, and tables."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from networks import random_table

from lgn2hdl.cpu import Engine
from lgn2hdl.cpu.choice import VECTORS
from lgn2hdl.cpu.instructions import COUNT, RECORD
from lgn2hdl.cpu.program import Program, compile_program
from lgn2hdl.ir import logic
from lgn2hdl.model.features import Features, Integers, integer_features
from lgn2hdl.model.heads import Head
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

# ---- networks and rows ----


def network_of(
    features: Features, encoder: Thermometer, layers: tuple[Lut, ...], head: Head
) -> LogicNet:
    """A network with names that nobody reads."""
    names = tuple(f"name {index}" for index in range(head.n_names))
    return LogicNet(features, encoder, layers, head, names, {})


def random_features(rng: np.random.Generator, n_features: int, highest_width: int) -> Features:
    """Integer features of unlike widths; sometimes all have the whole width of their dtype."""
    features = integer_features(n_features, highest_width)
    if rng.random() < 0.3:
        return features
    return replace(features, width=rng.integers(1, highest_width + 1, n_features, np.uint8))


def random_encoder(rng: np.random.Generator, features: Features, n_bits: int) -> Thermometer:
    """Thresholds that features reach, the lowest and highest ones, and some out of reach; twins."""
    feature = rng.integers(0, features.n_features, n_bits)
    highest = features.highest[feature]
    kind = rng.choice(4, n_bits, p=[0.7, 0.1, 0.1, 0.1])
    inside = (rng.random(n_bits) * (highest + 1)).astype(np.int64)
    threshold = np.choose(kind, [inside, highest * 0, highest, highest + rng.integers(1, 300)])
    twins = rng.random(n_bits) < 0.1
    source = rng.integers(0, n_bits, n_bits)
    return Thermometer(
        np.where(twins, feature[source], feature), np.where(twins, threshold[source], threshold)
    )


def random_layers(
    rng: np.random.Generator, n_bits: int, fan_ins: tuple[int, ...], most: int = 40
) -> tuple[Lut, ...]:
    """One layer for each fan-in, with constants, wires, inverters and twins."""
    layers, available = [], n_bits
    for fan_in in fan_ins:
        width = int(rng.integers(1, most + 1))
        tables = np.array([random_table(rng, fan_in) for _ in range(width)], np.uint64)
        fanin = rng.integers(0, available, (width, fan_in))
        twins = rng.random(width) < 0.1
        source = rng.integers(0, width, width)
        fanin[twins], tables[twins] = fanin[source[twins]], tables[source[twins]]
        layers.append(Lut(fanin, tables))
        available = width
    return tuple(layers)


def random_head(rng: np.random.Generator, n_outputs: int, n_classes: int) -> GroupSum:
    """Groups of unlike sizes; unit weights, weights of both signs, or the extreme ones."""
    weights = (
        np.ones(n_outputs),
        rng.integers(-3, 4, n_outputs),
        rng.integers(-128, 128, n_outputs),
    )
    biases = (0, 3, 1 << 20)
    bias = biases[rng.integers(3)]
    return GroupSum(
        class_of=rng.integers(0, n_classes, n_outputs),
        weight=weights[rng.integers(3)],
        bias=rng.integers(-bias, bias + 1, n_classes),
        tau=1.0,
    )


@st.composite
def engine_networks(draw: st.DrawFn, bits: bool | None = None) -> LogicNet:
    """Networks of every kind: features of one and two bytes, few and many, both kinds of heads.

    Args:
        draw: given by hypothesis.
        bits: True for Bits heads only, False for GroupSum heads only.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_features = draw(st.sampled_from([1, 2, 3, 5, 31, 32, 33, 63, 64, 65, 130]))
    width = draw(st.sampled_from([1, 4, 8, 9, 12, 16]))
    fan_ins = tuple(draw(st.lists(st.integers(2, 6), min_size=1, max_size=4)))
    bits = draw(st.booleans()) if bits is None else bits
    n_classes = draw(st.sampled_from([2, 3, 10, 17, 300]))
    features = random_features(rng, n_features, width)
    n_bits = int(rng.integers(1, 3 * n_features + 10))
    layers = random_layers(rng, n_bits, fan_ins)
    head: Head = Bits(layers[-1].width)
    if not bits:
        head = random_head(rng, layers[-1].width, n_classes)
    return network_of(features, random_encoder(rng, features, n_bits), layers, head)


def example_network(
    seed: int,
    *,
    n_features: int = 70,
    width: int = 8,
    bits: bool = False,
    n_classes: int = 4,
    weighted: bool = False,
    fan_ins: tuple[int, ...] = (4, 2, 3),
    nodes: int = 60,
) -> LogicNet:
    """A network of known kind and size, in which nothing is superfluous on purpose."""
    rng = np.random.default_rng(seed)
    features = integer_features(n_features, width)
    available = n_bits = 2 * n_features
    layers = []
    for fan_in in fan_ins:
        fanin = rng.integers(0, available, (nodes, fan_in))
        tables = rng.integers(1, logic.all_ones(fan_in), nodes, np.uint64)
        layers.append(Lut(fanin, tables))
        available = nodes
    weight = rng.integers(-9, 10, nodes) if weighted else np.ones(nodes)
    head = GroupSum(rng.integers(0, n_classes, nodes), weight, np.zeros(n_classes), 1.0)
    encoder = random_encoder(rng, features, n_bits)
    return network_of(features, encoder, tuple(layers), Bits(nodes) if bits else head)


def random_rows(rng: np.random.Generator, features: Features, n_rows: int) -> Integers:
    """Rows of integer features; every third value is the lowest or the highest one."""
    shape = (n_rows, features.n_features)
    inside = (rng.random(shape) * (features.highest + 1)).astype(np.int64)
    kind = rng.integers(0, 6, shape)
    return np.where(
        kind == 0, 0, np.where(kind == 1, features.highest, inside)
    ).astype(features.dtype)  # fmt: skip


def golden(network: LogicNet, rows: Integers) -> npt.NDArray[Any]:
    """What the golden model says: scores, or bits of a Bits head."""
    return network.decisions(rows) if isinstance(network.head, Bits) else network.scores(rows)


# ---- engines with given settings ----


@contextlib.contextmanager
def wide_operands() -> Iterator[None]:
    """Programs that are made within have 32-bit operands, however few slots they have."""
    with mock.patch("lgn2hdl.cpu.plan.NARROW_SLOTS", 0):
        yield


def engine_of(
    network: LogicNet,
    *,
    segments: tuple[int, ...] | None = None,
    vectors: tuple[int, ...] = VECTORS,
    wide: bool = False,
    **options: Any,
) -> Engine:
    """An engine whose program is made with these settings."""
    compiler = functools.partial(compile_program, segments=segments, vectors=vectors)
    with (
        mock.patch("lgn2hdl.cpu.engine.compile_program", compiler),
        wide_operands() if wide else contextlib.nullcontext(),
    ):
        return Engine(network, **options)


def results(engine: Engine, rows: npt.ArrayLike) -> npt.NDArray[Any]:
    """As :func:`golden`, from an engine; its decisions are checked against its scores."""
    decisions = engine.predict(rows)
    if isinstance(engine.network.head, Bits):
        return decisions
    scores = engine.scores(rows)
    assert np.array_equal(decisions, scores.argmax(axis=1))
    return scores


def packed_results(engine: Engine, words: npt.NDArray[np.uint64], n: int) -> npt.NDArray[Any]:
    """The same from packed bits."""
    decisions = engine.predict_packed(words, n)
    if isinstance(engine.network.head, Bits):
        return decisions
    scores = engine.scores_packed(words, n)
    assert np.array_equal(decisions, scores.argmax(axis=1))
    return scores


# ---- tables ----

HEADER = (
    "magic", "n_slots", "vectors", "wide", "n_features", "element_bytes", "copies", "n_masks",
    "n_inputs", "n_packed", "head", "n_results", "n_sums", "n_planes", "lowest", "n_instructions",
    "n_operands",
)  # fmt: skip
"""Words of the header, in the order of ``engine.h``."""


class Tables:
    """The tables of a program by name, as ``engine.h`` describes them.

    Attributes:
        words: all words, ``u32``; may be changed.
        begin: where each section begins.
    """

    def __init__(self, words: npt.NDArray[np.uint32]) -> None:
        self.words = words.copy()
        lengths = {
            "header": len(HEADER),
            "offset": self["n_masks"],
            "threshold": self["n_masks"] * 16 * self["element_bytes"],
            "lane_slot": self["n_masks"] * 64,
            "packed": self["n_packed"] * 2,
            "result": self["n_results"] * (1 + self["head"]),
            "instruction": self["n_instructions"] * 4,
            "operands": -(-self["n_operands"] // (2 - self["wide"])),
        }
        ends = np.cumsum(list(lengths.values()))
        self.begin = dict(zip(lengths, [0, *ends.tolist()], strict=False))
        self._end = dict(zip(lengths, ends.tolist(), strict=True))
        assert len(words) == ends[-1]

    def __getitem__(self, name: str) -> int:
        """A word of the header."""
        return int(self.words[HEADER.index(name)])

    def with_word(self, name: str, value: int) -> npt.NDArray[np.uint32]:
        """All words with another one in the header."""
        words = self.words.copy()
        words[HEADER.index(name)] = value
        return words

    def section(self, name: str) -> npt.NDArray[Any]:
        """A section, in the shape and dtype that ``engine.h`` says; changes change the words."""
        words = self.words[self.begin[name] : self._end[name]]
        if name == "threshold":
            return words.view(np.uint8 if self["element_bytes"] == 1 else np.uint16).reshape(-1, 64)
        if name == "operands":
            return words if self["wide"] else words.view(np.uint16)
        shape = {"lane_slot": 64, "packed": 2, "result": 1 + self["head"], "instruction": 4}
        return words.reshape(-1, shape[name]) if name in shape else words

    @property
    def input_slots(self) -> npt.NDArray[np.uint32]:
        """Slots of the inputs."""
        return self.section("packed")[:, 1]


def interpret(program: Program, rows: Integers) -> npt.NDArray[Any]:
    """Scores or output bits of a program, straight from what ``engine.h`` says about its tables.

    Args:
        program: the program.
        rows: integer features ``[N, F]``.
    """
    tables = Tables(program.words)
    values = np.zeros((tables["n_slots"], len(rows)), np.int64)
    elements = np.tile(rows, (1, max(1, tables["copies"])))
    for offset, thresholds, slots in zip(
        *map(tables.section, ("offset", "threshold", "lane_slot")), strict=True
    ):
        for lane in np.flatnonzero(slots > 1):
            values[slots[lane]] = elements[:, offset + lane] >= thresholds[lane]
    sums = np.zeros((tables["n_sums"], len(rows)), np.int64)
    run_code(tables.section("instruction"), tables.section("operands"), values, sums)
    result = tables.section("result")
    if tables["head"]:
        return (values[result[:, 0]] ^ result[:, 1:]).T.astype(np.uint8)
    total = sums[: len(result)] + result
    if tables["n_sums"] > len(result):
        total = total - sums[len(result) :]
    lowest = int(np.array(tables["lowest"], np.uint32).view(np.int32))
    return (lowest + total % (1 << tables["n_planes"])).T.astype(np.int32)


def run_code(
    instruction: npt.NDArray[Any],
    operands: npt.NDArray[Any],
    values: npt.NDArray[np.int64],
    sums: npt.NDArray[np.int64],
) -> None:
    """Run instructions ``[I, 4]`` on values of slots ``[n_slots, N]`` and sums ``[n_sums, N]``."""
    at = 0
    for operation, count, target, plane in instruction.astype(np.int64):
        if operation == COUNT:
            sums[target] += values[operands[at : at + count]].sum(axis=0) << plane
            at += count
            continue
        for slot, *pins in operands[at : at + RECORD * count].reshape(-1, RECORD):
            address = values[pins[0]] | values[pins[1]] << 1 | values[pins[2]] << 2
            values[slot] = operation >> address & 1
        at += RECORD * count
    assert at == len(operands)
