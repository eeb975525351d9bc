"""Reports of a proof: one verdict of all parts, counterexamples in words and as JSON."""

import pytest

from lgn2hdl.verify.proofs.interface_trace import Trace
from lgn2hdl.verify.proofs.report import SHOWN, Counterexample, Part, Report, Verdict, proved

PROVED, OPEN, WRONG = Verdict.PROVED, Verdict.NOT_PROVED, Verdict.DIFFERENT
NOTHING = Verdict.NOTHING


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ([PROVED], PROVED), ([PROVED, PROVED], PROVED), ([PROVED, OPEN], OPEN),
        ([OPEN, PROVED], OPEN), ([PROVED, WRONG], WRONG), ([OPEN, WRONG], WRONG),
        ([WRONG, OPEN, PROVED], WRONG), ([NOTHING, PROVED], PROVED), ([NOTHING, OPEN], OPEN),
        ([NOTHING, WRONG], WRONG), ([NOTHING], NOTHING), ([], NOTHING),
    ],
)  # fmt: skip
def test_the_verdict_of_all_parts(verdicts, whole):
    parts = tuple(Part(f"part {place}", verdict, "") for place, verdict in enumerate(verdicts))
    assert Report(parts, None, 1.0).verdict is whole


def test_what_compared_nothing_is_not_proved():
    assert proved(1, "one") == (PROVED, "one")
    assert proved(0, "none") == (NOTHING, "none")
    assert NOTHING.value == "nothing to prove"


def test_a_part_is_joined():
    trace = Trace("x", (), (), ())
    first = Report((Part("a", PROVED, "", 1.0),), None, 2.0)
    second = first.joined(Part("b", WRONG, "why", 0.5), trace)
    assert [part.name for part in second.parts] == ["a", "b"]
    assert (second.seconds, second.trace, second.verdict) == (2.5, trace, WRONG)
    assert second.joined(Part("c", PROVED, "")).trace is trace
    assert len(first.parts) == 1


def example(n: int) -> Counterexample:
    names = [f"score {place}" for place in range(n)]
    expected = dict.fromkeys(names, 1) | {"class": 4}
    return Counterexample("core", (1, 2), expected, dict.fromkeys(names, 7), ((3,), (4,)), 2, "1")


def test_counterexamples_in_words():
    assert SHOWN == 3
    assert example(1).what == "score 0 is 7, not 1"
    assert example(3).what.count(",") == 3 + 2
    assert example(5).what == example(3).what


def test_json():
    report = Report((Part("a", PROVED, "how", 0.12345),), example(1), 1.98765)
    assert report.to_json() == {
        "verdict": "proved",
        "seconds": 1.988,
        "parts": [{"part": "a", "verdict": "proved", "detail": "how", "seconds": 0.123}],
        "counterexample": {
            "part": "core", "features": [1, 2], "expected": {"score 0": 1, "class": 4},
            "actual": {"score 0": 7}, "stream": [[3], [4]], "reset": 2, "power_up": "1",
        },
        "trace": None,
    }  # fmt: skip
    bare = Report((), None, 0.0, Trace("x", (), (), ()))
    assert bare.to_json()["counterexample"] is None
    assert bare.to_json()["trace"]["violated"] == "x"
