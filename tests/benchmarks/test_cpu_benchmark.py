"""The CPU benchmark: its baselines compute what the golden model does, its figures add up."""

import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import numpy as np
import pytest

from lgn2hdl.cpu import Engine, supported
from lgn2hdl.cpu.program import compile_program
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import evaluate
from lgn2hdl.model import file as model_file
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.network import LogicNet

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"

sys.path.insert(0, str(BENCHMARKS))
import cpu_ablation  # noqa: E402
import cpu_scale  # noqa: E402
from cpu_baseline import report, torchlogix_network  # noqa: E402
from cpu_baseline.expressions import PIN_NAMES, expression, halves, operators  # noqa: E402
from cpu_baseline.machine import (  # noqa: E402
    SIZES,
    Kernels,
    Level,
    Machine,
    Work,
    ideal_seconds,
    input_limit_seconds,
    limit_parts,
    limit_seconds,
)
from cpu_baseline.operations import PINS, instructions, least_operations, work  # noqa: E402
from cpu_baseline.rounds import Contender, seconds_per_item  # noqa: E402
from cpu_baseline.straight_line import StraightLine, is_plain, source  # noqa: E402

sys.path.remove(str(BENCHMARKS))


def value(text: str, fan_in: int) -> int:
    """Table of an expression."""
    ones = logic.all_ones(fan_in)
    pins = {name: logic.pin_table(fan_in, pin) for pin, name in enumerate(PIN_NAMES[:fan_in])}
    return eval(text, {"ZERO": 0, "ONES": ones} | pins) & ones


@pytest.mark.parametrize("fan_in", [2, 3])
def test_every_table_of_few_pins_has_its_expression(fan_in: int) -> None:
    for table in range(logic.all_ones(fan_in) + 1):
        assert value(expression(table, fan_in), fan_in) == table


@pytest.mark.parametrize("fan_in", [4, 5, 6])
def test_tables_of_many_pins_have_their_expression(fan_in: int) -> None:
    rng = np.random.default_rng(fan_in)
    ones = logic.all_ones(fan_in)
    tables = [0, ones, *(logic.pin_table(fan_in, pin) for pin in range(fan_in))]
    tables += rng.integers(0, ones, 40, dtype=np.uint64, endpoint=True).tolist()
    for table in tables:
        assert value(expression(table, fan_in), fan_in) == table
    assert operators(expression(logic.pin_table(fan_in, 1), fan_in)) == 0


def test_halves_are_cofactors() -> None:
    table = 0x123456789ABCDEF0
    for pin in range(6):
        low, high = halves(table, 6, pin)
        whole = np.array([table], np.uint64)
        for part, bit in ((low, 0), (high, 1)):
            others = [np.arange(32) >> at & 1 for at in range(5)]
            row = sum(
                values << (at if at < pin else at + 1) for at, values in enumerate(others)
            ) | (bit << pin)
            expected = whole >> row.astype(np.uint64) & np.uint64(1)
            assert part == sum(int(one) << at for at, one in enumerate(expected))


def rows_of(network: LogicNet, n: int) -> np.ndarray:
    features = network.features
    rng = np.random.default_rng(0)
    return rng.integers(0, features.highest + 1, (n, features.n_features)).astype(features.dtype)


def bools(network: LogicNet, rows: np.ndarray) -> np.ndarray:
    feature, threshold = network.encoder.feature, network.encoder.threshold
    return np.ascontiguousarray(rows[:, feature] >= threshold)


@pytest.mark.parametrize("n", [64, 100, 1])
def test_straight_line_c_is_the_golden_model(tmp_path: Path, n: int) -> None:
    network = cpu_scale.random_network(600)
    rows = rows_of(network, n)
    baseline = StraightLine(network, tmp_path)
    expected = network.decisions(rows)
    assert np.array_equal(baseline.classes(bools(network, rows)), expected)
    assert np.array_equal(baseline.classes_packed(network.encoder.encode(rows), n), expected)
    assert len(np.unique(network.decisions(rows_of(network, 64)))) > 2


def test_straight_line_c_has_nodes_of_every_fan_in(tmp_path: Path) -> None:
    for fan_in in (3, 4, 5, 6):
        network = cpu_scale.random_network(60, fan_in, seed=fan_in)
        rows = rows_of(network, 130)
        found = StraightLine(network, tmp_path).classes(bools(network, rows))
        assert np.array_equal(found, network.decisions(rows))


