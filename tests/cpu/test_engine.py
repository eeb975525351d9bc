"""The engine: bit for bit what the golden model says, however samples come and threads share."""

import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import (
    engine_networks,
    engine_of,
    example_network,
    golden,
    network_of,
    packed_results,
    random_rows,
    results,
)

import lgn2hdl.cpu.engine
from lgn2hdl.base.errors import DataError, ModelFileError, OptionError, ResourceError
from lgn2hdl.cpu import Engine, memory, supported
from lgn2hdl.cpu.program import Program
from lgn2hdl.datasets import Dataset, load_dataset
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

pytestmark = pytest.mark.slow

MODELS = sorted((Path(__file__).resolve().parents[2] / "models").glob("*.lgn"))

on_all = pytest.mark.parametrize("instruction_set", supported())


def rows_of(network: LogicNet, n: int, seed: int = 1) -> npt.NDArray[np.unsignedinteger]:
    return random_rows(np.random.default_rng(seed), network.features, n)


def check(engine: Engine, n: int, seed: int = 1) -> None:
    """Rows and packed bits give what the golden model gives, types included."""
    network = engine.network
    rows = rows_of(network, n, seed)
    expected = golden(network, rows)
    for found in (results(engine, rows), packed_results(engine, network.encoder.encode(rows), n)):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert np.array_equal(found, expected)
    assert engine.predict(rows).dtype == network.decisions(rows).dtype


# ---- networks ----


@on_all
@settings(max_examples=40)
@given(
    network=engine_networks(),
    n=st.sampled_from([1, 63, 130, 600]),
    segments=st.sampled_from([1, 3, 16]),
    vectors=st.sampled_from([1, 2, 4]),
    wide=st.booleans(),
)
def test_random_networks(
    instruction_set: str, network: LogicNet, n: int, segments: int, vectors: int, wide: bool
) -> None:
    options = {"segments": (segments,), "vectors": (vectors,), "wide": wide}
    check(engine_of(network, instruction_set=instruction_set, **options), n)


@on_all
@pytest.mark.parametrize("wide", [False, True])
def test_every_function_of_three_inputs(instruction_set: str, wide: bool) -> None:
    layer = Lut(np.tile([0, 1, 2], (256, 1)), np.arange(256))
    encoder = Thermometer(np.arange(3), np.ones(3))
    network = network_of(integer_features(3, 1), encoder, (layer,), Bits(256))
    rows = np.arange(8)[:, None] >> np.arange(3) & 1
    engine = engine_of(network, instruction_set=instruction_set, wide=wide)
    expected = np.arange(256) >> np.arange(8)[:, None] & 1
    assert np.array_equal(engine.predict(rows), expected)


def constant(table: int, n_outputs: int) -> tuple[Thermometer, Lut]:
    encoder = Thermometer(np.zeros(2), np.array([1, 2]))
    return encoder, Lut(np.tile([0, 1], (n_outputs, 1)), np.full(n_outputs, table))


@on_all
@pytest.mark.parametrize("table", [0, 15, 10, 5])
@pytest.mark.parametrize("bits", [False, True])
def test_outputs_may_be_constants_inputs_and_all_equal(
    instruction_set: str, table: int, bits: bool
) -> None:
    encoder, layer = constant(table, 100)
    head = GroupSum(np.arange(100) % 3, np.ones(100), np.array([0, -5, 2]), 1.0)
    network = network_of(integer_features(1, 8), encoder, (layer,), Bits(100) if bits else head)
    check(Engine(network, instruction_set=instruction_set), 70)


@on_all
@pytest.mark.parametrize("n_classes", [2, 3, 16, 17, 257, 4000])
def test_among_equal_scores_the_lowest_class_wins(instruction_set: str, n_classes: int) -> None:
    # Two inputs add to a random half of the classes each: nearly all scores are equal to others.
    rng = np.random.default_rng(n_classes)
    classes = np.sort(rng.choice(n_classes, n_classes, replace=True)).astype(np.int16)
    encoder = Thermometer(np.zeros(2), np.array([1, 2]))
    layer = Lut(np.tile([0, 1], (n_classes, 1)), rng.choice([10, 12, 6], n_classes))
    head = GroupSum(classes, np.ones(n_classes), np.zeros(n_classes), 1.0)
    network = network_of(integer_features(1, 2), encoder, (layer,), head)
    rows = np.arange(4)[:, None]
    engine = Engine(network, instruction_set=instruction_set)
    assert np.array_equal(engine.predict(rows), network.decisions(rows))
    assert engine.predict([[0]]).tolist() == [0]  # all scores are 0


