"""Cells as a machine: values of nets, the next state, names of registers, and the clock."""

import numpy as np
import pytest

from lgn2hdl.ir import packed
from lgn2hdl.verify.readers.cells import ONE, Cells, HardwareError, Register
from lgn2hdl.verify.sat.algebra import Words
from lgn2hdl.verify.sat.machine import machine_of

NOT, AND, XOR = 0b01, 0b1000, 0b0110


def toggles(n_bits: int = 2) -> tuple[Cells, dict[tuple[str, str], str]]:
    """Bits that change when x says so; the second only if the box lets it."""
    cells = Cells()
    clk, x = cells.new(2, driven=True)
    held = cells.new(n_bits, driven=True)
    changed = [cells.gate(XOR, (bit, x), "inner") for bit in held]
    (lets,) = cells.new(1, driven=True)  # an output of the box
    both = cells.gate(AND, (held[0], held[1]), "top")
    copy = cells.new(1)
    cells.connect(copy, [both], "copy")
    for place, bit in enumerate(held):
        enable = lets if place else ONE
        cells.registers.append(Register(bit, changed[place], clk, enable, "top"))
    cells.ports = {"clk": [clk], "x": [x], "y": [*held, copy[0]]}
    cells.directions = {"clk": "input", "x": "input", "y": "output"}
    cells.instance_ports = {
        ("box", "clk"): [clk], ("box", "lets"): [lets], ("box", "see"): [copy[0], x],
    }  # fmt: skip
    cells.names = [(clk, "clk"), (x, "x"), (held[0], "held"), (copy[0], "copy")]
    return cells, {("box", "clk"): "input", ("box", "lets"): "output", ("box", "see"): "input"}


def bits_of(vector) -> np.ndarray:
    return packed.unpack(vector, 64)


def test_values_and_the_next_state():
    cells, directions = toggles()
    machine = machine_of(cells, directions)
    assert set(machine.sources) == {("", "clk"), ("", "x"), ("box", "lets")}
    assert set(machine.sinks) == {("", "y"), ("box", "clk"), ("box", "see")}
    assert machine.names == ("held[0]", "held[1]")
    algebra = Words(1)
    runs = np.arange(64)
    x, lets, low, high = (runs >> place & 1 == 1 for place in range(4))
    sources = {
        ("", "clk"): algebra.constant(0, 1), ("", "x"): packed.pack(x[None]),
        ("box", "lets"): packed.pack(lets[None]),
    }  # fmt: skip
    state = packed.pack(np.stack([low, high]))
    nets = machine.nets(algebra, state, sources)
    assert len(nets) == machine.n_nets == len(cells.source)
    y = bits_of(nets[machine.sinks["", "y"]])
    assert np.array_equal(y, np.stack([low, high, low & high]))
    assert np.array_equal(bits_of(nets[machine.sinks["box", "see"]]), np.stack([low & high, x]))
    after = bits_of(machine.next_state(algebra, state, nets))
    assert np.array_equal(after, np.stack([low ^ x, np.where(lets, high ^ x, high)]))
    assert bits_of(nets[[0, 1]]).tolist() == [[False] * 64, [True] * 64]


def test_a_machine_without_gates_or_registers():
    cells = Cells()
    clk, x = cells.new(2, driven=True)
    cells.ports = {"clk": [clk], "x": [x], "y": [x]}
    cells.directions = {"clk": "input", "x": "input", "y": "output"}
    machine = machine_of(cells, {})
    assert machine.names == ()
    assert len(machine.gates.out) == len(machine.registers) == 0
    algebra = Words(1)
    given = packed.pack((np.arange(64) % 3 == 0)[None])
    sources = {("", "clk"): algebra.constant(0, 1), ("", "x"): given}
    nets = machine.nets(algebra, algebra.constant(0, 0), sources)
    assert np.array_equal(nets[machine.sinks["", "y"]], given)


def test_registers_without_a_name_have_the_number_of_their_net():
    cells, directions = toggles()
    cells.names = [(5, "later")]
    first = cells.registers[0].out
    found = machine_of(cells, directions).names
    assert found[0] == ("a register[0]" if first < 5 else "later[0]")
    cells.names = [(first + 1, "second"), (first, "first")]
    assert machine_of(cells, directions).names == ("first[0]", "second[0]")


@pytest.mark.parametrize("who", ["register", "box"])
def test_another_clock(who):
    cells, directions = toggles()
    (other,) = cells.new(1, driven=True)
    if who == "register":
        cells.registers[1] = cells.registers[1]._replace(clock=other)
    else:
        cells.instance_ports["box", "clk"] = [other]
    with pytest.raises(
        HardwareError, match="a register or the pipeline has another clock than clk"
    ):
        machine_of(cells, directions)


@pytest.mark.parametrize("who", ["gate", "enable", "data", "output", "box"])
def test_a_clock_that_is_read(who):
    cells, directions = toggles()
    (clk,) = cells.ports["clk"]
    if who == "gate":
        cells.gate(NOT, (clk,), "top")
    elif who == "enable":
        cells.registers[0] = cells.registers[0]._replace(enable=clk)
    elif who == "data":
        cells.registers[0] = cells.registers[0]._replace(data=clk)
    elif who == "output":
        cells.ports["z"], cells.directions["z"] = [clk], "output"
    else:
        cells.instance_ports["box", "see"] = [clk]
    with pytest.raises(HardwareError, match="clk is read as a value"):
        machine_of(cells, directions)


def test_what_nothing_drives():
    cells, directions = toggles()
    cells.ports["z"], cells.directions["z"] = cells.new(1), "output"
    with pytest.raises(HardwareError, match="nothing drives"):
        machine_of(cells, directions)
