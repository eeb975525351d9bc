"""Devices: what the compiler maps to, and which tools know them.

Capacities are those that the tools' own chip data bases give, in logic cells. Delays are rough
figures for choosing the number of LUT levels in a pipeline stage before anything is placed;
``benchmarks/place_route.py`` measures what they stand for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.registry import Registry

SLOWEST_MHZ, FASTEST_MHZ = 0.001, 1_000_000
"""Target clocks that are taken; the periods of the constraint files have three decimals of 1 ns."""

MOST_LEVELS = 1000
"""Most LUT levels per pipeline stage; no circuit has so many."""


@dataclass(frozen=True)
class Device:
    """A device, or a family of devices.

    Attributes:
        name: what ``--device`` takes.
        title: what people call it, speed grade included.
        lut_inputs: inputs of a look-up table, K.
        wide_inputs: inputs of the widest function that a few LUTs compute in one level, joined by
            the device's multiplexers.
        absorbs_addend: whether a carry chain's LUT has room for the gate that computes an addend
            (Xilinx: a LUT6 before each carry cell).
        synthesis: Yosys command that maps to it, with ``{top}``; None without a tool.
        register_ns: clock-to-output, set-up and the wire to the first LUT, in ns; an estimate.
        level_ns: one LUT level with its wire, in ns; an estimate.
        keep_parts: option of ``synthesis`` that keeps the modules separate.
        flatten: option of ``synthesis`` that makes one module of them.
        no_pads: option of ``synthesis`` that leaves the buffers of the pins out.
        router: script that places and routes; None without one.
        router_arguments: what tells the script the device and its speed grade.
        pins: constraint file ``pins.cst`` for the wrapper, where the router picks no pins itself.
        n_luts, n_flip_flops: capacity; None where the name stands for a family.
    """

    name: str
    title: str
    lut_inputs: int
    wide_inputs: int
    absorbs_addend: bool
    synthesis: str | None
    register_ns: float
    level_ns: float
    keep_parts: str = ""
    flatten: str = ""
    no_pads: str = ""
    router: str | None = None
    router_arguments: tuple[str, ...] = ()
    pins: str = ""
    n_luts: int | None = None
    n_flip_flops: int | None = None

    @property
    def has_carry_chains(self) -> bool:
        """Whether adders may use them; without a tool nothing is known of any."""
        return self.synthesis is not None

    def synthesis_command(self, top: str, *, flat: bool = False, pads: bool = False) -> str:
        """The Yosys command for the module ``top``.

        Args:
            top: name of the module.
            flat: make one module of it.
            pads: put in the buffers of the pins where the router does not do so itself.

        Raises:
            OptionError: if no tool maps to this device.
        """
        if self.synthesis is None:
            raise OptionError(
                f"no tool maps to the device {self.name}: choose one of {_names(with_tool=True)}"
            )
        options = ("" if pads else self.no_pads, self.flatten if flat else self.keep_parts)
        return " ".join([self.synthesis.format(top=top), *filter(None, options)])


GOWIN_PINS = """IO_LOC "clk" H11;
IO_LOC "serial_in" T10;
IO_LOC "serial_out" C13;
"""
"""Any three pins of the package, the first one a clock input."""


def _xilinx(name: str, title: str, register_ns: float, level_ns: float) -> Device:
    return Device(
        name=name,
        title=title,
        lut_inputs=6,
        wide_inputs=6,
        absorbs_addend=True,
        # Shift registers are not extracted: flip-flops shall be those of the schedule.
        synthesis=f"synth_xilinx -family {name} -top {{top}} -noiopad -noclkbuf -nosrl",
        flatten="-flatten",
        register_ns=register_ns,
        level_ns=level_ns,
    )


def _four_input(
    name: str,
    title: str,
    synthesis: str,
    router: str,
    arguments: str,
    cells: tuple[int, int],
    delays: tuple[float, float],
    *,
    wide_inputs: int,
    no_pads: str = "",
    pins: str = "",
) -> Device:
    return Device(
        name=name,
        title=title,
        lut_inputs=4,
        wide_inputs=wide_inputs,
        absorbs_addend=False,
        synthesis=f"{synthesis} -top {{top}}",
        keep_parts="-noflatten",
        no_pads=no_pads,
        router=f"yowasp-nextpnr-{router}",
        router_arguments=tuple(arguments.split()),
        pins=pins,
        n_luts=cells[0],
        n_flip_flops=cells[1],
        register_ns=delays[0],
        level_ns=delays[1],
    )


def _ecp5(size: str, n_cells: int) -> Device:
    return _four_input(
        f"ecp5-{size}",
        f"Lattice ECP5 LFE5U-{size[:-1]}F, speed grade 8",
        "synth_ecp5",
        "ecp5",
        f"--{size} --package CABGA381 --speed 8",
        (n_cells, n_cells),
        (2.1, 1.0),
        wide_inputs=6,
    )


DEVICES: Registry[Device] = Registry("device")
"""All devices, the ones of a family in order of size; ``docs/extend-target.md`` adds one."""

for _device in (
    _xilinx("xcup", "AMD UltraScale+ family", 0.6, 0.5),
    _xilinx("xc7", "AMD 7 series family", 1.0, 0.9),
    _ecp5("25k", 24_288),
    _ecp5("45k", 43_848),
    _ecp5("85k", 83_640),
    _four_input(
        "ice40-hx8k",
        "Lattice iCE40 HX8K",
        "synth_ice40 -device hx",
        "ice40",
        "--hx8k --package ct256",
        (7_680, 7_680),
        (2.0, 2.6),
        wide_inputs=4,
    ),
    _four_input(
        "ice40-up5k",
        "Lattice iCE40 UP5K",
        "synth_ice40 -device u",
        "ice40",
        "--up5k --package sg48",
        (5_280, 5_280),
        (5.0, 7.0),
        wide_inputs=4,
    ),
    _four_input(
        "gowin",
        "Gowin GW2A-18, speed grade C8/I7",
        "synth_gowin -family gw2a",
        "himbaechel-gowin",
        "--device GW2A-LV18PG256C8/I7 --vopt family=GW2A-18 --vopt cst=pins.cst",
        (20_736, 15_552),
        (2.0, 2.0),
        wide_inputs=6,
        no_pads="-noiopads",
        pins=GOWIN_PINS,
    ),
    Device(
        name="generic",
        title="no device: LUTs as the compiler counts them",
        lut_inputs=6,
        wide_inputs=6,
        absorbs_addend=False,
        synthesis=None,
        register_ns=1.0,
        level_ns=1.0,
    ),
):
    DEVICES.register(_device.name, _device)


def _names(*, with_tool: bool = False, with_router: bool = False) -> str:
    return ", ".join(
        device.name
        for device in DEVICES
        if (device.synthesis or not with_tool) and (device.router or not with_router)
    )


def find_device(name: str) -> Device:
    """The device of that name.

    Raises:
        OptionError: if there is none.
    """
    return DEVICES.choose(name)


def require_router(device: Device) -> str:
    """The script that places and routes for the device.

    Raises:
        OptionError: if there is none.
    """
    if device.router is None:
        raise OptionError(
            f"no free tool places and routes for {device.name}: leave --pnr out, or choose one of "
            f"{_names(with_router=True)}"
        )
    return device.router


def estimated_mhz(device: Device, levels_per_stage: int) -> float:
    """Clock by the device's rough delays: 1000 / (register_ns + levels x level_ns). An estimate."""
    return 1000 / (device.register_ns + levels_per_stage * device.level_ns)


