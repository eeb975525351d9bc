"""The module around a network on a board: proved for ever, or a fault of it.

It is read by Yosys, for Amaranth writes it; the network is a box in it, which does what was proved
of it. See docs/verify.md.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from lgn2hdl.compiler.interface_choice import Interface
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.verify.board.claims import is_slow_enough
from lgn2hdl.verify.board.induction import prove_board
from lgn2hdl.verify.board.product import BoardProduct, board_product
from lgn2hdl.verify.board.search import find_fault
from lgn2hdl.verify.board.wanted import BoardWanted
from lgn2hdl.verify.interface.spec import wanted
from lgn2hdl.verify.proofs.report import Part, Verdict
from lgn2hdl.verify.readers.grammar import Module, read_modules
from lgn2hdl.verify.readers.lexer import plain_text
from lgn2hdl.verify.readers.yosys_reader import read_with_yosys
from lgn2hdl.verify.sat.deadline import Deadline

NAME = "board: UART"


def board_wanted(
    design: Design, *, bit_cycles: int, gap_cycles: int, identity: bytes
) -> BoardWanted:
    """What the board of a design has to be.

    Args:
        design: the design.
        bit_cycles: clock cycles of a bit on the line.
        gap_cycles: clock cycles after which a frame that does not go on is given up.
        identity: payload of the answer to a request for the identity.
    """
    around = wanted(design, Interface())
    return BoardWanted(
        bit_cycles=bit_cycles,
        gap_cycles=gap_cycles,
        sample_bits=around.sample_bits,
        results=around.results,
        numbers=around.numbers,
        identity=identity,
        latency=design.latency,
    )


def prove_uart(
    want: BoardWanted,
    verilog: Mapping[str, bytes | str],
    top: str,
    network: Mapping[str, bytes | str],
    deadline: Deadline | None = None,
) -> Part:
    """Prove the module around a network, or find bytes on its line that show a fault.

    Args:
        want: what it has to be.
        verilog: its text by file name.
        top: name of the module.
        network: text of the network's files, the top module's first, which is called after it.
        deadline: when to give up; None for never.

    Raises:
        HardwareError: if the Verilog cannot be read, has other ports, is no sound hardware, or has
            modules of the network's.
        ToolError: if Yosys is missing or refuses it.
    """
    since = time.perf_counter()
    _require_own_modules({**verilog, **network})
    boxes = {next(iter(network)).removesuffix(".v"): want.network_ports}
    product = board_product(read_with_yosys(verilog, top, boxes), want)
    verdict, detail = _judged(product, deadline or Deadline())
    return Part(NAME, verdict, detail, time.perf_counter() - since)


def _require_own_modules(files: Mapping[str, bytes | str]) -> None:
    """Check that no module is there twice: tools may take the one or the other."""
    modules: dict[str, Module] = {}
    for name, content in files.items():
        read_modules(name, plain_text(name, content), modules)


def _judged(product: BoardProduct, deadline: Deadline) -> tuple[Verdict, str]:
    if not is_slow_enough(product.want):
        return Verdict.NOT_PROVED, "the line is too fast for an answer between two requests"
    known = prove_board(product, deadline)
    if not known.failed:
        detail = (
            f"{known.properties} properties, from the configuration on, by {known.invariants:,} "
            f"invariants over {known.registers:,} registers"
        )
        return Verdict.PROVED, detail
    fault = find_fault(product, deadline)
    if fault is None:
        return Verdict.NOT_PROVED, f"no fault found, no proof of: {known.failed[0]}"
    return Verdict.DIFFERENT, str(fault)