@on_all
@pytest.mark.parametrize("end", [(-1, 1), (1, 1), (-1, -1), (1, -1), (-1, 0), (0, 1)])
def test_scores_may_be_as_large_as_32_bits_allow(instruction_set: str, end: tuple[int]) -> None:
    """Biases at which each class can just reach the highest or the lowest number of 32 bits."""
    network = example_network(2, n_classes=2, weighted=True)
    plain = GroupSum(network.head.class_of, network.head.weight, np.zeros(2), 1.0)
    low, high = plain.score_range()
    bias = np.select([np.equal(end, -1), np.equal(end, 1)], [-(2**31) - low, 2**31 - 1 - high])
    head = GroupSum(plain.class_of, plain.weight, bias, 1.0)
    wide = network_of(network.features, network.encoder, network.layers, head)
    check(Engine(wide, instruction_set=instruction_set), 100)


@on_all
def test_more_slots_than_16_bits_can_name(instruction_set: str) -> None:
    rng = np.random.default_rng(3)
    n_features, per_feature = 600, 120
    n_bits = n_features * per_feature
    encoder = Thermometer(
        np.repeat(np.arange(n_features), per_feature), np.tile(np.arange(per_feature), n_features)
    )
    layer = Lut(rng.permutation(n_bits).reshape(-1, 3), rng.choice([0x96, 0xE8, 0x17], n_bits // 3))
    head = GroupSum(np.arange(n_bits // 3) % 5, np.ones(n_bits // 3), np.zeros(5), 1.0)
    network = network_of(integer_features(n_features, 7), encoder, (layer,), head)
    engine = engine_of(network, segments=(1,), instruction_set=instruction_set)
    assert engine.program.n_slots > 1 << 16
    check(engine, 100)


# ---- batches ----


@on_all
@pytest.mark.parametrize("vectors", [1, 2, 4])
@pytest.mark.parametrize("bits", [False, True])
def test_every_batch_size(instruction_set: str, vectors: int, bits: bool) -> None:
    network = example_network(4, bits=bits, weighted=True)
    engine = engine_of(network, vectors=(vectors,), instruction_set=instruction_set)
    block = engine.block_samples
    assert block == 512 * vectors
    some = {0, 1, 2, 63, 64, 65, 127, 129, 511, 512, 513}
    for n in sorted(some | {block - 1, block, block + 1, 2 * block, 3 * block + 77}):
        check(engine, n, seed=n)


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [False, True])
def test_threads_share_the_samples(threads: int, bits: bool) -> None:
    network = example_network(5, bits=bits, n_features=20)
    engine = engine_of(network, vectors=(1,), threads=threads)
    assert engine.threads == threads
    for n in (0, 1, 512, 513, 1024, 1025, 512 * threads, 512 * 9 + 3):
        check(engine, n, seed=n)


@pytest.mark.parametrize("threads", [1, 3])
def test_several_threads_may_use_one_engine(threads: int) -> None:
    network = example_network(6, weighted=True)
    engine = engine_of(network, vectors=(1,), threads=threads)
    batches = [rows_of(network, n, seed=n) for n in (3000, 1, 700, 2500, 512, 0, 64, 1900)] * 4
    start = threading.Barrier(8)

    def use(index: int) -> npt.NDArray[np.int32]:
        if index < 8:
            start.wait()
        return engine.scores(batches[index])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(use, range(len(batches))))
    for rows, scores in zip(batches, found, strict=True):
        assert np.array_equal(scores, network.scores(rows))


def test_results_stay_when_the_engine_is_used_again() -> None:
    network = example_network(6)
    engine = Engine(network)
    rows = rows_of(network, 600)
    first = engine.scores(rows)
    engine.scores(rows[::-1])
    assert np.array_equal(first, network.scores(rows))


# ---- memory layouts ----

LAYOUTS = {
    "fortran": np.asfortranarray,
    "every second row": lambda rows: np.repeat(rows, 2, axis=0)[::2],
    "every second column": lambda rows: np.repeat(rows, 2, axis=1)[:, ::2],
    "backward": lambda rows: rows[::-1].copy()[::-1],
    "columns backward": lambda rows: rows[:, ::-1].copy()[:, ::-1],
    "part of longer rows": lambda rows: np.pad(rows, ((3, 3), (5, 6)))[3:-3, 5:-6],
    "images": lambda rows: rows.reshape(len(rows), 2, 1, -1),
    "images by columns": lambda rows: np.moveaxis(rows.reshape(len(rows), 2, -1).T.copy(), 2, 0)
    .swapaxes(1, 2),
    "big-endian": lambda rows: rows.astype(rows.dtype.newbyteorder(">")),
    "64 bits": lambda rows: rows.astype(np.int64),
    "signed": lambda rows: rows.astype(np.int32),
    "list": lambda rows: rows.tolist(),
    "odd address": lambda rows: np.frombuffer(b"x" + rows.tobytes(), np.uint8)[1:]
    .view(rows.dtype)
    .reshape(rows.shape),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("width", [8, 12])
@pytest.mark.parametrize("n_features", [6, 70])
def test_every_layout_of_the_rows_works(layout: str, width: int, n_features: int) -> None:
    network = example_network(7, n_features=n_features, width=width)
    engine = Engine(network)
    for n in (1, 600):
        rows = rows_of(network, n)
        assert np.array_equal(engine.scores(LAYOUTS[layout](rows)), network.scores(rows))


@pytest.mark.parametrize("width", [8, 12])
def test_repeated_and_read_only_rows_work(width: int) -> None:
    network = example_network(8, width=width)
    engine = Engine(network)
    row = rows_of(network, 1)[0]
    repeated = np.broadcast_to(row, (1000, len(row)))
    assert np.array_equal(engine.scores(repeated), network.scores(np.ascontiguousarray(repeated)))
    rows = rows_of(network, 100)
    rows.flags.writeable = False
    before = rows.copy()
    assert np.array_equal(engine.scores(rows), network.scores(rows))
    assert np.array_equal(rows, before)


BIT_LAYOUTS = {
    "fortran": np.asfortranarray,
    "backward": lambda words: words[::-1].copy()[::-1],
    "part of longer rows": lambda words: np.pad(words, ((1, 1), (2, 9)))[1:-1, 2:-9],
    "big-endian": lambda words: words.astype(">u8"),
    "longer rows": lambda words: np.pad(words, ((0, 0), (0, 20)), constant_values=1),
}


@pytest.mark.parametrize("layout", BIT_LAYOUTS)
@pytest.mark.parametrize("n", [1, 64, 700])
def test_every_layout_of_packed_bits_works(layout: str, n: int) -> None:
    network = example_network(9)
    rows = rows_of(network, n)
    words = BIT_LAYOUTS[layout](network.encoder.encode(rows))
    assert np.array_equal(Engine(network).scores_packed(words, n), network.scores(rows))


def test_bits_behind_the_last_sample_do_not_matter() -> None:
    network = example_network(9)
    rows = rows_of(network, 70)
    words = network.encoder.encode(rows)
    words[:, 1] |= ~np.uint64(63)
    assert np.array_equal(Engine(network).scores_packed(words, 70), network.scores(rows))


# ---- what is refused ----


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((3, 69), np.uint8),
        np.zeros(70, np.uint8),
        np.zeros((3, 70)),
        np.full((3, 70), np.nan),
        np.full((3, 70), -1),
        np.full((3, 70), 256),
        np.zeros((3, 70), object),
        np.zeros((3, 70), "U3"),
        [[0] * 70, [0] * 3],
        None,
        "rows",
    ],
)  # fmt: skip
def test_wrong_rows_are_refused_in_one_line(wrong: object) -> None:
    engine = Engine(example_network(1))
    for method in (engine.predict, engine.scores):
        with pytest.raises(DataError) as error:
            method(wrong)  # type: ignore[arg-type]
        assert len(str(error.value).splitlines()) == 1


def test_wrong_packed_bits_are_refused_in_one_line() -> None:
    engine = Engine(example_network(1))
    words = np.zeros((140, 2), np.uint64)
    for wrong, n in ((words[:5], 9), (words, 129), (words, -1), (words.astype(np.int64), 9)):
        for method in (engine.predict_packed, engine.scores_packed):
            with pytest.raises(DataError) as error:
                method(wrong, n)
            assert len(str(error.value).splitlines()) == 1


def test_bits_have_no_scores() -> None:
    network = example_network(1, bits=True)
    engine, rows = Engine(network), rows_of(network, 3)
    with pytest.raises(ValueError, match="use predict"):
        engine.scores(rows)
    with pytest.raises(ValueError, match="use predict"):
        engine.scores_packed(network.encoder.encode(rows), 3)


@pytest.mark.parametrize("threads", [0, -1, 1025])
def test_numbers_of_threads_out_of_range_are_refused(threads: int) -> None:
    with pytest.raises(OptionError, match=rf"^{threads} threads are not 1 to 1024$"):
        Engine(example_network(1), threads=threads)


@pytest.mark.parametrize("name", ["", "sse", "AVX2"])
def test_unknown_instruction_sets_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match=f"choose one of {', '.join(supported())}"):
        Engine(example_network(1), instruction_set=name)


