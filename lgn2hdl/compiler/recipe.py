"""Recipe: how a design is made. The same network and the same recipe give the same Verilog.

This is the one place where its defaults and limits are. The command line makes its options of the
fields, the manifest of an output folder keeps the recipe whole, and whoever compiles again reads it
there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

from lgn2hdl.arithmetic.cost import Objective
from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler.interface_choice import DEFAULT_BEAT_BITS, Interface, Kind
from lgn2hdl.compiler.mapping import DEFAULT, EFFORTS, Effort
from lgn2hdl.compiler.module_names import check_module_name
from lgn2hdl.targets.devices import DEVICES, MOST_LEVELS, Device, find_device


class Emitter(Enum):
    """What writes the Verilog; both do so from the same plan, behind the same ports."""

    AUTO = "auto"
    TEXT = "text"
    AMARANTH = "amaranth"


HEADS = {"small": Objective.LUTS, "shallow": Objective.DEPTH}
"""What popcount and argmax are chosen by, by name."""

OUTPUTS = ("class", "scores", "margin")
"""What can leave the hardware of a network that tells classes; the class always does."""

NO_EFFORT = "none"
"""Effort that keeps the trained nodes."""

WHOLE_SAMPLE = "whole"
"""Bits of a beat that holds a sample, in whole bytes."""

LONGEST_SHOWN = 40
"""Characters of a wrong value in a message."""


@dataclass(frozen=True)
class About:
    """What is known of a field of the recipe besides its type and default.

    Attributes:
        help: what it is, in a sentence or two.
        choices: the values that there are; empty where these cannot be listed.
        least, most: limits of a number, inclusive.
        counts: what a number counts, for messages.
        placeholder: what stands for the value in help texts; empty for that of its type.
    """

    help: str
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    counts: str = ""
    placeholder: str = ""


_T = TypeVar("_T")


def _entry(default: _T, help: str, **more: Any) -> _T:
    return field(default=default, metadata={"about": About(help, **more)})


@dataclass(frozen=True)
class Recipe:
    """How a design is made; checked when it is made.

    Attributes:
        name: name of the top module; None takes it from the model file.
        device: name of the device to map to.
        levels: most LUT levels between two registers; a carry chain counts as one.
        effort: how hard to look for few LUTs; ``none`` leaves the pruned gates as they are.
        head: whether popcount and argmax are made of few LUTs, or of few levels.
        wire_levels: levels that the wires into the core count for, to have registers on them.
        wide: whether LUTs are joined by the device's multiplexers where that takes fewer of them.
        interface: what is around the pipeline.
        beat_bits: bits of a beat of a stream, or ``whole`` for as many bytes as a sample takes;
            None where there is no stream, and for 32 bits.
        clock_enable: whether there is a clock enable, port ``enable``.
        outputs: what leaves the hardware of a network that tells classes: ``class``, ``scores``,
            ``margin``, the difference of the two highest scores.
        prune_head: part of the training rows that may be lost by dropping outputs; None drops none.
        observe: training rows in which a node may differ from what replaces it; None replaces none.
        emitter: what writes the Verilog.
        dont_cares: whether what thermometer bits imply about each other is made use of.

    Raises:
        OptionError: if a value is of the wrong type, out of its range, or contradicts another one.
    """

    name: str | None = _entry(None, "Name of the top module [default: from the model file].")
    device: str = _entry("xcup", f"What to map to: {', '.join(DEVICES.names)}.")
    levels: int = _entry(
        2, "LUT levels per pipeline stage [default: {default}].",
        least=1, most=MOST_LEVELS, counts="levels per pipeline stage",
    )  # fmt: skip
    effort: str = _entry(
        DEFAULT.name, "How hard to look for few LUTs; none keeps the trained nodes.",
        choices=(*(effort.name for effort in EFFORTS), NO_EFFORT),
    )  # fmt: skip
    head: str = _entry(
        "small", "Popcount and argmax of few LUTs, or of few levels.", choices=tuple(HEADS)
    )
    wire_levels: int = _entry(
        0, "LUT levels that the wires into the core count for: registers on them raise the clock.",
        least=0, most=MOST_LEVELS, counts="levels for the wires into the core",
    )  # fmt: skip
    wide: bool = _entry(True, "Join LUTs by multiplexers where that takes fewer of them.")
    interface: str = _entry(
        Kind.PARALLEL.value, "valid alone, valid and ready, or AXI4-Stream.",
        choices=tuple(kind.value for kind in Kind),
    )  # fmt: skip
    beat_bits: int | str | None = _entry(
        None, f"Bits of a beat of the stream, or '{WHOLE_SAMPLE}' for as many bytes as a sample "
        f"takes [default: {DEFAULT_BEAT_BITS}].", placeholder="N",
    )  # fmt: skip
    clock_enable: bool = _entry(False, "Add a clock enable, port enable.")
    outputs: tuple[str, ...] = _entry(
        ("class", "scores"), f"What leaves beside the class, such as {','.join(OUTPUTS)}: all "
        "scores, the margin between the two best [default: {default}].",
    )  # fmt: skip
    prune_head: float | None = _entry(
        None, "Drop outputs for at most this part of the training rows, such as 0.001.",
        placeholder="BUDGET",
    )  # fmt: skip
    observe: int | None = _entry(
        None, "Replace nodes that are constant or equal in all but N training rows.",
        least=0, counts="samples of tolerance", placeholder="N",
    )  # fmt: skip
    emitter: str = _entry(
        Emitter.AUTO.value, "What writes the Verilog: auto is Amaranth, for large designs text.",
        choices=tuple(emitter.value for emitter in Emitter),
    )  # fmt: skip
    dont_cares: bool = _entry(True, "Make use of what thermometer bits imply about each other.")

    def __post_init__(self) -> None:
        self._tidy("outputs", list, tuple)
        self._tidy("prune_head", int, float)
        for name, about in fields_of_recipe().items():
            value = getattr(self, name)
            _check_type(name, value)
            _check_range(name, value, about)
        if self.name is not None:
            check_module_name(self.name)
        find_device(self.device)
        _check_outputs(self.outputs)
        if self.prune_head is not None and not 0 <= self.prune_head < 1:
            raise OptionError(
                f"a budget of {self.prune_head} is not 0 to less than 1: 0.001 is 0.1 points"
            )
        self.around  # noqa: B018 (checks the beats)

    def _tidy(self, name: str, given: type, wanted: type) -> None:
        """Take a value that is as good as one of the right type."""
        value = getattr(self, name)
        if type(value) is given:
            object.__setattr__(self, name, wanted(value))

    @property
    def target(self) -> Device:
        """The device."""
        return find_device(self.device)

    @property
    def search(self) -> Effort | None:
        """How hard to look for few LUTs; None keeps the pruned gates."""
        return next((effort for effort in EFFORTS if effort.name == self.effort), None)

    @property
    def objective(self) -> Objective:
        """What popcount and argmax are chosen by."""
        return HEADS[self.head]

    @property
    def around(self) -> Interface:
        """What is around the pipeline."""
        return Interface(Kind(self.interface), self._bits_of_a_beat(), self.clock_enable)

    @property
    def writer(self) -> Emitter:
        """What writes the Verilog."""
        return Emitter(self.emitter)

    @property
    def scores(self) -> bool:
        """Whether the scores leave the hardware beside the class."""
        return "scores" in self.outputs

    @property
    def margin(self) -> bool:
        """Whether the difference of the two highest scores does."""
        return "margin" in self.outputs

    @property
    def needs_data(self) -> bool:
        """Whether training rows decide about anything."""
        return self.prune_head is not None or self.observe is not None

    def _bits_of_a_beat(self) -> int | None:
        """As an interface takes them: None for a whole sample, and where there are no beats."""
        if self.beat_bits is None:
            return DEFAULT_BEAT_BITS if self.interface == Kind.STREAM.value else None
        if isinstance(self.beat_bits, int):
            return self.beat_bits
        if self.beat_bits != WHOLE_SAMPLE:
            raise OptionError(
                f"beats of {_shown(self.beat_bits)} bits: give a multiple of 8, or 'whole'"
            )
        return None if self.interface == Kind.STREAM.value else 0  # (which it refuses)

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON has them."""
        return {**asdict(self), "outputs": list(self.outputs)}

    @classmethod
    def from_json(cls, values: object) -> Recipe:
        """The recipe that :meth:`to_json` gave; nothing is taken for granted of ``values``.

        Raises:
            OptionError: if an entry is missing, unknown, of the wrong type or out of its range.
        """
        if not isinstance(values, Mapping):
            raise OptionError(f"a recipe is no {_shown(values)}: give an object with its entries")
        names = fields_of_recipe()
        for name in values:
            if name not in names:
                raise OptionError(f"a recipe has no entry {_shown(name)}: leave it out")
        for name in names:
            if name not in values:
                raise OptionError(f"the recipe says nothing of {name}: give all entries")
        return cls(**values)


