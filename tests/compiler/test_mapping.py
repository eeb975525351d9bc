import dataclasses
from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import netlists, random_netlist, truth

from lgn2hdl.base.errors import ToolError
from lgn2hdl.compiler import mapping
from lgn2hdl.compiler.mapping import (
    DEFAULT,
    EFFORTS,
    FAST,
    MAX,
    PLAIN,
    Effort,
    lut_count,
    map_luts,
    run_abc,
    yosys_tool,
)
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist, depth
from lgn2hdl.passes import prune

pytestmark = pytest.mark.yosys


def tree(n_inputs: int, table: int = 0b0110) -> Netlist:
    """A chain of two-input gates over all inputs; by default the parity of them."""
    gates = np.arange(n_inputs - 1)
    fanin = np.stack([np.where(gates == 0, 1, n_inputs + gates), gates + 2], axis=1)
    return Netlist(n_inputs, fanin, np.full(len(gates), table), np.array([2 * n_inputs - 1]))


def random_lut6(seed: int, n_gates: int = 20) -> Netlist:
    """One layer of LUT6 with random tables."""
    rng = np.random.default_rng(seed)
    fanin = np.array([rng.permutation(12)[:6] + 1 for _ in range(n_gates)])
    table = rng.integers(0, logic.all_ones(6), n_gates, dtype=np.uint64, endpoint=True)
    return Netlist(12, fanin, table, 13 + np.arange(n_gates), np.arange(n_gates))


@pytest.mark.parametrize("effort", EFFORTS, ids=lambda effort: effort.name)
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(netlist=netlists(), k=st.integers(2, 6))
def test_the_function_stays_and_luts_are_small_enough(effort, netlist, k):
    mapped, record = map_luts(netlist, k, effort)
    assert mapped.n_inputs == netlist.n_inputs
    assert len(mapped.outputs) == len(netlist.outputs)
    assert (truth(mapped) == truth(netlist)).all()
    assert mapped.n_pins <= k
    assert record.luts_after == lut_count(mapped)
    assert record.depth_after == depth(mapped)
    pruned = prune(netlist)[0]
    if pruned.n_pins <= k:
        assert lut_count(mapped) <= lut_count(pruned)


@pytest.mark.parametrize(("k", "luts"), [(2, 11), (3, 6), (4, 4), (6, 3)])
def test_a_parity_takes_as_few_luts_as_it_can(k, luts):
    mapped, record = map_luts(tree(12), k)
    assert record.luts_after == luts
    assert (truth(mapped) == truth(tree(12))).all()


def test_the_record_says_what_was_done():
    _, record = map_luts(tree(12), 6, FAST)
    assert (record.k, record.effort, record.recipe) == (6, "fast", "strash; if -K 6")
    assert (record.luts_before, record.luts_after) == (11, 3)
    assert (record.depth_before, record.depth_after) == (11, 3)
    assert record.seconds > 0


def test_one_level_of_fitting_luts_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(mapping, "run_abc", None)
    mapped, record = map_luts(random_lut6(2), 6)
    assert (truth(mapped) == truth(random_lut6(2))).all()
    assert (record.recipe, record.luts_after) == ("", 20)


def two_layers_of_lut6(seed: int) -> Netlist:
    """A second layer on the first one's gates; all gates are outputs."""
    below, rng = random_lut6(seed), np.random.default_rng(seed)
    fanin = np.array([13 + rng.permutation(20)[:6] for _ in range(10)])
    table = rng.integers(0, logic.all_ones(6), 10, dtype=np.uint64, endpoint=True)
    return Netlist(
        12,
        np.concatenate([below.fanin, fanin]),
        np.concatenate([below.table, table]),
        13 + np.arange(30),
        np.arange(30),
    )


@pytest.mark.parametrize("effort", EFFORTS, ids=lambda effort: effort.name)
def test_random_tables_never_get_worse(effort):
    net = two_layers_of_lut6(0)
    mapped, record = map_luts(net, 6, effort)
    assert record.luts_after == record.luts_before == net.n_gates
    assert (truth(mapped) == truth(net)).all()
    assert mapped.origin.tolist() == net.origin.tolist()


def test_wide_tables_are_split_for_small_luts():
    net = random_lut6(1, 5)
    mapped, record = map_luts(net, 4, DEFAULT)
    assert mapped.n_pins == 4
    assert record.luts_after >= 15  # a random table needs at least three
    assert (truth(mapped) == truth(net)).all()


