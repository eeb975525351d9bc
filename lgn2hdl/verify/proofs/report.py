"""What a proof says: part by part, and a counterexample if there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from lgn2hdl.base.errors import Lgn2HdlError
from lgn2hdl.verify.proofs.interface_trace import Trace

SHOWN = 3
"""Results that a message names."""


class NotProvedError(Lgn2HdlError):
    """Something was neither proved nor found different."""


class Verdict(Enum):
    """What is known of a part."""

    PROVED = "proved"
    DIFFERENT = "different"
    NOT_PROVED = "not proved"
    NOTHING = "nothing to prove"


def proved(count: int, detail: str) -> tuple[Verdict, str]:
    """Verdict and detail of so many things that were compared and are equal."""
    return (Verdict.PROVED if count else Verdict.NOTHING), detail


@dataclass(frozen=True)
class Part:
    """One part of the proof.

    Attributes:
        name: of the part.
        verdict: what came out.
        detail: how it was proved, what differs, or why there is no proof.
        seconds: wall-clock time, with what was prepared for it since the part before.
    """

    name: str
    verdict: Verdict
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Counterexample:
    """An input for which two things that must be equal are not.

    Attributes:
        part: where they differ.
        features: integer features of the sample.
        expected: values that the network gives, by the name of the result.
        actual: values that the part gives instead, as far as they differ.
        stream: where one sample alone does not show it, the samples of consecutive clock cycles,
            from the first one after power-up; ``features`` are one of them.
        reset: how many of these cycles come first with ``rst`` high.
        power_up: what the registers hold before that: ``0``, ``1`` or ``random``.
    """

    part: str
    features: tuple[int, ...]
    expected: Mapping[str, int]
    actual: Mapping[str, int]
    stream: tuple[tuple[int, ...], ...] = ()
    reset: int = 0
    power_up: str = "0"

    @property
    def what(self) -> str:
        """The first results that differ, in words."""
        pairs = [
            f"{name} is {value}, not {self.expected[name]}" for name, value in self.actual.items()
        ]
        return ", ".join(pairs[:SHOWN])

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "part": self.part,
            "features": list(self.features),
            "expected": dict(self.expected),
            "actual": dict(self.actual),
            "stream": [list(sample) for sample in self.stream],
            "reset": self.reset,
            "power_up": self.power_up,
        }


@dataclass(frozen=True)
class Report:
    """All parts.

    Attributes:
        parts: in the order of the proof.
        counterexample: an input that shows a difference, replayed through the golden model.
        seconds: wall-clock time of all of it.
        trace: clock cycles that show a fault of the module around the pipeline.
    """

    parts: tuple[Part, ...]
    counterexample: Counterexample | None
    seconds: float
    trace: Trace | None = None

    @property
    def verdict(self) -> Verdict:
        """Different if a part is; proved if all parts are in which there was something to prove."""
        verdicts = {part.verdict for part in self.parts}
        for verdict in (Verdict.DIFFERENT, Verdict.NOT_PROVED):
            if verdict in verdicts:
                return verdict
        return Verdict.PROVED if Verdict.PROVED in verdicts else Verdict.NOTHING

    def joined(self, part: Part, trace: Trace | None = None) -> Report:
        """The report with one more part."""
        parts, seconds = (*self.parts, part), self.seconds + part.seconds
        return replace(self, parts=parts, seconds=seconds, trace=trace or self.trace)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        example = self.counterexample
        return {
            "verdict": self.verdict.value,
            "seconds": round(self.seconds, 3),
            "parts": [
                {
                    "part": part.name,
                    "verdict": part.verdict.value,
                    "detail": part.detail,
                    "seconds": round(part.seconds, 3),
                }
                for part in self.parts
            ],
            "counterexample": None if example is None else example.to_json(),
            "trace": None if self.trace is None else self.trace.to_json(),
        }