@cache
def fields_of_recipe() -> dict[str, About]:
    """What is known of every field, by name, in order."""
    return {item.name: item.metadata["about"] for item in fields(Recipe)}


@cache
def types_of_recipe() -> dict[str, tuple[type, ...]]:
    """Types that a field's value can have, by name; ``tuple`` stands for one of strings."""
    hints = get_type_hints(Recipe)
    plain = {name: hints[name] for name in fields_of_recipe()}
    return {
        name: (tuple,) if name == "outputs" else get_args(hint) or (hint,)
        for name, hint in plain.items()
    }


_WORDS = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false",
    tuple: "a list of texts", type(None): "nothing",
}  # fmt: skip


def _check_type(name: str, value: object) -> None:
    allowed = types_of_recipe()[name]
    good = type(value) in allowed  # (a bool is an int, and would do for a number)
    if good and isinstance(value, tuple):
        good = all(isinstance(item, str) for item in value)
    if not good:
        wanted = " or ".join(_WORDS[kind] for kind in allowed)
        raise OptionError(f"{name} is {_shown(value)}: give {wanted}")


def _check_range(name: str, value: Any, about: About) -> None:
    if about.choices and value not in about.choices:
        raise OptionError(f"{name} is {_shown(value)}: choose one of {', '.join(about.choices)}")
    if about.least is not None and value is not None and value < about.least:
        raise OptionError(f"{_shown(value)} {about.counts}: give at least {about.least}")
    if about.most is not None and value is not None and value > about.most:
        raise OptionError(f"more than {about.most:,} {about.counts.split()[0]}: give fewer")


def _check_outputs(outputs: tuple[str, ...]) -> None:
    unknown = set(outputs) - set(OUTPUTS)
    if unknown or "class" not in outputs or len(set(outputs)) < len(outputs):
        raise OptionError(
            f"outputs {_shown(','.join(outputs))}: give class, and scores and margin if you want "
            "them, with commas"
        )


def _shown(value: object) -> str:
    """A wrong value on a line, shortened; it may be anything at all."""
    try:
        text = json.dumps(value) if isinstance(value, str) else repr(value)
    except ValueError:  # a number of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} ..."


DEFAULT_RECIPE = Recipe()
"""How a design is made unless something else is wanted."""
