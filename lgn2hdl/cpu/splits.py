"""Ways to split functions of five or six variables into functions of fewer variables.

Each way is a class with two methods. ``costs`` says how many nodes it takes for many functions, a
row for each variant of the way; ``build`` carries one variant out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lgn2hdl.cpu.columns import IMPOSSIBLE, columns, turn_upper
from lgn2hdl.cpu.four_inputs import MUX, Bytes, G, H, S, can_take_out, four_inputs, take_out
from lgn2hdl.cpu.functions import Functions
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Ids

Bools = npt.NDArray[np.bool_]

BLOCK = 1 << 16
"""Functions that are tried at a time: it bounds the memory of the trials."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Costs of some variants of a way for some functions.

    Attributes:
        rows: positions of the functions, ``[m]``.
        fixed: nodes that each variant takes besides its parts, ``u8[variants, m]``;
            :data:`~lgn2hdl.cpu.columns.IMPOSSIBLE` where it cannot be done.
        parts: functions of a variable less that variants are made of, ``[parts, m]``.
        uses: positions in ``parts`` of the parts of each variant.
    """

    rows: npt.NDArray[np.intp]
    fixed: Bytes
    parts: logic.Tables
    uses: tuple[tuple[int, ...], ...]


class Split(Protocol):
    """A way to split functions."""

    def trials(self, table: logic.Tables) -> list[Trial]:
        """Costs of all variants in order; a function that a trial leaves out cannot be done."""

    def build(self, functions: Functions, variant: int, ids: Ids) -> list[Functions]:
        """The parts, new ones as the nodes ``ids``, ``i32[MAX_NEW, n]``; not all need be used."""


@cache
def splits(n_pins: int) -> tuple[Split, ...]:
    """All ways to split functions of five or six variables."""
    pins = range(n_pins)
    ways: list[Split] = [Expansion(n_pins, pin) for pin in pins]
    for taken in permutations(pins, 2):
        ways.append(TakeOut(_with_last(pins, taken)))
    if n_pins == 5:
        for bound in combinations(pins, 3):
            ways.append(Encoded(_with_last(pins, bound)))
            for shared in bound:
                others = [pin for pin in bound if pin != shared]
                ways.append(Shared(_with_last(pins, (*others, shared))))
        ways += [Classes(pin) for pin in pins]
    return tuple(ways)


def _with_last(pins: range, last: tuple[int, ...]) -> tuple[int, ...]:
    return (*(pin for pin in pins if pin not in last), *last)


def best_splits(table: logic.Tables, n_pins: int) -> tuple[Bytes, npt.NDArray[np.int16]]:
    """Nodes of the best way for each function, ``u8[n]``, and its number, ``i16[n]``.

    The numbers count the variants of all ways of :func:`splits`.
    """
    lowest = np.full(len(table), 255, np.uint8)
    best = np.zeros(len(table), np.int16)
    for start in range(0, len(table), BLOCK):
        block = slice(start, start + BLOCK)
        _best_of_block(table[block], n_pins, lowest[block], best[block])
    return lowest, best


def _best_of_block(
    table: logic.Tables, n_pins: int, lowest: Bytes, best: npt.NDArray[np.int16]
) -> None:
    """:func:`best_splits` of some functions, in place."""
    trials = [trial for way in splits(n_pins) for trial in way.trials(table)]
    parts = np.concatenate([trial.parts.ravel() for trial in trials])
    nodes = least_nodes(parts, n_pins - 1)
    number, start = 0, 0
    for trial in trials:
        cost = nodes[start : start + trial.parts.size].reshape(trial.parts.shape)
        start += trial.parts.size
        for fixed, used in zip(trial.fixed, trial.uses, strict=True):
            total = sum((cost[part] for part in used), fixed)
            better = total < lowest[trial.rows]
            lowest[trial.rows[better]] = total[better]
            best[trial.rows[better]] = number
            number += 1


def variants(n_pins: int) -> list[tuple[Split, int]]:
    """The way, and the number of the variant among its own, of each number."""
    none = np.empty(0, logic.table_dtype(n_pins))
    counts = [sum(len(trial.uses) for trial in way.trials(none)) for way in splits(n_pins)]
    return [
        (way, variant)
        for way, count in zip(splits(n_pins), counts, strict=True)
        for variant in range(count)
    ]


def least_nodes(table: logic.Tables, n_pins: int) -> Bytes:
    """Nodes that functions of four to six variables become."""
    return four_inputs().cost[table] if n_pins == 4 else best_splits(table, n_pins)[0]


def reordered(table: logic.Tables, order: tuple[int, ...]) -> logic.Tables:
    """All functions with their variables in the same other order."""
    now = list(range(len(order)))
    for place, pin in enumerate(order):
        other = now.index(pin)
        if other != place:
            table = logic.swap_pins(table, len(order), place, other)
            now[place], now[other] = now[other], now[place]
    return table


def cofactors(table: logic.Tables, n_pins: int, pin: int) -> tuple[logic.Tables, logic.Tables]:
    """The functions with ``pin`` 0 and 1; the last variable takes the place of the pin."""
    last = n_pins - 1
    moved = table if pin == last else logic.swap_pins(table, n_pins, pin, last)
    half = logic.table_dtype(last)
    return moved.astype(half), (moved >> moved.dtype.type(logic.rows(last))).astype(half)


def without(pins: Ids, pin: int) -> Ids:
    """The pins that the functions of :func:`cofactors` read."""
    rest = pins.copy()
    rest[:, pin] = rest[:, -1]
    return rest[:, :-1]


@dataclass(frozen=True)
class Expansion:
    """Shannon and Davio: ``f = s ? f1 : f0 = f0 ^ (s & x) = f1 ^ (~s & x)``, ``x = f0 ^ f1``."""

    n_pins: int
    pin: int

    READ = ((0, 2, G ^ (S & H)), (1, 2, G ^ (~S & H)), (0, 1, MUX))
    """Variants: which two of f0, f1, x the top node reads, and its table for pins (s, g, h).

    The first one wins if ``x`` is constant, and the top node needs one of the two only.
    """

    def parts(self, table: logic.Tables) -> tuple[logic.Tables, ...]:
        """f0, f1 and x."""
        low, high = cofactors(table, self.n_pins, self.pin)
        return low, high, low ^ high

    def trials(self, table: logic.Tables) -> list[Trial]:
        """One node and two parts; nothing for the node if ``f`` does not depend on ``s``."""
        parts = np.stack(self.parts(table))
        top = np.tile((parts[2] != 0).astype(np.uint8), (len(self.READ), 1))
        uses = tuple((first, second) for first, second, _ in self.READ)
        return [Trial(np.arange(len(table)), top, parts, uses)]

    def build(self, functions: Functions, variant: int, ids: Ids) -> list[Functions]:
        """The top node and its two parts."""
        first, second, top = self.READ[variant]
        parts = self.parts(functions.table)
        rest = without(functions.pins, self.pin)
        above = np.stack([functions.pins[:, self.pin], *ids], axis=1)
        return [
            functions.rest(above, np.full(len(above), top, np.uint8)),
            functions.part(ids[0], rest, parts[first]),
            functions.part(ids[1], rest, parts[second]),
        ]


@dataclass(frozen=True)
class TakeOut:
    """``f(.., c, d) = top(d, g(.., c), c)``, see :func:`~lgn2hdl.cpu.four_inputs.take_out`.

    The second variant has the complement of ``g`` where ``c`` is 1.
    """

    order: tuple[int, ...]

    def trials(self, table: logic.Tables) -> list[Trial]:
        """One node and ``g``."""
        n_pins = len(self.order)
        moved = reordered(table, self.order)
        rows = can_take_out(moved, n_pins)
        parts = np.stack([take_out(moved[rows], n_pins, turn=turn)[0] for turn in (False, True)])
        return [Trial(rows, np.ones(parts.shape, np.uint8), parts, ((0,), (1,)))]

    def build(self, functions: Functions, variant: int, ids: Ids) -> list[Functions]:
        """The top node and ``g``."""
        moved = functions.permuted(self.order)
        inner, top = take_out(moved.table, moved.n_pins, turn=bool(variant))
        above = np.stack([moved.pins[:, -1], ids[0], moved.pins[:, -2]], axis=1)
        return [moved.rest(above, top), moved.part(ids[0], moved.pins[:, :-1], inner)]


@dataclass(frozen=True)
class Encoded:
    """``f(d, e, a, b, c) = R(d, e, g1(a, b, c), g2(a, b, c))`` with up to four columns."""

    order: tuple[int, ...]

    def present(self, moved: logic.Tables) -> npt.NDArray[np.uint16]:
        """The sets of columns of functions in order."""
        low, high = _halves(moved)
        return columns().present[low] | columns().present[high]

    def trials(self, table: logic.Tables) -> list[Trial]:
        """``R``, ``g1`` and ``g2``."""
        return [_known(columns().cost[self.present(reordered(table, self.order))])]

    def build(self, functions: Functions, variant: int, ids: Ids) -> list[Functions]:
        """``R`` of four variables and two nodes below; ``g2`` is 0 where ``g1`` is enough."""
        moved = functions.permuted(self.order)
        table = columns().remainder[self.present(moved.table)]
        rows = table[:, None] >> np.arange(0, 16, 4, dtype=np.uint16) & 15
        column = moved.table[:, None] >> np.arange(0, 32, 4, dtype=np.uint32) & 15
        code = (column[:, :, None] == rows[:, None, :]).argmax(axis=2)
        above = np.concatenate([moved.pins[:, :2], ids.T], axis=1)
        return [
            moved.rest(above, table),
            moved.part(ids[0], moved.pins[:, 2:], logic.table_from_bits(code & 1)),
            moved.part(ids[1], moved.pins[:, 2:], logic.table_from_bits(code >> 1)),
        ]


@dataclass(frozen=True)
class Shared:
    """``f(d, e, a, b, c) = R(d, e, g(a, b, c), c)`` with two columns for each value of ``c``."""

    order: tuple[int, ...]

    def remainder(self, moved: logic.Tables) -> tuple[Bools, npt.NDArray[np.uint16]]:
        """Where it can be done, and the tables of ``R``, of functions in order."""
        low, high = _halves(moved)
        upper = columns().pair[high].astype(np.uint16) << np.uint16(8)
        return columns().is_pair[low] & columns().is_pair[high], columns().pair[low] | upper

    def trials(self, table: logic.Tables) -> list[Trial]:
        """``R`` and ``g``."""
        good, remainder = self.remainder(reordered(table, self.order))
        return [_known(np.where(good, columns().shared_cost[remainder], np.uint8(IMPOSSIBLE)))]

    def build(self, functions: Functions, variant: int, ids: Ids) -> list[Functions]:
        """``R`` of four variables and a node below."""
        moved = functions.permuted(self.order)
        _, table = self.remainder(moved.table)
        table = np.where(columns().turned[table], turn_upper(table), table)
        rows = table[:, None] >> np.arange(0, 16, 4, dtype=np.uint16) & 15
        column = moved.table[:, None] >> np.arange(0, 32, 4, dtype=np.uint32) & 15
        code = column != np.repeat(rows[:, 0::2], 4, axis=1)
        above = np.stack([*moved.pins[:, :2].T, ids[0], moved.pins[:, 4]], axis=1)
        return [
            moved.rest(above, table),
            moved.part(ids[0], moved.pins[:, 2:], logic.table_from_bits(code)),
        ]


@dataclass(frozen=True)
class Classes:
    """``f = top(s, g, h)`` where one pair of values of ``f0`` and ``f1`` never occurs.

    There are three classes of rows then, by the values of ``f0`` and ``f1``. ``g`` tells one class
    from the others and ``h`` tells those two apart. On the rows of the first class, ``h`` may be
    anything; it is tried to make it independent of one more variable.
    """

    pin: int

    VARIANTS = tuple(
        (missing, first, free)
        for missing in range(4)
        for first in range(4)
        if first != missing
        for free in range(4)
    )
    """The pair that does not occur, the class of ``g``, the variable that ``h`` is to ignore."""

    def trials(self, table: logic.Tables) -> list[Trial]:
        """One node, ``g`` and ``h``."""
        low, high = cofactors(table, 5, self.pin)
        trials = []
        for missing in range(4):
            rows = np.flatnonzero(_class(low, high, missing) == 0)
            made = [
                self._parts(low[rows], high[rows], *variant)
                for variant in self.VARIANTS
                if variant[0] == missing
            ]
            fixed = [np.where(good, np.uint8(1), np.uint8(IMPOSSIBLE)) for good, _, _ in made]
            parts = [part for _, inner, second in made for part in (inner, second)]
            uses = tuple((number, number + 1) for number in range(0, len(parts), 2))
            trials.append(Trial(rows, np.stack(fixed), np.stack(parts), uses))
        return trials

    def _parts(
        self, low: logic.Tables, high: logic.Tables, missing: int, first: int, free: int
    ) -> tuple[Bools, logic.Tables, logic.Tables]:
        """Where ``h`` can be made; ``g`` and ``h``."""
        ones, zeros = (_class(low, high, which) for which in _others(missing, first))
        second = logic.cofactor(ones, 4, free, 0) | logic.cofactor(ones, 4, free, 1)
        return (second & zeros) == 0, _class(low, high, first), second

    def build(self, functions: Functions, variant: int, ids: Ids) -> list[Functions]:
        """The top node and two functions of four variables."""
        missing, first, free = self.VARIANTS[variant]
        low, high = cofactors(functions.table, 5, self.pin)
        _, inner, second = self._parts(low, high, missing, first, free)
        ones, zeros = _others(missing, first)
        chosen = (zeros, first, ones, first)  # class for each value of g and, above it, h
        top = sum((chosen[row >> 1] >> (row & 1) & 1) << row for row in range(8))
        rest = without(functions.pins, self.pin)
        above = np.stack([functions.pins[:, self.pin], *ids], axis=1)
        return [
            functions.rest(above, np.full(len(above), top, np.uint8)),
            functions.part(ids[0], rest, inner),
            functions.part(ids[1], rest, second),
        ]


def _halves(table: logic.Tables) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """The lower and the upper 16 bits of tables of five variables."""
    return table.astype(np.uint16), (table >> np.uint32(16)).astype(np.uint16)


def _known(cost: Bytes) -> Trial:
    """The trial of a way of one variant whose costs for all functions are known."""
    return Trial(np.arange(len(cost)), cost[None], np.empty((0, len(cost)), np.uint16), ((),))


def _others(missing: int, first: int) -> list[int]:
    return [which for which in range(4) if which not in (missing, first)]


def _class(low: logic.Tables, high: logic.Tables, which: int) -> logic.Tables:
    """Rows where ``f0`` has the value of the lower bit of ``which``, ``f1`` that of the upper."""
    return (low if which & 1 else ~low) & (high if which & 2 else ~high)
