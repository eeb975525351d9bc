"""What the checker makes of a model file, against the package's own arithmetic."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hardware import features_of_widths, mixed_network
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import random_network

from lgn2hdl.base import container
from lgn2hdl.checker.graph import NOT_A_GATE, CheckError, Graph
from lgn2hdl.checker.meaning import (
    Player,
    constant_bits,
    knockout,
    margin,
    network_outputs,
    scores_of,
)
from lgn2hdl.checker.model import _Arrays, read_model
from lgn2hdl.model import file as model_file
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.model.network import LogicNet


def bytes_of(network: LogicNet, path: Path) -> bytes:
    model_file.save(network, path)
    return path.read_bytes()


def evaluated(graph: Graph, inputs: np.ndarray) -> np.ndarray:
    """Values of all nodes, ``bool[nodes, N]``, for inputs ``bool[n, N]``."""
    values = [np.zeros(inputs.shape[1], np.bool_), *inputs]
    for table, pins in list(zip(graph.table, graph.pins, strict=True))[len(values) :]:
        assert table != NOT_A_GATE
        row = sum(values[pin].astype(np.int64) << place for place, pin in enumerate(pins))
        bits = np.array([table >> place & 1 for place in range(1 << len(pins))], np.bool_)
        values.append(bits[row])
    return np.array(values)


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=25)
def test_outputs_and_scores_are_those_of_the_network(
    tmp_path_factory, seed: int, bits: bool
) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, n_features=3, width=3, fan_ins=(2, 5), bits=bits)
    model = read_model(bytes_of(network, tmp_path_factory.getbasetemp() / "m.lgn"))
    samples = rng.integers(0, 8, (64, 3)).astype(network.features.dtype)
    graph = Graph()
    x = graph.add_inputs(sum(model.width))
    literals = np.array(network_outputs(graph, model, x))
    values = evaluated(graph, feature_bits(network.features, samples))
    given_bits = values[literals >> 1] ^ (literals & 1)[:, None].astype(np.bool_)
    expected = network.outputs(samples)
    np.testing.assert_array_equal(given_bits, expected[:, : len(samples)])
    if model.head is None:
        assert bits
        return
    columns = []
    for total in scores_of(model.head, literals.tolist()):
        column = np.full(len(samples), total.constant)
        for literal, weight in total.terms:
            column += weight * (values[literal >> 1] ^ bool(literal & 1))
        columns.append(column)
        low, high = total.bounds(graph)
        assert low <= column.min() <= column.max() <= high
    np.testing.assert_array_equal(np.array(columns).T, network.head.scores(expected))


@pytest.mark.parametrize("rounds", [[], [[2, 3], [1, 1]], [[1, 1, 3]], [[5]]])
def test_a_knockout_finds_the_first_highest_and_the_margin(rounds: list[list[int]]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        numbers = rng.integers(0, 4, 5).tolist()
        graph = Graph()
        players = [
            Player(constant_bits(number, 2), constant_bits(index, 3))
            for index, number in enumerate(numbers)
        ]
        winner = knockout(graph, players, rounds)
        assert winner.index == constant_bits(int(np.argmax(numbers)), 3)
        high, low = sorted(numbers)[:-3:-1]
        assert margin(graph, players, winner, rounds) == constant_bits(high - low, 2)


@pytest.mark.parametrize("rounds", [[[2, 2]], [[0, 5]], [[]], [[6]], [[2, 3], [3]]])
def test_rounds_that_are_none(rounds: list[list[int]]) -> None:
    players = [Player([0], constant_bits(index, 3)) for index in range(5)]
    with pytest.raises(CheckError, match="a round of"):
        knockout(Graph(), players, rounds)


def test_a_damaged_model_file_is_one_line(tmp_path) -> None:
    network = mixed_network(features=features_of_widths((2, 3)), width=4, fan_ins=(2, 3))
    data = bytes_of(network, tmp_path / "m.lgn")
    read_model(data)
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    arrays, _ = container.read(tmp_path / "m.lgn", "lgn2hdl-model", 2)
    bad = [b"", data[:7], data[: 8 + size // 2], data[:-1], b"\xff" * 64, data[:8] + b"[]"]
    for name in arrays:
        for key in ("dtype", "shape", "data_offsets"):
            for value in ([], [5], "U9", [2**70, 2**71], None, -1, [-1, -1]):
                entry = {**header[name], key: value}
                text = json.dumps({**header, name: entry}).encode()
                bad.append(len(text).to_bytes(8, "little") + text + data[8 + size :])
    for item in bad[:6]:
        with pytest.raises(CheckError):
            read_model(item)
    for item in bad[6:]:
        try:
            same = read_model(item)
        except CheckError as error:
            lines = str(error).split("\n")
        else:
            lines = [] if same != read_model(data) else ["what was damaged means nothing"]
        assert len(lines) == 1


@pytest.mark.parametrize(
    ("begin", "end", "inside"),
    [(0, 8, True), (4, 12, True), (5, 13, False), (-8, 0, False), (-12, -4, False), (8, 0, False)],
)
def test_arrays_lie_inside_of_the_file(begin: int, end: int, inside: bool) -> None:
    """Also where Python would find as many bytes from the other end."""
    header = {"a": {"dtype": "I32", "shape": [2], "data_offsets": [begin, end]}}
    arrays = _Arrays(np.arange(3, dtype="<i4").tobytes(), header)
    if inside:
        assert arrays.column("a") == (begin // 4, begin // 4 + 1)
        return
    with pytest.raises(ValueError, match="a is outside of the file"):
        arrays.column("a")