def test_all_kinds_of_outputs_keep_their_places():
    """Constants, inputs, twice the same gate and its complement, all beside inner logic."""
    fanin = np.array([[1, 2], [1, 2], [0, 0], [4, 3], [1, 0]])
    table = np.array([0b0110, 0b1001, 0b1111, 0b1000, 0b0101])
    net = Netlist(3, fanin, table, np.array([4, 0, 7, 4, 5, 3, 6, 8, 2]), 10 + np.arange(5))
    mapped, _ = map_luts(net, 6)
    assert (truth(mapped) == truth(net)).all()
    assert mapped.outputs[0] == mapped.outputs[3]
    assert mapped.outputs[[1, 5, 8]].tolist() == [0, 3, 2]


def test_only_outputs_keep_an_origin():
    net = dataclasses.replace(tree(12), origin=100 + np.arange(11))
    mapped, _ = map_luts(net, 6, FAST)
    assert sorted(mapped.origin.tolist()) == [-1, -1, 110]
    assert mapped.origin[mapped.outputs[0] - mapped.first_gate] == 110


@pytest.mark.parametrize("outputs", [[], [0, 2, 1]])
def test_without_gates_no_tool_is_run(monkeypatch, outputs):
    monkeypatch.setattr(mapping, "run_abc", None)
    net = dataclasses.replace(tree(3), outputs=np.array(outputs, np.int32))
    mapped, record = map_luts(net, 6)
    assert mapped.outputs.tolist() == outputs
    assert record.luts_after == 0


def test_the_same_netlist_gives_the_same_result():
    net = random_netlist(np.random.default_rng(5), 8, 60, 2, 6)
    first, second = (map_luts(net, 4, MAX)[0] for _ in range(2))
    assert np.array_equal(first.fanin, second.fanin)
    assert np.array_equal(first.table, second.table)
    assert np.array_equal(first.outputs, second.outputs)


@pytest.mark.parametrize("k", [1, 7])
def test_k_out_of_range(k):
    with pytest.raises(ValueError, match=r"not in 2\.\.6"):
        map_luts(tree(3), k)


def fake_abc(monkeypatch, *texts: str) -> None:
    """ABC "writes" these texts."""
    monkeypatch.setattr(mapping, "run_abc", lambda *_: list(texts))


XOR3 = "INPUT(a)\nINPUT(b)\nINPUT(c)\nOUTPUT(y)\n"
ONE_LEVEL = XOR3 + "y = LUT 0x96 ( a, b, c )\n"
TWO_LEVELS = XOR3 + "m = LUT 0x6 ( a, b )\ny = LUT 0x6 ( m, c )\n"
CHAIN = (
    "INPUT(a)\nINPUT(b)\nINPUT(c)\nINPUT(d)\nINPUT(e)\nOUTPUT(y)\n"
    "m = LUT 0x6 ( a, b )\nn = LUT 0x6 ( m, c )\no = LUT 0x6 ( n, d )\ny = LUT 0x6 ( o, e )\n"
)
BALANCED = CHAIN.replace("( m, c )", "( c, d )").replace(
    "o = LUT 0x6 ( n, d )", "o = LUT 0x6 ( m, n )"
)
WIDE = CHAIN + "OUTPUT(z)\nz = LUT 0x2 ( a )\n"


def test_the_smallest_result_is_kept(monkeypatch):
    fake_abc(monkeypatch, TWO_LEVELS, ONE_LEVEL)
    effort = Effort("two", (PLAIN, "second"), keep_depth=True, timeout=1.0)
    _, record = map_luts(tree(3), 3, effort)
    assert (record.luts_after, record.recipe) == (1, "second")


@pytest.mark.parametrize(("keep_depth", "expected"), [(True, 3), (False, 3)])
def test_of_as_small_results_the_flattest_is_kept(monkeypatch, keep_depth, expected):
    fake_abc(monkeypatch, BALANCED, CHAIN)
    effort = Effort("two", (PLAIN, "second"), keep_depth=keep_depth, timeout=1.0)
    mapped, _ = map_luts(tree(5), 2, effort)
    assert depth(mapped) == expected


def test_a_deeper_result_is_kept_only_when_asked(monkeypatch):
    ports = "INPUT(a)\nINPUT(b)\nINPUT(c)\nINPUT(d)\nINPUT(e)\nOUTPUT(y)\nOUTPUT(z)\n"
    flat = (
        "p = LUT 0x6 ( a, b )\ny = LUT 0x6 ( p, c )\nq = LUT 0x6 ( b, d )\nz = LUT 0x96 ( q, a, e )"
    )
    deep = "p = LUT 0x6 ( a, b )\ny = LUT 0x6 ( p, c )\nz = LUT 0x96 ( y, d, e )\n"
    for keep_depth, recipe in ((True, PLAIN.format(k=3)), (False, "deep")):
        fake_abc(monkeypatch, f"{ports}{flat}\n", f"{ports}{deep}")
        effort = Effort("two", (PLAIN, "deep"), keep_depth=keep_depth, timeout=1.0)
        assert map_luts(two_wide_gates(), 3, effort)[1].recipe == recipe


