"""End to end on the serial line: hosts that are fast, slow or broken, against whole boards."""

import re
import shutil
from pathlib import Path

import pytest
from board_cases import BoardCase, run_bench
from hardware import adder_network, design_of, mixed_network, random_rows

from lgn2hdl.board.baud import FEWEST_CYCLES
from lgn2hdl.board.protocol import Flag
from lgn2hdl.board.top import UartTiming
from lgn2hdl.board.uart import BITS_OF_BYTE
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.datasets import load_dataset
from lgn2hdl.model import file as model_file

pytestmark = [pytest.mark.simulator, pytest.mark.yosys]

MODELS = Path(__file__).resolve().parents[2] / "models"
FASTEST = UartTiming(FEWEST_CYCLES, 20 * FEWEST_CYCLES * BITS_OF_BYTE)
N_TESTS = 4 + 4 + 2 * (2 + 1 + 2 + 1 + 1 + 1) + 1
"""For each board, for each of the two that are tested thoroughly, and for one of these."""


def demo() -> BoardCase:
    """The network of the demo, as it is on an iCEBreaker."""
    recipe = Recipe(device="ice40-up5k", levels=7)
    design = compile_network(model_file.load(MODELS / "digits.lgn"), recipe).design
    return BoardCase(design, "digits", load_dataset("digits").x_test[:10], damaged=8)


def other(name: str, network, *, scores: bool = True, damaged: int = 0) -> BoardCase:
    """A small network on a line that is as fast as it can be."""
    design = design_of(network, k=4, scores=scores)
    return BoardCase(design, name, random_rows(network.features, 40), damaged, FASTEST)


@pytest.mark.skipif(
    shutil.which("g++") is None or shutil.which("make") is None, reason="no C++ compiler"
)
def test_boards_answer_on_their_serial_lines(tmp_path):
    cases = [
        demo(),
        other("signed_scores", mixed_network(3, n_classes=5)),
        other("no_scores", mixed_network(4), scores=False),
        other("bits", adder_network(5), damaged=24),
    ]
    assert [case.identity.score_bits for case in cases] == [5, 5, 0, 0]
    assert [case.identity.flags for case in cases] == [0, Flag.SIGNED, 0, Flag.BITS]
    tests, failures, log = run_bench(cases, tmp_path)
    assert (tests, failures) == (N_TESTS, 0), log[-6000:]
    sent = [int(number) for number in re.findall(r"(\d+) samples back to back", log)]
    assert sent == [len(case.to_json()["samples"]) for case in cases]
