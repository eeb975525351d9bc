"""The report of a design on a device: area by part, clock by place and route or by estimate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lgn2hdl.base.errors import OptionError
from lgn2hdl.targets.devices import Device, estimated_mhz
from lgn2hdl.tools.area import AreaReport
from lgn2hdl.tools.place_route import TimingReport

AREA_HEADER = ("part", "LUT", "flip-flops", "carry", "wide mux", "other")
"""Columns of :meth:`DesignReport.area_rows`."""

NOT_GIVEN = "not given"
"""Shown for a figure that no tool gave."""


@dataclass(frozen=True)
class TimingEstimate:
    """A clock that nobody measured: a formula with rough delays of the device.

    Attributes:
        device: name of the device.
        levels_per_stage: LUT levels between two registers.
        estimated_mhz: 1000 / (register_ns + levels_per_stage * level_ns).
        register_ns, level_ns: the delays, in ns.
    """

    device: str
    levels_per_stage: int
    estimated_mhz: float
    register_ns: float
    level_ns: float

    @property
    def model(self) -> str:
        """The formula with its figures."""
        return f"1000 / ({self.register_ns:g} + {self.levels_per_stage} x {self.level_ns:g}) MHz"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "device": self.device,
            "levels_per_stage": self.levels_per_stage,
            "estimated_mhz": round(self.estimated_mhz, 1),
            "model": f"an estimate, nothing was placed: {self.model}",
        }


def estimate_timing(device: Device, levels_per_stage: int) -> TimingEstimate:
    """The estimate for so many LUT levels per stage."""
    return TimingEstimate(
        device.name,
        levels_per_stage,
        estimated_mhz(device, levels_per_stage),
        device.register_ns,
        device.level_ns,
    )


@dataclass(frozen=True)
class DesignReport:
    """What is known of a design on a device.

    Attributes:
        device: the device.
        latency_cycles: clock cycles from a sample to its result.
        estimate: the clock by a formula.
        area: cells by part; None if nothing was mapped.
        timing: what place and route reached; None if it was not asked for.
    """

    device: Device
    latency_cycles: int
    estimate: TimingEstimate
    area: AreaReport | None = None
    timing: TimingReport | None = None

    @property
    def counted(self) -> AreaReport:
        """Cells by part.

        Raises:
            OptionError: if they were not counted.
        """
        if self.area is None:
            raise OptionError("nothing was counted: leave --no-area out")
        return self.area

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values; ``latency_ns`` is None unless a clock was measured."""
        timing = None
        if self.timing is not None:
            timing = self.timing.to_json()
            timing["latency_ns"] = self.timing.latency_ns(self.latency_cycles)
        return {
            "device": self.device.name,
            "latency_cycles": self.latency_cycles,
            "area": None if self.area is None else self.area.to_json(),
            "timing": timing,
            "timing_estimate": self.estimate.to_json(),
        }

    def area_rows(self) -> list[tuple[str, int, int, int, int, int]]:
        """A row for each part and the total, in the columns of :data:`AREA_HEADER`."""
        if self.area is None:
            return []
        cells = {**self.area.parts, "total": self.area.total}
        return [(name, c.lut, c.flip_flop, c.carry, c.mux, c.other) for name, c in cells.items()]

    def timing_rows(self) -> list[tuple[str, str]]:
        """What and value, for people."""
        rows = [("latency, clock cycles", f"{self.latency_cycles:,}")]
        if self.timing is None:
            clock = f"about {self.estimate.estimated_mhz:.0f} MHz = {self.estimate.model}"
            return [*rows, ("clock, estimate (not placed)", clock)]
        return [*rows, *_timing_rows(self.timing, self.latency_cycles)]


def _timing_rows(timing: TimingReport, latency_cycles: int) -> Iterator[tuple[str, str]]:
    latency = timing.latency_ns(latency_cycles)
    yield "Fmax", NOT_GIVEN if timing.fmax_mhz is None else f"{timing.fmax_mhz:.1f} MHz"
    yield "clock asked for", f"{timing.target_mhz:g} MHz"
    yield "latency", NOT_GIVEN if latency is None else f"{latency:.1f} ns"
    path = timing.critical_path
    if path is not None:
        where = "wrapper" if path.in_wrapper else "design"
        yield (
            f"slowest path ({where})",
            f"{path.logic_ns:.2f} ns logic, {path.routing_ns:.2f} ns wires, {path.luts} LUTs",
        )
    for cell, use in timing.utilization.items():
        share = f" ({use.used / use.available:.0%})" if use.available else ""
        yield cell, f"{use.used:,} of {use.available:,}{share}"
    wrapper = timing.wrapper_cells
    yield "of these in the wrapper", f"{wrapper.lut:,} LUTs, {wrapper.flip_flop:,} flip-flops"
    yield "placed and routed by", f"{timing.tools[-1]} in {timing.seconds:.0f} s"
