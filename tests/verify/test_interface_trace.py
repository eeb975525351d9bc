"""Traces in words: which signals are high, which numbers are there, and how much is shown."""

from lgn2hdl.verify.proofs.interface_trace import SHOWN_CYCLES, SHOWN_DIGITS, Trace


def trace(count: int, **ports: int) -> Trace:
    return Trace("a result is lost", ("held[0]",), (ports,) * count, ({"x": 10},) * count)


def test_signals_that_are_high_and_numbers():
    (_, line) = trace(1, valid=1, ready=0, data=255).lines()
    assert line == "  0: valid, data=ff; at the pipeline x=a"
    assert trace(1, valid=0).lines()[1] == "  0: nothing; at the pipeline x=a"
    assert trace(1).lines()[0] == "clock cycles in which this is not so: a result is lost"


def test_long_numbers_are_cut_from_above():
    whole = int("123456789abcdef0", 16)
    assert SHOWN_DIGITS == 16
    assert "d=123456789abcdef0;" in trace(1, d=whole).lines()[1]
    assert "d=...23456789abcdef05;" in trace(1, d=16 * whole + 5).lines()[1]


def test_the_last_cycles_are_shown():
    for count in (1, SHOWN_CYCLES - 1, SHOWN_CYCLES, SHOWN_CYCLES + 1, SHOWN_CYCLES + 5):
        lines = trace(count, valid=1).lines()[1:]
        numbers = [int(line.split(":")[0]) for line in lines]
        assert numbers == list(range(count))[-SHOWN_CYCLES:]


def test_json_has_all():
    found = trace(20, valid=1, data=300).to_json()
    assert found["violated"] == "a result is lost"
    assert found["power_up"] == ["held[0]"]
    cycle = {"ports": {"valid": "1", "data": "12c"}, "pipeline": {"x": "a"}}
    assert found["cycles"] == [cycle] * 20
