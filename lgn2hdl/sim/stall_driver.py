"""Drives a design with valid and ready on both sides, one clock cycle at a time, and checks it.

A packet is a sample in one or more beats. The driver keeps the results that have to come, in order,
and finds every one that is lost, doubled, wrong, too early, changed or withdrawn while it waits.
Inputs change at falling edges, and outputs, which depend on registers alone, are read there.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from classifier_bench import Vector, fail
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

PATIENCE = 2000
"""Clock cycles in which something has to move."""


@dataclass(frozen=True)
class Channels:
    """Names of the ports of both sides; ``last`` is empty where a packet is one beat."""

    in_valid: str
    in_ready: str
    in_data: str
    in_last: str
    out_valid: str
    out_ready: str


def start_clock(dut: Any) -> None:
    """Run the clock until the test ends."""
    Clock(dut.clk, 10, unit="ns").start()


@dataclass(frozen=True)
class Packet:
    """Beats to send, and the sample that they are; None if their number is wrong."""

    beats: tuple[int, ...]
    vector: Vector | None


@dataclass(frozen=True)
class Pattern:
    """How often, in percent, a beat is offered, a result taken, and the clock enabled.

    ``reset_every`` is the number of cycles between two resets, about; 0 for none.
    """

    offer: int = 100
    take: int = 100
    enable: int = 100
    reset_every: int = 0


@dataclass
class Framing:
    """Which packets are good, told from their beats alone.

    Attributes:
        beats: beats of a good packet.
        count: beats of the present packet so far.
        skip: whether the rest of a long packet is on its way.
    """

    beats: int
    count: int = 0
    skip: bool = False

    def take(self, last: bool) -> bool | None:
        """One more beat: True if a good packet ends, False if one turns out to be bad."""
        self.count += 1
        right, told = self.count == self.beats, self.skip
        self.skip = not last and (told or right)
        if last or right:
            self.count = 0
        return None if told or not (last or right) else last and right


@dataclass
class Driver:
    """A run; ``noise`` makes all choices.

    Attributes:
        cycles: clock cycles so far.
        checked: results that were compared.
        dropped: samples inside the design, or on their way into it, at a reset.
        bad: packets of a wrong number of beats.
    """

    dut: Any
    channels: Channels
    framing: Framing
    noise: random.Random
    cycles: int = 0
    checked: int = 0
    dropped: int = 0
    bad: int = 0
    expected: deque[Vector] = field(default_factory=deque)
    _moved: int = 0
    _waiting: tuple[str, ...] = ()
    _error: bool = False
    _pulse: bool = False

    def __post_init__(self) -> None:
        names = self.channels
        self._ready, self._valid = self._port(names.in_ready), self._port(names.out_valid)
        self._offer, self._take = self._port(names.in_valid), self._port(names.out_ready)
        self._data = self._port(names.in_data)
        self._width = len(self._data)
        self._last = self._port(names.in_last) if names.in_last else None
        self._enable = self.dut.enable if hasattr(self.dut, "enable") else None

    def _port(self, name: str) -> Any:
        return getattr(self.dut, name)

    async def reset(self) -> None:
        """Reset the design, whose clock need not be enabled for that."""
        inputs = [self._offer, self._take, self._data, self._last, self._enable]
        if self._last is not None:
            inputs.append(self.dut.error_clear)
        for port in inputs:
            if port is not None:
                port.value = 0
        self.dut.rst.value = 1
        for _ in range(2):
            await FallingEdge(self.dut.clk)
        self.dut.rst.value = 0

    async def send(self, packets: Sequence[Packet], pattern: Pattern) -> None:
        """Send packets, then wait for all results, and some cycles more in which none may come.

        The sender is reset with the design: no rest of a packet follows.
        """
        self._moved = self.cycles
        for packet in packets:
            place, bad = 0, self.bad
            while place < len(packet.beats):
                offer = self.noise.randrange(100) < pattern.offer
                beat = packet.beats[place] if offer else None
                last = place == len(packet.beats) - 1
                taken, reset = await self.cycle(beat, last, packet.vector, pattern)
                if reset and place:
                    self.dropped += self.bad == bad  # (each packet is counted once)
                    break
                place += taken
        self._moved, quiet = self.cycles, 0
        drain = Pattern(take=pattern.take, enable=pattern.enable)
        while self.expected or quiet < 4:
            if not self.expected:
                quiet += 1
                self._moved = self.cycles
            await self.cycle(None, False, None, drain)

    async def cycle(
        self, beat: int | None, last: bool, vector: Vector | None, pattern: Pattern
    ) -> tuple[bool, bool]:
        """One clock cycle; returns whether the beat was taken, and whether there was a reset.

        Args:
            beat: what to offer, None for noise that nobody may take.
            last: whether the beat ends its packet.
            vector: the sample that ends with this beat, if it does and its packet is good.
            pattern: how often what happens.
        """
        draw = self.noise.randrange
        reset = pattern.reset_every > 0 and draw(pattern.reset_every) == 0
        enable = self._enable is None or draw(100) < pattern.enable
        take = draw(100) < pattern.take
        clear = self._last is not None and draw(16) == 0
        ready, valid = self._read(self._ready), self._read(self._valid)
        self._check(valid)
        self._drive(beat, last, take, clear)
        self.dut.rst.value = int(reset)
        if self._enable is not None:
            self._enable.value = int(enable)
        sent = beat is not None and ready and enable and not reset
        gone = valid and take and enable and not reset
        self._waiting = self._outputs() if valid and not gone and not reset else ()
        if sent or gone:
            self._moved = self.cycles
        assert self.cycles - self._moved < PATIENCE, "nothing moves any more"
        if gone:
            self.expected.popleft()
            self.checked += 1
        if reset:
            self._forget()
        elif enable:
            self._advance(sent, last, vector, clear)
        self.cycles += 1
        await FallingEdge(self.dut.clk)
        return sent, reset

    @staticmethod
    def _read(port: Any) -> bool:
        value = port.value
        assert value.is_resolvable, f"{port._name} is {value}"
        return bool(int(value))

    def _drive(self, beat: int | None, last: bool, take: bool, clear: bool) -> None:
        noise = self.noise.getrandbits
        self._offer.value = int(beat is not None)
        self._data.value = noise(self._width) if beat is None else beat
        self._take.value = int(take)
        if self._last is not None:
            self._last.value = noise(1) if beat is None else int(last)
            self.dut.error_clear.value = int(clear)

    def _outputs(self) -> tuple[str, ...]:
        return tuple(str(self._port(name).value) for name in self.expected[0].results)

    def _check(self, valid: bool) -> None:
        """Outputs in this cycle: the oldest sample's result, still the same, and the flags."""
        if valid:
            self._check_result()
        if self._waiting:
            assert valid, "a result was withdrawn"
            assert self._outputs() == self._waiting, "a result changed before it was taken"
        if self._last is not None:
            for name, flag in (("bad_packet", self._pulse), ("error", self._error)):
                if self._read(self._port(name)) != flag:
                    fail(name, None, int(flag), self._port(name).value)

    def _check_result(self) -> None:
        if not self.expected:
            fail(self.channels.out_valid, None, 0, self._valid.value)
        vector = self.expected[0]
        for name, result in vector.results.items():
            value = self._port(name).value
            if not value.is_resolvable or int(value) != result:
                fail(name, vector, result, value)

    def _forget(self) -> None:
        """What a reset does: every sample inside is gone, half a packet, too, and the flags."""
        self.dropped += len(self.expected)
        self.expected.clear()
        self.framing.count, self.framing.skip = 0, False
        self._error = self._pulse = False

    def _advance(self, sent: bool, last: bool, vector: Vector | None, clear: bool) -> None:
        """What an enabled clock edge does."""
        good = self.framing.take(last) if sent else None
        self._pulse = good is False
        self._error = self._pulse or (self._error and not clear)
        self.bad += self._pulse
        if good:
            assert vector is not None, "the bench sent a packet that it takes for a bad one"
            self.expected.append(vector)
