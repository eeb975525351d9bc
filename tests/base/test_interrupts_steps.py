"""The steps of an interrupt: what is noted, when an exception is raised, and what is said."""

import os
import signal
import sys
import types

import pytest

from lgn2hdl.base import interrupts as module
from lgn2hdl.base.interrupts import REPEAT_SECONDS, Interrupts, told


class EndedError(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def ours(monkeypatch):
    """Interrupts of no process; the end is an exception."""

    def end_now(number):
        raise EndedError(number)

    monkeypatch.setattr(module, "end_now", end_now)
    return Interrupts()


@pytest.fixture
def clock(monkeypatch):
    now = [10.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_nothing_has_come_at_first():
    ours = Interrupts()
    assert (ours.installed, ours.working, ours.patient, ours.noted) == (False, False, False, 0)


def test_a_command_at_work_gets_an_exception_and_then_ends(ours, clock):
    ours.working = True
    with pytest.raises(KeyboardInterrupt):
        ours.handle(2, None)
    assert ours.noted == 2
    ours.handle(15, None)  # at once: the same wish
    clock[0] += REPEAT_SECONDS / 2
    ours.handle(2, None)
    clock[0] += REPEAT_SECONDS / 2
    with pytest.raises(EndedError, match="15"):
        ours.handle(15, None)
    assert ours.noted == 2


def test_what_is_not_at_work_ends_at_once(ours):
    with pytest.raises(EndedError, match="15"):
        ours.handle(15, None)
    assert ours.noted == 15


def frame(*files):
    """Frames of calls, the innermost first."""
    made = None
    for name in reversed(files):
        made = types.SimpleNamespace(f_code=types.SimpleNamespace(co_filename=name), f_back=made)
    return made


@pytest.mark.parametrize(
    ("files", "importing"),
    [
        ((), False), (("a.py", "b.py"), False), (("<frozen importlib._bootstrap>",), True),
        (("a.py", "<frozen importlib._bootstrap_external>", "b.py"), True),
        (("a.py", "b.py", "<frozen importlib._bootstrap>"), True), (("<frozen os>",), False),
    ],
)  # fmt: skip
def test_imports_are_known_by_their_frames(ours, files, importing):
    assert module._is_importing(frame(*files)) is importing
    ours.working = True
    with pytest.raises(EndedError if importing else KeyboardInterrupt):
        ours.handle(2, frame(*files))


@pytest.mark.parametrize(
    ("noted", "word", "code"),
    [(0, "interrupted", 130), (2, "interrupted", 130), (15, "terminated", 143)],
)
def test_what_is_said(monkeypatch, noted, word, code):
    monkeypatch.setattr(module.INTERRUPTS, "noted", noted)
    assert told() == (word, code)


def test_an_interrupt_that_a_destructor_lost_comes_again(ours, monkeypatch):
    started, seen = [], []
    monkeypatch.setattr(
        module._thread,
        "start_new_thread",
        lambda work, arguments: started.append((work, arguments)),
    )
    monkeypatch.setattr(sys, "__unraisablehook__", seen.append)
    lost = types.SimpleNamespace(exc_value=KeyboardInterrupt())
    other = types.SimpleNamespace(exc_value=ValueError())
    ours._on_unraisable(lost)  # of somebody else: none was noted here
    ours.noted = 15
    ours._on_unraisable(other)
    assert (started, seen) == ([], [lost, other])
    ours._on_unraisable(lost)
    assert started == [(ours._repeat, (15,))]
    assert len(seen) == 2

    waited, again = [], []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    monkeypatch.setattr(module._thread, "interrupt_main", again.append)
    ours._repeat(15)
    assert (ours.noted, waited, again) == (0, [module.PAUSE_SECONDS], [signal.SIGTERM])


@pytest.mark.parametrize(
    ("number", "patient", "noted", "later", "ends"),
    [
        (2, False, 0, {}, True), (15, False, 0, {}, True), (2, True, 0, {}, False),
        (2, False, 2, {}, False), (1, False, 0, {}, False), (2, False, 0, {"noted": 2}, False),
        (2, False, 0, {"patient": True}, False),
    ],
)  # fmt: skip
def test_a_process_that_python_does_not_let_see_a_signal_ends(
    ours, monkeypatch, number, patient, noted, later, ends
):
    """After some time, unless a loop has taken it over or it has been noted meanwhile."""
    ours.patient, ours.noted = patient, noted
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        for name, value in later.items():
            setattr(ours, name, value)

    monkeypatch.setattr(module.time, "sleep", sleep)
    read, write = os.pipe()
    os.write(write, bytes([number]))
    os.close(write)  # (the next read finds nothing, which ends the loop here)
    with pytest.raises(EndedError if ends else IndexError):
        ours._watch(read)
    os.close(read)
    assert waited == [module.PATIENCE_SECONDS] * (number in (2, 15) and not patient)


@pytest.mark.parametrize("ignored", [None, signal.SIGINT])
def test_signals_are_taken_over_unless_they_are_ignored(ours, monkeypatch, ignored):
    taken, woken, started = {}, [], []
    monkeypatch.setattr(module.signal, "signal", taken.__setitem__)
    monkeypatch.setattr(
        module.signal, "getsignal", lambda number: signal.SIG_IGN if number == ignored else None
    )
    monkeypatch.setattr(
        module.signal,
        "set_wakeup_fd",
        lambda end, warn_on_full_buffer: woken.append((end, warn_on_full_buffer)),
    )
    monkeypatch.setattr(
        module._thread,
        "start_new_thread",
        lambda work, arguments: started.append((work, arguments)),
    )
    monkeypatch.setattr(sys, "unraisablehook", None)
    ours.install()
    assert ours.installed
    wanted = {int(signal.SIGINT), int(signal.SIGTERM)} - {ignored}
    assert taken == dict.fromkeys(wanted, ours.handle)
    assert sys.unraisablehook == ours._on_unraisable
    ((write, warns),) = woken
    ((work, (read,)),) = started
    assert (work, warns) == (ours._watch, False)
    assert min(read, write) >= 3
    assert not os.get_blocking(write)
    os.write(write, b"x")
    assert os.read(read, 9) == b"x"
    os.close(read)
    os.close(write)


def test_files_are_moved_above_the_standard_ones():
    read, write = os.pipe()
    copies = [os.dup(read) for _ in range(3)]
    moved = module._above_the_standard_ones(read)
    assert moved >= 3
    assert os.get_inheritable(moved) is False
    os.write(write, b"x")
    assert os.read(moved, 1) == b"x"
    for end in (moved, write, *copies):
        os.close(end)


@pytest.mark.parametrize(("terminal", "before"), [(False, b""), (True, b"\x1b[?25h")])
def test_the_end_is_one_line(monkeypatch, terminal, before):
    written, ended, removed = [], [], []
    monkeypatch.setattr(module.os, "isatty", lambda end: terminal and end == 2)
    monkeypatch.setattr(module.os, "write", lambda end, data: written.append((end, data)))
    monkeypatch.setattr(module.os, "_exit", ended.append)
    monkeypatch.setitem(
        sys.modules,
        "lgn2hdl.base.scratch",
        types.SimpleNamespace(remove_all=lambda: removed.append(1)),
    )
    module.end_now(15)
    assert written == [(2, before + b"lgn2hdl: error: terminated\n")]
    assert (ended, removed) == ([143], [1])
    monkeypatch.setitem(sys.modules, "lgn2hdl.base.scratch", types.SimpleNamespace())
    module.end_now(2)
    assert ended == [143, 130]
