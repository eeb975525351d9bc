"""The checker's nets: one driver each, and not more of them than there may be."""

import pytest

from lgn2hdl.checker.graph import CheckError
from lgn2hdl.checker.nets import MOST_NETS, ONE, ZERO, Driver, Flat


def test_the_constants_are_there_and_have_drivers():
    flat = Flat()
    assert (ZERO, ONE) == (0, 1)
    assert flat.driver == [Driver("input", ())] * 2
    assert flat.new(3) == [2, 3, 4]
    assert flat.driver[2:] == [None] * 3
    assert flat.new(1, Driver("input", ())) == [5]
    assert flat.driver[5] == Driver("input", ())


def test_a_net_has_one_driver():
    flat = Flat()
    (net,) = flat.new(1)
    flat.drive(net, Driver("copy", (ONE,)))
    for driven in (net, ZERO):
        with pytest.raises(CheckError, match=f"net {driven} is driven twice"):
            flat.drive(driven, Driver("copy", (ZERO,)))
    assert flat.driver[net] == Driver("copy", (ONE,))


def test_nets_are_connected_in_order():
    flat = Flat()
    targets = flat.new(2)
    flat.connect(targets, [ONE, ZERO])
    assert [flat.driver[net] for net in targets] == [Driver("copy", (1,)), Driver("copy", (0,))]
    with pytest.raises(CheckError, match="1 bits where 2 are needed"):
        flat.connect(flat.new(2), [ONE])


def test_gates():
    flat = Flat()
    net = flat.gate(0b0110, ZERO, ONE)
    assert net == 2
    assert flat.driver[2:] == [Driver("gate", (0, 1), 0b0110)]
    assert Driver("copy", (1,)).table == 0


def test_how_many_there_may_be(monkeypatch):
    flat = Flat()
    for width in (0, -1, MOST_NETS - 1):
        with pytest.raises(CheckError, match=f"{width} more nets are none or too many"):
            flat.new(width)
    monkeypatch.setattr("lgn2hdl.checker.nets.MOST_NETS", 10)
    assert flat.new(8) == list(range(2, 10))
    with pytest.raises(CheckError, match="1 more nets"):
        flat.new(1)
