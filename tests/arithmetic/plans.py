"""Head plans and samples for the tests of the arithmetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from lgn2hdl.ir import packed
from lgn2hdl.ir.circuit import Block
from lgn2hdl.ir.netlist import evaluate
from lgn2hdl.model.heads.group_sum_plan import ClassSum, GroupSumPlan, Term


@st.composite
def group_sums(draw: st.DrawFn) -> tuple[GroupSumPlan, int]:
    """A plan with weights, complements, biases of both signs and empty classes; its signals."""
    n_signals = draw(st.integers(1, 24))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    heaviest = draw(st.sampled_from([1, 1, 3, 60]))
    highest_bias = draw(st.sampled_from([0, 0, 5, 200]))
    sums = tuple(
        random_sum(rng, n_signals, heaviest, highest_bias) for _ in range(draw(st.integers(2, 4)))
    )
    return GroupSumPlan(sums), n_signals


def random_sum(
    rng: np.random.Generator, n_signals: int, heaviest: int, highest_bias: int
) -> ClassSum:
    signals = rng.permutation(n_signals)[: rng.integers(0, n_signals + 1)]
    complements = rng.random(len(signals)) < rng.choice([0.0, 0.3])
    terms = tuple(
        Term(int(signal), int(rng.integers(1, heaviest + 1)), bool(flag))
        for signal, flag in zip(signals, complements, strict=True)
    )
    return ClassSum(terms, int(rng.integers(-highest_bias, highest_bias + 1)))


def unit_plan(n_classes: int, n_terms: int) -> GroupSumPlan:
    """Every class counts so many signals of its own."""
    return GroupSumPlan(
        tuple(
            ClassSum(tuple(Term(index * n_terms + i, 1, False) for i in range(n_terms)), 0)
            for index in range(n_classes)
        )
    )


def scores_of(plan: GroupSumPlan, signals: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Scores by definition, ``i64[C, N]``, of signals ``bool[S, N]``."""
    scores = np.zeros((plan.n_classes, signals.shape[1]), np.int64)
    for index, item in enumerate(plan.sums):
        scores[index] += item.bias
        for term in item.terms:
            scores[index] += term.weight * (signals[term.signal] ^ term.complement)
    return scores


def score_bits(plan: GroupSumPlan, scores: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Scores ``i64[C, N]`` as bits, class by class, ``bool[C * width, N]``."""
    places = np.arange(plan.score_width)[None, :, None]
    return ((scores[:, None, :] >> places) & 1 == 1).reshape(-1, scores.shape[1])


def run(block: Block, inputs: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Outputs of a block, ``bool[O, N]``."""
    return packed.unpack(evaluate(block.netlist, packed.pack(inputs)), inputs.shape[1])


def numbers(bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Bits ``bool[W, N]``, least significant first, as unsigned numbers ``i64[N]``."""
    return (bits.astype(np.int64) << np.arange(len(bits))[:, None]).sum(axis=0)
