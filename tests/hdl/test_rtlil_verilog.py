"""Verilog of Amaranth components: operands in their width, read by the strict reader."""

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lgn2hdl.base.errors import ToolError
from lgn2hdl.hdl.domain import data_path_module
from lgn2hdl.hdl.rtlil import read_rtlil
from lgn2hdl.hdl.rtlil_verilog import rtlil_verilog
from lgn2hdl.verify.readers.reader import read_text


class Made(wiring.Component):
    """A component of four bits ``a`` and ``b``; ``build`` adds what drives ``y``."""

    def __init__(self, build, width=5):
        self._build = build
        super().__init__({"clk": In(1), "a": In(4), "b": In(4), "y": Out(width)})

    def elaborate(self, _platform):
        m = data_path_module(self.clk)
        self._build(self, m)
        return m


def verilog(build, width=5):
    text = rtlil_verilog(read_rtlil(rtlil.convert(Made(build, width), name="m")))
    read_text({"m.v": text}, "m")
    return text


def test_operands_are_brought_to_the_width_of_the_result():
    text = verilog(lambda c, m: m.d.comb.__iadd__(c.y.eq(c.a[:2] - ~c.b)))
    assert "assign y = {3'h0, a[1:0]} - {1'b0, value_1};" in text


def test_the_highest_bits_of_a_sum_that_nobody_reads_are_left_out():
    def build(c, m):
        total = Signal(4, name="total")
        m.d.comb += [total.eq(c.a + c.b), c.y.eq(total[1:])]

    assert "wire [3:0] total = a + b;" in verilog(build, 3)


def test_a_register_with_an_enable():
    def build(c, m):
        held = Signal(4, name="held")
        with m.If(c.b[0]):
            m.d.sync += held.eq(Mux(c.b[1], c.a, 0))
        m.d.comb += c.y.eq(held)

    text = verilog(build, 4)
    assert "reg [3:0] held;" in text
    assert "if (b[0]) held <= b[1] ? a : 4'h0;" in text.replace("\n", " ")


def test_a_table():
    def build(c, m):
        found = Signal(name="found")
        m.d.comb += [found.eq(Const(0xE8, 8).bit_select(c.a[:3], 1)), c.y.eq(Cat(found, c.b))]

    text = verilog(build)
    assert "localparam [7:0] found_table = 8'he8;\n    wire found = found_table[a[2:0]];" in text
    assert "assign y = {b, found};" in text


def test_what_the_subset_has_not():
    with pytest.raises(ToolError, match=r"no Verilog for \$mul of Amaranth: use --emitter text"):
        verilog(lambda c, m: m.d.comb.__iadd__(c.y.eq(c.a * c.b)))


def test_a_cycle():
    def build(c, m):
        one, other = Signal(name="one"), Signal(name="other")
        m.d.comb += [one.eq(other & c.a[0]), other.eq(one | c.a[1]), c.y.eq(one)]

    with pytest.raises(Exception, match="cycle"):
        verilog(build, 1)


def test_an_inner_module_is_refused():
    class Outer(wiring.Component):
        def __init__(self):
            super().__init__({"clk": In(1), "y": Out(4)})

        def elaborate(self, _platform):
            m = Module()
            m.submodules.inner = inner = Made(lambda c, m: m.d.comb.__iadd__(c.y.eq(c.a)), 4)
            m.d.comb += self.y.eq(inner.y)
            return m

    with pytest.raises(ToolError, match="use --emitter text"):
        rtlil_verilog(read_rtlil(rtlil.convert(Outer(), name="m")))
