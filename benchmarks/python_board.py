"""A board in Python at the far end of a serial line, which answers by the golden model."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from simulated_board import Answer, answer_bytes

from lgn2hdl.board.protocol import Flag, Identity, result_payload
from lgn2hdl.board.samples import golden_results
from lgn2hdl.compiler.flow import file_sha256
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet

SCORE_BITS, WINDOW = 12, 8
ALIVE = 0.2
"""Seconds between two looks at whether the process that plugged the board in is still there."""


@contextmanager
def plugged_board(model: Path, link: Path) -> Iterator[None]:
    """A board with a model whose features have one bit each, at a serial line.

    Args:
        model: the model file.
        link: becomes a link to the serial line.
    """
    network = model_file.load(model)
    identity = identity_of(network, model)
    answer = answer_of(network, identity)
    far, near = pty.openpty()
    link.symlink_to(os.ttyname(near))
    process = os.fork()
    if not process:
        try:
            _serve(far, identity, answer, os.getppid())
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(far)
        os.close(near)


def identity_of(network: LogicNet, model: Path) -> Identity:
    """What the board says of itself."""
    return Identity(
        flags=Flag.SIGNED,
        n_features=network.features.n_features,
        sample_bytes=-(-int(network.features.width.sum()) // 8),
        n_outputs=len(network.class_names),
        score_bits=SCORE_BITS,
        window=WINDOW,
        sha256=bytes.fromhex(file_sha256(model)),
    )


def answer_of(network: LogicNet, identity: Identity) -> Answer:
    """The payload of a result for the payload of a sample."""
    if (network.features.width != 1).any():
        raise ValueError("a feature has more than one bit")

    def answer(payload: bytes) -> bytes:
        bits = np.unpackbits(np.frombuffer(payload, np.uint8), bitorder="little")
        row = bits[None, : network.features.n_features].astype(network.features.dtype)
        return result_payload(identity, golden_results(network, identity, row)[0])

    return answer


def _serve(far: int, identity: Identity, answer: Answer, plugged_in_by: int) -> None:
    """Answer whatever comes, as long as somebody has the board plugged in."""
    rest = b""
    while os.getppid() == plugged_in_by:
        if select.select([far], [], [], ALIVE)[0]:
            answers, rest = answer_bytes(identity, answer, rest + os.read(far, 4096))
            os.write(far, answers)
