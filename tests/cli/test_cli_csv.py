"""CSV files as people bring them, from training to prediction through the command line."""

import dataclasses

import numpy as np
import pytest

from lgn2hdl.datasets import Missing, load_dataset, read_rows
from lgn2hdl.model import file as model_file

N = 120
SMALL = ["--layers", "40,20", "--steps", "60", "--bits-per-feature", "3"]


def written(path, columns, separator=","):
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    path.write_text("".join(separator.join(map(str, row)) + "\n" for row in rows))
    return path


@pytest.fixture
def columns():
    random = np.random.default_rng(1)
    x = random.integers(-40, 40, N) / 8
    return {
        "id": [1000 + i for i in range(N)],
        "size": [f"{value:.3f}" for value in x],
        "Split": [("Train", "train", "val", "Test")[i % 4] for i in range(N)],
        "fault": ["yes" if value > 0 else "no" for value in x],
    }


def test_commas_ids_and_splits_from_training_to_prediction(
    columns, tmp_path, lgn2hdl, read_json, fails
):
    comma = columns | {"size": [cell.replace(".", ",") for cell in columns["size"]]}
    data = written(tmp_path / "own.csv", comma, ";")
    train = ["train", "--dataset", data, "--out", tmp_path / "m.lgn", *SMALL]
    assert "--separator semicolon" in fails(*train)
    train += ["--separator", "semicolon"]
    assert "column 'id' numbers the rows (120 different whole numbers" in fails(*train)
    train += ["--drop", "id"]
    assert "column 'size' ('" in (message := fails(*train))
    assert message.count("a decimal comma: give --decimal comma") == 1
    train += ["--decimal", "comma"]
    code, _, err = lgn2hdl(*train)
    assert code == 0
    assert "note: column 'Split' is the split: 60 training, 30 validation, 30 test rows\n" in err
    assert "note: the last column, 'fault', is the label" in err
    card = read_json("info", tmp_path / "m.lgn")["card"]["dataset"]
    assert (card["train_rows"], card["validation_rows"], card["test_rows"]) == (60, 30, 30)
    assert (card["decimal"], card["separator"], card["drop"]) == ("comma", "semicolon", ["id"])
    assert read_json("eval", tmp_path / "m.lgn")["hard_accuracy"] > 0.8
    assert read_json("eval", tmp_path / "m.lgn", "--dataset", data)["test_rows"] == 30
    points = written(tmp_path / "points.csv", {"size": columns["size"]})
    as_trained = lgn2hdl("predict", tmp_path / "m.lgn", data)
    options = ["--decimal", "point", "--separator", "comma"]
    assert lgn2hdl("predict", tmp_path / "m.lgn", points, *options) == as_trained
    assert "give --decimal point" in fails("predict", tmp_path / "m.lgn", points)


def test_the_label_that_was_chosen_is_that_of_the_same_file_elsewhere(
    columns, tmp_path, lgn2hdl, read_json
):
    table = {"fault": columns["fault"], "size": columns["size"], "y": [i % 3 for i in range(N)]}
    data, model = written(tmp_path / "own.csv", table), tmp_path / "m.lgn"
    train = ["train", "--dataset", data, "--label", "fault", "--out", model, *SMALL]
    assert lgn2hdl(*train)[0] == 0
    moved = data.rename(tmp_path / "moved.csv")
    assert read_json("eval", model, "--dataset", moved)["test_rows"] == 24


def test_the_card_of_a_plain_file_says_nothing_of_options(columns, tmp_path, read_json):
    data = written(tmp_path / "own.csv", {key: columns[key] for key in ("size", "fault")})
    card = read_json("train", "--dataset", data, "--out", tmp_path / "m.lgn", *SMALL)["card"]
    assert not {"decimal", "separator", "drop", "keep"} & set(card["dataset"])


def test_a_card_with_nonsense_is_read_as_the_default(columns, tmp_path, lgn2hdl):
    data = written(tmp_path / "own.csv", {key: columns[key] for key in ("size", "fault")})
    model = tmp_path / "m.lgn"
    assert lgn2hdl("train", "--dataset", data, "--out", model, *SMALL)[0] == 0
    expected = lgn2hdl("predict", model, data)
    network = model_file.load(model)
    nonsense = {"decimal": 3, "separator": "pipe", "drop": [1, None], "keep": "id"}
    card = {**network.card, "dataset": {**network.card["dataset"], **nonsense}}
    model_file.save(dataclasses.replace(network, card=card), model)
    assert lgn2hdl("predict", model, data) == expected
    assert lgn2hdl("eval", model)[0] == 0


@pytest.mark.yosys
@pytest.mark.parametrize("missing", ["median", "flag"])
def test_missing_numbers_are_the_same_in_training_and_prediction(
    columns, tmp_path, lgn2hdl, read_json, fails, missing
):
    gaps = [
        "" if i % 5 == 0 else "NA" if i % 7 == 0 else cell for i, cell in enumerate(columns["size"])
    ]
    table = {"size": gaps, "other": [i % 9 for i in range(N)], "fault": columns["fault"]}
    data, model = written(tmp_path / "own.csv", table), tmp_path / "m.lgn"
    train = ["train", "--dataset", data, "--out", model, *SMALL]
    assert "line 2: column 'size' is empty, a missing value" in fails(*train)
    assert lgn2hdl(*train, "--missing", missing)[0] == 0
    network = model_file.load(model)
    dataset = load_dataset(str(data), missing=Missing(missing))
    assert network.features.missing == dataset.features.missing
    assert network.features.n_features == (3 if missing == "flag" else 2)
    median = network.features.missing[0]
    assert read_json("eval", model)["test_rows"] == len(dataset.x_test)
    predicted = lgn2hdl("predict", model, data)[1]
    assert predicted == lgn2hdl("predict", model, data, "--engine", "golden")[1]
    filled = written(tmp_path / "filled.csv", {
        **table, "size": [cell if cell not in ("", "NA") else f"{median!r}" for cell in gaps]
    })  # fmt: skip
    filled_rows = network.features.integers(read_rows(filled, network.features))
    rows = network.features.integers(read_rows(data, network.features))
    assert rows[:, 0].tolist() == filled_rows[:, 0].tolist()
    if missing == "median":
        assert lgn2hdl("predict", model, filled)[1] == predicted
    else:
        assert rows[:, 1].tolist() == [int(cell in ("", "NA")) for cell in gaps]
    assert sorted(map(tuple, rows.tolist())) == sorted(
        map(tuple, np.concatenate([dataset.x_train, dataset.x_test]).tolist())
    )
    raw = np.array([[np.nan if cell in ("", "NA") else float(cell), i % 9]
                    for i, cell in enumerate(gaps)])  # fmt: skip
    np.save(tmp_path / "rows.npy", raw)
    assert lgn2hdl("predict", model, tmp_path / "rows.npy")[1] == predicted
    assert lgn2hdl("synth", model, "--out", tmp_path / "rtl", "--no-area")[0] == 0
    vectors = (tmp_path / "rtl" / "manifest.json").read_text()
    assert "own.csv: 24 test rows" in vectors
    assert '"missing": ' in vectors
