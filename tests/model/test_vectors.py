from dataclasses import replace

import numpy as np
import pytest
from hardware import (
    adder_network,
    adder_outputs,
    all_rows,
    design_of,
    features_of_widths,
    mixed_network,
    pack_bits,
    raw_table_features,
)

from lgn2hdl.base.errors import OptionError
from lgn2hdl.model.corners import corner_rows
from lgn2hdl.model.heads.group_sum_plan import decide
from lgn2hdl.model.vectors import Vectors, random_vectors, vector_files, with_corners
from lgn2hdl.passes.lower import lower


def numbers(text: str) -> list[int]:
    return [int(line, 16) for line in text.splitlines()]


@pytest.mark.parametrize(
    "network",
    [
        mixed_network(1),
        mixed_network(2, widths=(1,), n_classes=2),
        mixed_network(3, widths=(16, 16, 16, 16, 3), n_classes=9),
        mixed_network(4, features=raw_table_features()),
    ],
    ids=["mixed", "one bit", "wide", "table"],
)
def test_files_parse_back(network):
    plan = design_of(network).head
    vectors = random_vectors(network.features, 70)
    files = vector_files(network, plan, vectors)
    scores = network.scores(vectors.integers)
    widths = network.features.width.tolist()
    assert numbers(files["x.hex"]) == [pack_bits(row, widths) for row in vectors.integers.tolist()]
    assert numbers(files["class_index.hex"]) == decide(scores).tolist()
    score_widths = [plan.score_width] * plan.n_classes
    assert numbers(files["scores.hex"]) == [pack_bits(row, score_widths) for row in scores.tolist()]
    assert scores.min() < 0  # two's complement was needed


def test_files_of_a_network_of_bits():
    network, rows = adder_network(4), all_rows(8)
    files = vector_files(network, design_of(network).head, Vectors(rows, "all"))
    assert list(files) == ["x.hex", "bits.hex"]
    assert numbers(files["x.hex"]) == list(range(256))
    expected = [pack_bits(row, [1] * 9) for row in adder_outputs(4, rows).tolist()]
    assert numbers(files["bits.hex"]) == expected
    assert {len(line) for line in files["bits.hex"].splitlines()} == {3}


def test_no_scores_without_a_port_for_them():
    network = mixed_network()
    vectors = random_vectors(network.features, 50)
    files = vector_files(network, design_of(network, scores=False).head, vectors)
    assert list(files) == ["x.hex", "class_index.hex"]
    assert numbers(files["class_index.hex"]) == decide(network.scores(vectors.integers)).tolist()


@pytest.mark.parametrize("scores", [True, False])
def test_the_margin_is_that_of_the_two_best(scores):
    network = mixed_network(3, n_classes=4)
    plan = design_of(network, scores=scores, margin=True).head
    vectors = random_vectors(network.features, 60)
    files = vector_files(network, plan, vectors)
    assert list(files) == ["x.hex", "class_index.hex", *["scores.hex"] * scores, "margin.hex"]
    best = [sorted(row)[-2:] for row in network.scores(vectors.integers).tolist()]
    margins = numbers(files["margin.hex"])
    assert margins == [first - second for second, first in best]
    assert max(margins).bit_length() <= plan.margin_width


def test_gates_that_stand_for_the_layers():
    """The results are those of the gates, here with the first output inverted."""
    network = adder_network(2)
    plan = design_of(network).head
    gates = lower(network)
    table = gates.table.copy()
    table[gates.outputs[0] - gates.first_gate] ^= 0xFF
    vectors = Vectors(all_rows(4), "all")
    plain = vector_files(network, plan, vectors)
    assert vector_files(network, plan, vectors, gates) == plain
    inverted = vector_files(network, plan, vectors, replace(gates, table=table))
    assert inverted["x.hex"] == plain["x.hex"]
    expected = [number ^ 1 for number in numbers(plain["bits.hex"])]
    assert numbers(inverted["bits.hex"]) == expected


def test_lines_have_as_many_digits_as_the_port_needs():
    network = mixed_network(widths=(3, 1, 1), n_classes=3)
    plan = design_of(network).head
    files = vector_files(network, plan, random_vectors(network.features, 10))
    assert {len(line) for line in files["x.hex"].splitlines()} == {2}
    assert {len(line) for line in files["class_index.hex"].splitlines()} == {1}
    digits = -(-3 * plan.score_width // 4)
    assert {len(line) for line in files["scores.hex"].splitlines()} == {digits}
    assert all(text.endswith("\n") for text in files.values())


def test_random_vectors_reach_both_ends_and_repeat():
    features = features_of_widths([1, 3, 9])
    vectors = random_vectors(features, 5000, seed=4)
    assert vectors.integers.dtype == features.dtype
    assert vectors.integers.min(axis=0).tolist() == [0, 0, 0]
    assert vectors.integers.max(axis=0).tolist() == [1, 7, 511]
    assert vectors.source == "random (seed 4)"
    np.testing.assert_array_equal(vectors.integers, random_vectors(features, 5000, 4).integers)
    assert (vectors.integers != random_vectors(features, 5000, 5).integers).any()


@pytest.mark.parametrize("number", [0, -3])
def test_no_vectors_are_refused(number):
    with pytest.raises(OptionError, match="give at least 1"):
        random_vectors(features_of_widths([1]), number)


def test_one_vector():
    network = mixed_network()
    vectors = Vectors(np.zeros((1, 5), np.uint8), "zeros")
    files = vector_files(network, design_of(network).head, vectors)
    assert files["x.hex"] == "00000\n"


def test_the_last_vectors_are_corner_cases():
    network = mixed_network(widths=(3, 2, 6))
    vectors = random_vectors(network.features, 100)
    mixed = with_corners(network, vectors, 100)
    corners = corner_rows(network, vectors.integers, 20)
    kept = 100 - len(corners)
    assert 80 <= kept < 98
    np.testing.assert_array_equal(mixed.integers[:kept], vectors.integers[:kept])
    np.testing.assert_array_equal(mixed.integers[kept:], corners)
    assert mixed.source == f"random (seed 0); {kept} of them and {len(corners)} corner cases"


@pytest.mark.parametrize("number", [1, 4])
def test_few_vectors_are_no_corner_cases(number):
    network = mixed_network()
    vectors = random_vectors(network.features, number)
    assert with_corners(network, vectors, number) is vectors


def test_corner_cases_are_added_where_samples_are_few():
    network = mixed_network()
    mixed = with_corners(network, random_vectors(network.features, 10), 100)
    assert 10 < len(mixed.integers) <= 30
