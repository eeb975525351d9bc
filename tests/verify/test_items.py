"""Gates and registers in order: copies resolved, levels, names of nets, circles."""

import numpy as np
import pytest

from lgn2hdl.ir import logic
from lgn2hdl.verify.readers.cells import ONE, ZERO, Cells, HardwareError, Register
from lgn2hdl.verify.readers.items import (
    groups,
    items_of,
    levelled,
    name_of,
    require_driven,
    roots_of,
)

AND, NOT = 0b1000, 0b01


def small() -> Cells:
    """y = not (a and b), of the register of it; the register is enabled by b."""
    cells = Cells()
    a, b = cells.new(2, driven=True)  # 2 and 3
    (wire,) = cells.new(1)  # 4
    both = cells.gate(AND, (a, b), "inner")  # 5
    cells.connect([wire], [both], "wire")
    (held,) = cells.new(1, driven=True)  # 6
    cells.registers.append(Register(held, wire, b, a, "top"))
    y = cells.gate(NOT, (held,), "top")  # 7
    cells.ports = {"a": [a], "b": [b], "y": [y]}
    cells.names = [(a, "a"), (b, "b"), (wire, "wire"), (held, "held")]
    return cells


def test_copies_are_followed_to_their_end():
    cells = Cells()
    nets = cells.new(70)
    for target, source in zip(nets[1:], nets, strict=False):
        cells.connect([target], [source], "wire")
    cells.connect([nets[0]], [ONE], "wire")
    assert roots_of(cells).tolist() == [ZERO, ONE, *[ONE] * 70]


@pytest.mark.parametrize("length", [1, 2, 3, 8])
def test_wires_in_a_circle(length):
    cells = Cells()
    nets = cells.new(length)
    cells.connect(nets, [*nets[1:], nets[0]], "wire")
    with pytest.raises(HardwareError, match="wires drive each other in a circle"):
        roots_of(cells)


def test_gates_and_registers_as_arrays():
    cells = small()
    root = roots_of(cells)
    items = items_of(cells, root, ("inner", "top"))
    assert items.out.tolist() == [5, 7, 6]
    assert items.pins.tolist() == [[2, 3, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0], [5, 0, 0, 0, 0, 0]]
    assert items.delay.tolist() == [0, 0, 1]
    assert items.enable.tolist() == [ONE, ONE, 2]
    assert items.instance.tolist() == [0, 1, 1]
    assert items.level.tolist() == [0, 0, 0]
    wire = logic.pin_table(6, 0)
    assert items.table.tolist()[2] == wire
    assert items.table.tolist()[1] == logic.all_ones(6) ^ wire
    assert items.table.tolist()[0] == wire & logic.pin_table(6, 1)


def test_levels_and_their_groups():
    cells = small()
    root = roots_of(cells)
    items = levelled(items_of(cells, root, ("inner", "top")), root)
    assert items.out.tolist() == [5, 6, 7]
    assert items.level.tolist() == [1, 2, 3]
    assert items.delay.tolist() == [0, 1, 0]
    assert [(part.start, part.stop) for part in groups(items)] == [(0, 1), (1, 2), (2, 3)]
    empty = levelled(items_of(Cells(), roots_of(Cells()), ()), roots_of(Cells()))
    assert groups(empty) == []


def test_items_of_a_level_stay_in_order():
    cells = Cells()
    (a,) = cells.new(1, driven=True)
    first = [cells.gate(NOT, (a,), "top") for _ in range(3)]
    second = cells.gate(AND, (first[2], first[0]), "top")
    third = cells.gate(NOT, (a,), "top")
    root = roots_of(cells)
    items = levelled(items_of(cells, root, ("top",)), root)
    assert items.out.tolist() == [*first, third, second]
    assert [(part.start, part.stop) for part in groups(items)] == [(0, 4), (4, 5)]


def test_gates_in_a_circle():
    cells = Cells()
    (wire,) = cells.new(1)
    gate = cells.gate(NOT, (wire,), "top")
    cells.connect([wire], [gate], "wire")
    root = roots_of(cells)
    with pytest.raises(HardwareError, match="gates and registers read each other in a circle"):
        levelled(items_of(cells, root, ("top",)), root)


def test_what_nothing_drives():
    cells = small()
    root = roots_of(cells)
    items = items_of(cells, root, ("inner", "top"))
    ports = {("", name): np.array(nets) for name, nets in cells.ports.items()}
    require_driven(cells, root, items, ports)
    cells.driven[2] = False
    with pytest.raises(HardwareError, match=r"nothing drives a$"):
        require_driven(cells, root, items, ports)
    cells.driven[2] = True
    (open_net,) = cells.new(1)
    cells.names.append((open_net, "loose"))
    root = roots_of(cells)
    with pytest.raises(HardwareError, match=r"nothing drives loose$"):
        require_driven(cells, root, items, {**ports, ("", "z"): np.array([open_net])})


def test_names_of_nets():
    cells = small()
    root = roots_of(cells)
    assert name_of(cells, root, 2) == "a"
    assert name_of(cells, root, 5) == "wire"  # its copy
    assert name_of(cells, root, 7) == "a gate behind held"
    assert name_of(cells, root, 1) == "a gate"
    cells.names.append((3, "b again"))
    assert name_of(cells, root, 3) == "b"
