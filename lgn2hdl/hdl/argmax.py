"""Argmax: a tournament of comparators; among equal scores the lowest class index wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lgn2hdl.hdl.domain import data_path_module
from lgn2hdl.head import GroupSumPlan


@dataclass(frozen=True)
class _Player:
    """A surviving score and the low bits of its class index (the high bits are its place)."""

    score: Value
    index: Value


class Argmax(wiring.Component):
    """The winning class. Latency: ``ceil(ceil(log2(classes)) / levels_per_stage)`` cycles.

    Model: :func:`lgn2hdl.model.decide`.

    Ports:
        scores_in: packed scores, class 0 in the least significant bits.
        class_index: the winner.
        scores: ``scores_in`` of the same sample, delayed to come out with the winner.
    """

    def __init__(self, plan: GroupSumPlan) -> None:
        self._plan = plan
        width = plan.n_classes * plan.score_width
        super().__init__(
            {
                "clk": In(1),
                "scores_in": In(width),
                "class_index": Out(plan.class_width),
                "scores": Out(width),
            },
        )

    def elaborate(self, _platform: Any) -> Module:
        """Rounds of neighbours against each other, a register after every so many rounds."""
        m = data_path_module(self.clk)
        plan = self._plan
        players = [_Player(score, Const(0, 0)) for score in self._scores()]
        delayed: Value = self.scores_in
        n_rounds = (plan.n_classes - 1).bit_length()
        for done in range(1, n_rounds + 1):
            players = [
                _match(m, players[i : i + 2], f"round{done}_{i // 2}")
                for i in range(0, len(players), 2)
            ]
            if done == n_rounds or done % plan.levels_per_stage == 0:
                last = done == n_rounds
                players = [
                    _register(m, player, f"round{done}_{place}", keep_score=not last)
                    for place, player in enumerate(players)
                ]
                waiting = Signal(len(delayed), name=f"scores_after_round{done}", reset_less=True)
                m.d.sync += waiting.eq(delayed)
                delayed = waiting
        m.d.comb += [self.class_index.eq(players[0].index), self.scores.eq(delayed)]
        return m

    def _scores(self) -> list[Value]:
        width = self._plan.score_width
        parts = [
            self.scores_in[index * width : (index + 1) * width]
            for index in range(self._plan.n_classes)
        ]
        return [part.as_signed() if self._plan.score_signed else part for part in parts]


def _match(m: Module, pair: list[_Player], name: str) -> _Player:
    """The better of two neighbours; the left one (lower class) on a tie or without opponent."""
    if len(pair) == 1:
        return pair[0]
    left, right = pair
    right_wins = Signal(name=f"{name}_right_wins")
    score = Signal(left.score.shape(), name=f"{name}_score")
    index = Signal(len(left.index) + 1, name=f"{name}_index")
    m.d.comb += [
        right_wins.eq(right.score > left.score),
        score.eq(Mux(right_wins, right.score, left.score)),
    ]
    if len(left.index):  # the left half is the larger one: its index has as many bits or more
        low_bits = Mux(right_wins, right.index, left.index)
        m.d.comb += index.eq(Cat(low_bits, right_wins))
    else:
        m.d.comb += index.eq(right_wins)
    return _Player(score, index)


def _register(m: Module, player: _Player, name: str, *, keep_score: bool) -> _Player:
    index = player.index
    if len(index):  # a player without opponent yet has no index bits, and Verilog no width 0
        index = Signal(len(player.index), name=f"{name}_index_register", reset_less=True)
        m.d.sync += index.eq(player.index)
    if not keep_score:
        return _Player(player.score, index)
    shape = Shape.cast(player.score.shape())
    score = Signal(shape, name=f"{name}_score_register", reset_less=True)
    m.d.sync += score.eq(player.score)
    return _Player(score, index)
