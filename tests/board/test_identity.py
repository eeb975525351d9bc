"""Who a board is: sizes of samples, results and answers, the queue, and what may be under way."""

import dataclasses

import numpy as np
import pytest
from hardware import adder_network, design_of, features_of_widths, mixed_network, random_rows

from lgn2hdl.base.errors import OptionError
from lgn2hdl.board import identity as module
from lgn2hdl.board.identity import (
    QUEUE_BYTES,
    describe,
    longest_answer,
    queue_bytes,
    sample_bytes,
    window,
)
from lgn2hdl.board.protocol import BOARD_LENGTHS, OVERHEAD, Flag, Identity, Kind, Result
from lgn2hdl.board.samples import golden_results, sample_payloads
from lgn2hdl.model.golden import feature_bits

SHA256 = "0f" * 32


def identity(n_outputs: int, score_bits: int, flags: int = 0, sample: int = 3) -> Identity:
    return Identity(Flag(flags), 4, sample, n_outputs, score_bits, 0, bytes(32))


@pytest.mark.parametrize(
    ("widths", "n_bytes"),
    [([1], 1), ([8], 1), ([3, 5], 1), ([3, 6], 2), ([16, 8], 3), ([1] * 65, 9)],
)
def test_bytes_of_a_sample(widths, n_bytes):
    assert sample_bytes(features_of_widths(widths)) == n_bytes


@pytest.mark.parametrize(
    ("n_outputs", "score_bits", "flags", "class_bytes", "score_bytes", "result_bytes"),
    [
        (2, 0, 0, 1, 0, 1), (256, 0, 0, 1, 0, 1), (257, 0, 0, 2, 0, 2), (1, 8, 0, 1, 1, 2),
        (10, 8, 0, 1, 1, 11), (10, 9, Flag.SIGNED, 1, 2, 21), (10, 16, 0, 1, 2, 21),
        (10, 17, 0, 1, 3, 31), (8, 0, Flag.BITS, 1, 0, 1), (9, 0, Flag.BITS, 1, 0, 2),
        (17, 0, Flag.BITS | Flag.CHANGED, 1, 0, 3),
    ],
)  # fmt: skip
def test_bytes_of_a_result(n_outputs, score_bits, flags, class_bytes, score_bytes, result_bytes):
    board = identity(n_outputs, score_bits, flags)
    assert (board.class_bytes, board.score_bytes) == (class_bytes, score_bytes)
    assert board.result_bytes == result_bytes
    assert board.lengths() == {**BOARD_LENGTHS, Kind.RESULT: result_bytes}
    assert board.request_lengths() == {Kind.IDENTIFY: 0, Kind.SAMPLE: 3}


IDENTITY_BYTES = BOARD_LENGTHS[Kind.IDENTITY]


@pytest.mark.parametrize(
    ("result_bytes", "longest", "queue", "requests"),
    [
        (1, IDENTITY_BYTES, 512, 512 // (OVERHEAD + IDENTITY_BYTES)),
        (IDENTITY_BYTES + 1, IDENTITY_BYTES + 1, 512, 512 // (OVERHEAD + IDENTITY_BYTES + 1)),
        (256 - OVERHEAD, 256 - OVERHEAD, 512, 2),
        (257 - OVERHEAD, 257 - OVERHEAD, 1024, 3),
        (512 - OVERHEAD, 512 - OVERHEAD, 1024, 2),
        (513 - OVERHEAD, 513 - OVERHEAD, 2048, 3),
    ],
)
def test_the_queue_has_room_for_two_of_the_longest(result_bytes, longest, queue, requests):
    board = identity(8 * result_bytes, 0, Flag.BITS)
    assert board.result_bytes == result_bytes
    assert longest_answer(board) == OVERHEAD + longest
    assert queue_bytes(board) == queue >= QUEUE_BYTES
    assert window(board) == requests
    assert requests * longest_answer(board) <= queue


def test_no_more_requests_than_numbers(monkeypatch):
    monkeypatch.setattr(module, "QUEUE_BYTES", 1 << 16)
    assert window(identity(2, 0)) == 255


@pytest.mark.parametrize("changed", [False, True])
def test_a_classifier_says_what_it_is(changed):
    design = design_of(mixed_network(), levels=4)
    found = describe(design, SHA256, changed=changed)
    plan = design.head
    assert found.flags == (Flag.SIGNED if plan.score_signed else 0) | (
        Flag.CHANGED if changed else 0
    )
    assert (found.n_features, found.sample_bytes) == (5, 3)
    assert (found.n_outputs, found.score_bits) == (3, plan.score_width)
    assert found.window == window(found) > 0
    assert found.sha256.hex() == SHA256
    assert Identity.from_bytes(found.to_bytes()) == found


def test_without_scores_nothing_is_signed():
    design = design_of(mixed_network(), levels=4)
    bare = dataclasses.replace(
        design, circuit=design.circuit, head=dataclasses.replace(design.head, scores=False)
    )
    found = describe(bare, SHA256, changed=False)
    assert (found.flags, found.score_bits, found.result_bytes) == (Flag(0), 0, 1)


def test_bits_say_how_many():
    design = design_of(adder_network(4), levels=1)
    found = describe(design, SHA256, changed=False)
    assert found.flags == Flag.BITS
    assert (found.n_outputs, found.score_bits, found.result_bytes) == (9, 0, 2)


def test_what_is_too_long_for_a_frame(monkeypatch):
    design = design_of(mixed_network(), levels=4)
    monkeypatch.setattr(module, "LONGEST_PAYLOAD", 3)
    assert describe(design, SHA256, changed=False)
    monkeypatch.setattr(module, "LONGEST_PAYLOAD", 2)
    with pytest.raises(
        OptionError, match="a sample of 3 bytes or a result of 3 outputs is too long"
    ):
        describe(design, SHA256, changed=False)


def test_samples_are_the_bits_of_port_x():
    network = mixed_network()
    rows = random_rows(network.features, 5)
    payloads = sample_payloads(network.features, rows)
    bits = feature_bits(network.features, rows)
    assert [len(payload) for payload in payloads] == [3] * 5
    for row, payload in enumerate(payloads):
        number = sum(int(bit) << place for place, bit in enumerate(bits[:, row]))
        assert int.from_bytes(payload, "little") == number


def test_results_that_a_board_has_to_give():
    network = mixed_network()
    rows = random_rows(network.features, 6)
    scores = network.scores(rows)
    whole = golden_results(network, identity(3, 5), rows)
    assert whole == [Result(int(row.argmax()), tuple(row.tolist())) for row in scores]
    bare = golden_results(network, identity(3, 0), rows)
    assert bare == [Result(int(row.argmax())) for row in scores]
    adder = adder_network(2)
    values = random_rows(adder.features, 4)
    bits = golden_results(adder, identity(7, 0, Flag.BITS), values)
    assert [item.bits for item in bits] == [tuple(row) for row in adder.decisions(values).tolist()]
    assert all(item.class_index is None for item in bits)
    assert np.array(bits[0].bits).max() <= 1
