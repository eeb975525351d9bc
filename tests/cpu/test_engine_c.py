"""The C engine under AddressSanitizer and UndefinedBehaviorSanitizer: right results from right
tables, and no wrong step for any table that the check lets pass."""

import ctypes
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import sanitized
from programs import (
    HEADER,
    Tables,
    example_network,
    golden,
    random_rows,
    wide_operands,
)

from lgn2hdl.cpu import supported
from lgn2hdl.cpu.library import INSTRUCTION_SETS, data, engine
from lgn2hdl.cpu.nodes import normal_tables
from lgn2hdl.cpu.program import compile_program
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.network import LogicNet

pytestmark = pytest.mark.slow

Words = npt.NDArray[np.uint32]

HERE = Path(__file__).parent

N_MUTANTS = 4000

CORNERS = (0, 1, 2, 7, 8, 255, 256, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

KINDS: dict[str, dict[str, object]] = {
    "plain": {"n_features": 70, "vectors": 1},
    "signed, two vectors": {"n_features": 3, "vectors": 2, "weighted": True},
    "two bytes, four vectors": {"n_features": 64, "width": 12, "vectors": 4},
    "two bytes, short rows": {"n_features": 5, "width": 16, "vectors": 1, "bits": True},
    "bits": {"n_features": 130, "vectors": 2, "bits": True},
    "wide": {"n_features": 20, "vectors": 1, "wide": True, "weighted": True},
    "many classes": {"n_features": 64, "vectors": 1, "n_classes": 300},
}


def kind(name: str) -> tuple[LogicNet, Words]:
    """A network of some kind and its tables."""
    options = dict(KINDS[name])
    vectors, wide = options.pop("vectors"), options.pop("wide", False)
    network = example_network(11, nodes=40, **options)  # type: ignore[arg-type]
    if wide:
        with wide_operands():
            return network, compile_program(network, segments=(2,)).words
    words = compile_program(network, segments=(2,), vectors=(vectors,)).words  # type: ignore[arg-type]
    return network, words


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sanitized.build(HERE / "driver.c", tmp_path_factory.mktemp("driver"))


# ---- right tables ----


def parsed(output: bytes, network: LogicNet, n: int) -> npt.NDArray[np.generic]:
    """Scores or bits from what the driver wrote."""
    if isinstance(network.head, Bits):
        return np.frombuffer(output, np.uint8).reshape(n, -1)
    classes, scores = np.frombuffer(output[: 8 * n], np.int64), output[8 * n :]
    table = np.frombuffer(scores, np.int32).reshape(n, -1)
    assert np.array_equal(classes, table.argmax(axis=1))
    return table


def check(driver: Path, folder: Path, name: str, set_names: tuple[str, ...]) -> None:
    """Whether the driver computes what the golden model does, from rows and from packed bits."""
    network, words = kind(name)
    for n in (1, 512 * Tables(words)["vectors"] + 65):
        rows = random_rows(np.random.default_rng(n), network.features, n)
        samples = (network.encoder.encode(rows), rows)
        for set_name, is_rows in itertools.product(set_names, (0, 1)):
            head = [INSTRUCTION_SETS.index(set_name), n, len(words), is_rows]
            content = np.array([*head, *words], np.uint32).tobytes() + samples[is_rows].tobytes()
            path = folder / "program"
            path.write_bytes(content + b"\0" * (-len(content) % 4))
            output = sanitized.run(driver, "run", path)
            assert np.array_equal(parsed(output, network, n), golden(network, rows))


@pytest.mark.parametrize("name", KINDS)
def test_results_are_right_and_no_step_is_wrong(driver: Path, tmp_path: Path, name: str) -> None:
    check(driver, tmp_path, name, supported())


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver with AVX-512 operations that are functions in C."""
    if "avx2" not in supported():
        pytest.skip("for processors with AVX2")
    folder = tmp_path_factory.mktemp("emulator")
    for name in ("engine.c", "engine.h", "kernel.h"):
        text = (sanitized.SOURCES / name).read_text()
        (folder / name).write_text(text.replace('"avx512f,avx512bw,', '"avx2,'))
    flags = ("-Wno-psabi", "-I", str(folder), "-include", str(HERE / "emulated_avx512.h"))
    return sanitized.compiled(HERE / "driver.c", folder / "driver", *flags)


@pytest.mark.parametrize("name", KINDS)
def test_avx512_is_right_where_the_processor_has_none(
    emulator: Path, tmp_path: Path, name: str
) -> None:
    check(emulator, tmp_path, name, ("avx512",))


THREAD_BYTES = {
    "plain": 28352, "signed, two vectors": 58496, "two bytes, four vectors": 55808,
    "two bytes, short rows": 75904, "bits": 36800, "wide": 53696, "many classes": 212224,
}  # fmt: skip
"""Memory of a thread: no more than its parts need, each of whole slots."""


@pytest.mark.parametrize("name", KINDS)
def test_a_thread_takes_no_more_memory_than_it_needs(name: str) -> None:
    words = kind(name)[1]
    needed = ctypes.c_int64(-1)
    assert engine().engine_check(data(words), len(words), ctypes.byref(needed)) == 0
    assert needed.value == THREAD_BYTES[name]


# ---- wrong tables ----


def verdict(words: Words) -> int:
    """What ``engine_check`` says: 0, or what is wrong."""
    needed = ctypes.c_int64(-1)
    wrong = engine().engine_check(data(words), len(words), ctypes.byref(needed))
    assert (needed.value > 0) == (wrong == 0)
    return int(wrong)


@pytest.fixture(params=KINDS)
def tables(request: pytest.FixtureRequest) -> Tables:
    words = kind(request.param)[1]
    assert verdict(words) == 0
    return Tables(words)


def test_tables_of_another_version_are_refused(tables: Tables) -> None:
    assert verdict(tables.with_word("magic", tables["magic"] + 1)) == 1
    for length in range(len(HEADER)):
        assert verdict(tables.words[:length]) == 1


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("n_slots", [0, 1, (1 << 30) + 1, 0xFFFFFFFF]),
        ("vectors", [0, 3, 5, 8, 0xFFFFFFFF]),
        ("wide", [2, 0xFFFFFFFF]),
        ("n_features", [0, (1 << 30) + 1, 0xFFFFFFFF]),
        ("element_bytes", [0, 3, 4, 0xFFFFFFFF]),
        ("copies", [0xFFFFFFFF]),
        ("head", [2, 0xFFFFFFFF]),
        ("n_results", [0, 65537, 0xFFFFFFFF]),
        ("n_sums", [1, 0xFFFFFFFF]),
        ("n_planes", [33, 0xFFFFFFFF]),
    ],
)
def test_an_impossible_header_is_refused(tables: Tables, name: str, values: list[int]) -> None:
    for value in values:
        assert verdict(tables.with_word(name, value)) == 2


def test_parts_of_the_header_contradict_each_other(tables: Tables) -> None:
    if tables["wide"]:
        assert verdict(tables.with_word("vectors", 2)) == 2
    else:
        assert verdict(tables.with_word("n_slots", 65537)) == 2
    if tables["copies"]:
        assert verdict(tables.with_word("copies", 0)) == 2  # a row shorter than a comparison
    else:
        assert verdict(tables.with_word("n_features", 63)) == 2
    if tables["head"]:
        assert verdict(tables.with_word("n_planes", 1)) == 2
        assert verdict(tables.with_word("n_sums", tables["n_results"])) == 2
    else:
        assert verdict(tables.with_word("n_planes", 0)) == 2
        assert verdict(tables.with_word("n_sums", 0)) == 2
        assert verdict(tables.with_word("n_sums", 3 * tables["n_results"])) == 2


def test_a_wrong_length_is_refused(tables: Tables) -> None:
    words = tables.words
    assert verdict(np.append(words, words[:1])) == 3
    for begin in tables.begin.values():
        assert begin == 0 or verdict(words[:begin]) == 3
        assert begin == 0 or verdict(words[: begin + 1]) == 3
    for name in ("n_masks", "n_packed", "n_instructions"):
        assert verdict(tables.with_word(name, tables[name] + 1)) == 3
        assert verdict(tables.with_word(name, tables[name] - 1)) == 3
        assert verdict(tables.with_word(name, 0xFFFFFFFF)) == 3
    assert verdict(tables.with_word("n_operands", tables["n_operands"] + 2)) == 3
    assert verdict(tables.with_word("n_operands", 0xFFFFFFFF)) == 3


Change = Callable[[Tables], None]


def put(section: str, index: tuple[int, ...], value: int | str) -> Change:
    """Another number in a section; a name of the header stands for its value."""

    def change(tables: Tables) -> None:
        tables.section(section)[index] = tables[value] if isinstance(value, str) else value

    return change


def first_operand(operation: Callable[[int], bool], value: int | str) -> Change:
    """Another slot in the first instruction of some kind."""

    def change(tables: Tables) -> None:
        at = 0
        for code, count, _, _ in tables.section("instruction").tolist():
            if operation(code):
                slot = tables[value] if isinstance(value, str) else value
                tables.section("operands")[at] = slot
                return
            at += count if code == 256 else 4 * count

    return change


def instruction(kind: Callable[[int], bool], column: int, value: int | str) -> Change:
    """Another number in the first instruction of some kind."""

    def change(tables: Tables) -> None:
        code = tables.section("instruction")
        row = next(index for index, item in enumerate(code[:, 0].tolist()) if kind(item))
        code[row, column] = tables[value] if isinstance(value, str) else value

    return change


def is_count(code: int) -> bool:
    return code == 256


def is_run(code: int) -> bool:
    return code != 256


OUT_OF_RANGE: dict[str, Change] = {
    "slot of a lane": put("lane_slot", (0, 63), "n_slots"),
    "lane writes the constant": put("lane_slot", (0, 5), 0),
    "packed input": put("packed", (0, 0), "n_inputs"),
    "slot of a packed input": put("packed", (0, 1), "n_slots"),
    "packed input writes the constant": put("packed", (0, 1), 0),
    "operand": put("operands", (-1,), "n_slots"),
    "node writes the constant": first_operand(is_run, 0),
    "node writes a slot that is not there": first_operand(is_run, "n_slots"),
    "unknown table": instruction(is_run, 0, 0x81),
    "constant": instruction(is_run, 0, 0),
    "wire of another pin": instruction(is_run, 0, 0xCC),
    "unknown operation": instruction(is_run, 0, 257),
    "too many nodes": instruction(is_run, 1, 0x40000000),
    "too few nodes": instruction(is_run, 1, 0),
}

COUNTS: dict[str, Change] = {
    "list that is not of eights": instruction(is_count, 1, 7),
    "list that is too long": instruction(is_count, 1, 0xFFFFFFF8),
    "list that is too short": instruction(is_count, 1, 0),
    "sum": instruction(is_count, 2, "n_sums"),
    "plane": instruction(is_count, 3, "n_planes"),
}


@pytest.mark.parametrize("what", OUT_OF_RANGE)
def test_a_number_out_of_range_is_refused(tables: Tables, what: str) -> None:
    OUT_OF_RANGE[what](tables)
    assert verdict(tables.words) == 4


@pytest.mark.parametrize("what", COUNTS)
def test_a_wrong_list_is_refused(tables: Tables, what: str) -> None:
    if tables["head"]:
        tables.section("instruction")[0, 0] = 256  # outputs that are bits are not counted
    else:
        COUNTS[what](tables)
    assert verdict(tables.words) == 4


def test_a_comparison_behind_the_row_is_refused(tables: Tables) -> None:
    elements = max(64, tables["n_features"] * max(1, tables["copies"]))
    offset = tables.section("offset")
    offset[-1] = elements - 64
    assert verdict(tables.words) == 0
    offset[-1] += 1
    assert verdict(tables.words) == 4


def test_the_slot_of_an_output_bit_is_checked(tables: Tables) -> None:
    tables.section("result")[0, 0] = tables["n_slots"]
    assert verdict(tables.words) == (4 if tables["head"] else 0)  # a bias may be anything


def test_the_kernel_has_every_table_of_the_normal_form() -> None:
    known = [table for table in range(256) if engine().engine_has_table(table)]
    assert known == normal_tables()[1:]
    assert not any(engine().engine_has_table(table) for table in (-1, 256, 257, 1 << 20))


def test_unknown_instruction_sets_are_refused() -> None:
    words = kind("plain")[1]
    for number in (-1, len(INSTRUCTION_SETS), 1000):
        assert not engine().engine_supports(number)
        assert engine().engine_run(data(words), len(words), number, None, None, 0, 0) == 1


# ---- thousands of wrong tables ----


def mistake(rng: np.random.Generator, words: Words, at: int, other: int, slots: int) -> None:
    """Change a word, or exchange two."""
    how = rng.integers(6)
    if how == 0:
        words[at] ^= np.uint32(1 << int(rng.integers(32)))
    elif how == 1:
        words[at] = rng.choice([*CORNERS, *words[: len(HEADER)]])
    elif how == 2:
        words[at : at + 1] += np.uint32(rng.choice([1, 0xFFFFFFFF]))
    elif how == 3:
        words[[at, other]] = words[[other, at]]
    elif how == 4:
        words[at] = words[other]
    else:
        words[at : at + 1].view(np.uint16)[rng.integers(2)] = rng.integers(slots + 2)


def other_length(rng: np.random.Generator, words: Words) -> Words:
    """The same words, most often; else without an end or with a longer one."""
    chance = rng.random()
    if chance < 0.05:
        return words[: rng.integers(len(words))]
    if chance < 0.1:
        return np.append(words, rng.integers(0, 300, rng.integers(1, 40)).astype(np.uint32))
    return words


def mutants(rng: np.random.Generator, words: Words, count: int) -> list[Words]:
    """Tables with some mistakes; all sections have the same chance."""
    tables = Tables(words)
    begins = list(tables.begin.values())
    sections = list(filter(len, np.split(np.arange(len(words)), begins[1:])))
    result = []
    for _ in range(count):
        mutant = words.copy()
        for _ in range(int(rng.integers(1, 4))):
            at, other = (int(rng.choice(sections[rng.integers(len(sections))])) for _ in range(2))
            mistake(rng, mutant, at, other, tables["n_slots"])
        result.append(other_length(rng, mutant))
    return result


def test_mutants_are_refused_or_run_without_a_wrong_step(driver: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    parts: list[Words] = []
    for name in KINDS:
        right = kind(name)[1]
        for words in [right, *mutants(rng, right, N_MUTANTS // len(KINDS))]:
            parts += [np.array([len(words)], np.uint32), words]
    path = tmp_path / "mutants"
    path.write_bytes(np.concatenate(parts).tobytes())
    *reasons, ran = map(int, sanitized.run(driver, "fuzz", path).split())
    assert sum(reasons) == len(parts) // 2
    assert min(reasons) > N_MUTANTS // 100  # every reason, and accepted ones
    assert ran > N_MUTANTS // 10
