"""``lgn2hdl host`` over a pseudo-terminal, with a board in Python at its other end."""

import os
import pty
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hardware import adder_network, all_rows
from processes import wait_until
from simulated_board import answer_bytes

from lgn2hdl.board.protocol import Flag, Identity, result_payload
from lgn2hdl.board.samples import golden_results, sample_payloads
from lgn2hdl.compiler.flow import file_sha256
from lgn2hdl.datasets import load_dataset
from lgn2hdl.model import file as model_file

N_ROWS = 60


def identity_of(network, path: Path, **changes) -> Identity:
    """What a board with this model file says."""
    fields = {
        "flags": Flag.SIGNED,
        "n_features": network.features.n_features,
        "sample_bytes": -(-int(network.features.width.sum()) // 8),
        "n_outputs": len(network.class_names),
        "score_bits": 12,
        "window": 8,
        "sha256": bytes.fromhex(file_sha256(path)),
    }
    return Identity(**{**fields, **changes})


class Board:
    """A board at the far end of a pseudo-terminal: the protocol, and a table of answers."""

    def __init__(self, identity: Identity, table: dict[bytes, bytes]) -> None:
        self.identity, self.table = identity, table
        self.spoil: Callable[[bytes], bytes] = bytes
        self.far, near = pty.openpty()
        self.near, self.device, self.heard = near, os.ttyname(near), 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self) -> None:
        """Answer whatever comes."""
        rest = b""
        while not self.stop.is_set():
            if not select.select([self.far], [], [], 0.05)[0]:
                continue
            data = os.read(self.far, 4096)
            self.heard += len(data)
            answers, rest = answer_bytes(self.identity, self.table.__getitem__, rest + data)
            for start in range(0, len(answers), 100):
                os.write(self.far, self.spoil(answers[start : start + 100]))

    def close(self) -> None:
        """Unplug it."""
        self.stop.set()
        self.thread.join()
        os.close(self.far)
        os.close(self.near)


@contextmanager
def plugged(identity: Identity, table: dict[bytes, bytes]):
    """A board that answers by the table."""
    board = Board(identity, table)
    board.thread.start()
    try:
        yield board
    finally:
        board.close()


def table_of(network, identity: Identity, rows: np.ndarray) -> dict[bytes, bytes]:
    """Payload of a sample -> payload of the golden result."""
    results = golden_results(network, identity, rows)
    answers = [result_payload(identity, item) for item in results]
    return dict(zip(sample_payloads(network.features, rows), answers, strict=True))


@pytest.fixture
def rows(tmp_path) -> Path:
    path = tmp_path / "rows.npy"
    np.save(path, load_dataset("digits").x_test[:N_ROWS])
    return path


@pytest.fixture
def board(model):
    """A board with the small model."""
    network = model_file.load(model)
    identity = identity_of(network, model)
    with plugged(identity, table_of(network, identity, load_dataset("digits").x_test)) as item:
        yield item


def command(board: Board, model: Path, rows: Path, *more: str) -> list[str]:
    return ["host", "--port", board.device, model, rows, *more]


def test_the_classes_are_those_of_predict(board, model, rows, lgn2hdl):
    code, out, err = lgn2hdl(*command(board, model, rows, "--check"))
    assert code == 0, err
    assert out == lgn2hdl("predict", model, rows)[1]
    assert len(out.splitlines()) == N_ROWS
    assert f"{N_ROWS} rows equal to the golden model" in err
    assert "sent again" not in err


@pytest.mark.parametrize("options", [["--scores"], ["--json"], ["--scores", "--json"]])
def test_the_rest_of_what_predict_prints(board, model, rows, lgn2hdl, options):
    expected = lgn2hdl("predict", model, rows, *options)[1]
    assert lgn2hdl(*command(board, model, rows, *options))[:2] == (0, expected)


def test_a_line_that_drops_bytes_is_repaired(board, model, rows, lgn2hdl):
    # Few losses, so that no request is hit as often as it is sent, and time enough for the board
    # to answer on a busy machine: what is tested is the repair, not how fast anybody is.
    pieces = []

    def drop(data: bytes) -> bytes:
        pieces.append(data)
        return data[:-1] if len(pieces) in (3, 5) else data

    board.spoil = drop
    code, out, err = lgn2hdl(*command(board, model, rows, "--check", "--timeout", "1"))
    assert code == 0, err
    assert out == lgn2hdl("predict", model, rows)[1]
    assert "sent again" in err


