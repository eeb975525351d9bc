"""Faults, to check that the proof finds them: Verilog text or a network with one thing changed.

Each function lists every place where its kind of fault can be made, so that a caller can choose at
random without making one twice. Whether a fault changes any result is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from lgn2hdl.base.errors import OptionError
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.network import LogicNet, Thermometer

_TABLE = re.compile(r"localparam \[\d+:0\] (\w+)_table = \d+'h([0-9a-f]+);")
_SMALL_GATE = re.compile(r"wire (\w+) = ([\w ~&|^()]+);")
_NAME = re.compile(r"[A-Za-z_]\w*")
_LOOK_UP = re.compile(r"(\w+)_table\[\{([^}]*)\}\]")
_CHAIN = re.compile(r"wire \[\d+:0\] (chain_\w+) = \{([^}]*)\} (?:- ~|\+ )\{([^}]*)\};")
_CLOCKED = re.compile(r"always @\(posedge clk\) (?:if \(enable\) )?begin\n(.*?)\n    end", re.S)
_REGISTER = re.compile(r"(\w+) <= (\w+);")
_VALID_OUT = re.compile(r"assign valid_out = valid\[(\d+)\];")


@dataclass(frozen=True)
class Edit:
    """One change of a text.

    Attributes:
        what: name of what is changed, and how, for people.
        pieces: start, end and new text of everything that is replaced, ascending.
    """

    what: str
    pieces: tuple[tuple[int, int, str], ...]

    def applied(self, text: str) -> str:
        """The text with the change."""
        parts, done = [], 0
        for start, end, new in self.pieces:
            parts += [text[done:start], new]
            done = end
        return "".join([*parts, text[done:]])


def flipped_table_bits(text: str) -> Iterator[Edit]:
    """Every row of every gate's truth table, with the other value."""
    for match in _TABLE.finditer(text):
        digits = match[2]
        for row in range(4 * len(digits)):
            new = f"{int(digits, 16) ^ 1 << row:0{len(digits)}x}"
            yield Edit(f"{match[1]}, row {row}", ((*match.span(2), new),))
    for match in _SMALL_GATE.finditer(text):
        pins = list(dict.fromkeys(_NAME.findall(match[2])))
        if len(pins) > 2:
            continue
        for row in range(1 << len(pins)):
            product = " & ".join(
                pin if row >> place & 1 else f"~{pin}" for place, pin in enumerate(pins)
            )
            new = f"({match[2]}) ^ ({product})"
            yield Edit(f"{match[1]}, row {row}", ((*match.span(2), new),))


def swapped_fan_ins(text: str) -> Iterator[Edit]:
    """Every two different pins of a gate, or bits of a carry chain's operand, exchanged."""
    for match in _LOOK_UP.finditer(text):
        yield from _swapped_entries(match[1], match[2], match.start(2))
    for match in _CHAIN.finditer(text):
        for group in (2, 3):
            yield from _swapped_entries(match[1], match[group], match.start(group))
    for match in _SMALL_GATE.finditer(text):
        pins = list(_NAME.finditer(match[2]))
        if len(pins) == 2 and pins[0][0] != pins[1][0]:
            start = match.start(2)
            pieces = [
                (start + pin.start(), start + pin.end(), other[0])
                for pin, other in zip(pins, reversed(pins), strict=True)
            ]
            yield Edit(f"{match[1]}, both pins", tuple(pieces))


def _swapped_entries(name: str, entries: str, start: int) -> Iterator[Edit]:
    found = list(re.finditer(r"[^\s,]+", entries))
    for one, other in combinations(found, 2):
        if one[0] != other[0]:
            pieces = (
                (start + one.start(), start + one.end(), other[0]),
                (start + other.start(), start + other.end(), one[0]),
            )
            yield Edit(f"{name}, {one[0]} and {other[0]}", pieces)


def dropped_registers(text: str) -> Iterator[Edit]:
    """Every register of a value, bypassed by a wire; and ``valid_out`` a cycle early."""
    for block in _CLOCKED.finditer(text):
        for match in _REGISTER.finditer(text, block.start(1), block.end(1)):
            name, source = match.groups()
            listed = re.compile(rf"\breg\b[^;]*?\b({name})\b").search(text)
            if listed is None:
                raise OptionError(f"register {name} is not declared")
            yield Edit(
                name,
                (
                    (*listed.span(1), f"{name}_dropped"),
                    (*match.span(1), f"{name}_dropped"),
                    (block.end(), block.end(), f"\n    wire {name} = {source};"),
                ),
            )
    for match in _VALID_OUT.finditer(text):
        if int(match[1]):
            new = f"assign valid_out = valid[{int(match[1]) - 1}];"
            yield Edit("valid_out", ((*match.span(), new),))


TextFault = Callable[[str], Iterator[Edit]]


def edits_of(files: Mapping[str, str], fault: TextFault) -> list[tuple[str, Edit]]:
    """File and change of every place where a kind of fault can be made."""
    return [(name, edit) for name, text in files.items() for edit in fault(text)]


def with_edit(files: Mapping[str, str], name: str, edit: Edit) -> dict[str, str]:
    """The files with one change in one of them; their order stays."""
    return {**files, name: edit.applied(files[name])}


def changed_thresholds(network: LogicNet) -> Iterator[tuple[str, LogicNet]]:
    """The network with one threshold one higher or lower, for every threshold that can be so."""
    encoder, highest = network.encoder, network.features.highest
    for place in range(encoder.n_bits):
        feature, threshold = int(encoder.feature[place]), int(encoder.threshold[place])
        for new in (threshold - 1, threshold + 1):
            if 0 <= new <= int(highest[feature]):
                thresholds = encoder.threshold.copy()
                thresholds[place] = new
                changed = replace(network, encoder=Thermometer(encoder.feature, thresholds))
                yield f"x{feature} >= {new}, not {threshold}", changed


def swapped_classes(network: LogicNet) -> Iterator[tuple[str, LogicNet]]:
    """The network with two classes exchanged, for all pairs.

    Raises:
        OptionError: if its outputs are bits.
    """
    head = network.head
    if not isinstance(head, GroupSum):
        raise OptionError("the outputs of this model are bits, which have no classes")
    for one, other in combinations(range(head.n_classes), 2):
        order = np.arange(head.n_classes)
        order[[one, other]] = other, one
        class_of = order[head.class_of].astype(head.class_of.dtype)
        changed = GroupSum(class_of, head.weight, head.bias[order], head.tau)
        yield f"classes {one} and {other}", replace(network, head=changed)
