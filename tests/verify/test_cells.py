"""Cells that a reader makes: nets with one driver each, gates, adders, tables."""

import itertools

import pytest

from lgn2hdl.verify.readers import cells as module
from lgn2hdl.verify.readers.cells import ONE, ZERO, Cells, Gate, HardwareError


def values_of(cells: Cells, inputs: dict[int, int]) -> dict[int, int]:
    """Values of all gates in order."""
    values = {ZERO: 0, ONE: 1, **inputs}
    for gate in cells.gates:
        row = sum(values[pin] << place for place, pin in enumerate(gate.pins))
        values[gate.out] = gate.table >> row & 1
    return values


def test_the_constants_are_driven_and_new_nets_are_not():
    cells = Cells()
    assert (ZERO, ONE) == (0, 1)
    assert (cells.source, cells.driven) == ([-1, -1], [True, True])
    assert cells.new(3) == [2, 3, 4]
    assert cells.new(1, driven=True) == [5]
    assert cells.source == [-1] * 6
    assert cells.driven == [True, True, False, False, False, True]


def test_how_many_nets_there_may_be(monkeypatch):
    monkeypatch.setattr(module, "MOST_NETS", 10)
    cells = Cells()
    assert cells.new(8) == list(range(2, 10))
    with pytest.raises(HardwareError, match="there are more than 10 nets"):
        cells.new(1)
    assert cells.new(0) == []
    with pytest.raises(HardwareError, match="there are more than 10 nets"):
        Cells().new(9)


def test_copies_and_drivers():
    cells = Cells()
    nets = cells.new(3)
    cells.connect(nets[:2], [ONE, ZERO], "wire a")
    assert cells.source == [-1, -1, ONE, ZERO, -1]
    assert cells.driven == [True, True, True, True, False]
    with pytest.raises(HardwareError, match="wire b: 1 bits for 2"):
        cells.connect(cells.new(2), [ONE], "wire b")
    for net in (nets[0], ZERO):
        with pytest.raises(HardwareError, match="wire c is driven twice"):
            cells.connect([net], [ONE], "wire c")
    cells.drive(nets[2], "wire d")
    with pytest.raises(HardwareError, match="wire d is driven twice"):
        cells.drive(nets[2], "wire d")


def test_gates_drive_a_net_of_their_own():
    cells = Cells()
    net = cells.gate(0b1000, (ZERO, ONE), "inner")
    assert net == 2
    assert cells.gates == [Gate(2, 0b1000, (ZERO, ONE), "inner")]
    assert cells.driven[net]


@pytest.mark.parametrize("carry", [0, 1])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_sums(width, carry):
    cells = Cells()
    one, other = cells.new(width, driven=True), cells.new(width, driven=True)
    sums = cells.add(one, other, (ZERO, ONE)[carry], "adder")
    assert len(sums) == width
    assert len(cells.gates) == 2 * width - 1  # nothing reads the last carry
    assert {gate.instance for gate in cells.gates} == {"adder"}
    for bits in itertools.product((0, 1), repeat=2 * width):
        values = values_of(cells, dict(zip([*one, *other], bits, strict=True)))
        a, b, found = (
            sum(values[net] << place for place, net in enumerate(nets))
            for nets in (one, other, sums)
        )
        assert found == (a + b + carry) % (1 << width)


@pytest.mark.parametrize("n_pins", [1, 2, 6])
def test_tables(n_pins):
    cells = Cells()
    pins = cells.new(n_pins, driven=True)
    net = cells.look_up(0b10, pins, "top", "table t")
    assert cells.gates == [Gate(net, 0b10, tuple(pins), "top")]


@pytest.mark.parametrize("n_pins", [0, 7])
def test_tables_of_too_few_or_too_many_bits(n_pins):
    cells = Cells()
    with pytest.raises(
        HardwareError, match=f"table t: a table of {n_pins} address bits, not 1 to 6"
    ):
        cells.look_up(1, cells.new(n_pins), "top", "table t")
