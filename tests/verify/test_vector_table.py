import json

import numpy as np
import pytest
from hardware import adder_network, all_rows, features_of_widths, mixed_network

from lgn2hdl.base.errors import OptionError, OutputError
from lgn2hdl.model.corners import extreme_rows
from lgn2hdl.model.vectors import random_vectors
from lgn2hdl.verify.differential.vectors import table_of_file, vector_table


def test_every_vector_is_in_its_group():
    network = mixed_network(8, n_classes=4, width=40)
    real = random_vectors(network.features, 30, seed=9).integers
    table = vector_table(network, real, 20)
    assert list(table.groups) == ["real", "random", "extreme", "threshold", "tie"]
    assert table.groups["real"] == table.groups["random"] == 20
    assert sum(table.groups.values()) == len(table.integers)
    np.testing.assert_array_equal(table.integers[:20], real[:20])
    np.testing.assert_array_equal(table.integers[40:42], extreme_rows(network.features))
    groups = [table.group_of(vector) for vector in range(len(table.integers))]
    assert {name: groups.count(name) for name in groups} == dict(table.groups)
    assert sorted(groups, key=list(table.groups).index) == groups
    ties = table.integers[-table.groups["tie"] :]
    scores = np.sort(network.scores(ties), axis=1)
    assert len(ties) > 0
    assert (scores[:, -1] == scores[:, -2]).all()


def test_without_real_samples_and_without_ties():
    table = vector_table(adder_network(2), None, 5)
    assert list(table.groups) == ["random", "extreme", "threshold", "tie"]
    assert table.groups["tie"] == 0
    assert table.group_of(0) == "random"
    assert table.group_of(len(table.integers) - 1) == "threshold"


def test_the_same_arguments_give_the_same_vectors():
    network, rows = adder_network(2), all_rows(4)
    one, two = (vector_table(network, rows, 7) for _ in range(2))
    np.testing.assert_array_equal(one.integers, two.integers)
    other = vector_table(network, rows, 7, seed=1)
    assert (other.integers[7:14] != one.integers[7:14]).any()


def test_no_vectors_are_refused():
    with pytest.raises(OptionError, match="give at least 1"):
        vector_table(adder_network(2), None, 0)


FEATURES = features_of_widths([3, 1])


def test_a_vector_is_read_from_a_file(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"features": [7, 1], "engine": "x"}))
    table = table_of_file(tmp_path / "a.json", FEATURES)
    assert table.integers.tolist() == [[7, 1]]
    assert table.integers.dtype == FEATURES.dtype
    assert table.group_of(0) == "replayed"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[1]", "no list of features"),
        ('{"features": 3}', "no list of features"),
        ('{"features": [1, true]}', "no list of features"),
        ('{"features": [1, "a"]}', "no list of features"),
        ('{"features": [1]}', "not those of this model"),
        ('{"features": [8, 0]}', "not those of this model"),
        ('{"features": [-1, 0]}', "not those of this model"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(OptionError, match=message):
        table_of_file(tmp_path / "a.json", FEATURES)


def test_an_absent_file(tmp_path):
    with pytest.raises(OutputError, match=r"cannot read .*absent.json: No such file"):
        table_of_file(tmp_path / "absent.json", FEATURES)
