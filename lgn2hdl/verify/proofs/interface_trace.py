"""What shows a fault of a module around the pipeline: a few clock cycles from a reset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHOWN_CYCLES = 16
"""The last ones are printed as text; JSON has all."""

SHOWN_DIGITS = 16
"""Hexadecimal digits of a number that are printed as text, the lowest; JSON has all."""


@dataclass(frozen=True)
class Trace:
    """Clock cycles that show a fault; the first one is a reset, and the last one is wrong.

    Attributes:
        violated: the property that does not hold, in words.
        power_up: registers of the module that are 1 before the reset, bit by bit.
        ports: values of the module's ports in every cycle.
        pipeline: values of the pipeline's ports in every cycle, ``result`` for all result ports.
    """

    violated: str
    power_up: tuple[str, ...]
    ports: tuple[Mapping[str, int], ...]
    pipeline: tuple[Mapping[str, int], ...]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values; numbers are hexadecimal, for some are wide."""
        return {
            "violated": self.violated,
            "power_up": list(self.power_up),
            "cycles": [
                {"ports": _hexadecimal(ports), "pipeline": _hexadecimal(pipeline)}
                for ports, pipeline in zip(self.ports, self.pipeline, strict=True)
            ],
        }

    def lines(self) -> list[str]:
        """For people: in every cycle the signals that are high, and the numbers."""
        count = len(self.ports)
        lines = [f"clock cycles in which this is not so: {self.violated}"]
        for number in range(max(0, count - SHOWN_CYCLES), count):
            at_pipeline = _named(self.pipeline[number])
            lines.append(f"  {number}: {_named(self.ports[number])}; at the pipeline {at_pipeline}")
        return lines


def _named(values: Mapping[str, int]) -> str:
    shown = []
    for name, digits in _hexadecimal(values).items():
        if digits == "1":
            shown.append(name)
        elif digits != "0":
            more = "..." if len(digits) > SHOWN_DIGITS else ""
            shown.append(f"{name}={more}{digits[-SHOWN_DIGITS:]}")
    return ", ".join(shown) or "nothing"


def _hexadecimal(values: Mapping[str, int]) -> dict[str, str]:
    return {name: f"{value:x}" for name, value in values.items()}
