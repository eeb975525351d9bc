from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from lgn2hdl.tools.wrapper import PortBits, _steps, stub_verilog, wrapper_verilog

GOLDEN = Path(__file__).parent / "golden" / "wrapper.v"

PORTS = (
    PortBits("rst", True, (True,)),
    PortBits("x", True, (True, True, False, False, False, True)),
    PortBits("valid", False, (True,)),
    PortBits("scores", False, (True,) * 5),
)


def test_golden(request):
    text = wrapper_verilog("top", "wrapper", PORTS)
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_stub():
    assert stub_verilog("top", PORTS) == (
        "module top(input clk, input [0:0] \\rst , input [5:0] \\x , output [0:0] \\valid , "
        "output [4:0] \\scores );\nendmodule\n"
    )


def test_an_input_that_nobody_reads_and_no_outputs():
    text = wrapper_verilog("top", "wrapper", [PortBits("x", True, (False, False))])
    assert "assign \\port.x  = {2'b0};" in text
    assert "feed <= serial_in;" in text
    assert "fold0 <= 1'b0;" in text
    assert "assign serial_out = fold0[0];" in text


@pytest.mark.parametrize("n_bits", [1, 2, 4, 5, 16, 17, 75, 4096])
def test_the_tree_folds_every_bit_once_with_four_at_a_time(n_bits):
    bits = np.arange(n_bits)
    folded = [[int(bit)] for bit in bits]
    for _, n in _steps(n_bits):
        assert n == len(folded)
        folded = [list(chain(*folded[first : first + 4])) for first in range(0, n, 4)]
    assert folded == [bits.tolist()]
