"""Memory: how much there is, asked before it is taken."""

import builtins
import io
import os

import numpy as np
import pytest
from programs import example_network

from lgn2hdl.base.errors import ResourceError
from lgn2hdl.cpu import memory


@pytest.fixture
def meminfo(monkeypatch: pytest.MonkeyPatch):
    """Gives the system another ``/proc/meminfo``; None is none."""
    whole = builtins.open

    def use(text: str | None) -> None:
        def other(path: str, *arguments: object, **options: object) -> object:
            if path != "/proc/meminfo":
                return whole(path, *arguments, **options)  # type: ignore[call-overload]
            if text is None:
                raise FileNotFoundError(path)
            return io.StringIO(text)

        monkeypatch.setattr(builtins, "open", other)

    return use


def test_free_memory_is_that_of_the_system(meminfo) -> None:
    meminfo("MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable:    5000 kB\nBuffers: 1 kB\n")
    assert memory.available() == 5000 * 1024


@pytest.mark.parametrize("text", [None, "", "MemAvailable:\n", "MemAvailable: many kB\n"])
def test_free_pages_are_the_second_choice(meminfo, monkeypatch, text) -> None:
    meminfo(text)
    pages = {"SC_AVPHYS_PAGES": 30, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    assert memory.available() == 30 * 4096


def test_a_system_that_does_not_tell_is_trusted(meminfo, monkeypatch) -> None:
    meminfo(None)

    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", unknown)
    assert memory.available() is None
    memory.require(1 << 60, "anything")


def test_this_machine_tells() -> None:
    there = memory.available()
    assert there is None or there > 1 << 20


def test_what_is_there_is_granted_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1_500_000_000)
    memory.require(1_500_000_000, "a network")
    with pytest.raises(ResourceError) as error:
        memory.require(1_500_000_001, "a network")
    message = str(error.value)
    assert message.startswith("a network needs about 1.5 GB of memory and 1.5 GB are free: ")
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("n_bytes", [1, 63, 64, 65, 10_000])
def test_arrays_begin_where_vectors_may_begin(n_bytes: int) -> None:
    for _ in range(20):
        array = memory.aligned(n_bytes)
        assert array.ctypes.data % memory.ALIGNMENT == 0
        assert array.dtype == np.uint8
        assert array.shape == (n_bytes,)
        assert array.flags.c_contiguous


def test_a_program_takes_memory_for_every_node_and_bit() -> None:
    network = example_network(1)
    n_bytes = memory.program_bytes(network)
    assert n_bytes >= 100 * (network.n_nodes + network.encoder.n_bits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("512K\n", 512 << 10), ("2048K", 2 << 20), ("0K", None), ("many", None), (None, None)],
)
def test_the_second_level_cache_is_the_one_of_the_system(
    tmp_path, monkeypatch, text: str | None, expected: int | None
) -> None:
    size = tmp_path / "size"
    if text is not None:
        size.write_text(text)
    monkeypatch.setattr(memory, "SECOND_LEVEL_CACHE", size)
    assert memory.second_level_cache.__wrapped__() == (expected or memory.USUAL_CACHE)