def test_a_wrong_answer_is_found_by_check_alone(board, model, rows, lgn2hdl):
    payload = sample_payloads(
        model_file.load(model).features, load_dataset("digits").x_test[17:18]
    )[0]
    right = board.table[payload]
    board.table[payload] = bytes([right[0], right[1] ^ 1, *right[2:]])
    assert lgn2hdl(*command(board, model, rows))[0] == 0
    code, out, err = lgn2hdl(*command(board, model, rows, "--check"))
    assert code == 1
    assert len(out.splitlines()) == N_ROWS
    last = err.strip().splitlines()[-1]
    assert "1 of 60 rows differ from the golden model; row 17: the board answers class" in last


def test_another_model_is_refused(board, model, rows, fails, tmp_path):
    other = tmp_path / "other.lgn"
    model_file.save(replace(model_file.load(model), card={"seed": 9}), other)
    heard = board.heard
    assert "the board has another network than" in fails(*command(board, other, rows))
    assert board.heard - heard == 8  # asked who it is, and no more


def test_what_a_board_cannot_do_is_refused(model, rows, fails):
    network = model_file.load(model)
    without = identity_of(network, model, score_bits=0)
    with plugged(without, table_of(network, without, load_dataset("digits").x_test)) as board:
        line = fails(*command(board, model, rows, "--scores"))
        assert "was built without scores: leave --scores out" in line
    changed = identity_of(network, model, flags=Flag.CHANGED)
    with plugged(changed, {}) as board:
        line = fails(*command(board, model, rows, "--check"))
        assert "--prune-head or --observe" in line


def test_a_model_of_bits(lgn2hdl, fails, tmp_path):
    network, path, file = adder_network(3), tmp_path / "adder.lgn", tmp_path / "rows.npy"
    model_file.save(network, path)
    np.save(file, all_rows(6))
    changes = {"flags": Flag.BITS, "score_bits": 0, "n_outputs": len(network.class_names)}
    identity = identity_of(network, path, **changes)
    with plugged(identity, table_of(network, identity, all_rows(6))) as board:
        code, out, err = lgn2hdl(*command(board, path, file, "--check"))
        assert (code, out) == (0, lgn2hdl("predict", path, file)[1]), err
        expected = lgn2hdl("predict", path, file, "--json")[1]
        assert lgn2hdl(*command(board, path, file, "--json"))[1] == expected
        assert "are bits, not scores" in fails(*command(board, path, file, "--scores"))


def test_a_silent_board_is_one_line(board, model, rows, fails):
    board.spoil = lambda _: b""
    line = fails(*command(board, model, rows, "--timeout", "0.05", "--tries", "2"))
    assert "request 0 was sent 2 times: no answer; check the port, --baud, and that" in line


def test_a_port_that_there_is_not_is_one_line(model, rows, fails):
    line = fails("host", "--port", "/dev/nothing", model, rows)
    assert "/dev/nothing at 1000000 baud" in line


def test_a_board_that_is_unplugged_is_one_line(board, model, rows, fails):
    def unplug(_: bytes) -> bytes:
        board.stop.set()
        os.close(board.far)
        board.far = os.open(os.devnull, os.O_WRONLY)
        return b""

    board.spoil = unplug
    assert board.device in fails(*command(board, model, rows, "--timeout", "0.1", "--tries", "2"))


def test_without_pyserial(board, model, rows, fails, monkeypatch):
    monkeypatch.setitem(sys.modules, "serial", None)
    assert "run 'pip install lgn2hdl[host]'" in fails(*command(board, model, rows))


def test_an_interrupt_is_one_line(board, model, rows, start):
    board.spoil = lambda _: b""
    arguments = map(str, command(board, model, rows, "--timeout", "600"))
    process = start(
        [sys.executable, "-m", "lgn2hdl", *arguments], stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: bool(board.heard) or process.poll() is not None, "a request")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err.strip() == "lgn2hdl: error: interrupted"
