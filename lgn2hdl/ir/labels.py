"""What the pieces of a circuit are called: its parts, and nodes whose values mean something."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A part of a circuit, which becomes a module.

    Attributes:
        name: what it is called: letters, digits and underscores.
        prefix: what the names of its gates begin with: a letter.
        in_head: whether it is behind the core: adders and comparisons, which nothing before
            resembles.
    """

    name: str
    prefix: str
    in_head: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"{self.name!r} is no name of a part: use a-z, 0-9 and _")
        if not re.fullmatch(r"[a-z]", self.prefix):
            raise ValueError(f"{self.prefix!r} is no prefix of names: give a letter")


ENCODER, CORE = Part("encoder", "e"), Part("core", "g")
"""The parts that every circuit begins with."""


@dataclass(frozen=True)
class Comparison:
    """The value of a node: ``x[feature] >= threshold``."""

    feature: int
    threshold: int

    @property
    def name(self) -> str:
        """A legal name in Verilog."""
        return f"x{self.feature}_ge_{self.threshold}"


@dataclass(frozen=True)
class NumberBit:
    """The value of a node: a bit of a number that the head computes.

    Attributes:
        number: what the number is called, such as ``score`` or ``class_index``.
        bit: position, 0 the least significant.
        index: which of several numbers it is; None if there is one.
    """

    number: str
    bit: int
    index: int | None = None

    @property
    def name(self) -> str:
        """A legal name in Verilog."""
        return f"{self.number}{'' if self.index is None else self.index}_{self.bit}"


Meaning = Comparison | NumberBit


@dataclass(frozen=True)
class Label:
    """What the value of a node means to people and proofs."""

    node: int
    meaning: Meaning
