"""Sizes of the exported C's memory, runs of its head, and what a seed or a table gives for ever."""

import dataclasses
import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
from compiled import prepared
from hardware import mixed_network
from networks import random_network

from lgn2hdl.c_export.expressions import expressions
from lgn2hdl.c_export.head import LONGEST_RUN, counting
from lgn2hdl.c_export.inputs import needed_logic
from lgn2hdl.c_export.notes import MAX_LINES, feature_notes
from lgn2hdl.c_export.prepare import BYTES_PER_GATE, CModel, export_bytes
from lgn2hdl.c_export.vectors import vector_rows
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer


def fake(*, n_features=3, n_inputs=5, n_slots=7, parts=(2, 4, 3), count=None) -> CModel:
    """A model of which only the sizes are there."""
    features = integer_features(n_features, 8)
    return CModel(
        network=SimpleNamespace(features=features),
        prefix="p",
        word_bits=32,
        model_sha256="",
        logic=SimpleNamespace(netlist=SimpleNamespace(n_inputs=n_inputs)),
        code=SimpleNamespace(
            n_slots=n_slots, parts=[SimpleNamespace(n_outputs=outputs) for outputs in parts]
        ),
        counting=count,
    )


def a_count():
    """Of three classes, with counters of 3 bits, and four runs."""
    head = GroupSum([0, 0, 1, 2, 0], [1, 1, 1, 2, 4], [0, 0, 1], 1.0)
    count = counting(head)
    assert (count.score_bits, count.class_bits, len(count.weight)) == (3, 2, 4)
    return count


def test_words_of_working_memory():
    assert fake().state_words == 5 + 7 + 4
    assert fake(n_slots=0).state_words == 5 + 1 + 4
    assert fake(n_slots=1).n_values == 1
    model = fake(count=a_count())
    assert model.state_words == 5 + 7 + 4 + 3 * 3 + 2
    assert [model.state_bytes(bits) for bits in (8, 16, 32, 64)] == [27, 54, 108, 216]


def test_bytes_of_constants():
    assert fake().table_bytes == 5 * (2 + 1)
    assert fake(count=a_count()).table_bytes == 5 * (2 + 1) + 4 * 3 + 6 * 4
    assert fake(n_features=1 << 16).index_bytes == 2
    assert fake(n_features=(1 << 16) + 1).index_bytes == 4


@pytest.mark.parametrize(("fan_in", "gates"), [(2, 1), (3, 1), (4, 3), (5, 5), (6, 10)])
def test_memory_of_an_export(fan_in, gates):
    layer = Lut(np.arange(7 * fan_in).reshape(7, fan_in), np.zeros(7, int))
    network = SimpleNamespace(luts=(layer, layer))
    assert export_bytes(network) == BYTES_PER_GATE * gates * 14


def runs(class_of, weight, bias=(0, 0)):
    count = counting(GroupSum(class_of, weight, bias, 1.0))
    columns = (count.n_outputs, count.class_index, count.weight)
    return list(zip(*map(np.ndarray.tolist, columns), strict=True))


def test_runs_are_outputs_of_one_class_and_weight():
    assert runs([0, 0, 1, 1, 0], [1, 1, 1, 2, 2]) == [(2, 0, 1), (1, 1, 1), (1, 1, 2), (1, 0, 2)]
    assert runs([1], [-3]) == [(1, 1, -3)]
    assert runs([0, 0], [127, -128]) == [(1, 0, 127), (1, 0, -128)]
    n = LONGEST_RUN
    assert runs(np.zeros(n), np.ones(n)) == [(n, 0, 1)]
    assert runs(np.zeros(n + 1), np.ones(n + 1)) == [(n, 0, 1), (1, 0, 1)]
    assert runs(np.zeros(2 * n + 5), np.ones(2 * n + 5)) == [(n, 0, 1), (n, 0, 1), (5, 0, 1)]


def test_counts_of_constant_scores_have_a_bit():
    count = counting(GroupSum([0, 1], [0, 0], [3, 3], 1.0))
    assert (count.lowest, count.score_bits, count.first.tolist()) == (3, 1, [0, 0])
    assert counting(GroupSum([0, 1], [1, 1], [0, 1], 1.0)).score_bits == 2


@pytest.mark.parametrize(
    ("n", "lines", "more"), [(MAX_LINES, 41, False), (MAX_LINES + 1, 42, True)]
)
def test_as_many_lines_about_features(n, lines, more):
    plain = integer_features(n, 3)
    features = dataclasses.replace(plain, offset=np.arange(n, dtype=float))
    text = feature_notes(features)
    assert text.count("\n") + 1 == lines
    assert ("and so on: 1 more" in text) is more
    assert "x, an integer 0 to 7" in text
    assert "floor((x - 1.0) / 1.0 + 0.5)" in text


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def test_expressions_stay_as_they_are():
    """Or a model would give other C than before."""
    assert digest("\n".join(expressions()).encode()) == "c6c1146f26ea2ce2"


@pytest.mark.parametrize(
    ("kind", "number", "seed", "expected"),
    [
        ("classes", 100, 0, "66e8b742c0c392fe"),
        ("classes", 33, 1, "49c27609909e7a4a"),
        ("bits", 50, 2, "7ed8f154b6ceae15"),
        ("classes", 1, 3, "2c34ce1df23b838c"),
    ],
)
def test_vectors_of_a_seed_stay_as_they_are(kind, number, seed, expected):
    network = mixed_network()
    if kind == "bits":
        network = random_network(
            np.random.default_rng(5), n_features=4, width=3, fan_ins=(3, 2), bits=True
        )
    rows = vector_rows(network, needed_logic(network), number, seed)
    assert rows.shape == (number, network.features.n_features)
    assert digest(np.ascontiguousarray(rows, "<i8").tobytes()) == expected


def test_a_network_without_values_between_functions():
    network = LogicNet(
        integer_features(2, 1), Thermometer([0, 1], [1, 1]), (Lut([[0, 1]], [8]),), Bits(1),
        ("b",), {},
    )  # fmt: skip
    model = prepared(network)
    assert (model.code.n_slots, model.n_values, model.part_outputs) == (0, 1, 1)
    assert model.state_words == 2 + 1 + 1
