import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import netlists, truth

from lgn2hdl.base.errors import ToolError
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.tools.bench_format import from_bench, to_bench


def failure(text: str) -> str:
    with pytest.raises(ToolError) as caught:
        from_bench(text, "The tool")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("The tool wrote BENCH text that cannot be used, ")
    return str(caught.value)


def one_gate(n_pins: int, tables: np.ndarray) -> Netlist:
    """Gates that all read all inputs, each an output."""
    pins = np.tile(np.arange(1, n_pins + 1), (len(tables), 1))
    return Netlist(n_pins, pins, tables, n_pins + 1 + np.arange(len(tables)))


@given(netlists())
def test_round_trip(netlist):
    again = from_bench(to_bench(netlist))
    assert again.n_inputs == netlist.n_inputs
    assert len(again.outputs) == len(netlist.outputs)
    assert (truth(again) == truth(netlist)).all()


@pytest.mark.parametrize("n_pins", [1, 2, 3])
def test_every_table_round_trips(n_pins):
    net = one_gate(n_pins, np.arange(1 << logic.rows(n_pins)))
    again = from_bench(to_bench(net))
    assert again.n_pins == n_pins
    assert (truth(again) == truth(net)).all()


@given(st.integers(4, 6), st.integers(0, 2**32 - 1))
def test_wide_tables_round_trip(n_pins, seed):
    rng = np.random.default_rng(seed)
    tables = rng.integers(0, logic.all_ones(n_pins), 8, dtype=np.uint64, endpoint=True)
    net = one_gate(n_pins, tables)
    assert (truth(from_bench(to_bench(net))) == truth(net)).all()


def test_the_text_is_what_the_format_says():
    net = Netlist(2, np.array([[1, 2], [0, 3]]), np.array([0b1000, 0b0011]), np.array([4, 0]))
    assert to_bench(net).splitlines() == [
        "INPUT(x1)", "INPUT(x2)", "OUTPUT(y0)", "OUTPUT(y1)", "x0 = gnd",
        "x4 = LUT 0x1 ( x3 )", "x3 = LUT 0x8 ( x1, x2 )",
        "y0 = LUT 0x2 ( x4 )", "y1 = LUT 0x2 ( x0 )",
    ]  # fmt: skip


def test_the_first_pin_is_the_least_significant_address_bit():
    net = from_bench("INPUT(a)\nINPUT(b)\nOUTPUT(y)\ny = LUT 0x2 ( a, b )\n")
    assert truth(net).tolist() == [[False, True, False, False]]  # a & ~b: vector 1 has a = 1


def test_ignored_pins_are_left_out():
    """A table that ignores a pin is written without it, whatever the pin reads."""
    wire = logic.pin_table(3, 2)
    net = Netlist(3, np.array([[1, 2, 3]]), np.array([wire]), np.array([4]))
    assert "x4 = LUT 0x2 ( x3 )" in to_bench(net)


def test_lines_in_any_order_are_sorted():
    text = (
        "# comment\nOUTPUT(y)\nOUTPUT(y)\nINPUT(b)\ny = LUT 0x6 ( m, b )\n\n"
        "m       = LUT 0x1 ( a )  \r\nINPUT(a)\nONE = vdd\nOUTPUT(ONE)\nOUTPUT(a)\nO = gnd\n"
    )
    net = from_bench(text)
    assert net.n_inputs == 2
    assert net.n_gates == 4
    assert net.n_pins == 2
    expected = [[True, False, False, True]] * 2 + [[True] * 4, [False, False, True, True]]
    assert truth(net).tolist() == expected


def test_no_inputs_no_gates_no_outputs():
    empty = Netlist(0, np.empty((0, 2), np.int32), np.empty(0, np.uint8), np.empty(0, np.int32))
    again = from_bench(to_bench(empty))
    assert (again.n_inputs, len(again.outputs)) == (0, 0)
    assert from_bench("").n_gates == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("INPUT(a)\nOUTPUT(y)\ny = LUT 0x2 ( b )\n", "undefined name 'b'"),
        ("INPUT(a)\nOUTPUT(y)\n", "undefined name 'y'"),
        ("INPUT(a)\na = LUT 0x2 ( a )\n", "defined twice"),
        ("INPUT(a)\nINPUT(a)\n", "defined twice"),
        ("INPUT(a)\ny = LUT 0x12 ( a )\n", "table of more than 2 bits for 1 pins"),
        ("INPUT(a)\ny = LUT 0x2 ( a, a, a, a, a, a, a )\n", "LUT of 7 pins"),
        ("y = LUT 0x1 ( z )\nz = LUT 0x1 ( y )\n", "cycle"),
        ("INPUT(a)\ny = LUT 0x1 ( y )\n", "cycle"),
        ("INPUT(a)\ny = NAND(a, a)\n", "neither port, LUT nor constant"),
        ("INPUT(a)\ny = LUT 0x2 ( a\n", "neither port, LUT nor constant"),
        ("INPUT(a)\ny = LUT 0x2 ( a ) and more\n", "neither port, LUT nor constant"),
        ("y = LUT 0x00000000000000001 ( a )\n", "neither port, LUT nor constant"),
        ("Killed\n", "neither port, LUT nor constant"),
        ("INPUT(a)\ny = LUT 0x2 ( a,, a )\n", "undefined name ''"),
    ],
)
def test_text_that_cannot_be_used(text, complaint):
    assert complaint in failure(text)


def test_every_prefix_of_a_text_is_a_netlist_or_an_error():
    net = Netlist(2, np.array([[1, 2], [3, 3]]), np.array([6, 1]), np.array([4, 1, 0]))
    text = to_bench(net)
    for length in range(len(text)):
        try:
            part = from_bench(text[:length])
        except ToolError:
            continue
        assert len(part.outputs) <= 3


def test_many_lines():
    rng = np.random.default_rng(0)
    gates, inputs = 20_000, 50
    fanin = rng.integers(0, np.arange(gates)[:, None] + inputs + 1, (gates, 4))
    table = rng.integers(0, 1 << 16, gates)
    net = Netlist(inputs, fanin, table, rng.integers(0, gates, 100))
    words = rng.integers(0, 1 << 64, (inputs, 2), dtype=np.uint64)
    assert (evaluate(from_bench(to_bench(net)), words) == evaluate(net, words)).all()