def levels_for_target(device: Device, mhz: float) -> int:
    """LUT levels per stage that the estimate allows at a clock of ``mhz``; at least 1.

    Raises:
        OptionError: if ``mhz`` is not a positive number, or no clock that makes sense.
    """
    if not (mhz > 0 and math.isfinite(mhz)):
        raise OptionError(f"a target clock of {mhz:g} MHz: give a positive number")
    if not SLOWEST_MHZ <= mhz <= FASTEST_MHZ:
        raise OptionError(
            f"a target clock of {mhz:g} MHz: give {SLOWEST_MHZ:g} to {FASTEST_MHZ:,} MHz"
        )
    levels = math.floor((1000 / mhz - device.register_ns) / device.level_ns + 1e-9)
    return min(max(1, levels), MOST_LEVELS)


def is_beyond_estimate(device: Device, mhz: float) -> bool:
    """Whether even one LUT level per stage is too slow for a clock, by the device's estimate."""
    return mhz > estimated_mhz(device, 1) * (1 + 1e-9)


def require_capacity(device: Device, luts: int, flip_flops: int) -> None:
    """Check that a design of so many cells is not larger than the device.

    Raises:
        OptionError: if it is: by how much, and which device would hold it.
    """
    excess = _excess(device, luts, flip_flops)
    if not excess:
        return
    fitting = [
        other
        for other in DEVICES
        if other.n_luts and other.lut_inputs == device.lut_inputs
        if not _excess(other, luts, flip_flops)
    ]
    # A device of the same family first, then the smallest.
    fitting.sort(key=lambda other: (other.router != device.router, other.n_luts))
    advice = f"use --device {fitting[0].name}" if fitting else "no device of the list holds it"
    raise OptionError(f"the network is too large for {device.name}: {excess}; {advice}")


def _excess(device: Device, luts: int, flip_flops: int) -> str:
    """What there is too much of, in words; empty if the design fits."""
    complaints = []
    for used, available, what in (
        (luts, device.n_luts, f"LUT{device.lut_inputs}"),
        (flip_flops, device.n_flip_flops, "flip-flops"),
    ):
        if available is not None and used > available:
            complaints.append(f"{used:,} {what} of {available:,}, {used - available:,} too many")
    return " and ".join(complaints)