def test_straight_line_c_is_compiled_once(tmp_path: Path) -> None:
    network = cpu_scale.random_network(60)
    first = StraightLine(network, tmp_path)
    record = next(tmp_path.glob("*.json"))
    record.write_text(json.dumps({"compile_seconds": 12.5}))
    assert first.compile_seconds != 12.5
    assert StraightLine(network, tmp_path).compile_seconds == 12.5


def test_straight_line_c_refuses_other_heads_and_arrays(tmp_path: Path) -> None:
    network = cpu_scale.random_network(60)
    head = network.head
    assert isinstance(head, GroupSum)
    assert is_plain(head)
    others = (
        replace(head, weight=-head.weight),
        replace(head, bias=head.bias + 1),
        replace(head, class_of=head.class_of[::-1]),
        Bits(len(head.weight)),
    )
    assert not any(map(is_plain, others))
    with pytest.raises(ValueError, match="equal groups"):
        source(replace(network, head=others[0]))
    bits = bools(network, rows_of(network, 64))
    baseline = StraightLine(network, tmp_path)
    for wrong in (bits.view(np.uint8), bits[:, :-1], bits[:, ::-1]):
        with pytest.raises(ValueError, match="contiguous bools"):
            baseline.classes(wrong)
    with pytest.raises(ValueError, match="contiguous words"):
        baseline.classes_packed(np.zeros((3, 1), np.uint64), 64)


def test_numbers_of_torchlogix() -> None:
    names = {0b1000: 1, 0b0010: 2, 0b1010: 3, 0b0100: 4, 0b1100: 5, 0b0110: 6, 0b1110: 7, 0: 0}
    tables = np.array(list(names), np.uint8)
    assert torchlogix_network.operation_numbers(tables).tolist() == list(names.values())
    inverted = torchlogix_network.operation_numbers(tables ^ np.uint8(15))
    assert inverted.tolist() == [15 - number for number in names.values()]


class Generator:
    """Stands in for torchlogix: writes C that gives class 3 to every row."""

    seen: ClassVar[list["Generator"]] = []

    def __init__(self, model: None, input_shape: tuple[int], **options: object) -> None:
        self.input_shape, self.options = input_shape, options
        Generator.seen.append(self)

    def get_c_code(self) -> str:
        return f"/* {self.linear_layers} */"

    def compile(self, opt_level: int, save_lib_path: str) -> None:
        assert opt_level == 1
        text = (
            "#include <stddef.h>\n#include <string.h>\n"
            "void apply_logic_net(const char *in, int *out, size_t words) {\n"
            "    memset(out, 0, words * 64 * 10 * sizeof *out);\n"
            "    for (size_t i = 0; i < words * 64; i++) out[10 * i + 3] = in[0] + 1;\n}\n"
        )
        command = ["gcc", "-shared", "-fPIC", "-xc", "-", "-o", save_lib_path]
        subprocess.run(command, input=text, check=True, text=True)


def test_networks_for_torchlogix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("torchlogix")
    monkeypatch.setitem(sys.modules, "torchlogix", module)
    network = cpu_scale.random_network(60)
    assert not torchlogix_network.available(network)
    module.CompiledLogicNet = Generator
    assert torchlogix_network.available(network)
    assert not torchlogix_network.available(cpu_scale.random_network(60, 3))
    compiled = torchlogix_network.TorchlogixNetwork(network, tmp_path)
    rows = bools(network, rows_of(network, 64))
    assert (compiled.classes(rows) == 3).all()
    first, second, numbers = Generator.seen[-1].linear_layers[0]
    layer = network.layers[0]
    assert [first, second] == layer.fanin.T.tolist()
    assert numbers == torchlogix_network.operation_numbers(layer.table).tolist()
    assert compiled.compile_seconds > 0
    with pytest.raises(ValueError, match="whole words"):
        compiled.classes(rows[:63])


def chains(length: int) -> set[int]:
    """All functions of so many and-not and exclusive-or operations and others, by brute force."""
    found = {frozenset(PINS)}
    for _ in range(length):
        found = {
            known | {result}
            for known in found
            for a, b in itertools.permutations(known, 2)
            for result in (a & b, a | b, a ^ b, a & ~b)
        }
    return {table for known in found for table in known}


