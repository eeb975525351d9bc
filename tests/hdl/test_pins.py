import numpy as np
from hypothesis import given
from networks import netlists

from lgn2hdl.hdl.pins import connected_pins_first
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist


@given(netlists())
def test_the_same_functions_of_the_same_pins(netlist):
    gates = np.arange(netlist.n_gates)[::-1]
    tables, fanins, counts = connected_pins_first(netlist, gates)
    for row, gate in enumerate(gates.tolist()):
        before = netlist.fanin[gate]
        used = before[before != 0]
        assert counts[row] == len(used)
        assert fanins[row].tolist() == used.tolist() + [0] * (netlist.n_pins - len(used))
        for address in range(1 << len(used)):
            # The same address with a 0 at every pin that is not connected.
            spread, place = 0, 0
            for pin, node in enumerate(before.tolist()):
                if node:
                    spread |= (address >> place & 1) << pin
                    place += 1
            expected = int(netlist.table[gate]) >> spread & 1
            assert int(tables[row]) >> address & 1 == expected


def test_rows_beyond_the_connected_pins_repeat_the_others():
    """As far as the gate ignores its unused pins, which it has to."""
    netlist = Netlist(2, [[0, 2, 1], [0, 0, 1]], np.array([0b01001000, 0x0F], np.uint8), [3])
    ignoring = logic.widen(np.array([0b0110], np.uint8), 2, 3)
    tables, fanins, counts = connected_pins_first(netlist, np.array([1]))
    assert (tables.tolist(), fanins.tolist(), counts.tolist()) == ([0x55], [[1, 0, 0]], [1])
    moved = Netlist(2, [[2, 0, 1]], logic.permute(ignoring, np.array([[0, 2, 1]])), [3])
    tables, fanins, _ = connected_pins_first(moved, np.array([0]))
    assert (tables.tolist(), fanins.tolist()) == (ignoring.tolist(), [[2, 1, 0]])


def test_no_gates():
    netlist = Netlist(2, np.zeros((0, 4), np.int32), np.zeros(0, np.uint16), [1])
    tables, fanins, counts = connected_pins_first(netlist, np.zeros(0, np.int32))
    assert tables.shape == counts.shape == (0,)
    assert fanins.shape == (0, 4)
