"""Amaranth's RTLIL as data."""

import pytest

from lgn2hdl.base.errors import ToolError
from lgn2hdl.hdl.rtlil import Cell, Piece, Wire, read_rtlil

MODULE = r"""attribute \generator "Amaranth"
module \m

  wire width 2 input 0  \a

  attribute \init 1'0
  wire width 1 output 1  \y

  wire width 1 $1

  process $2
    assign $1 [0] \y [0]
    switch \a [1]
      case 1'1
        assign $1 [0] \a [0]
    end
  end

  cell $dff $3
    parameter \WIDTH 1
    connect \D $1 [0]
    connect \CLK \a [0]
    connect \Q \y
  end

  cell \inner \name
    connect \x { 3'101 \a [1:0] }
  end

connect \y \a [1]

end
"""


def test_a_module():
    module = read_rtlil(MODULE)
    assert module.name == "m"
    assert module.wires == {"a": Wire(2, "input"), "y": Wire(1, "output"), "$1": Wire(1, "")}
    a0, a1, y = Piece("a", 0, 1), Piece("a", 1, 1), Piece("y", 0, 1)
    target = Piece("$1", 0, 1)
    assert module.cells == (
        Cell("$mux", "", {"S": (a1,), "A": (y,), "B": (a0,), "Y": (target,)}),
        Cell("$dff", "$3", {"D": (target,), "CLK": (a0,), "Q": (y,)}),
        Cell("inner", "name", {"x": (Piece("a", 0, 2), Piece("", 5, 3))}),
    )
    assert module.connections == {"y": (a1,)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wire width 1 $1", "wire width 1 signed $1"),
        ("case 1'1", "case 1'0"),
        ("switch \\a [1]", "switch \\a [1:0]"),
        ("connect \\y \\a [1]", "connect \\a [0] \\y"),
        ("{ 3'101 \\a [1:0] }", "{ 3'10x \\a [1:0] }"),
        ("{ 3'101 \\a [1:0] }", "{ 3'101 \\b }"),
        ("process $2", "memory \\m"),
        ("\nend\n", "\nend\nmodule \\n\nend\n"),
        ("\nend\n", "\n"),
    ],
)
def test_what_is_not_known(old, new):
    text = MODULE.replace(old, new)
    assert text != MODULE
    with pytest.raises(ToolError, match=r"this version of Amaranth .* use --emitter text"):
        read_rtlil(text)
