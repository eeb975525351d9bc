"""What is known of a board: its wire format, its sizes, and what it keeps from cycle to cycle.

It is written from docs/boards.md, see :mod:`lgn2hdl.verify.board.spec`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lgn2hdl.verify.interface.spec import Number

BYTE = 8
BITS_OF_BYTE = 10
"""Bits on the line for a byte: start, eight data bits, stop."""

SYNC = (0xA5, 0x5A)
IDENTIFY, SAMPLE = 0x01, 0x02
IDENTITY, RESULT, ERROR = 0x81, 0x82, 0x8F
WRONG_CRC, WRONG_KIND, WRONG_LENGTH, WRONG_BYTE, WRONG_GAP = 1, 2, 3, 4, 5
HEADER_BYTES, CRC_BYTES = 6, 2
"""Two synchronization bytes, kind, sequence number, two of the length; and behind the payload."""

POLYNOMIAL, CRC_START, CRC_BITS = 0x1021, 0xFFFF, 16
RESET_CYCLES = 15
"""Clock cycles for which the network is reset after the configuration."""

REST, BITS, STOP = 0, 1, 2
"""What the serial receiver waits for: a start bit, the middle of a bit, the line at rest."""

(FIRST_SYNC, SECOND_SYNC, KIND, SEQUENCE, LENGTH_LOW, LENGTH_HIGH, PAYLOAD, CRC_HIGH, CRC_LOW,
 CHECK) = range(10)  # fmt: skip
"""What the next byte of a request is; in the last one its CRC is there to be looked at."""

NO_PART, HEADER_PART, PAYLOAD_PART, CRC_HIGH_PART, CRC_LOW_PART = range(5)
"""What is being written of an answer."""


@dataclass(frozen=True)
class BoardWanted:
    """What is known of a board.

    Attributes:
        bit_cycles: clock cycles of a bit on the line.
        gap_cycles: clock cycles after which a frame that does not go on is given up.
        sample_bits: bits of the network's port ``x``.
        results: name and width of the network's result ports.
        numbers: of a result, in the order of their bits.
        identity: payload of the answer to a request for the identity.
        latency: clock cycles of the network.
    """

    bit_cycles: int
    gap_cycles: int
    sample_bits: int
    results: tuple[tuple[str, int], ...]
    numbers: tuple[Number, ...]
    identity: bytes
    latency: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return -(-self.sample_bits // BYTE)

    @property
    def result_bits(self) -> int:
        """Bits of all result ports."""
        return sum(width for _, width in self.results)

    @property
    def result_bytes(self) -> int:
        """Bytes of a result."""
        return sum(number.bits for number in self.numbers) // BYTE

    @property
    def longest_answer(self) -> int:
        """Bytes of the longest answer."""
        return HEADER_BYTES + max(len(self.identity), self.result_bytes, 1) + CRC_BYTES

    @property
    def queue_bytes(self) -> int:
        """Bytes of the queue: 512, or the next power of two with room for two answers."""
        return max(512, 1 << (2 * self.longest_answer - 1).bit_length())

    @property
    def ports(self) -> dict[str, tuple[str, int]]:
        """Direction and width of the module's ports."""
        return {"clk": ("input", 1), "rx": ("input", 1), "tx": ("output", 1)}

    @property
    def network_ports(self) -> tuple[tuple[str, str, int], ...]:
        """Direction, name and width of the network's ports."""
        return (
            *(("input", name, 1) for name in ("clk", "rst", "valid_in")),
            ("input", "x", self.sample_bits),
            ("output", "valid_out", 1),
            *(("output", name, width) for name, width in self.results),
        )


def memory(want: BoardWanted) -> dict[str, int]:
    """Width of everything that is kept from clock cycle to clock cycle.

    Serial receiver: two registers that synchronize the line; what it waits for, clock cycles to
    the middle of a bit, number of the bit, the byte, whether it is there, whether its stop bit was
    missing. Requests: what the next byte is, and what has come of the frame; ``gap``: clock cycles
    since the last byte. Answers: what is being written, and of which kind. Queue: where the next
    byte goes and comes from, bytes in the memory, the byte in front of it. Serial transmitter: bits
    that are left, clock cycles of the bit that are, the bits. And the clock cycles of reset.
    """
    timer, level = (want.bit_cycles - 1).bit_length(), want.queue_bytes.bit_length()
    address = (want.queue_bytes - 1).bit_length()
    return {
        **{"line_first": 1, "line": 1, "wait": 2, "timer": timer, "bits": 4},
        **{"byte": 8, "got": 1, "broken": 1},
        **{"state": 4, "kind": 2, "sequence": 8, "length_low": 8},
        **{"count": want.sample_bytes.bit_length(), "x": BYTE * want.sample_bytes},
        **{"gap": want.gap_cycles.bit_length(), "crc": CRC_BITS},
        **{"part": 3, "position": (want.longest_answer - 1).bit_length()},
        **{"answer": 8, "number": 8, "reason": 3, "answer_crc": CRC_BITS},
        **{"write_address": address, "read_address": address, "level": level},
        **{"ready": 1, "out": 8},
        **{"left": 4, "send_timer": timer, "shift": 9, "tx": 1, "reset_left": 4},
    }


def initial(want: BoardWanted) -> dict[str, int]:
    """What is kept when the configuration is loaded; ``out`` may be anything."""
    ones = {"line_first", "line", "tx"}
    values = {name: int(name in ones) for name in memory(want)}
    values |= {"crc": CRC_START, "answer_crc": CRC_START, "reset_left": RESET_CYCLES}
    del values["out"]
    return values
