"""The Pareto front, against its definition."""

from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.sweep.front import FinishedTrial, most_accurate, pareto_front

CONFIG = TrainConfig.of(layers=(20, 10))


@st.composite
def finished_trials(draw):
    # Few values, so that many trials are equal in one figure or in both.
    figures = draw(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=25))
    numbers = draw(st.permutations(range(len(figures))))
    return [
        FinishedTrial(number, CONFIG, accuracy / 8, luts)
        for number, (accuracy, luts) in zip(numbers, figures, strict=True)
    ]


def beats(one, other):
    if (one.accuracy, one.luts) == (other.accuracy, other.luts):
        return one.number < other.number
    return one.accuracy >= other.accuracy and one.luts <= other.luts


@given(finished_trials())
def test_the_front_is_what_nothing_beats(trials):
    front = pareto_front(trials)
    expected = {t.number for t in trials if not any(beats(other, t) for other in trials)}
    assert [trial.number for trial in front if trial.number in expected] == [
        trial.number for trial in front
    ]
    assert len(front) == len(expected)
    assert list(front) == sorted(front, key=lambda trial: (trial.luts, trial.accuracy))


@given(finished_trials(), st.none() | st.integers(0, 7))
def test_the_most_accurate_within_a_budget(trials, target):
    chosen = most_accurate(pareto_front(trials), target)
    within = [trial for trial in trials if target is None or trial.luts <= target]
    if not within:
        assert chosen is None
        return
    highest = max(trial.accuracy for trial in within)
    smallest = min(trial.luts for trial in within if trial.accuracy == highest)
    assert (chosen.accuracy, chosen.luts) == (highest, smallest)
    assert chosen in within
