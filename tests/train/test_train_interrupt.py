"""Interrupts as requests: noted first, obeyed at once when they come again, handed on outside."""

import signal
import threading
import time

import pytest

from lgn2hdl.base import interrupts
from lgn2hdl.base.interrupts import REPEAT_SECONDS, Interrupts
from lgn2hdl.train.loop import interrupt as module
from lgn2hdl.train.loop.interrupt import StopRequest

pytestmark = pytest.mark.slow

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(autouse=True)
def own(monkeypatch):
    """Interrupts of no process, in a place of their own; handlers are put back."""
    ours = Interrupts()
    monkeypatch.setattr(module, "INTERRUPTS", ours)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield ours
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_is_noted_and_the_second_interrupts(number):
    with StopRequest() as stop:
        assert not stop.requested
        signal.raise_signal(number)
        assert stop.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


def test_one_that_comes_again_at_once_is_the_same_wish(own):
    own.installed = True
    with StopRequest() as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert stop.requested
        own._when = time.monotonic() - REPEAT_SECONDS
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(("installed", "requested"), [(True, True), (False, False)])
def test_one_that_came_before_counts(own, installed, requested):
    own.installed, own.noted = installed, int(signal.SIGTERM)
    with StopRequest() as stop:
        assert stop.requested is requested


def test_the_loop_around_hears_of_it():
    with StopRequest() as outer:
        with StopRequest() as inner:
            signal.raise_signal(signal.SIGTERM)
        assert inner.requested
        assert outer.requested
    with StopRequest() as outer:
        with StopRequest():
            pass
        assert not outer.requested


@pytest.mark.parametrize("patient", [False, True])
def test_what_was_before_is_put_back(own, patient):
    own.patient = patient
    handlers = [signal.getsignal(number) for number in SIGNALS]
    with StopRequest():
        assert own.patient
        assert all(signal.getsignal(number) not in handlers for number in SIGNALS)
    assert own.patient is patient
    assert [signal.getsignal(number) for number in SIGNALS] == handlers


def test_what_is_ignored_stays_so(own):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with StopRequest() as stop:
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        assert not stop.requested
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_another_thread_takes_nothing_over(own):
    handler = signal.getsignal(signal.SIGINT)
    seen = []

    def work():
        with StopRequest():
            seen.append((signal.getsignal(signal.SIGINT), own.patient))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(handler, False)]
    assert own.patient is False


def test_repeated_signals(monkeypatch):
    """None for the first one, then whether the other followed at once."""
    now = [50.0]
    monkeypatch.setattr(interrupts.time, "monotonic", lambda: now[0])
    ours = Interrupts()
    assert ours.is_repeated(2) is None
    assert ours.noted == 2
    assert ours.is_repeated(15) is True
    now[0] += REPEAT_SECONDS / 2
    assert ours.is_repeated(2) is True
    now[0] += REPEAT_SECONDS / 2
    assert ours.is_repeated(2) is False
    assert ours.noted == 2
