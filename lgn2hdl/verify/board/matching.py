"""Which register of a board's module holds which bit of the machine that says what it does.

Registers that may be equal are of one class. States in which the bits of a class are equal, and
random otherwise, are simulated for one clock cycle; what differs afterwards was not equal (C. A. J.
van Eijk, "Sequential Equivalence Checking Based on Structural Similarities", IEEE TCAD 19, 2000).
What is left is a guess, which the proof has to prove or to refine.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import packed
from lgn2hdl.verify.board.product import BoardProduct
from lgn2hdl.verify.board.step import ALL, BoardStep, Words
from lgn2hdl.verify.board.wanted import initial, memory
from lgn2hdl.verify.sat.deadline import Deadline

Classes = npt.NDArray[np.int64]

WORDS = 48
"""Times 64 states that are simulated side by side: a byte is one of 256."""

FEWER_WORDS, MANY_BITS = 16, 2048
"""So many where so many bits are kept: samples are long then."""

RANDOM_BITS = 8
CHANCES = (np.array([0.5, 0.5, 0.5, 0.5, 0.8, 0.9, 0.97, 0.1]) * (1 << RANDOM_BITS)).astype(
    np.uint8
)
"""How often a bit is 1 in a word, for one word after the other: counters carry where many are."""

QUIET_ROUNDS = 24
"""Rounds without a change after which the rest is left to the proof."""

MOST_ROUNDS = 4096


class Matching:
    """Registers of the module, and bits of the machine, in classes.

    They have the numbering of :class:`~lgn2hdl.verify.board.step.BoardStep`.

    Attributes:
        step: one clock cycle, with this numbering.
        partner: for each, the one that stands for its class: a bit of the machine, where there is
            one in it, ``i64[n]``.
        inverted: whether it is that one's complement, ``bool[n]``.
    """

    def __init__(self, product: BoardProduct, deadline: Deadline) -> None:
        self._product = product
        want = product.want
        self._widths = memory(want)
        self.step = BoardStep(product)
        values = initial(want)
        known = [
            values[name] >> place & 1 if name in values else -1
            for name, width in self._widths.items()
            for place in range(width)
        ]
        start = np.concatenate([product.machine.initial.astype(np.int64), known])
        self._inverted = start == 1
        self._is_open = start < 0
        self._class: Classes = np.unique(self._is_open + 2 * self._seen(), return_inverse=True)[1]
        self._rng = np.random.default_rng(1)
        self._simulate(deadline)

    def _seen(self) -> Classes:
        """What is one and the same number for a register that drives a pin, and that pin's bit."""
        machine, seen = self._product.machine, np.zeros(len(self._is_open), np.int64)
        place = {net: index for index, net in enumerate(machine.registers.tolist())}
        for name, nets in self._product.registered_pins().items():
            first = self.step.n_module + self.first_of(name)
            for bit, net in enumerate(nets.tolist()):
                if net in place:
                    seen[[place[net], first + bit]] = first + bit
        return seen

    def first_of(self, name: str) -> int:
        """Number of the lowest bit of something, among the machine's."""
        names = list(self._widths)
        return sum(self._widths[before] for before in names[: names.index(name)])

    def _simulate(self, deadline: Deadline) -> None:
        quiet = 0
        for _ in range(MOST_ROUNDS):
            number = int(self._class.max()) + 1
            bits = self._random(number)[self._class]
            quiet = 0 if self.refine(bits ^ self._masks(bits.shape[1])) else quiet + 1
            if quiet == QUIET_ROUNDS or deadline.passed:
                return

    def _random(self, width: int) -> Words:
        words = WORDS if len(self._class) < MANY_BITS else FEWER_WORDS
        drawn = self._rng.integers(0, 1 << RANDOM_BITS, (width, words, 64), dtype=np.uint8)
        chances = np.resize(CHANCES, words)[:, None]
        return packed.pack((drawn < chances).reshape(width, words * 64))

    def _masks(self, words: int) -> Words:
        ones = np.where(self._inverted, ALL, np.uint64(0))
        return np.broadcast_to(ones[:, None], (len(ones), words))

    def refine(self, bits: Words, given: Mapping[str, Words] | None = None) -> bool:
        """Split the classes whose bits differ one clock cycle after some states.

        Args:
            bits: states, ``u64[n, words]``; equal within a class but for what is inverted.
            given: what else a clock cycle is given; None for anything.

        Returns:
            Whether a class was split.
        """
        words = bits.shape[1]
        others = given or {
            name: self._random(width) for name, width in self.step.inputs.items() if name != "bits"
        }
        then = self.step.run({**others, "bits": bits})["bits"] ^ self._masks(words)
        rows = np.concatenate([self._class[:, None].astype(np.uint64), then], 1)
        before = int(self._class.max()) + 1
        whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * 8)))[:, 0]
        self._class = np.unique(whole, return_inverse=True)[1].ravel()
        return int(self._class.max()) + 1 > before

    @property
    def partner(self) -> Classes:
        """See the class."""
        # The machine's bits come first: they say what a class is.
        number = np.arange(len(self._class))
        order = np.concatenate([number[self.step.n_module :], number[: self.step.n_module]])
        first = np.full(int(self._class.max()) + 1, -1, np.int64)
        first[self._class[order[::-1]]] = order[::-1]
        partner = first[self._class]
        # Registers that may be anything at first are equal to nothing but bits of the machine.
        alone = self._is_open & (partner < self.step.n_module)
        return np.where(alone, number, partner)

    @property
    def inverted(self) -> npt.NDArray[np.bool_]:
        """See the class."""
        return self._inverted ^ self._inverted[self.partner]


def one_state(bits: npt.NDArray[np.bool_]) -> Words:
    """A single state as packed bits, 64 times."""
    return packed.pack(np.repeat(bits[:, None], 64, axis=1))
