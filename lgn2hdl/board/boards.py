"""Boards: which FPGA, which pins, which tools. Pins and clocks are those of amaranth-boards.

``docs/extend-board.md`` shows how a board is added.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.base.registry import Registry
from lgn2hdl.targets.devices import Device, find_device

INSTALL = "run 'pip install lgn2hdl[board]'"
"""What brings everything that building a bitstream needs."""


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


@dataclass(frozen=True)
class Toolchain:
    """From a placed and routed design to a bitstream, for a family of FPGAs.

    Attributes:
        pins_file: name of the constraint file.
        constraints: its text.
        pins_option: nextpnr's option for it.
        routed_option: nextpnr's option for what it writes.
        packer: script that makes a bitstream of that.
        packer_arguments: its options.
        suffix: of the bitstream.
        register_needs_lut: whether a flip-flop that no LUT drives takes the place of a LUT.
    """

    pins_file: str
    constraints: Callable[[Pins], str]
    pins_option: str
    routed_option: str
    packer: str
    packer_arguments: tuple[str, ...]
    suffix: str
    register_needs_lut: bool


def _pcf(pins: Pins) -> str:
    """Constraints as nextpnr reads them for iCE40."""
    lines = [f"set_io {_pull_up(port, pin)}{port} {pin.site}" for port, pin in pins.pins.items()]
    return "\n".join([*lines, f"set_frequency clk {pins.clock_hz / 1e6:g}", ""])


def _pull_up(port: str, pin: Pin) -> str:
    """An input's pull-up resistor; an output needs none."""
    return "-pullup yes " if port != "tx" and pin.attributes.get("PULLUP") else ""


def _lpf(pins: Pins) -> str:
    """Constraints as nextpnr reads them for ECP5."""
    lines = []
    for port, pin in pins.pins.items():
        lines.append(f'LOCATE COMP "{port}" SITE "{pin.site}";')
        settings = " ".join(f"{name}={value}" for name, value in pin.attributes.items())
        lines.append(f'IOBUF PORT "{port}" {settings};')
    return "\n".join([*lines, f'FREQUENCY PORT "clk" {pins.clock_hz / 1e6:g} MHZ;', ""])


ICE40 = Toolchain("pins.pcf", _pcf, "--pcf", "--asc", "yowasp-icepack", (), "bin", True)
ECP5 = Toolchain(
    "pins.lpf", _lpf, "--lpf", "--textcfg", "yowasp-ecppack", ("--compress",), "bit", False
)


@dataclass(frozen=True)
class Board:
    """A board.

    Attributes:
        name: what ``--board`` takes.
        title: what people call it.
        platform: module and class that describe it, as amaranth-boards does: the class has
            ``resources`` and ``default_clk``. It is imported when a bitstream is built.
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
        platform=("amaranth_boards.ulx3s", f"ULX3S_{size.upper()}_Platform"),
        device=device,
        router_arguments=(f"--{size[:-1]}k", "--package", "CABGA381", "--speed", "6"),
        tools=ECP5,
        load=("openFPGALoader -b ulx3s {file}",),
        flash=("openFPGALoader -b ulx3s -f {file}",),
    )


BOARDS: Registry[Board] = Registry("board")
"""All boards; ``ulx3s`` is the one with the 25F. (The 12F is sold with the cells of a 25F.)"""

for _board in (
    Board(
        name="icebreaker",
        title="iCEBreaker with iCE40 UP5K",
        platform=("amaranth_boards.icebreaker", "ICEBreakerPlatform"),
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
):
    BOARDS.register(_board.name, _board)


def find_board(name: str) -> Board:
    """The board of that name.

    Raises:
        OptionError: if there is none.
    """
    return BOARDS.choose(name)


def read_pins(board: Board) -> Pins:
    """Clock and UART of a board, as its platform describes them.

    Raises:
        ToolError: if amaranth-boards, or what else describes the board, is not installed.
        OptionError: if the platform has no clock or no UART.
    """
    module, name = board.platform
    try:
        platform = getattr(importlib.import_module(module), name)
    except ImportError:
        described = "amaranth-boards" if module.startswith("amaranth_boards.") else module
        raise ToolError(f"--board {board.name} needs {described}: {INSTALL}") from None
    resources = {(item.name, item.number): item for item in platform.resources}
    try:
        clock, uart = resources[platform.default_clk, 0], resources["uart", 0]
    except KeyError as error:
        raise OptionError(
            f"{module}.{name} has no resource {error}: a board needs a clock and a UART"
        ) from None
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
    return board.tools.constraints(pins)
