"""Boards: what amaranth-boards says of their pins, and the constraint files made of it."""

import sys
from dataclasses import replace

import pytest
import toys  # noqa: F401 (it brings the toy board)
from toy_platform import ToyPlatform

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.board.baud import DEFAULT_BAUD, cycles_per_bit
from lgn2hdl.board.boards import BOARDS, Pin, Pins, constraints, find_board, read_pins


@pytest.mark.parametrize("board", list(BOARDS), ids=lambda board: board.name)
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


def test_a_board_that_is_described_elsewhere():
    board = find_board("toy-board")
    pins = read_pins(board)
    assert pins.clock_hz == 16e6
    assert {port: pin.site for port, pin in pins.pins.items()} == {
        "clk": "44",
        "rx": "2",
        "tx": "3",
    }
    assert constraints(board, pins).splitlines() == [
        "set_io clk 44",
        "set_io -pullup yes rx 2",
        "set_io tx 3",
        "set_frequency clk 16",
    ]


def test_a_platform_that_is_not_there():
    board = replace(find_board("toy-board"), platform=("no_such_module", "Platform"))
    with pytest.raises(ToolError, match="--board toy-board needs no_such_module: run 'pip install"):
        read_pins(board)


@pytest.mark.parametrize("missing", ["clk16", "uart"])
def test_a_platform_without_clock_or_uart(monkeypatch, missing):
    rest = [item for item in ToyPlatform.resources if item.name != missing]
    monkeypatch.setattr(ToyPlatform, "resources", rest)
    with pytest.raises(OptionError, match=rf"has no resource \('{missing}', 0\): a board needs a"):
        read_pins(find_board("toy-board"))
