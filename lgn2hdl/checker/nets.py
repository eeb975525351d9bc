"""A design without modules: nets, and what each gets its value from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .graph import CheckError

ZERO, ONE = 0, 1
"""Nets of the constants."""

MOST_NETS = 1 << 24

Nets = list[int]


class Driver(NamedTuple):
    """What a net gets its value from.

    Attributes:
        kind: ``gate``, ``copy``, ``register`` or ``input``.
        pins: nets that are read; of a register the next value and the clock enable.
        table: truth table of a gate.
    """

    kind: str
    pins: tuple[int, ...]
    table: int = 0


@dataclass
class Flat:
    """All nets of a design.

    Attributes:
        driver: of every net; nets 0 and 1 are the constants.
        ports: direction and nets of every port of the top module, by name.
        clocks: nets that are input ``clk``, handed on by ports alone: through a wire or a gate, a
            simulator would see the edge later.
    """

    driver: list[Driver | None] = field(default_factory=lambda: [Driver("input", ())] * 2)
    ports: dict[str, tuple[str, Nets]] = field(default_factory=dict)
    clocks: set[int] = field(default_factory=set)

    def new(self, width: int, driver: Driver | None = None) -> Nets:
        """Nets that have this driver, or none yet."""
        first = len(self.driver)
        if not 1 <= width <= MOST_NETS - first:
            raise CheckError(f"{width} more nets are none or too many")
        self.driver += [driver] * width
        return list(range(first, first + width))

    def drive(self, net: int, driver: Driver) -> None:
        """Give a net its only driver."""
        if self.driver[net] is not None:
            raise CheckError(f"net {net} is driven twice")
        self.driver[net] = driver

    def connect(self, targets: Nets, sources: Nets) -> None:
        """Let nets be copies of as many others."""
        if len(targets) != len(sources):
            raise CheckError(f"{len(sources)} bits where {len(targets)} are needed")
        for target, source in zip(targets, sources, strict=True):
            self.drive(target, Driver("copy", (source,)))

    def gate(self, table: int, *pins: int) -> int:
        """Net of a new gate."""
        return self.new(1, Driver("gate", pins, table))[0]
