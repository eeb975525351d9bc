"""The checker's words of Verilog: every character is understood, and a cursor reads them."""

import pytest

from lgn2hdl.checker.graph import CheckError
from lgn2hdl.checker.nets import MOST_NETS
from lgn2hdl.checker.text import END, Cursor, first_module, is_name, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n", []),
        ("a1 _b<=c", ["a1", "_b", "<=", "c"]),
        ("x[12:0]&~y", ["x", "[", "12", ":", "0", "]", "&", "~", "y"]),
        ("8'hff 3'b101 2'd3 7", ["8'hff", "3'b101", "2'd3", "7"]),
        ("(a)?{b,c}:d|e^f+g-h=i;@.j", [*"(a)?{b,c}:d|e^f+g-h=i;@.j"]),
        ("a // x: 1, 2 (b) = c+d - e/f.g; #1\nb", ["a", "b"]),
        ("// verilator lint_off UNUSEDSIGNAL\na\n// verilator lint_on UNUSEDSIGNAL", ["a"]),
    ],
)
def test_words(text, words):
    assert words_of(text.encode()) == words


@pytest.mark.parametrize(
    ("text", "line"),
    [("`a", 1), ("a\n\n$b", 3), ("a /* b */", 1), ("a\nb\\c", 2), ("a\r\nb", 1), ('a\n"b"', 2),
     ("a !b", 1), ("a\n8'hFF", 2), ("a\n\n\n*", 4)],
)  # fmt: skip
def test_what_is_no_word(text, line):
    with pytest.raises(CheckError, match=rf"^line {line} is not understood$"):
        words_of(text.encode())


def test_only_ascii():
    with pytest.raises(CheckError, match="not ASCII"):
        words_of("a // \u00e9".encode())


@pytest.mark.parametrize(
    "comment",
    [
        " synthesis x", "Synopsys", "translate off", "PRAGMA", " verilator lint_off WIDTH",
        " verilator lint_off UNUSEDSIGNAL ", "a\\b", 'say "x"', "a*b", "a & b", "a{b}", "`if",
        "parallel_case", "coverage", " yosys", "(* a *)",
    ],
)  # fmt: skip
def test_comments_that_a_tool_may_obey(comment):
    with pytest.raises(CheckError, match="a tool may obey: "):
        words_of(f"a //{comment}\n".encode())


def test_a_long_comment_is_not_said_in_full():
    with pytest.raises(CheckError) as caught:
        words_of(("//" + "a" * 59 + "*" + "b" * 9).encode())
    assert str(caught.value).endswith(f"{'a' * 59 + '*'!r}")


@pytest.mark.parametrize("name", ["a", "_", "A_1", "clk"])
def test_names(name):
    assert is_name(name)
    assert Cursor("m", [name, END]).name() == name


@pytest.mark.parametrize("name", ["", "1a", "a-b", "wire", "endmodule", "posedge", "a ", "a$"])
def test_no_names(name):
    assert not is_name(name)
    with pytest.raises(CheckError, match=r"module m: .* is no name, near "):
        Cursor("m", [name, END]).name()


def test_the_first_module():
    words = words_of(b"module a (x); endmodule module b; endmodule")
    name, own, rest = first_module(words)
    assert (name, own) == ("a", ["(", "x", ")", ";", END])
    assert first_module(rest) == ("b", [";", END], [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "module",
        "endmodule",
        "a module b endmodule",
        "aaa b endmodule",
        "zzz b endmodule",
        "module a ;",
    ],
)
def test_no_module(text):
    with pytest.raises(CheckError, match="outside of a module, or a module without an end"):
        first_module(words_of(text.encode()))


def test_the_shortest_module():
    name, own, rest = first_module(["module", "a", "endmodule", "x"])
    assert (name, own, rest) == ("a", [END], ["x"])


def test_a_cursor_goes_on_as_it_is_told_and_never_past_the_end():
    cursor = Cursor("m", ["a", "(", ")", "b", END])
    assert not cursor.accept("(")
    assert cursor.take() == "a"
    assert cursor.accept("(")
    assert not cursor.accept("(")
    cursor.expect(")", "b")
    assert cursor.take() == cursor.take() == END
    with pytest.raises(CheckError, match=r"module m: 'c' is expected, near 'a \( \) b '"):
        cursor.expect("c")


def test_an_error_says_what_is_near():
    words = [f"w{place}" for place in range(9)]
    cursor = Cursor("m", [*words, END])
    for _ in range(7):
        cursor.take()
    assert str(cursor.error("why")) == "module m: why, near 'w2 w3 w4 w5 w6 w7'"
    long = Cursor("m", ["a" * 200, END])
    assert str(long.error("why")) == f"module m: why, near {'a' * 120!r}"


@pytest.mark.parametrize(("word", "value"), [("0", 0), ("7", 7), ("99999999", 99999999)])
def test_numbers(word, value):
    assert Cursor("m", [word, END]).number() == value


@pytest.mark.parametrize("word", ["100000000", "-1", "a", "", "1'b1", "1 "])
def test_no_numbers(word):
    with pytest.raises(CheckError, match="is no number"):
        Cursor("m", [word, END]).number()


@pytest.mark.parametrize(
    ("word", "width", "value"),
    [("1'b0", 1, 0), ("4'b1010", 4, 10), ("4'd15", 4, 15), ("8'hff", 8, 255), ("9'h1ff", 9, 511),
     ("3'd7", 3, 7), (f"{MOST_NETS}'d1", MOST_NETS, 1), (f"4000'b{'1' * 4000}", 4000, 2**4000 - 1)],
)  # fmt: skip
def test_sized_numbers(word, width, value):
    assert Cursor("m", [END]).sized(word) == (width, value)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("7", "no number with a width"),
        ("'b1", "no number with a width"),
        ("123456789'b1", "no number with a width"),
        ("0'b0", "does not fit into its width"),
        (f"{MOST_NETS + 1}'d1", "does not fit into its width"),
        ("2'b111", "does not fit into its width"),
        ("3'd8", "does not fit into its width"),
        ("9'h200", "does not fit into its width"),
        ("2'b011", "does not fit into its width"),
        ("2'b12", "is no number"),
        ("4'da", "is no number"),
        ("4'b2", "is no number"),
        (f"5000'b{'1' * 4001}", "is no number"),
    ],
)
def test_wrong_sized_numbers(word, message):
    with pytest.raises(CheckError, match=message):
        Cursor("m", [END]).sized(word)


def test_widths():
    assert Cursor("m", ["a", END]).width() == 1
    cursor = Cursor("m", [*words_of(b"[11:0] a"), END])
    assert cursor.width() == 12
    assert cursor.take() == "a"
    assert Cursor("m", [*words_of(b"[0:0]"), END]).width() == 1
    for text in (b"[3:1]", b"[3]", b"[3:0", b"[a:0]"):
        with pytest.raises(CheckError):
            Cursor("m", [*words_of(text), END]).width()