def test_the_fastest_instruction_set_is_taken() -> None:
    assert Engine(example_network(1)).instruction_set == supported()[-1]


def test_model_files_are_loaded(tmp_path: Path) -> None:
    network = example_network(1)
    path = tmp_path / "some.lgn"
    model_file.save(network, path)
    rows = rows_of(network, 10)
    for name in (path, str(path)):
        assert np.array_equal(Engine(name).scores(rows), network.scores(rows))
    with pytest.raises(ModelFileError):
        Engine(tmp_path / "none.lgn")


def test_a_network_too_large_for_memory_is_refused_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(*_: object) -> Program:
        raise AssertionError("memory was not asked for before the program was made")

    network = example_network(1)
    monkeypatch.setattr(memory, "available", lambda: memory.program_bytes(network) - 1)
    monkeypatch.setattr(lgn2hdl.cpu.engine, "compile_program", too_late)
    with pytest.raises(
        ResourceError, match=rf"a network of {network.n_nodes} nodes needs"
    ) as error:
        Engine(network)
    assert len(str(error.value).splitlines()) == 1


def test_values_too_large_for_memory_are_refused_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(_: int) -> npt.NDArray[np.uint8]:
        raise AssertionError("memory was not asked for before it was taken")

    network = example_network(1)
    engine = Engine(network)
    rows = rows_of(network, 10)
    monkeypatch.setattr(memory, "available", lambda: 100)
    monkeypatch.setattr(memory, "aligned", too_late)
    with pytest.raises(ResourceError, match="a block of samples needs"):
        engine.predict(rows)
    monkeypatch.undo()
    assert np.array_equal(engine.scores(rows), network.scores(rows))


