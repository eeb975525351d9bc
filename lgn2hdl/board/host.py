"""The host's side: ask a board who it is, send samples, match answers to them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from lgn2hdl.base.errors import BoardError
from lgn2hdl.board.protocol import (
    BOARD_LENGTHS,
    OVERHEAD,
    VERSION,
    Frame,
    Identity,
    Kind,
    Reason,
    Result,
    decode,
    encode,
    parse_result,
)

READ_SECONDS = 0.02
"""How long one look at the port waits for a byte."""

WRITE_SECONDS = 10.0
"""How long a port may refuse to take bytes."""

NUMBERS = 256
"""Sequence numbers; a number is used again after so many requests."""


class Port(Protocol):
    """What is needed of a serial port; pyserial's has it, with a time limit on reading."""

    @property
    def in_waiting(self) -> int:
        """Bytes that have arrived."""

    def read(self, size: int) -> bytes:
        """So many bytes, or fewer after the time limit."""

    def write(self, data: bytes) -> int | None:
        """Send bytes."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a board.

    Attributes:
        seconds: until a request without an answer is sent again.
        tries: times that a request is sent at most.
    """

    seconds: float = 1.0
    tries: int = 4

    def with_line(self, identity: Identity, baud: int) -> Patience:
        """The same, and the time that all that may be under way takes on the line."""
        length = 2 * OVERHEAD + identity.sample_bytes + identity.result_bytes
        return replace(self, seconds=self.seconds + identity.window * length * 10 / baud)


@contextmanager
def open_port(device: str, baud: int) -> Iterator[Port]:
    """A serial port, closed afterwards.

    Raises:
        BoardError: if there is none, it cannot be opened, or it goes away.
    """
    import serial

    try:
        with serial.Serial(device, baud, timeout=READ_SECONDS, write_timeout=WRITE_SECONDS) as port:
            port.reset_input_buffer()
            yield port
    except BrokenPipeError:
        raise  # the reader of our own output went away
    except (OSError, ValueError, OverflowError) as error:  # (pyserial's own is an OSError)
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise BoardError(
            f"{device} at {baud} baud: {why}; is the board plugged in, and may you use the port?"
        ) from None


@dataclass
class Exchange:
    """Requests of one kind, their answers, and what is under way between them.

    A request that is sent again gets a new sequence number, so that a late answer to the old one
    is known as such and ignored.

    Attributes:
        port: the serial port.
        request: kind of the requests.
        answer: kind of the answers.
        lengths: bytes of the payload of every kind that may arrive.
        payloads: of the requests.
        window: requests that may be under way.
        patience: how long to wait.
        answers: payloads of the answers that wait for earlier ones, by the number of the request.
        repeated: requests that were sent again.
    """

    port: Port
    request: Kind
    answer: Kind
    lengths: Mapping[int, int]
    payloads: Sequence[bytes]
    window: int
    patience: Patience
    answers: dict[int, bytes] = field(default_factory=dict)
    repeated: int = 0

    def __post_init__(self) -> None:
        self._under_way: dict[int, tuple[int, float]] = {}  # sequence number -> request, time sent
        self._tries: dict[int, int] = {}  # request without an answer -> times it was sent
        self._sent = 0
        self._rest = b""

    def run(self) -> Iterator[bytes]:
        """Payloads of the answers, in the order of the requests.

        Raises:
            BoardError: if a request has no answer after all tries.
        """
        started = 0
        for wanted in range(len(self.payloads)):
            while wanted not in self.answers:
                while started < len(self.payloads) and len(self._under_way) < self.window:
                    self._send(started)
                    started += 1
                self._receive()
                self._send_overdue()
            yield self.answers.pop(wanted)

    def _send(self, request: int) -> None:
        number = self._sent % NUMBERS
        self._sent += 1
        self._tries[request] = self._tries.get(request, 0) + 1
        self.port.write(encode(Frame(self.request, number, self.payloads[request])))
        self._under_way[number] = request, time.monotonic()

    def _send_overdue(self) -> None:
        latest = time.monotonic() - self.patience.seconds
        for number in [number for number, (_, sent) in self._under_way.items() if sent < latest]:
            self._send_again(number, "no answer")

    def _send_again(self, number: int, why: str) -> None:
        request, _ = self._under_way.pop(number)
        if self._tries[request] >= self.patience.tries:
            raise BoardError(
                f"request {request} was sent {self.patience.tries} times: {why}; check the port, "
                "--baud, and that the board has its bitstream"
            )
        self.repeated += 1
        self._send(request)

    def _receive(self) -> None:
        data = self._rest + self.port.read(max(1, self.port.in_waiting))
        found, self._rest = decode(data, self.lengths)
        for item in found:
            # What was damaged on its way back, or is late, is sent again when it is overdue.
            if isinstance(item, Frame) and item.sequence in self._under_way:
                self._take(item)

    def _take(self, answer: Frame) -> None:
        if answer.kind == self.answer:
            request, _ = self._under_way.pop(answer.sequence)
            del self._tries[request]
            self.answers[request] = answer.payload
        elif answer.kind == Kind.ERROR:
            why = f"the board rejected it ({_reason(answer.payload[0])})"
            self._send_again(answer.sequence, why)


