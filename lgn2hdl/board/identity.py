"""What a board says about its network, from the design."""

from __future__ import annotations

from lgn2hdl.arithmetic.encoder import packing
from lgn2hdl.base.errors import OptionError
from lgn2hdl.board.protocol import LONGEST_PAYLOAD, OVERHEAD, Flag, Identity
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.model.features import Features

QUEUE_BYTES = 512
"""Bytes of answers that wait for the line: one block RAM of an iCE40."""


def sample_bytes(features: Features) -> int:
    """Bytes of a packed sample: the bits of port ``x``, filled up to whole bytes."""
    return -(-int(packing(features)[-1]) // 8)


def describe(design: Design, sha256: str, *, changed: bool) -> Identity:
    """The identity of a board with this design.

    Args:
        design: the design.
        sha256: hash of the model file, in hexadecimal.
        changed: whether the network is no longer as it was trained.

    Raises:
        OptionError: if a sample or a result is too long for a frame, or is no class and no bits.
    """
    features = design.network.features
    results = {item.port: item for item in design.head.results}
    flags = Flag.CHANGED if changed else Flag(0)
    n_outputs, score_bits = design.network.head.n_names, 0
    if "bits" in results:
        flags |= Flag.BITS
    elif "class_index" not in results:
        raise OptionError(
            f"boards answer with a class or with bits, not with {', '.join(results)}: "
            "leave --board out"
        )
    elif "scores" in results:
        score_bits = results["scores"].width
        flags |= Flag.SIGNED if results["scores"].signed else Flag(0)
    length = sample_bytes(features)
    if max(length, n_outputs) > LONGEST_PAYLOAD:
        raise OptionError(
            f"a sample of {length:,} bytes or a result of {n_outputs:,} outputs is too long for "
            f"a frame of {LONGEST_PAYLOAD:,} bytes: use a smaller network"
        )
    fields = (features.n_features, length, n_outputs, score_bits)
    unlimited = Identity(flags, *fields, 0, bytes.fromhex(sha256))
    return Identity(flags, *fields, window(unlimited), unlimited.sha256)


def longest_answer(identity: Identity) -> int:
    """Bytes of the longest frame that a board with this network sends."""
    return OVERHEAD + max(identity.lengths().values())


def queue_bytes(identity: Identity) -> int:
    """Bytes of the queue of answers: a power of two with room for two at least."""
    return max(QUEUE_BYTES, 1 << (2 * longest_answer(identity) - 1).bit_length())


def window(identity: Identity) -> int:
    """Requests whose answers fit into the queue, whatever they are; at most 255."""
    return min(255, queue_bytes(identity) // longest_answer(identity))
