"""The UART around a network: proved for ever, and wrong ones are not."""

import re
from functools import cache

import pytest
from hardware import adder_network, design_of, mixed_network

from lgn2hdl.base.errors import ToolError
from lgn2hdl.board.identity import describe
from lgn2hdl.board.top import UartTiming, board_verilog
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.verify.board.claims import byte_cycles, is_slow_enough, quiet
from lgn2hdl.verify.board.induction import prove_board
from lgn2hdl.verify.board.product import board_product
from lgn2hdl.verify.board.proof import board_wanted, prove_uart
from lgn2hdl.verify.board.search import find_fault
from lgn2hdl.verify.board.wanted import BoardWanted
from lgn2hdl.verify.proofs.report import Verdict
from lgn2hdl.verify.readers.cells import HardwareError
from lgn2hdl.verify.readers.yosys_reader import read_with_yosys
from lgn2hdl.verify.sat.deadline import Deadline

pytestmark = pytest.mark.yosys

NETWORK = {"net.v": "module net ();\nendmodule\n", "net_core.v": "module core ();\nendmodule\n"}
"""Modules of the network; what they do is no matter here."""

TIMING = UartTiming(bit_cycles=8, gap_cycles=1600)
DESIGNS = {
    "scores": lambda: design_of(mixed_network(3, n_classes=5), k=4),
    "no scores": lambda: design_of(mixed_network(4), k=4, scores=False),
    "bits": lambda: design_of(adder_network(5), k=4),
}


@cache
def board(name: str, timing: UartTiming = TIMING) -> tuple[Design, BoardWanted, str]:
    """A design, what its board has to be, and its Verilog."""
    design = DESIGNS[name]()
    identity = describe(design, "5b" * 32, changed=False)
    want = board_wanted(
        design,
        bit_cycles=timing.bit_cycles,
        gap_cycles=timing.gap_cycles,
        identity=identity.to_bytes(),
    )
    return design, want, board_verilog(design, "net", "net_board", identity, timing)


def product(want: BoardWanted, text: str):
    boxes = {"net": want.network_ports}
    return board_product(read_with_yosys({"net_board.v": text}, "net_board", boxes), want)


@pytest.mark.parametrize("name", DESIGNS)
def test_boards_are_proved(name):
    _, want, text = board(name)
    part = prove_uart(want, {"net_board.v": text}, "net_board", NETWORK)
    assert (part.name, part.verdict) == ("board: UART", Verdict.PROVED), part.detail
    assert part.detail.startswith("15 properties, from the configuration on, by ")


def test_no_fault_is_found_where_there_is_none():
    _, want, text = board("bits")
    assert find_fault(product(want, text), Deadline(4)) is None


def edited(text: str, pattern: str, new: str) -> str:
    found, count = re.subn(pattern, new, text, count=1)
    assert count == 1, pattern
    return found


FAULTS = {
    "a result is called an error": (r" \? 8'h82 : ", " ? 8'h8f : "),
    "ten bits are nine": (r"4'ha", "4'h9"),
}
"""What a few bytes show."""

OTHER_FAULTS = {
    "too much room": (r"level <= 9'h([0-9a-f]+)c", r"level <= 9'h\1d"),
    "the queue is full early": (r"10'h200", "10'h1ff"),
    "the number of the next byte": (r"(answers \((?s:.)*?)\.\\sequence \(\\sequence \)",
                                    r"\1.\\sequence (data)"),
    "the network is not reset": (r"= 4'hf;", "= 4'h0;"),
    "the network is reset for ever": (r"(4'hf;(?s:.)*? - )1'h1", r"\g<1>1'h0"),
    "a result from before the reset": (r"= ~ in_reset;", "= ~ in_reset | in_reset;"),
    "frames are given up early": (r"11'h640", "11'h63f"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_board_is_shown_to_be_wrong(fault):
    _, want, text = board("scores")
    wrong = edited(text, *FAULTS[fault])
    part = prove_uart(want, {"net_board.v": wrong}, "net_board", NETWORK)
    assert part.verdict is Verdict.DIFFERENT, part.detail
    assert re.fullmatch(r"not so in cycle \d+ after .* on rx: .*", part.detail)


@pytest.mark.parametrize("fault", OTHER_FAULTS)
def test_a_wrong_board_is_not_proved(fault):
    _, want, text = board("scores")
    wrong = edited(text, *OTHER_FAULTS[fault])
    try:
        machine = product(want, wrong)
    except HardwareError:
        return
    assert prove_board(machine, Deadline(60)).failed


def test_a_line_that_is_too_fast_is_not_proved():
    _, want, text = board("bits")
    assert is_slow_enough(want)
    for wrong in (
        {"latency": 0},
        {"latency": quiet(want)},
        {"gap_cycles": byte_cycles(want) - 1},
        {"bit_cycles": 1},
    ):
        changed = BoardWanted(**{**vars(want), **wrong})
        assert not is_slow_enough(changed)
    assert is_slow_enough(BoardWanted(**{**vars(want), "gap_cycles": byte_cycles(want)}))
    fast = BoardWanted(**{**vars(want), "latency": quiet(want)})
    part = prove_uart(fast, {"net_board.v": text}, "net_board", NETWORK)
    assert (part.verdict, part.detail) == (
        Verdict.NOT_PROVED, "the line is too fast for an answer between two requests",
    )  # fmt: skip


def test_the_time_limit():
    _, want, text = board("bits")
    assert prove_board(product(want, text), Deadline(0)).failed


@pytest.mark.parametrize("name", ["net", "core"])
def test_a_board_has_no_module_of_the_network(name):
    _, want, text = board("bits")
    wrong = f"{text}module {name} ();\nendmodule\n"
    with pytest.raises(HardwareError, match=f"module {name} is there twice"):
        prove_uart(want, {"net_board.v": wrong}, "net_board", NETWORK)


@pytest.mark.parametrize(
    ("pattern", "new", "message"),
    [
        (r"net network \(", "net2 network (", "there is no module net2"),
        ("tx, clk(?s:(.*?))input rx;", r"tx, clk, t\1input rx; output t; wire t; assign t = rx;",
         "the board's top module has the ports clk, rx, t, tx"),
        (r"storage \[511:0\]", "storage [1023:0]", "Yosys failed|may be beyond its end|the size"),
    ],
)  # fmt: skip
def test_boards_that_cannot_be_read(pattern, new, message):
    _, want, text = board("bits")
    with pytest.raises(ToolError, match=message):
        product(want, edited(text, pattern, new))
