"""The checker's expressions: what each means, for every input, and what is refused."""

import itertools

import pytest

from lgn2hdl.checker.expressions import MOST_DEEP, Expressions
from lgn2hdl.checker.graph import CheckError
from lgn2hdl.checker.nets import Driver, Flat
from lgn2hdl.checker.text import END, words_of

WIDTHS = {"a": 2, "b": 2, "c": 1, "d": 3}


def reader(text: str) -> Expressions:
    """An expression over nets, and two tables."""
    flat = Flat()
    made = Expressions(flat, "m", [*words_of(text.encode()), END])
    made.nets = {name: flat.new(width, Driver("input", ())) for name, width in WIDTHS.items()}
    made.tables = {"t": (8, 0b11010010), "u": (2, 0b10)}
    return made


def computed(text: str) -> tuple[int, list[int]]:
    """Width of an expression, and its value for all values of a, b, c, d in turn."""
    made = reader(text)
    nets = made.expression()
    assert made.take() == END
    found = []
    for numbers in itertools.product(*(range(1 << width) for width in WIDTHS.values())):
        values = [0, 1]
        for number, width in zip(numbers, WIDTHS.values(), strict=True):
            values += [number >> place & 1 for place in range(width)]
        for driver in made.flat.driver[len(values) :]:
            assert driver is not None
            row = sum(values[pin] << place for place, pin in enumerate(driver.pins))
            values.append(driver.table >> row & 1)
        found.append(sum(values[net] << place for place, net in enumerate(nets)))
    return len(nets), found


def wanted(function) -> list[int]:
    """Values of a function of a, b, c, d in the same order."""
    return [
        function(*numbers)
        for numbers in itertools.product(*(range(1 << width) for width in WIDTHS.values()))
    ]


@pytest.mark.parametrize(
    ("text", "width", "function"),
    [
        ("a", 2, lambda a, b, c, d: a),
        ("~a", 2, lambda a, b, c, d: 3 - a),
        ("~~a", 2, lambda a, b, c, d: a),
        ("~~~a", 2, lambda a, b, c, d: 3 - a),
        ("a & b", 2, lambda a, b, c, d: a & b),
        ("a | b", 2, lambda a, b, c, d: a | b),
        ("a ^ b", 2, lambda a, b, c, d: a ^ b),
        ("a + b", 2, lambda a, b, c, d: (a + b) % 4),
        ("a - b", 2, lambda a, b, c, d: (a - b) % 4),
        ("a - b - a", 2, lambda a, b, c, d: -b % 4),
        ("a - ~b + a", 2, lambda a, b, c, d: (2 * a - (3 - b)) % 4),
        ("a | b ^ a & b", 2, lambda a, b, c, d: a | (b ^ (a & b))),
        ("a & b ^ a | b", 2, lambda a, b, c, d: ((a & b) ^ a) | b),
        ("a & b + a", 2, lambda a, b, c, d: a & ((b + a) % 4)),
        ("(a | b) & a", 2, lambda a, b, c, d: (a | b) & a),
        ("a ^ b ^ a", 2, lambda a, b, c, d: b),
        ("c ? a : b", 2, lambda a, b, c, d: a if c else b),
        ("c ? a : a[0] ? b : ~b", 2, lambda a, b, c, d: a if c else b if a & 1 else 3 - b),
        ("a[0] & c ? b : a", 2, lambda a, b, c, d: b if a & 1 & c else a),
        ("{a, c, b[1]}", 4, lambda a, b, c, d: a << 2 | c << 1 | b >> 1),
        ("{a}", 2, lambda a, b, c, d: a),
        ("d[2:1]", 2, lambda a, b, c, d: d >> 1),
        ("d[2]", 1, lambda a, b, c, d: d >> 2),
        ("d[1:0] + b", 2, lambda a, b, c, d: (d + b) % 4),
        ("d[0:0]", 1, lambda a, b, c, d: d & 1),
        ("3'd6", 3, lambda a, b, c, d: 6),
        ("d ^ 3'b011", 3, lambda a, b, c, d: d ^ 3),
        ("t[d]", 1, lambda a, b, c, d: 0b11010010 >> d & 1),
        ("t[{c, a}]", 1, lambda a, b, c, d: 0b11010010 >> (c << 2 | a) & 1),
        ("u[c] ^ t[d]", 1, lambda a, b, c, d: c ^ (0b11010010 >> d & 1)),
    ],
)  # fmt: skip
def test_expressions(text, width, function):
    assert computed(text) == (width, wanted(function))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("e", "'e' is not declared"),
        ("a & c", "operands of different widths"),
        ("a + c", "operands of different widths"),
        ("a - d", "operands of different widths"),
        ("c ? a : d", "operands of different widths"),
        ("a ? b : b", "2 bits where one is needed"),
        ("t[a]", "2 address bits for a table of 8"),
        ("u[a]", "2 address bits for a table of 2"),
        ("t", r"'\[' is expected"),
        ("a[2]", "bits 2 to 2 of 2"),
        ("d[1:2]", "bits 1 to 2 of 3"),
        ("d[3:0]", "bits 3 to 0 of 3"),
        ("(a", r"'\)' is expected"),
        ("{a, b", "'}' is expected"),
        ("c ? a", "':' is expected"),
        ("2", "no number with a width"),
        ("a &", "is not declared"),
        ("&", "is not declared"),
    ],
)
def test_what_is_no_expression(text, message):
    with pytest.raises(CheckError, match=f"module m: .*{message}"):
        reader(text).expression()


def test_addresses_of_six_bits_are_the_longest():
    made = reader("w[{a, b, a}]")
    made.tables["w"] = (64, 1)
    assert len(made.expression()) == 1
    made = reader("w[{a, b, d}]")
    made.tables["w"] = (128, 1)
    with pytest.raises(CheckError, match="7 address bits for a table of 128"):
        made.expression()


@pytest.mark.parametrize("levels", [MOST_DEEP - 1, MOST_DEEP])
def test_expressions_inside_of_each_other(levels):
    text = "(" * levels + "a" + ")" * levels
    if levels < MOST_DEEP:
        assert reader(text).expression() == reader("a").expression()
    else:
        with pytest.raises(CheckError, match="too many expressions inside of each other"):
            reader(text).expression()


def test_expressions_beside_each_other_are_not_inside():
    text = " | ".join(["(a)"] * (2 * MOST_DEEP))
    assert computed(text) == (2, wanted(lambda a, b, c, d: a))
