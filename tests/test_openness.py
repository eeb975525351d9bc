"""What others add works like what is inside: kinds of layers and heads, passes, devices.

Everything of ``toys`` goes through all that a user does: save, load, evaluate, compile, simulate,
prove, run on a CPU, export.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from textwrap import indent

import numpy as np
import pytest
from hardware import adder_network, mixed_network, random_rows
from toys import Count, OrPool, sorted_pins

from lgn2hdl.api.certificate import write_certificate
from lgn2hdl.api.engines import c_engine, cpu_engines, torch_engine
from lgn2hdl.base.errors import ModelFileError, OptionError
from lgn2hdl.compiler.flow import Compiled, compile_network
from lgn2hdl.compiler.recipe import Emitter, Recipe
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model import file as model_file
from lgn2hdl.model import layers
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads.group_sum import contiguous_groups
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import PRUNING, Pipeline, prune
from lgn2hdl.passes.lower import lower
from lgn2hdl.passes.pipeline import plain
from lgn2hdl.targets.devices import DEVICES
from lgn2hdl.tools.area import measure_area
from lgn2hdl.verify.design import Verifier, verify_design
from lgn2hdl.verify.differential.compare import compare, golden_results
from lgn2hdl.verify.differential.engines import circuit_engine, network_engine, step_engines
from lgn2hdl.verify.differential.simulation import Rtl, simulate
from lgn2hdl.verify.differential.vectors import VectorTable, vector_table
from lgn2hdl.verify.proofs.report import NotProvedError, Verdict

pytestmark = pytest.mark.yosys  # (mapping is done by ABC, which comes with it)


def pooled_network() -> LogicNet:
    """Two layers of LUTs with a pool between them, and classes."""
    below = mixed_network(3)
    first = below.layers[0]
    pool = OrPool([3], [first.width // 3])
    rng = np.random.default_rng(5)
    fanin = rng.integers(0, pool.width, (8, 2), dtype=np.int32)
    last = Lut(fanin, rng.integers(1, 15, 8).astype(np.uint8))
    head = contiguous_groups(8, 2, 1.0)
    return replace(below, layers=(first, pool, last), head=head, class_names=("no", "yes"))


def counting_network() -> LogicNet:
    """A network whose result is how many outputs are set."""
    network = mixed_network(2)
    count = Count(network.layers[-1].width)
    return replace(network, head=count, class_names=("how many",))


NETWORKS = {"layer": pooled_network, "head": counting_network}

each_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS, indirect=True)


@pytest.fixture
def network(request: pytest.FixtureRequest) -> LogicNet:
    return request.param()


def rows_of(network: LogicNet) -> Integers:
    return random_rows(network.features, 200)


def table_of(network: LogicNet) -> VectorTable:
    return vector_table(network, None, 100)


@each_network
def test_model_files(network: LogicNet, tmp_path: Path) -> None:
    path = tmp_path / "toy.lgn"
    model_file.save(network, path)
    again = model_file.load(path)
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in network.layers]
    assert type(again.head) is type(network.head)
    rows = rows_of(network)
    assert np.array_equal(again.decisions(rows), network.decisions(rows))
    model_file.save(again, tmp_path / "again.lgn")
    assert (tmp_path / "again.lgn").read_bytes() == path.read_bytes()


@each_network
def test_a_file_of_a_kind_that_is_not_known(
    network: LogicNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "toy.lgn"
    model_file.save(network, path)
    from lgn2hdl.model import heads

    for kinds in (layers.KINDS, heads.KINDS):
        monkeypatch.setattr(
            kinds, "_known", {n: k for n, k in kinds._known.items() if not n.startswith("toy-")}
        )
    with pytest.raises(ModelFileError, match=r"toy-.* which is unknown"):
        model_file.load(path)


def test_what_the_toys_mean() -> None:
    pool = OrPool([3], [2])
    values = np.array([[1], [2], [4], [8], [16], [32], [64]], np.uint64)
    assert pool.evaluate(values).tolist() == [[7], [56]]
    count = Count(3)
    assert count.decisions(np.array([[True, False], [True, False], [False, False]])).tolist() == [
        [2],
        [0],
    ]


@each_network
def test_every_engine_gives_the_same(network: LogicNet) -> None:
    table = table_of(network)
    golden = golden_results(network, table.integers)
    compiled = compile_network(network, Recipe(effort="fast"))
    engines = [
        torch_engine(network),
        network_engine(network),
        *step_engines(network),
        circuit_engine(compiled.design),
        *cpu_engines(network),
        c_engine(network),
    ]
    assert len(engines) > 8
    for engine in engines:
        outcome = compare(engine, table, golden)
        assert (engine.name, outcome.mismatches) == (engine.name, 0)


@each_network
@pytest.mark.parametrize("emitter", [Emitter.TEXT, Emitter.AMARANTH])
def test_proof_of_both_emitters(network: LogicNet, emitter: Emitter) -> None:
    compiled = compile_network(network, Recipe(effort="fast"))
    files = emit_verilog(compiled.design, "toy", emitter)
    report = verify_design(network, compiled.design, files)
    assert report.verdict is Verdict.PROVED, report.parts
    if isinstance(network.head, Count):
        assert "head" in [part.name for part in report.parts]
        assert "toy_head.v" in files


@each_network
def test_a_fault_is_found(network: LogicNet) -> None:
    """The design is of a network in which one table is another."""
    compiled = compile_network(network, Recipe(effort="fast"))
    files = emit_verilog(compiled.design, "toy")
    last = network.layers[-1]
    assert isinstance(last, Lut)
    table = last.table.copy()
    table[0] = logic.negate(table[:1], last.fan_in)[0]
    wrong = replace(network, layers=(*network.layers[:-1], Lut(last.fanin, table)))
    report = verify_design(wrong, compiled.design, files)
    assert report.verdict is Verdict.DIFFERENT


def test_a_fault_of_the_head_is_found() -> None:
    network = counting_network()
    compiled = compile_network(network, Recipe(effort="fast"))
    files = emit_verilog(compiled.design, "toy", Emitter.TEXT)
    lines = files["toy_head.v"].splitlines()
    place = next(n for n, line in enumerate(lines) if re.search(r"wire h\d+ = [^']* \^ ", line))
    lines[place] = lines[place].replace(" ^ ", " & ", 1)
    report = verify_design(network, compiled.design, {**files, "toy_head.v": "\n".join(lines)})
    assert report.verdict is Verdict.DIFFERENT
    assert report.counterexample is not None
    assert list(report.counterexample.expected) == ["count 0"]


@pytest.mark.simulator
@each_network
def test_simulation(network: LogicNet) -> None:
    compiled = compile_network(network, Recipe(effort="fast"))
    modules = [
        Rtl(emitter.value, f"toy_{emitter.value}", emit_verilog(
            compiled.design, f"toy_{emitter.value}", emitter))
        for emitter in (Emitter.TEXT, Emitter.AMARANTH)
    ]  # fmt: skip
    outcomes = simulate(compiled.design, modules, table_of(network))
    assert [outcome.mismatches for outcome in outcomes] == [0, 0]


@pytest.mark.parametrize("most", [1, 6])
def test_a_pass_with_a_parameter(most: int) -> None:
    network = mixed_network(4)
    step = sorted_pins(most)
    pipeline = replace(PRUNING, deeper=(*PRUNING.deeper, step))
    compiled = compile_network(network, Recipe(effort="none"), pipeline=pipeline)
    assert step.name in {record.name for record in compiled.records}
    report = proved(network, compiled, pipeline=pipeline)
    assert report.verdict is Verdict.PROVED
    assert any(step.name in part.name for part in report.parts) == (most == 6)
    assert is_sorted(step(compiled.pruned)) == (most == 6)


def is_sorted(netlist: Netlist) -> bool:
    return bool((np.diff(netlist.fanin) <= 0).all())


def test_passes_that_undo_each_other_are_told() -> None:
    def exchange(netlist: Netlist) -> Netlist:
        order = np.tile(np.arange(netlist.n_pins)[::-1], (netlist.n_gates, 1))
        fanin = np.take_along_axis(netlist.fanin, order, axis=1)
        return replace(netlist, fanin=fanin, table=logic.permute(netlist.table, order))

    pipeline = Pipeline("toy", rounds=(plain(exchange),))
    netlist = lower(adder_network(2))
    with pytest.raises(ValueError, match="exchange undo each other's work"):
        prune(netlist, pipeline=pipeline)


def test_two_passes_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one name"):
        replace(PRUNING, deeper=(*PRUNING.deeper, *PRUNING.deeper))


def proved(network: LogicNet, compiled: Compiled, **options):
    files = emit_verilog(compiled.design, "toy")
    return verify_design(network, compiled.design, files, **options)


def test_a_device() -> None:
    network = mixed_network(2)
    recipe = Recipe(device="toy-lut5")
    compiled = compile_network(network, recipe)
    circuit = compiled.design.circuit
    assert circuit.lut_inputs == 5
    assert (circuit.netlist.fanin != 0).sum(axis=1).max() <= 5
    pins = (circuit.netlist.fanin != 0).sum(axis=1)
    absorbed = np.concatenate([chain.absorbed for chain in circuit.chains])
    assert (pins[absorbed - circuit.netlist.first_gate] <= 1).all()
    assert proved(network, compiled).verdict is Verdict.PROVED
    assert Recipe.from_json(recipe.to_json()) == recipe
    area = measure_area(emit_verilog(compiled.design, "toy"), "toy", DEVICES.find("toy-lut5"))
    assert area.lut_inputs == 5
    assert area.total.lut > 0


def test_a_pool_that_is_none_is_refused() -> None:
    for size, n_values in (([1], [2]), ([7], [2]), ([2], [0]), ([2, 2], [2])):
        with pytest.raises(ValueError, match="pool"):
            OrPool(size, n_values)
    network = pooled_network()
    with pytest.raises(ValueError, match="does not exist"):
        replace(network, layers=(network.layers[0], OrPool([6], [100]), *network.layers[2:]))


def test_a_head_that_a_board_cannot_tell() -> None:
    from lgn2hdl.board.identity import describe

    compiled = compile_network(counting_network(), Recipe(effort="none"))
    with pytest.raises(OptionError, match="class or with bits, not with ones"):
        describe(compiled.design, "0" * 64, changed=False)


class Contradicting(OrPool):
    """A pool whose tables are another function than its reference."""

    def unrolled(self) -> tuple[Lut, ...]:
        (layer,) = super().unrolled()
        return (Lut(layer.fanin, np.full_like(layer.table, 1)),)


def test_a_layer_whose_tables_are_not_its_reference() -> None:
    network = pooled_network()
    pool = network.layers[1]
    assert isinstance(pool, OrPool)
    wrong = replace(
        network, layers=(network.layers[0], Contradicting([3], [pool.width]), network.layers[2])
    )
    compiled = compile_network(wrong, Recipe(effort="none"))
    files = emit_verilog(compiled.design, "toy", Emitter.TEXT)
    assert verify_design(wrong, compiled.design, files).verdict is Verdict.DIFFERENT


@each_network
def test_certificates_know_no_other_kinds(network: LogicNet, tmp_path: Path) -> None:
    compiled = compile_network(network, Recipe(effort="none"))
    files = emit_verilog(compiled.design, "toy", Emitter.TEXT)
    verifier = Verifier(network, compiled.design)
    assert verifier.verify(files).verdict is Verdict.PROVED
    model = tmp_path / "toy.lgn"
    model_file.save(network, model)
    with pytest.raises(NotProvedError, match="proved, but"):
        write_certificate(tmp_path / "toy.proof", verifier, model, files, lambda _: None)
    assert not (tmp_path / "toy.proof").exists()


PAGES = Path(__file__).resolve().parents[1] / "docs"
SHOWN = ("toys.py", "toy_platform.py", "test_openness.py")


@pytest.mark.parametrize("name", ["layer", "head", "pass", "target", "board"])
def test_the_pages_show_what_is_tested(name: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (PAGES / f"extend-{name}.md").read_text(), re.S)
    here = Path(__file__)
    tested = [
        here.with_name(file).read_text() for file in ("toys.py", "toy_platform.py", here.name)
    ]
    assert blocks
    for block in blocks:
        assert any(block in text or indent(block, "    ") in text for text in tested), block
