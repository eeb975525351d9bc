"""Boards: what amaranth-boards says of their pins, and the constraint files made of it."""

import sys

import pytest

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.board.baud import DEFAULT_BAUD, cycles_per_bit
from lgn2hdl.board.boards import BOARDS, Pin, Pins, constraints, find_board, read_pins


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_every_board_is_described(board):
    pins = read_pins(board)
    assert set(pins.pins) == {"clk", "rx", "tx"}
    assert len({pin.site for pin in pins.pins.values()}) == 3
    assert board.fpga.router is not None
    assert cycles_per_bit(pins.clock_hz, DEFAULT_BAUD) == pins.clock_hz / DEFAULT_BAUD
    assert f"{pins.clock_hz / 1e6:g}" in constraints(board, pins)


def test_the_size_of_a_ulx3s_is_that_of_its_name():
    for size in ("12f", "25f", "45f", "85f"):
        board = find_board(f"ulx3s-{size}")
        assert board.router_arguments[0] == f"--{size[:-1]}k"
        assert size.upper() in board.title
        assert size.upper() in board.platform[1]
    assert find_board("ulx3s").title == find_board("ulx3s-25f").title


def test_the_constraints_of_an_ice40():
    pins = {"clk": Pin("35", {}), "rx": Pin("6", {"PULLUP": 1}), "tx": Pin("9", {"PULLUP": 1})}
    assert constraints(find_board("icebreaker"), Pins(12e6, pins)).splitlines() == [
        "set_io clk 35",
        "set_io -pullup yes rx 6",
        "set_io tx 9",
        "set_frequency clk 12",
    ]


def test_the_constraints_of_an_ecp5():
    pins = {"clk": Pin("G2", {"IO_TYPE": "LVCMOS33"}), "rx": Pin("M1", {"A": 1, "B": "x"})}
    assert constraints(find_board("ulx3s"), Pins(25e6, pins)).splitlines() == [
        'LOCATE COMP "clk" SITE "G2";',
        'IOBUF PORT "clk" IO_TYPE=LVCMOS33;',
        'LOCATE COMP "rx" SITE "M1";',
        'IOBUF PORT "rx" A=1 B=x;',
        'FREQUENCY PORT "clk" 25 MHZ;',
    ]


def test_a_board_that_there_is_not():
    with pytest.raises(OptionError, match=r"no board 'arty': choose one of icebreaker, ulx3s, "):
        find_board("arty")


def test_without_amaranth_boards(monkeypatch):
    monkeypatch.setitem(sys.modules, "amaranth_boards.icebreaker", None)
    with pytest.raises(ToolError, match=r"needs amaranth-boards: run 'pip install lgn2hdl\[board"):
        read_pins(find_board("icebreaker"))
