"""What cells are, how names are listed, and which line of a CSV file an error names."""

from pathlib import Path

import numpy as np
import pytest

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets.cells import (
    exact_number,
    is_inexact_integer,
    is_missing,
    is_number,
    plain_numbers,
    shown,
)
from lgn2hdl.datasets.csv_files import _few
from lgn2hdl.datasets.csv_options import CsvOptions, Decimal, Separator
from lgn2hdl.datasets.csv_sheet import Sheet, codes, numbers, read_sheet
from lgn2hdl.datasets.types import MISSING


def sheet(names, rows, decimal=Decimal.POINT, first_line=2):
    lines = tuple(range(first_line, first_line + len(rows)))
    return Sheet(Path("a.csv"), tuple(names), tuple(zip(*rows, strict=True)), lines, decimal)


def test_columns_and_places():
    made = sheet(["a", "b"], [("1", "x"), ("2", "y")], first_line=5)
    assert made.column("b") == ("x", "y")
    assert (made.place(0), made.place(1)) == ("a.csv, line 5", "a.csv, line 6")


def test_names_of_columns_are_listed():
    assert sheet(["a", "b"], [("1", "2")]).listed() == "a, b"
    ten = [f"c{place}" for place in range(10)]
    assert sheet(ten, [ten]).listed() == ", ".join(ten)
    assert sheet([*ten, "d"], [[*ten, ""]]).listed() == ", ".join(ten) + ", ..."
    assert sheet(["x" * 60], [("1",)]).listed() == "x" * 60
    assert sheet(["x" * 61], [("1",)]).listed() == "x" * 60 + "..."


def test_few_names():
    names = ["a", "b", "c", "d", "e", "f", "g"]
    assert _few(names[:1]) == "'a'"
    assert _few(names[:5]) == "'a', 'b', 'c', 'd', 'e'"
    assert _few(names[:6]) == "'a', 'b', 'c', 'd', 'e' and 1 more"
    assert _few(names) == "'a', 'b', 'c', 'd', 'e' and 2 more"


def test_texts_in_messages():
    assert shown("it's") == '"it\'s"'
    assert shown("x" * 60) == repr("x" * 60)
    assert shown("x" * 61) == f"{'x' * 60!r}..."
    assert shown("abc", 2) == "'ab'..."


@pytest.mark.parametrize(
    ("cell", "inexact"),
    [
        ("9007199254740992", False), ("9007199254740993", True), ("-9007199254740992", False),
        ("-9007199254740993", True), ("+9007199254740993", True), ("9007199254740993.0", False),
        ("0000000000000001", False), ("999999999999999", False), ("1" * 40, True),
        ("x" * 40, False),
    ],
)  # fmt: skip
def test_integers_that_floats_do_not_hold(cell, inexact):
    assert is_inexact_integer(cell) is inexact


def test_numbers_and_missing_cells():
    assert plain_numbers(["1", "-2.5", "1e3", ".5", "3."]).tolist() == [1, -2.5, 1000, 0.5, 3]
    for cells in (["1", ""], ["1_0"], ["nan"], ["1", "e"], ["\u0661"], ["1", "--"]):
        assert plain_numbers(cells) is None
    assert is_number("1e123456")
    assert not is_number("1e1234567")
    assert exact_number("0.10") == exact_number("0.1")
    assert exact_number("x") is None
    assert all(map(is_missing, ["", "NA", "None", "-", "."]))
    assert not any(map(is_missing, ["0", "no", "NA ", "none."]))


def test_numbers_with_either_decimal_mark():
    comma = sheet(["a"], [("1,5",), ("2",), ("",)], Decimal.COMMA)
    found = numbers(comma, "a", gaps=True)
    assert found[:2].tolist() == [1.5, 2]
    assert np.isnan(found[2])
    assert comma.numeral("1,5") == "1.5"
    assert comma.numeral("1.5") is None
    assert comma.plain_numbers("a") is None
    point = sheet(["a"], [("1.5",), ("2",)])
    assert numbers(point, "a", gaps=False).tolist() == [1.5, 2]
    assert point.numeral("1.5") == "1.5"
    assert point.numeral("1,5") is None


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", "a.csv, line 3: column 'a' is empty, a missing value: correct or remove the row, or "),
        ("NA", "a.csv, line 3: column 'a' is 'NA', a missing value"),
        ("1e400", "a.csv, line 3: column 'a' is '1e400', not a finite number: correct"),
        ("5 %", "a.csv, line 3: column 'a' is '5 %', which has a percent sign: write its"),
        ("word", "a.csv, line 3: column 'a' is 'word', not a finite number"),
    ],
)
def test_the_first_cell_that_is_no_number_is_named(cell, message):
    made = sheet(["a"], [("1",), (cell,), ("x",)])
    with pytest.raises(DataError) as caught:
        numbers(made, "a", gaps=False)
    assert str(caught.value).startswith(message)
    if cell in ("", "NA"):  # gaps may be there; what stands behind them may not
        with pytest.raises(DataError, match="line 4: column 'a' is 'x', not a finite"):
            numbers(made, "a", gaps=True)


def test_codes_of_categories():
    assert codes(("b", "a", "c", ""), ("a", "b")).tolist() == [1, 0, MISSING, MISSING]


def read(tmp_path, text, options=None):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_sheet(path, options)


def test_rows_know_their_lines(tmp_path):
    found = read(tmp_path, '\ufeff\n a , b \n\n1,"x\ny"\n\n 2 ,z\n')
    assert found.names == ("a", "b")
    assert found.columns == (("1", "2"), ("x\ny", "z"))
    assert found.lines == (5, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a\n\xff\n", "is not UTF-8 text"),
        ("", "has no rows below a header line"),
        ("a,b\n\n", "has no rows below a header line"),
        ("a,b\n1,2\n3\n", r"a\.csv, line 3: 1 cells, the header has 2"),
        ("a,b\n1,2,3\n", r"a\.csv, line 2: 3 cells, the header has 2"),
        ("a;b\n1;2\n", r"the header line is one cell, 'a;b': separate columns by commas, or give"),
        ("a,,c\n1,2,3\n", "column 2 has no name in the header line"),
        ("a,b,a\n1,2,3\n", "two columns are named 'a': rename one of them"),
    ],
)
def test_files_that_are_no_table(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def test_a_single_column_is_a_table(tmp_path):
    assert read(tmp_path, "a\n1\n").columns == (("1",),)
    other = CsvOptions(separator=Separator.SEMICOLON)
    assert read(tmp_path, "a,b\n1,2\n".replace(",", ";"), other).names == ("a", "b")
    assert read(tmp_path, "a,b;c\n1,2;3\n", other).names == ("a,b", "c")