def test_least_operations() -> None:
    least = least_operations()
    assert sorted(least) == list(range(0, 256, 2))
    for length in (1, 2):
        reached = chains(length)
        assert all((least[table] <= length) == (table in reached) for table in least if table)
    a, b, c = PINS
    assert [least[t] for t in (0, a, a & b, a & ~b, a ^ b ^ c, a & b & c)] == [0, 0, 1, 1, 2, 2]
    assert least[(a & c) | (b & ~c & 0xFF)] == 3  # a choice
    assert least[(a & b) | (c & (a | b))] == 4  # the majority
    assert max(least.values()) == 4


def test_work_of_a_program() -> None:
    for network in (cpu_scale.random_network(3000), cpu_scale.random_network(300, 5)):
        for segments in (1, 8):
            program = compile_program(network, segments=(segments,))
            code = instructions(program)
            assert code[code[:, 0] < 256, 1].sum() == program.n_nodes
            ternary, binary = (work(program, three_inputs=three) for three in (True, False))
            assert ternary.operations == program.n_operations
            assert binary.operations > ternary.operations
            assert (binary.loads, binary.stores) == (program.n_loads, program.n_stores)


def test_wide_operands_are_read_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    network = cpu_scale.random_network(600)
    narrow = instructions(compile_program(network, segments=(2,), vectors=(1,)))
    monkeypatch.setattr(cpu_ablation.plan, "NARROW_SLOTS", 0)
    wide = instructions(compile_program(network, segments=(2,), vectors=(1,)))
    assert np.array_equal(narrow, wide)


MACHINE = Machine(
    instruction_set="avx2",
    operations=4e9,
    levels=(Level(24 << 10, 4e9, 2e9, 1e9), Level(1 << 20, 1e9, 5e8, 2.5e8)),
    input_bytes=2e9,
    clock=3e9,
)
WORK = Work(operations=8000, loads=3000, stores=1000, value_bytes=1000)


def test_limits() -> None:
    parts = {"operations": 2e-6, "loads": 1.5e-6, "stores": 1e-6}
    assert limit_parts(WORK, MACHINE) == pytest.approx(parts)
    assert limit_seconds(WORK, MACHINE) == pytest.approx(2e-6)
    large = replace(WORK, value_bytes=(24 << 10) + 1)
    assert limit_seconds(large, MACHINE) == pytest.approx(6e-6)
    assert limit_seconds(replace(large, value_bytes=1 << 30), MACHINE) == pytest.approx(6e-6)
    assert ideal_seconds(large, MACHINE) == pytest.approx(2e-6)
    assert ideal_seconds(replace(large, loads=12000), MACHINE) == pytest.approx(3e-6)
    assert input_limit_seconds(784, MACHINE) == pytest.approx(392e-9)


RESULT = report.Result(
    model="small",
    nodes=2000,
    fan_in="2",
    input_bits=100,
    features=784,
    test_accuracy=0.98,
    validation_accuracy=0.97,
    identical=True,
    load_seconds=0.001,
    ready_seconds=0.25,
    work=WORK,
    computed_nodes=1000,
    table_bytes=2048,
    block_samples=512,
    seconds={
        report.RAW: 1e-7,
        report.RAW_MEMORY: 4e-7,
        report.PACKED: 1e-8,
        report.PACKED_MEMORY: 2e-8,
        report.GOLDEN: 1e-5,
        report.RELU: 5e-6,
    },
    relu=report.Relu(width=64, batch=512, validation_accuracy=0.971, test_accuracy=0.979),
)


def cells(table: str) -> list[dict[str, str]]:
    """Rows of a Markdown table by their headings."""
    header, _, *rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in table.split("\n")
    ]
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_figures_of_a_result() -> None:
    assert RESULT.ratio(report.RAW, report.GOLDEN) == pytest.approx(100)
    assert RESULT.ratio(report.RAW, report.STRAIGHT) is None
    assert RESULT.limit(MACHINE, raw=False) == pytest.approx(2e-6 / 512)
    assert RESULT.limit(MACHINE, raw=True) == pytest.approx(392e-9)
    assert RESULT.cycles_per_node(MACHINE, 1000) == pytest.approx(30 * 512 / 1000)
    counted = replace(RESULT, counted_cycles=10.0)
    assert counted.cycles_per_node(MACHINE, 1000) == pytest.approx(5.12)