def test_wrong_tables_do_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    network = example_network(1)
    engine = Engine(network)
    engine.program.words[0] ^= 1
    with pytest.raises(RuntimeError, match="refused"):
        engine.predict(rows_of(network, 3))
    wrong = engine.program
    monkeypatch.setattr(lgn2hdl.cpu.engine, "compile_program", lambda _: wrong)
    with pytest.raises(RuntimeError, match=r"refuses \(reason 1\)"):
        Engine(network)


# ---- models ----


@functools.lru_cache(maxsize=1)  # models of one data set follow each other
def data_of(source: str, label: str | None, input_width: int) -> Dataset:
    return load_dataset(source, label=label, input_width=input_width, download=False)


def rows_to_test(network: LogicNet) -> npt.NDArray[np.unsignedinteger]:
    """Test rows of a model's data set; where it is not there, random rows."""
    card = network.card["dataset"]
    try:
        dataset = data_of(card["source"], card["label"], card["input_width"])
    except DataError:
        return rows_of(network, 10_000)
    assert dataset.sha256 == card["sha256"]
    return dataset.x_test


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_model_equals_the_golden_model(path: Path) -> None:
    network = model_file.load(path)
    rows = rows_to_test(network)
    expected = golden(network, rows)
    for instruction_set in supported():
        engine = Engine(network, instruction_set=instruction_set)
        assert np.array_equal(results(engine, rows), expected)
        words = network.encoder.encode(rows[:1000])
        assert np.array_equal(packed_results(engine, words, len(rows[:1000])), expected[:1000])