def _reason(code: int) -> str:
    return Reason(code).name.lower() if code in set(Reason) else f"reason {code}"


def identify(port: Port, patience: Patience = Patience()) -> Identity:
    """Who a board is.

    Raises:
        BoardError: if it does not answer, or speaks another version of the protocol.
    """
    exchange = Exchange(
        port, Kind.IDENTIFY, Kind.IDENTITY, BOARD_LENGTHS, [b""], window=1, patience=patience
    )
    identity = Identity.from_bytes(next(exchange.run()))
    if identity.version != VERSION:
        raise BoardError(
            f"the board speaks version {identity.version} of the protocol and not {VERSION}: "
            "build its bitstream with this version of lgn2hdl"
        )
    return identity


def require_network(identity: Identity, sha256: str, name: str) -> None:
    """Check that a board has the network of a model file.

    Args:
        identity: what the board says.
        sha256: hash of the model file, in hexadecimal.
        name: of the model file, for the message.

    Raises:
        BoardError: if it has another one.
    """
    if identity.sha256.hex() != sha256:
        raise BoardError(
            f"the board has another network than {name}: {identity.n_features} features, "
            f"{identity.n_outputs} outputs, model file {identity.sha256.hex()[:12]}... and not "
            f"{sha256[:12]}...; load the bitstream of {name}"
        )


@dataclass
class SampleRun:
    """Samples on their way to a board and back.

    Attributes:
        port: the serial port.
        identity: what the board says about itself.
        payloads: packed samples of ``identity.sample_bytes`` bytes.
        patience: how long to wait.
    """

    port: Port
    identity: Identity
    payloads: Sequence[bytes]
    patience: Patience = Patience()

    def __post_init__(self) -> None:
        lengths, window = self.identity.lengths(), max(1, self.identity.window)
        self._exchange = Exchange(
            self.port, Kind.SAMPLE, Kind.RESULT, lengths, self.payloads, window, self.patience
        )

    @property
    def repeated(self) -> int:
        """Samples that were sent again so far."""
        return self._exchange.repeated

    def results(self) -> Iterator[Result]:
        """The board's results, in the order of the samples.

        Raises:
            BoardError: if a sample has no answer after all tries, or one is no class that there is.
        """
        for payload in self._exchange.run():
            result = parse_result(self.identity, payload)
            if result.class_index is not None and result.class_index >= self.identity.n_outputs:
                raise BoardError(
                    f"the board answers class {result.class_index} of {self.identity.n_outputs}: "
                    "build its bitstream anew"
                )
            yield result