def test_tables_of_the_report() -> None:
    (speed,) = cells(report.speed_table([RESULT]))
    assert speed["raw, cache"] == "10.0"
    assert speed["packed, memory"] == "50.0"
    assert (speed["as golden"], speed["ready"], speed["accuracy"]) == ("yes", "0.25 s", "98.00%")
    (ratio,) = cells(report.ratio_table([RESULT]))
    assert ratio["ReLU network"] == "0.2"
    assert "straight-line C from bools" not in ratio
    (relu,) = cells(report.relu_table([RESULT]))
    assert (relu["raw / ReLU"], relu["hidden units"]) == ("50.0 x", "64")
    assert "(below)" in report.relu_table([RESULT])
    (limit,) = cells(report.limit_table([RESULT], MACHINE))
    assert (limit["limit ns"], limit["set by"], limit["of limit"]) == ("3.91", "operations", "39%")
    assert (limit["raw limit ns"], limit["raw, memory, of limit"]) == ("392", "98%")
    assert limit["tables"] == "2 KiB"
    core = cells(report.machine_table(MACHINE))
    assert core[1]["512-bit vectors"] == "operations on registers, two inputs"
    assert (core[1]["a second"], core[1]["a cycle"]) == ("4.00 G/s", "1.33")
    level = cells(report.level_table(MACHINE))[1]
    assert (level["array"], level["loads by table"]) == ("1,024 KiB", "0.5 G/s, 0.17")
    assert "full adders of 5" in report.limit_words(MACHINE)
    assert "full adders of 2" in report.limit_words(replace(MACHINE, instruction_set="avx512"))
    with pytest.raises(ValueError, match="cells"):
        report.markdown(("a", "b"), [("1",)])


@pytest.mark.parametrize(
    ("figure", "text"),
    [(0, "0"), (None, "-"), (12345.6, "12,300"), (1.23456, "1.23"), (0.0123456, "0.0123"),
     (99.96, "100"), (999.6, "1,000")],
)  # fmt: skip
def test_numbers(figure: float | None, text: str) -> None:
    assert report.number(figure) == text


def test_medians_of_rounds_in_turn() -> None:
    now, order = [0.0], []
    lengths = {"a": iter([9, 1, 1, 5, 3]), "b": iter([9, 2, 2, 2, 8])}

    def call(name: str) -> None:
        now[0] += next(lengths[name])
        order.append(name)

    both = [Contender(name, items, lambda n=name: call(n)) for name, items in (("a", 1), ("b", 2))]
    seconds = seconds_per_item(both, 3, at_least=1.0, timer=lambda: now[0])
    assert seconds == {"a": 3.0, "b": 1.0}
    assert "".join(order) == "aabb" + "ab" * 3
    with pytest.raises(ValueError, match="same name"):
        seconds_per_item([both[0]] * 2, 1, timer=lambda: 0.0)


@pytest.mark.parametrize("instruction_set", supported())
def test_kernels_measure_rates(instruction_set: str) -> None:
    kernels = Kernels(1 << 20, instruction_set)
    seconds = seconds_per_item(kernels.contenders(), 1, at_least=1e-4)
    machine = kernels.machine(seconds)
    assert machine.instruction_set == instruction_set
    assert [level.size for level in machine.levels] == list(SIZES)
    assert 5e8 < machine.clock < 1e10
    # A core does one to six operations a cycle, of 64 to 512 bits each.
    assert 0.05 < machine.operations / machine.clock < 6
    assert all(0 < level.loads_by_table < 1e11 for level in machine.levels)
    assert machine.input_bytes > 1e8


def test_wider_vectors_do_more() -> None:
    def rate(instruction_set: str) -> float:
        kernels = Kernels(1 << 20, instruction_set)
        chosen = [item for item in kernels.contenders() if item.name == "operations"]
        return 1 / seconds_per_item(chosen, 3, at_least=1e-3)["operations"]

    if "avx2" not in supported():
        pytest.skip("this processor has no AVX2")
    assert rate("avx2") > 1.5 * rate("portable")


def test_two_input_netlists_compute_the_same() -> None:
    for fan_in in (2, 4):
        network = cpu_scale.random_network(120, fan_in)
        netlist = cpu_ablation.two_input_netlist(network)
        assert netlist.n_pins == 3
        assert (netlist.fanin[:, 2] == 0).all()
        rows = rows_of(network, 64)
        found = evaluate(netlist, network.encoder.encode(rows))
        bits = found >> np.arange(64, dtype=np.uint64) & np.uint64(1)
        assert np.array_equal(bits.astype(bool), network.outputs(rows))


