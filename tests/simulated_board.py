"""A board in Python: the protocol's rules and the golden model, without any hardware."""

from __future__ import annotations

from collections.abc import Callable

from lgn2hdl.board.protocol import Frame, Identity, Kind, Rejected, decode, encode

Answer = Callable[[bytes], bytes]
"""Payload of a sample -> payload of its result."""


def answers(identity: Identity, answer: Answer, data: bytes) -> tuple[list[Frame], bytes]:
    """What a board answers to bytes, and the bytes that are no whole frame yet."""
    found, rest = decode(data, identity.request_lengths())
    return [_answer(identity, answer, item) for item in found], rest


def _answer(identity: Identity, answer: Answer, item: Frame | Rejected) -> Frame:
    if isinstance(item, Rejected):
        return Frame(Kind.ERROR, item.sequence, bytes([item.reason]))
    if item.kind == Kind.IDENTIFY:
        return Frame(Kind.IDENTITY, item.sequence, identity.to_bytes())
    return Frame(Kind.RESULT, item.sequence, answer(item.payload))


def answer_bytes(identity: Identity, answer: Answer, data: bytes) -> tuple[bytes, bytes]:
    """The same as bytes on the line."""
    frames, rest = answers(identity, answer, data)
    return b"".join(map(encode, frames)), rest