def two_wide_gates() -> Netlist:
    """Gates with more than 3 pins, so that the netlist itself is no candidate."""
    table = np.array([0x6996, 0x8000])
    return Netlist(5, np.array([[1, 2, 3, 4], [1, 2, 3, 5]]), table, np.array([6, 7]))


def test_every_gate_has_the_origin_of_the_output_it_drives(monkeypatch):
    """Whatever the order of the gates; of two outputs that one gate drives it has the first's."""
    ports = "INPUT(a)\nINPUT(b)\nINPUT(c)\nINPUT(d)\nINPUT(e)\n"
    ports += "OUTPUT(p)\nOUTPUT(q)\nOUTPUT(r)\nOUTPUT(s)\n"
    luts = {"p": "0x6 ( a, b )", "q": "0x8 ( a, c )", "r": "0xe ( b, d )", "s": "0x6 ( a, b )"}
    net = Netlist(5, np.tile([1, 2, 3, 4], (4, 1)), [1, 2, 4, 8], [6, 7, 8, 9], [17, 13, 19, 11])
    for order in permutations("pqrs"):
        text = ports + "".join(f"{name} = LUT {luts[name]}\n" for name in order)
        fake_abc(monkeypatch, text)
        mapped, _ = map_luts(net, 3, FAST)
        origins = mapped.origin[mapped.outputs - mapped.first_gate]
        assert origins.tolist() == [17, 13, 19, 17]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "ABC wrote 0 inputs and 0 outputs instead of 3 and 1"),
        (WIDE, "ABC wrote 5 inputs and 2 outputs instead of 3 and 1"),
        ("Killed", "ABC wrote BENCH text that cannot be used"),
        (ONE_LEVEL[:-5], "ABC wrote BENCH text that cannot be used"),
    ],
)
def test_what_abc_must_not_write(monkeypatch, text, complaint):
    fake_abc(monkeypatch, text)
    with pytest.raises(ToolError, match=complaint):
        map_luts(tree(3), 3, FAST)


def test_luts_that_are_too_wide_are_no_result(monkeypatch):
    fake_abc(monkeypatch, ONE_LEVEL)
    mapped, record = map_luts(tree(3), 2, FAST)
    assert (mapped.n_pins, record.recipe) == (2, "")
    wide = Netlist(3, np.array([[1, 2, 3]]), np.array([0x96]), np.array([4]))
    with pytest.raises(ToolError, match="ABC mapped to LUTs of more than 2 inputs"):
        map_luts(wide, 2, FAST)


@pytest.fixture
def fake_yosys(python_tool):
    """Makes a Yosys of a Python script."""
    return lambda script: python_tool("Yosys", script)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("pass", "Yosys did not write out.bench: it printed nothing"),
        ("open('out.bench', 'w')", "Yosys did not write out.bench: it printed nothing"),
        ("print('ERROR: no ABC'); sys.exit(1)", "failed with exit code 1: ERROR: no ABC"),
        ("open(READY, 'w'); time.sleep(1000)", "Yosys did not finish within 0.5 s"),
    ],
)
def test_yosys_fails(fake_yosys, script, complaint, time_is_up):
    tool = fake_yosys(script.replace("READY", repr(str(time_is_up))))
    with pytest.raises(ToolError) as caught:
        run_abc(tool, ["strash"], {}, ["out.bench"], 0.5)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_command_is_found_out():
    effort = Effort("broken", ("strash; no_such_command",), keep_depth=True, timeout=60.0)
    with pytest.raises(ToolError, match=r"Yosys .*"):
        map_luts(tree(8), 6, effort)


def test_abc_gets_the_script_and_the_files(fake_yosys):
    copy = "open('out', 'w').write(open('script.abc').read() + open('in').read())"
    texts = run_abc(fake_yosys(copy), ["one; two", "three"], {"in": "given"}, ["out"], 10.0)
    assert texts == ["backup\none\ntwo\nthree\nrestore\ngiven"]


def test_native_yosys_comes_from_the_path(monkeypatch, fake_yosys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(ToolError, match="Yosys is not on the PATH"):
        map_luts(tree(3), 6, FAST, native=True)
    program = fake_yosys("print(1)").command
    monkeypatch.setenv("PATH", str(tmp_path))
    assert yosys_tool(native=True).command == program


def test_no_pin_reads_a_constant_after_mapping():
    net = random_netlist(np.random.default_rng(9), 8, 80, 3, 10)
    mapped, _ = map_luts(net, 4)
    read = (mapped.fanin != CONSTANT_ZERO).sum(axis=1)
    assert (read == logic.support(mapped.table, mapped.n_pins).sum(axis=1)).all()
