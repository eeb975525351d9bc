"""Which interface is around a design: how samples enter and results leave.

* ``parallel``: all features at once, ``valid`` beside them, nothing ever waits.
* ``handshake``: all features at once, ``valid`` and ``ready`` on both sides.
* ``stream``: AXI4-Stream (Arm IHI 0051A) on both sides; a packet is a sample, in beats.

:mod:`lgn2hdl.hdl.interface` has their ports.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lgn2hdl.base.errors import OptionError

BYTE = 8
"""Bits; beats and fields of a stream are whole bytes."""

DEFAULT_BEAT_BITS = 32
"""Bits of a beat of a stream unless others are asked for."""

WIDEST_BEAT = 1 << 16
"""Bits of the widest beat that may be asked for."""


class Kind(Enum):
    """The interfaces that there are."""

    PARALLEL = "parallel"
    HANDSHAKE = "handshake"
    STREAM = "stream"


@dataclass(frozen=True)
class Interface:
    """What is around the pipeline.

    Attributes:
        kind: the protocol.
        beat_bits: bits of a beat of a stream, a multiple of 8; None for as many bytes as a sample
            takes. Other interfaces have no beats.
        clock_enable: whether there is a port ``enable``; at a clock edge where it is low nothing
            changes but what ``rst`` resets.
    """

    kind: Kind = Kind.PARALLEL
    beat_bits: int | None = None
    clock_enable: bool = False

    def __post_init__(self) -> None:
        if self.beat_bits is None:
            return
        if self.kind is not Kind.STREAM:
            raise OptionError(f"--beat-bits is for --interface stream, not {self.kind.value}")
        if self.beat_bits % BYTE or not 0 < self.beat_bits <= WIDEST_BEAT:
            raise OptionError(
                f"beats of {self.beat_bits} bits: give a multiple of 8 up to {WIDEST_BEAT}, "
                "or 'whole'"
            )

    @property
    def can_stall(self) -> bool:
        """Whether the receiver of the results may make them wait."""
        return self.kind is not Kind.PARALLEL


PARALLEL = Interface()
"""The default."""
