"""Boards: which FPGA, which pins, which tools. Pins and clocks are those of amaranth-boards."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.targets.devices import Device, find_device

INSTALL = "run 'pip install lgn2hdl[board]'"
"""What brings everything that building a bitstream needs."""


@dataclass(frozen=True)
class Toolchain:
    """From a placed and routed design to a bitstream, for a family of FPGAs.

    Attributes:
        pins_file: name of the constraint file.
        pins_option: nextpnr's option for it.
        routed_option: nextpnr's option for what it writes.
        packer: script that makes a bitstream of that.
        packer_arguments: its options.
        suffix: of the bitstream.
        register_needs_lut: whether a flip-flop that no LUT drives takes the place of a LUT.
    """

    pins_file: str
    pins_option: str
    routed_option: str
    packer: str
    packer_arguments: tuple[str, ...]
    suffix: str
    register_needs_lut: bool


ICE40 = Toolchain("pins.pcf", "--pcf", "--asc", "yowasp-icepack", (), "bin", True)
ECP5 = Toolchain("pins.lpf", "--lpf", "--textcfg", "yowasp-ecppack", ("--compress",), "bit", False)


@dataclass(frozen=True)
class Board:
    """A board.

    Attributes:
        name: what ``--board`` takes.
        title: what people call it.
        platform: module and class of amaranth-boards that describe it.
        device: name of its FPGA among the devices.
        router_arguments: what tells nextpnr the FPGA, its package and its speed grade.
        tools: from the routed design to the bitstream.
        load: commands that load the bitstream until the power goes off, with ``{file}``; none
            where that takes more than a command.
        flash: commands that write it to the board's flash.
    """

    name: str
    title: str
    platform: tuple[str, str]
    device: str
    router_arguments: tuple[str, ...]
    tools: Toolchain
    load: tuple[str, ...]
    flash: tuple[str, ...]

    @property
    def fpga(self) -> Device:
        """Its FPGA as a device to compile for."""
        return find_device(self.device)


def _ulx3s(name: str, size: str, device: str) -> Board:
    return Board(
        name=name,
        title=f"ULX3S with LFE5U-{size.upper()}",
        platform=("ulx3s", f"ULX3S_{size.upper()}_Platform"),
        device=device,
        router_arguments=(f"--{size[:-1]}k", "--package", "CABGA381", "--speed", "6"),
        tools=ECP5,
        load=("openFPGALoader -b ulx3s {file}",),
        flash=("openFPGALoader -b ulx3s -f {file}",),
    )


BOARDS = (
    Board(
        name="icebreaker",
        title="iCEBreaker with iCE40 UP5K",
        platform=("icebreaker", "ICEBreakerPlatform"),
        device="ice40-up5k",
        router_arguments=("--up5k", "--package", "sg48"),
        tools=ICE40,
        load=(),
        flash=("iceprog {file}", "openFPGALoader -b ice40_generic -f {file}"),
    ),
    _ulx3s("ulx3s", "25f", "ecp5-25k"),
    _ulx3s("ulx3s-12f", "12f", "ecp5-25k"),
    _ulx3s("ulx3s-25f", "25f", "ecp5-25k"),
    _ulx3s("ulx3s-45f", "45f", "ecp5-45k"),
    _ulx3s("ulx3s-85f", "85f", "ecp5-85k"),
)
"""All boards; ``ulx3s`` is the one with the 25F. (The 12F is sold with the cells of a 25F.)"""

BOARD_NAMES = tuple(board.name for board in BOARDS)


def find_board(name: str) -> Board:
    """The board of that name.

    Raises:
        OptionError: if there is none.
    """
    for board in BOARDS:
        if board.name == name:
            return board
    raise OptionError(f"no board {name!r}: choose one of {', '.join(BOARD_NAMES)}")


@dataclass(frozen=True)
class Pin:
    """A pin of a board.

    Attributes:
        site: its name on the package.
        attributes: of its buffer, such as a pull-up resistor.
    """

    site: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Pins:
    """The pins that are needed of a board.

    Attributes:
        clock_hz: frequency of the clock.
        pins: the pins by port: ``clk``, ``rx``, ``tx``.
    """

    clock_hz: float
    pins: Mapping[str, Pin]


def read_pins(board: Board) -> Pins:
    """Clock and UART of a board, as amaranth-boards describes it.

    Raises:
        ToolError: if amaranth-boards is not installed.
    """
    module, platform = board.platform
    try:
        described = getattr(importlib.import_module(f"amaranth_boards.{module}"), platform)
    except ImportError:
        raise ToolError(f"--board needs amaranth-boards: {INSTALL}") from None
    resources = {(item.name, item.number): item for item in described.resources}
    clock, uart = resources[described.default_clk, 0], resources["uart", 0]
    lines = {item.name: item for item in uart.ios}
    return Pins(
        clock_hz=clock.clock.frequency,
        pins={
            "clk": _pin(clock.ios[0], clock),
            "rx": _pin(lines["rx"].ios[0], uart),
            "tx": _pin(lines["tx"].ios[0], uart),
        },
    )


def _pin(pins: Any, resource: Any) -> Pin:
    (site,) = pins.names
    return Pin(site, dict(resource.attrs))


def constraints(board: Board, pins: Pins) -> str:
    """The constraint file: pins, their buffers, and the clock."""
    megahertz = pins.clock_hz / 1e6
    if board.tools is ICE40:
        lines = [
            f"set_io {_pull_up(port, pin)}{port} {pin.site}" for port, pin in pins.pins.items()
        ]
        return "\n".join([*lines, f"set_frequency clk {megahertz:g}", ""])
    lines = []
    for port, pin in pins.pins.items():
        lines.append(f'LOCATE COMP "{port}" SITE "{pin.site}";')
        settings = " ".join(f"{name}={value}" for name, value in pin.attributes.items())
        lines.append(f'IOBUF PORT "{port}" {settings};')
    return "\n".join([*lines, f'FREQUENCY PORT "clk" {megahertz:g} MHZ;', ""])


def _pull_up(port: str, pin: Pin) -> str:
    """An input's pull-up resistor; an output needs none."""
    return "-pullup yes " if port != "tx" and pin.attributes.get("PULLUP") else ""