def test_variations_differ_from_the_chosen_program() -> None:
    network = cpu_scale.random_network(3000)
    rows = rows_of(network, 600)
    items = cpu_ablation.variations(network)
    engines = [cpu_ablation.engine_of(network, item) for item in items]
    best = compile_program(network)
    assert np.array_equal(engines[0].program.words, best.words)
    for item, engine in zip(items[1:], engines[1:], strict=True):
        same = np.array_equal(engine.program.words, best.words)
        assert same == (item.instruction_set is not None), item.name
        assert np.array_equal(engine.predict(rows), network.decisions(rows)), item.name
    again = Engine(network)  # nothing stays replaced
    assert np.array_equal(again.program.words, best.words)


def test_networks_by_size() -> None:
    network = cpu_scale.random_network(48_000)
    assert [layer.width for layer in network.layers] == [8000] * 6
    assert cpu_scale.random_network(500_000).n_nodes == 500_000
    for layer in cpu_scale.random_network(600, 3).layers:
        assert logic.support(layer.table, 3).all()
    with pytest.raises(ValueError, match="too few"):
        cpu_scale.random_network(59)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)


QUICK = ("--dataset", "digits", "--models", str(ROOT / "models" / "digits.lgn"), "--rounds", "1",
         "--at-least", "0.0001")  # fmt: skip


def test_the_benchmark_runs(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    done = run("cpu.py", *QUICK, "--skip-relu", "--json", str(path))
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(path.read_text())["results"]
    network = model_file.load(ROOT / "models" / "digits.lgn")
    assert result["identical"] is True
    assert result["nodes"] == network.n_nodes
    assert result["computed_nodes"] == compile_program(network).n_nodes
    assert min(result["seconds"].values()) > 0
    assert {report.RAW, report.PACKED, report.STRAIGHT, report.GOLDEN} <= set(result["seconds"])
    assert done.stdout.count("| digits ") == 3


def test_the_ablation_runs(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    done = run("cpu_ablation.py", *QUICK, "--json", str(path))
    assert done.returncode == 0, done.stderr
    rows = json.loads(path.read_text())
    assert rows[0]["name"].startswith("chosen")
    assert all(row["raw"] > 0 and row["packed"] > 0 for row in rows)
    assert "| nodes of two inputs, not fused" in done.stdout


def test_the_scale_runs(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    done = run("cpu_scale.py", "--gates", "600", "--check", "100", "--rounds", "1",
               "--json", str(path))  # fmt: skip
    assert done.returncode == 0, done.stderr
    (item,) = json.loads(path.read_text())
    assert (item["gates"], item["rows_checked"]) == (600, 100)
    assert 0 < item["own_bytes"] < item["peak_bytes"]
    assert "| 600 " in done.stdout


def test_missing_data_is_one_line() -> None:
    done = run("cpu.py", "--dataset", "nothing", "--models", "models/digits.lgn")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.stderr


def test_relu_networks(request: pytest.FixtureRequest) -> None:
    torch = pytest.importorskip("torch")
    sys.path.insert(0, str(BENCHMARKS))
    from cpu_baseline import relu

    sys.path.remove(str(BENCHMARKS))
    threads = torch.get_num_threads()
    request.addfinalizer(lambda: torch.set_num_threads(threads))
    torch.set_num_threads(1)
    image = torch.arange(1.0, 10.0).reshape(1, 9)
    moved = relu.shifted(image, (3, 3), 1, -1).reshape(3, 3)
    assert moved.tolist() == [[0, 0, 0], [2, 3, 0], [5, 6, 0]]
    assert relu.shifted(image, (3, 3), 0, 0) is image
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 256)
    pixels = (rng.integers(0, 100, (256, 9)) + 150 * (y[:, None] == np.arange(9) % 2)).astype(
        np.uint8
    )
    data = relu.rows(pixels, y, 255)
    recipe = relu.Recipe(epochs=10, batch=32, shift=0)
    first, second = (relu.train(8, data, 2, (3, 3), recipe) for _ in range(2))
    assert torch.equal(first[0].weight, second[0].weight)
    assert relu.accuracy(first, data) > 0.9
    assert torch.equal(relu.classes(first, data.x, 7), relu.classes(first, data.x, 256))
