"""CSV files as people bring them: other notations, ids, dates, splits, labels that are missing."""

import csv

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.datasets import CsvOptions, Missing, load_dataset, read_rows
from lgn2hdl.datasets.cells import exact_number, is_number
from lgn2hdl.datasets.csv_columns import nearly_all
from lgn2hdl.datasets.csv_options import Decimal, Separator
from lgn2hdl.datasets.notations import notation

N = 60
COMMA = CsvOptions(decimal=Decimal.COMMA)
LABELS = ["yes", "no"] * (N // 2)


@pytest.fixture
def table(tmp_path):
    """Writes columns, each a list of cells, and gives the path; every cell is quoted."""

    def write(separator=",", **columns):
        columns = {name.replace("__", " "): cells for name, cells in columns.items()}
        columns.setdefault("y", LABELS[: len(next(iter(columns.values())))])
        rows = [list(columns), *zip(*columns.values(), strict=True)]
        path = tmp_path / "data.csv"
        path.write_text("".join(separator.join(f'"{c}"' for c in row) + "\n" for row in rows))
        return str(path)

    return write


def refused(path, *options, **more):
    """The message, one line."""
    with pytest.raises(DataError) as error:
        load_dataset(path, csv=CsvOptions(*options) if options else None, **more)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(path)
    return message


def rows_of(dataset):
    return np.concatenate([dataset.x_train, dataset.x_test])


REALS = [f"{value / 8 - 3:.3f}" for value in range(N)]

OTHER_NOTATIONS = {
    "a decimal comma": [f"{i // 10},{i % 10}" for i in range(N)],
    "thousands separators or a decimal comma": [f"{1000 + 7 * i:,}" for i in range(N)],
    "thousands separators": [f"{1000 + 7 * i:,}.50" for i in range(N)],
    "a percent sign": [f"{i % 7}.5 %" for i in range(N)],
    "an amount of money": [f"${i % 9},000.00" for i in range(N)],
    "a hexadecimal, octal or binary number": [hex(i) for i in range(N)],
    "a date or time": [f"2024-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(N)],
    "an infinite number": ["inf", "-Infinity", "∞"] * (N // 3),
    "digits or a sign other than those of ASCII": [f"\u2212{i}" for i in range(N)],
}


@pytest.mark.parametrize("what", OTHER_NOTATIONS)
def test_columns_in_another_notation_stop(table, what):
    cells = OTHER_NOTATIONS[what]
    path = table(**{"in__put": cells, "b": REALS})
    message = refused(path)
    assert f"line 2: column 'in put' ({cells[0]!r}) has {what}: " in message
    assert "--drop 'in put'" in message
    assert "--keep 'in put'" in message
    dropped = load_dataset(path, csv=CsvOptions(drop=("in put",)))
    assert dropped.features.column_names == ("b",)
    kept = load_dataset(path, csv=CsvOptions(keep=("in put",)))
    assert kept.features.categories == (tuple(sorted(set(cells))), ())


def test_one_decimal_comma_tells_what_the_other_commas_are(table):
    thousandths = [f"{1 + i // 10},{100 + i}" for i in range(N - 1)]
    assert "has thousands separators or a decimal comma" in refused(table(a=thousandths))
    message = refused(table(a=[*thousandths, "0,5"]))
    assert f"line {N + 1}: column 'a' ('0,5') has a decimal comma: give --decimal comma" in message


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("1,5", "a decimal comma"), ("-0,25e-3", "a decimal comma"), (",5", "a decimal comma"),
        ("0,123", "a decimal comma"), ("1,234", "thousands separators or a decimal comma"),
        ("1,234,567", "thousands separators or a decimal comma"),
        ("1.234,5", "thousands separators"), ("1.234.567", "thousands separators"),
        ("1'234.5", "thousands separators"), ("1\u202f234", "thousands separators"),
        ("1_000", "thousands separators"), ("12%", "a percent sign"), ("-1,5 %", "a percent sign"),
        ("€ 5", "an amount of money"), ("5,00 €", "an amount of money"),
        ("EUR 1.234,50", "an amount of money"), ("-$3", "an amount of money"),
        ("(12.50)", "an amount of money"), ("0xFF", "a hexadecimal, octal or binary number"),
        ("0b101", "a hexadecimal, octal or binary number"), ("31.12.2024", "a date or time"),
        ("1/2/24", "a date or time"), ("2024-01-31T12:00:00Z", "a date or time"),
        ("2024-01-31 12:00:00.5+02:00", "a date or time"), ("12:30", "a date or time"),
        ("9:05 PM", "a date or time"), ("Inf", "an infinite number"),
        ("\uff11\uff12", "digits or a sign other than those of ASCII"),
        ("\u0661", None), ("5-9", None), ("10-14", None), ("1.2.3", None), ("A1", None),
        ("+", None), ("", None), ("e5", None), (",", None), ("12 apples", None), ("Mon", None),
    ],
)  # fmt: skip
def test_notations(cell, what):
    found = notation(cell)
    assert (None if found is None else found.what) == what


@pytest.mark.parametrize("cell", ["12", "+3", "-0.5", "1.", ".5", "1e5", "1.5E+05", "1e-300"])
def test_numbers_as_computers_write_them(cell):
    assert is_number(cell)
    assert float(exact_number(cell)) == float(cell)


@pytest.mark.parametrize(
    "cell",
    ["", ".", "e5", "1_0", "\uff11", "nan", "inf", "0x1", "1 2", "1\n", "--1", "1e", "1e9999999"],
)
def test_what_is_no_number(cell):
    assert not is_number(cell)
    assert exact_number(cell) is None


def test_decimal_commas_are_read(table):
    point = load_dataset(table(a=REALS, b=[str(i % 7) for i in range(N)]))
    comma_cells = [text.replace(".", ",") for text in REALS]
    comma = load_dataset(table(a=comma_cells, b=[str(i % 7) for i in range(N)]), csv=COMMA)
    assert comma.sha256 == point.sha256
    own = CsvOptions(decimal=Decimal.COMMA, separator=Separator.SEMICOLON)
    path = table(separator=";", a=comma_cells, b=[str(i % 7) for i in range(N)])
    assert load_dataset(path, csv=own).sha256 == point.sha256


def test_a_decimal_point_among_decimal_commas_stops(table):
    cells = [text.replace(".", ",") for text in REALS]
    message = refused(table(a=[*cells[:-1], "1.234"]), Decimal.COMMA)
    assert f"line {N + 1}: column 'a' is '1.234', which has a decimal point or thousands" in message
    assert "column 'a' ('-3.000') has a decimal point" in refused(table(a=REALS), Decimal.COMMA)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators(tmp_path, separator):
    text = (
        separator.join(["a", "y"]) + "\n" + "".join(f"{i}{separator}{i % 2}\n" for i in range(10))
    )
    path = tmp_path / "data.csv"
    path.write_text(text)
    option = {";": Separator.SEMICOLON, "\t": Separator.TAB}[separator]
    assert f"--separator {option.value}" in refused(str(path))
    dataset = load_dataset(str(path), csv=CsvOptions(separator=option))
    assert sorted(rows_of(dataset)[:, 0]) == list(range(10))
    read = read_rows(path, dataset.features, CsvOptions(separator=option))
    assert read[:, 0].tolist() == list(range(10))


@pytest.mark.parametrize(
    ("n_texts", "n_numbers", "n_missing", "is_numbers"),
    [(1, 9, 0, True), (10, 90, 0, True), (11, 89, 0, False), (1, 8, 0, False), (2, 8, 0, False),
     (100, 900, 0, True), (101, 899, 0, False), (3, 27, 0, True), (7, 63, 0, True),
     (10, 90, 500, True), (11, 89, 500, False)],
)  # fmt: skip
def test_a_column_is_one_of_numbers_from_nine_in_ten_on(table, n_texts, n_numbers, n_missing,
                                                        is_numbers):  # fmt: skip
    cells = [*["big"] * n_texts, *(str(i % 3) for i in range(n_numbers)), *["NA"] * n_missing]
    labels = [f"{i % 2}" for i in range(len(cells))]
    if is_numbers:
        assert "line 2: column 'a' is 'big', not a finite number" in refused(
            table(a=cells, y=labels)
        )
    else:
        dataset = load_dataset(table(a=cells, y=labels))
        assert dataset.features.categories == (("0", "1", "2", "big"),)


@given(st.integers(0, 2000), st.integers(1, 2000))
def test_nine_tenths_are_exact(part, whole):
    assert nearly_all(part, whole) == (part >= -(-9 * whole // 10))


MISSING = ["", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL"]


@pytest.mark.parametrize("cell", MISSING)
def test_missing_values(table, cell):
    colours = ["red", "blue", cell, "blue"] * (N // 4)
    dataset = load_dataset(table(c=colours, n=REALS))
    assert dataset.features.categories[0] == ("blue", "red")
    message = refused(table(n=[*REALS[:-1], cell]))
    assert (
        f"line {N + 1}: column 'n' is {repr(cell) if cell else 'empty'}, a missing value" in message
    )
    assert "--missing median" in message
    labels = [*LABELS[:-1], cell]
    assert f"line {N + 1}: no label in column 'y'" in refused(table(n=REALS, y=labels))


@pytest.mark.parametrize("cell", ["None", "-", "--", "."])
def test_marks_that_are_missing_among_numbers_only(table, cell):
    assert "a missing value" in refused(table(n=[*REALS[:-1], cell]))
    dataset = load_dataset(table(sign=["+", cell] * (N // 2), n=REALS))
    assert dataset.features.categories[0] == tuple(sorted(["+", cell]))
    classes = load_dataset(table(n=REALS, y=["+", cell] * (N // 2)))
    assert classes.class_names == tuple(sorted(["+", cell]))
    assert any(f"{cell!r} in column 'y' counts as a class" in line for line in classes.notes)
    labels = ["1", "2"] * (N // 2 - 1) + ["1", cell]
    assert f"line {N + 1}: no label in column 'y'" in refused(table(n=REALS, y=labels))


def test_labels_are_sorted_as_numbers(table):
    labels = ["10.0", "2.0", "1.0"] * (N // 3)
    assert load_dataset(table(n=REALS, y=labels)).class_names == ("1.0", "2.0", "10.0")
    message = refused(table(n=REALS, y=["1", "1.0", "2"] * (N // 3)))
    assert "column 'y': labels '1' and '1.0' are the same number" in message


def test_integers_that_floats_do_not_hold_stop(table):
    good = [str(2**53 - i % 5) for i in range(N)]
    load_dataset(table(n=good))
    for cell in (str(2**53 + 1), f"-{2**60}", "9" * 5000):
        message = refused(table(n=[*good[:-1], cell]))
        assert f"line {N + 1}: column 'n' is" in message
    assert "beyond 2^53" in refused(table(n=[*good[:-1], str(2**53 + 1)]))


def test_texts_that_are_nearly_all_different_stop(table):
    names = [f"person {i}" for i in range(N)]
    message = refused(table(who=names, n=REALS))
    assert "column 'who' ('person 0') has 60 different texts in 60 rows" in message
    assert "--drop who" in message
    assert "--keep who" in message
    few = 6  # one in ten is the same as another
    assert "54 different texts" in refused(table(who=[*names[:-few], *names[:few]], n=REALS))
    load_dataset(table(who=[*names[: -few - 1], *names[: few + 1]], n=REALS))
    load_dataset(table(who=names[:19], n=REALS[:19]))
    assert "20 different texts" in refused(table(who=names[:20], n=REALS[:20]))


@pytest.mark.parametrize(
    "name", ["id", "ID", "user_id", "Row", "index", "Unnamed: 0", "orderId", "customer ID", "uuid"]
)
def test_ids_stop_by_their_names(table, name):
    ids = [str(100 + (i * 7919) % 1000) for i in range(30)]
    columns = {name: ids, "n": REALS[:30], "y": LABELS[:30]}
    path = table(**columns)
    message = refused(path)
    assert f"column {name!r} numbers the rows (30 different whole numbers in 30 rows)" in message
    assert load_dataset(path, csv=CsvOptions(drop=(name,))).features.column_names == ("n",)
    kept = load_dataset(path, csv=CsvOptions(keep=(name,)))
    assert kept.features.column_names == (name, "n")
    assert kept.notes == ()


@pytest.mark.parametrize("name", ["paid", "width", "grid", "number", "valid", "solid"])
def test_other_whole_numbers_that_are_all_different_are_kept_with_a_word(table, name):
    values = [str(100 + (i * 7919) % 1000) for i in range(N)]
    dataset = load_dataset(table(**{name: values, "n": REALS}))
    assert dataset.features.column_names == (name, "n")
    assert dataset.notes == (
        f"nearly every row has its own whole number in {name!r}: leave out what only numbers the "
        "rows (--drop), say of the others that they count (--keep)",
    )


def test_a_count_of_the_rows_stops_under_any_name(table):
    shuffled = [str(7 + (i * 37) % N) for i in range(N)]
    assert "column 'z' numbers the rows (60 different" in refused(table(z=shuffled, n=REALS))
    load_dataset(table(z=[str(i) for i in range(49)], n=REALS[:49]))
    gap = load_dataset(table(z=[*shuffled[1:], "1000"], n=REALS))
    assert len(gap.notes) == 1


def test_ordinary_files_have_no_notes(table):
    path = table(n=REALS, m=[str(i % 40) for i in range(N)])
    assert load_dataset(path).notes == ()
    assert load_dataset(path, label="y").notes == ()


def test_the_last_column_as_label_is_said(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("n,answer\n" + "".join(f"{i % 7},{i % 2}\n" for i in range(N)))
    assert load_dataset(str(path)).notes == (
        "the last column, 'answer', is the label: name another one with --label",
    )


@pytest.mark.parametrize(
    ("words", "training", "validation", "test"),
    [
        (("Train", "Test"), 30, None, 30), (("TRAIN", "train", "Test"), 40, None, 20),
        (("train", "val", "test"), 40, 20, 20), (("Training", "Validation", "Testing"), 40, 20, 20),
        (("train", "valid"), 30, None, 30), (("train", "DEV", "test"), 40, 20, 20),
    ],
)  # fmt: skip
def test_split_columns(table, words, training, validation, test):
    marks = [words[i // 2 % len(words)] for i in range(N)]
    dataset = load_dataset(table(n=REALS, Split=marks))
    assert dataset.features.column_names == ("n",)
    assert (len(dataset.x_train), len(dataset.x_test)) == (training, test)
    assert (None if dataset.validation is None else dataset.validation.sum()) == validation
    assert len(dataset.notes) == 1
    assert dataset.notes[0].startswith("column 'Split' is the split: ")
    assert ("those for validation are the test rows" in dataset.notes[0]) == (
        "test" not in {word.lower()[:4] for word in words}
    )


def test_the_rows_of_a_split_are_those_that_it_names(table):
    marks = ["val" if i % 5 == 0 else "Test" if i % 3 == 0 else "train" for i in range(N)]
    numbers = [str(i % 50) for i in range(N)]
    dataset = load_dataset(table(n=numbers, split=marks))
    tests = [i % 50 for i in range(N) if marks[i] == "Test"]
    assert dataset.x_test[:, 0].tolist() == tests
    held_out = [i % 50 for i in range(N) if marks[i] == "val"]
    assert dataset.x_train[dataset.validation, 0].tolist() == held_out
    without = load_dataset(table(n=numbers, split=[m.replace("val", "train") for m in marks]))
    assert without.validation is None
    assert without.sha256 != dataset.sha256


@pytest.mark.parametrize("cell", ["fold1", "", "NA", "te st"])
def test_a_split_with_other_words_stops(table, cell):
    marks = ["train", "test"] * (N // 2 - 1) + ["train", cell]
    message = refused(table(n=REALS, split=marks))
    assert f"line {N + 1}: column 'split' is {cell!r}, not train, val or test" in message
    kept = load_dataset(table(n=REALS, split=marks), csv=CsvOptions(keep=("split",)))
    assert kept.features.column_names == ("n", "split")
    dropped = load_dataset(table(n=REALS, split=marks), csv=CsvOptions(drop=("split",)))
    assert dropped.features.column_names == ("n",)


def test_a_split_under_another_name_stops(table):
    marks = ["Train", "test"] * (N // 2)
    message = refused(table(n=REALS, subset=marks))
    assert "column 'subset' says which rows are for training: name it 'split'" in message
    kept = load_dataset(table(n=REALS, subset=marks), csv=CsvOptions(keep=("subset",)))
    assert kept.features.categories == ((), ("Train", "test"))
    load_dataset(table(n=REALS, subset=["test", "dev"] * (N // 2)))  # no rows for training


def test_columns_to_drop_or_keep_must_be_there(table):
    path = table(n=REALS, m=REALS)
    assert "has no column 'k' to drop: it has n, m, y" in refused(path, *CSV, ("k",))
    assert "has no column 'k' to keep" in refused(path, *CSV, (), ("k",))
    assert "column 'y' is the label and cannot be dropped" in refused(path, *CSV, ("y",))
    assert "no columns besides 'y'" in refused(path, *CSV, ("n", "m"))


CSV = (Decimal.POINT, Separator.COMMA)


def test_options_of_csv_files_are_for_csv_files_only():
    with pytest.raises(OptionError, match="are for CSV files, not for digits"):
        load_dataset("digits", csv=CsvOptions(drop=("id",)))


@pytest.mark.parametrize("missing", [Missing.MEDIAN, Missing.FLAG])
def test_missing_numbers_take_the_median_of_the_training_rows(table, missing):
    marks = ["train", "train", "test"] * (N // 3)
    cells = [("-" if i % 6 == 0 else "" if i % 6 == 5 else f"{i % 23}.5") for i in range(N)]
    dataset = load_dataset(table(n=cells, split=marks), missing=missing)
    known = sorted(
        float(cell) for cell, mark in zip(cells, marks, strict=True)
        if mark == "train" and cell not in ("-", "")
    )  # fmt: skip
    assert dataset.features.missing == (known[(len(known) - 1) // 2],)
    flags = [int(cell in ("-", "")) for cell in cells]
    expected = {
        mark: [flag for flag, own in zip(flags, marks, strict=True) if own == mark]
        for mark in ("train", "test")
    }
    if missing is Missing.FLAG:
        assert dataset.x_train[:, 1].tolist() == expected["train"]
        assert dataset.x_test[:, 1].tolist() == expected["test"]
    else:
        assert dataset.features.n_features == 1


def test_the_rule_for_missing_numbers_is_part_of_the_data(table):
    path = table(n=REALS)
    hashes = {load_dataset(path, missing=missing).sha256 for missing in Missing}
    assert len(hashes) == 2  # without a gap there is nothing to flag
    with pytest.raises(DataError, match="'seven', not a finite number"):
        load_dataset(table(n=[*REALS[:-1], "seven"]), missing=Missing.FLAG)
    with pytest.raises(DataError, match="column 'n' is empty: remove it"):
        load_dataset(table(n=[""] * N, m=REALS), missing=Missing.FLAG)
    marks = ["train", "test"] * (N // 2)
    alternating = ["" if i % 2 == 0 else "1.5" for i in range(N)]
    with pytest.raises(DataError, match="training rows: column 'n' has no value in any row"):
        load_dataset(table(n=alternating, m=REALS, split=marks, y=["a", "a", "b", "b"] * (N // 4)),
                     missing=Missing.MEDIAN)  # fmt: skip


def test_numbers_with_texts_among_them_stop(table):
    mixed = [*REALS[: N - 12], *["unknown", "low"] * 6]
    message = refused(table(a=mixed))
    assert f"line {N - 10}: column 'a' ('unknown') is one of 12 texts among 48 numbers" in message
    assert "write NA where a number is missing" in message
    kept = load_dataset(table(a=mixed), csv=CsvOptions(keep=("a",)))
    assert len(kept.features.categories[0]) == 50
    few = [*(str(i % 19) for i in range(N - 12)), *["unknown"] * 12]
    assert len(load_dataset(table(a=few)).features.categories[0]) == 20
    few[0] = "19"  # from twenty different numbers on
    assert "12 texts among 48 numbers" in refused(table(a=few))
    texts = [*REALS[:29], *["unknown"] * 31]  # fewer than half are numbers
    assert len(load_dataset(table(a=texts)).features.categories[0]) == 30


def test_labels_that_are_nearly_all_different_stop(table):
    message = refused(table(n=[str(i % 7) for i in range(N)], y=REALS))
    assert (
        "column 'y' has 60 different labels in 60 rows: classes are learnt, not amounts" in message
    )


def test_many_categories_and_names_of_ids_are_said(table):
    cities = [f"city {i % 150}" for i in range(600)]
    patients = [str(i % 40) for i in range(600)]
    labels = LABELS * 10
    path = table(city=cities, patient_id=patients, y=labels)
    assert load_dataset(path).notes == (
        "learnt as an amount although its name is that of an id: 'patient_id' (--drop leaves it "
        "out, --keep says that it counts)",
        "columns with many categories, each of them a feature: 'city: 150'",
    )
    assert load_dataset(path, csv=CsvOptions(keep=("city", "patient_id"))).notes == ()


def test_all_columns_with_an_error_are_named_at_once(table):
    names = [f"person {i}" for i in range(N)]
    count = [str(i) for i in range(N)]
    message = refused(table(n=REALS, id=count, name=names, m=[*REALS[:-1], "NA"]))
    assert "column 'id' numbers the rows" in message
    assert message.endswith("; columns with an error as well: 'name', 'm'")
    many = {f"c{i}": names for i in range(9)}
    message = refused(table(**many))
    assert message.endswith("as well: 'c1', 'c2', 'c3', 'c4', 'c5' and 3 more")


def test_long_cells_are_cut_in_messages(table):
    long = "x" * 10_000
    for columns in (
        {"n": [*REALS[:-1], long]},
        {"n": REALS, "split": [*["train"] * (N - 1), long]},
        {"n": [f"{long}{i}" for i in range(N)]},
        {"n": [*REALS[:-1], "9" * 10_000]},
    ):
        assert len(refused(table(**columns))) < 600


def test_cells_that_are_no_category_of_the_model_are_said(table, tmp_path):
    dataset = load_dataset(table(c=["red", "blue"] * (N // 2), n=REALS))
    path = tmp_path / "new.csv"
    path.write_text("c,n\nred,1\ngreen,2\n,3\nNA,4\nBlue,5\n")
    notes = []
    codes = read_rows(path, dataset.features, None, notes.append)[:, 0]
    assert codes.tolist() == [1, -1, -1, -1, -1]
    assert notes == [
        "2 cells of column 'c' are no category of the model, such as 'green': they count as missing"
    ]


CELLS = (
    "", "1", "-2.5", "1,5", "a", "b", "NA", "-", "None", "1e400", "0x1F", "7%", "\u0661", "inf",
    "2024-01-01", "\n", '"', "train", "Test", "val", "9007199254740993", "1_0", "label", "split",
    "id", "\x00", "\u2028", "x" * 70, " ", "1e9999999",
)  # fmt: skip


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.lists(st.sampled_from(CELLS), min_size=3, max_size=3), min_size=2, max_size=40),
    st.sampled_from(Missing),
    st.sampled_from(Decimal),
    st.sampled_from(Separator),
)
def test_any_cells_end_in_a_data_set_or_in_one_line(tmp_path, rows, missing, decimal, separator):
    path = tmp_path / "any.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream, delimiter=separator.character).writerows(rows)
    options = CsvOptions(decimal, separator)
    try:
        dataset = load_dataset(str(path), csv=options, missing=missing)
    except DataError as error:
        dataset, message = None, str(error)
    if dataset is None:
        assert message.startswith((str(path), "any.csv"))
        return
    integers = dataset.features.integers(read_rows(path, dataset.features, options))
    assert sorted(map(tuple, integers.tolist())) == sorted(map(tuple, rows_of(dataset).tolist()))
