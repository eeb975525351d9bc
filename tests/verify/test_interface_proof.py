"""Modules around the pipeline: the right ones are proved, the broken ones are shown to be."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hardware import design_of, mixed_network
from hypothesis import given, settings
from hypothesis import strategies as st
from interface_matrix import FAULTS, STREAM_FAULTS, Entry, entries, mutant_entries

from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.hdl.interface_verilog import interface_verilog
from lgn2hdl.targets.devices import find_device
from lgn2hdl.tools import verilator
from lgn2hdl.tools.verilator import find_verilator
from lgn2hdl.verify.interface import spec as interface_spec
from lgn2hdl.verify.interface.induction import prove_by_induction
from lgn2hdl.verify.interface.product import Product, product_of
from lgn2hdl.verify.interface.proof import Proved, prove_interface, with_interface
from lgn2hdl.verify.interface.replay import replay_trace
from lgn2hdl.verify.interface.search import find_fault
from lgn2hdl.verify.interface.spec import PATH, wanted
from lgn2hdl.verify.proofs.interface_trace import Trace
from lgn2hdl.verify.proofs.report import Report, Verdict
from lgn2hdl.verify.readers.cells import HardwareError
from lgn2hdl.verify.readers.reader import read_text
from lgn2hdl.verify.readers.yosys_reader import read_with_yosys
from lgn2hdl.verify.sat.deadline import Deadline

pytestmark = pytest.mark.yosys

MORE_STREAM_FAULTS = (
    ("{last, earlier[15:8]}", "{earlier[7:0], last}"),
    ("{last, earlier[15:8]}", "{last, earlier[7:0]}"),
    ("s_axis_tready = ~(full & hold)", "s_axis_tready = ~(full & hold) | m_axis_tready"),
    ("s_axis_tready = ~(full & hold)", "s_axis_tready = ~(full & hold) & s_axis_tvalid"),
    ("s_axis_tready = ~(full & hold)", "s_axis_tready = ~full"),
    ("hold | result_valid", "(hold | result_valid) & m_axis_tready"),
    ("hold | result_valid", "(hold | result_valid) & enable"),
    ("beat == 2'd2", "beat == 2'd1"),
    ("beat == 2'd2", "beat == 2'd3"),
    ("beat + 2'd1", "beat + 2'd2"),
    ("beat <= 2'd0", "beat <= 2'd1"),
    ("(bad | failed & ~error_clear)", "bad"),
    ("(bad | failed & ~error_clear)", "(bad | failed) & ~error_clear"),
    ("bad_packet = dropped", "bad_packet = failed"),
    ("dropped <= ~rst & bad", "dropped <= bad"),
    ("m_axis_tlast = 1'b1", "m_axis_tlast = 1'b0"),
    ("m_axis_tlast = 1'b1", "m_axis_tlast = ~hold"),
    (".rst(rst)", ".rst(1'b0)"),
    (".rst(rst)", ".rst(rst | bad)"),
    (".enable(advance)", ".enable(1'b1)"),
    (".enable(advance)", ".enable(enable)"),
    ("valid_in(full)", "valid_in(full | good)"),
    ("advance = enable & flow", "advance = enable & flow & full"),
    ("4'd0, given[5:2]", "given[5:2], 4'd0"),
    ("6'd0, given[1:0]", "{6{given[1]}}, given[1:0]"),
    ("given[5:2]", "given[4:1]"),
    (".enable(advance)", ".enable(enable & ~(hold & ~result_valid))"),
    ("hold ? held : result", "hold ? result : held"),
)
HANDSHAKE_MORE_FAULTS = (
    ("ready_in = ~hold", "ready_in = ~hold | ready_out"),
    ("ready_in = ~hold", "ready_in = ~hold & valid_in"),
    ("ready_in = ~hold", "ready_in = flow & ~result_valid"),
    ("flow <= rst | ~valid_out | ready_out", "flow <= rst | ready_out"),
    ("flow <= rst | ~valid_out | ready_out", "flow <= rst | ~valid_out"),
    ("hold <= ~rst & valid_out & ~ready_out", "hold <= ~rst & valid_out"),
    ("hold <= ~rst & valid_out & ~ready_out", "hold <= ~rst & result_valid & ~ready_out"),
    ("valid_out = hold | result_valid", "valid_out = result_valid"),
    ("valid_out = hold | result_valid", "valid_out = hold | result_valid | valid_in"),
    (".x(x)", ".x({x[0], x[19:1]})"),
    (".valid_in(valid_in)", ".valid_in(valid_in & ready_out)"),
    ("if (rst | enable)", "if (1'b1)"),
    ("if (rst | enable)", "if (enable)"),
)
EQUIVALENT = (
    ("flow <= rst | ~m_axis_tvalid | m_axis_tready", "flow <= ~m_axis_tvalid | m_axis_tready"),
    ("valid_in(full)", "valid_in(full & ~hold)"),
    ("valid_in(full)", "valid_in(full & flow)"),
    ("valid_in(full)", "valid_in(full & ~skip)"),
    ("if (advance) held <= result", "if (flow) held <= result"),
    ("s_axis_tready = ~(full & hold)", "s_axis_tready = ~full | ~hold"),
    ("(bad | failed & ~error_clear)", "(failed & ~error_clear | bad)"),
)
"""Text that does the same: there is a cycle more between a reset and what would be delayed."""


@pytest.fixture(scope="module")
def texts() -> dict[str, tuple[Entry, str]]:
    """Entries of the matrix, right and broken, with the module around the pipeline."""
    found = {}
    for entry in (*entries(), *mutant_entries()):
        pipeline = f"{entry.name}_pipeline"
        text = interface_verilog(entry.design, entry.name, pipeline, entry.interface)
        found[entry.name] = (entry, text if entry.change is None else entry.change(text))
    return found


def product(entry: Entry, text: str) -> Product:
    want = wanted(entry.design, entry.interface)
    boxes = {f"{entry.name}_pipeline": want.pipeline_ports}
    return product_of(read_text({"top.v": text}, entry.name, boxes), want)


def proved(entry: Entry, text: str) -> Proved:
    return prove_interface(entry.design, entry.interface, {"top.v": text}, entry.name)


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_every_interface_of_the_matrix_is_proved(texts, name):
    known = proved(*texts[name])
    assert (known.part.verdict, known.trace) == (Verdict.PROVED, None), known.part.detail
    assert known.part.name == f"interface: {texts[name][0].interface.kind.value}"
    names = known.part.detail.partition("not reset: ")[2]
    control = ("hold ", "flow ", "full ", "skip ", "dropped ", "failed ", "shift ", "beat ")
    assert "held (" in names
    assert not any(register in names for register in control)


violated: set[str] = set()


def checked(trace: Trace | None) -> None:
    assert trace is not None
    violated.add(trace.violated)
    assert trace.ports[0]["rst"] == 1
    assert len(trace.ports) == len(trace.pipeline) < 40


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_every_fault_of_the_simulation_is_shown(texts, number):
    entry, text = texts[f"mutant{number}"]
    if FAULTS[number][1] == "if (rst | good)":  # reads a wire before it is there
        with pytest.raises(HardwareError, match="good is not declared"):
            product(entry, text)
        return
    checked(find_fault(product(entry, text), Deadline()))


MORE = [("mutant0", pair) for pair in MORE_STREAM_FAULTS]
MORE += [(f"mutant{len(STREAM_FAULTS)}", pair) for pair in HANDSHAKE_MORE_FAULTS]


def changed(texts, base: str, before: str, after: str) -> tuple[Entry, str]:
    entry = texts[base][0]
    text = interface_verilog(entry.design, base, f"{base}_pipeline", entry.interface)
    assert before in text, before
    return entry, text.replace(before, after)


@pytest.mark.parametrize(("base", "pair"), MORE, ids=[f"{a} -> {b}" for _, (a, b) in MORE])
def test_more_faults_are_shown(texts, base, pair):
    checked(find_fault(product(*changed(texts, base, *pair)), Deadline()))


def test_every_property_was_violated_by_a_fault():
    """After the tests above: no property is one that cannot fail."""
    properties = {
        value
        for name, value in vars(interface_spec).items()
        if name.isupper() and isinstance(value, str) and " " in value
    }
    assert len(properties) == 14
    assert properties - violated == set()


@pytest.mark.parametrize("number", [0, 4, 18, 28, 35, 36, 40])
def test_a_fault_is_never_proved_away(texts, number):
    known = proved(*texts[f"mutant{number}"])
    assert known.part.verdict is Verdict.DIFFERENT
    assert known.trace is not None
    assert known.trace.violated in known.part.detail


@pytest.mark.parametrize("pair", EQUIVALENT, ids=[b for _, b in EQUIVALENT])
def test_what_does_the_same_is_proved(texts, pair):
    known = proved(*changed(texts, "mutant0", *pair))
    assert known.part.verdict is Verdict.PROVED, known.part.detail


def test_yosys_reads_the_same(texts):
    entry, text = texts["mixed_stream8"]
    known = prove_interface(
        entry.design, entry.interface, {"top.v": text}, entry.name, reader=read_with_yosys
    )
    assert known.part.verdict is Verdict.PROVED, known.part.detail
    assert known.part.detail == proved(entry, text).part.detail


@pytest.mark.parametrize("name", ["mixed_stream8", "mutant12"])
def test_the_netlist_of_an_interface_is_proved(texts, name):
    entry, text = texts[name]
    report = with_interface(
        Report((), None, 0.0), entry.design, entry.interface, {"top.v": text}, entry.name,
        device=find_device("xcup"),
    )  # fmt: skip
    assert report.verdict is (Verdict.PROVED if entry.change is None else Verdict.DIFFERENT)
    assert (report.trace is None) == (entry.change is None)
    assert [part.name for part in report.parts] == ["interface: stream"]


def test_what_random_transfers_miss_the_solver_finds(texts):
    """A result of one value, after another, is taken for another value."""
    entry, text = changed(
        texts, f"mutant{len(STREAM_FAULTS)}", "hold ? held : result",
        "hold ? held : x == 20'd699050 ? ~result : result",
    )  # fmt: skip
    trace = find_fault(product(entry, text), Deadline())
    checked(trace)
    assert len(trace.ports) < 12


def test_the_time_limit_leaves_it_open(texts):
    entry, text = texts["words_stream8"]
    limit = Deadline(1e-9)
    known = prove_interface(
        entry.design, entry.interface, {"top.v": text}, entry.name, deadline=limit
    )
    assert known.part.verdict is Verdict.NOT_PROVED
    assert known.part.detail.startswith("no fault found, no proof that ")


@given(
    widths=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    beat=st.sampled_from([8, 16, 24, 40, None]),
    enable=st.booleans(),
    n_classes=st.integers(2, 5),
    outputs=st.tuples(st.booleans(), st.booleans()),
)
@settings(max_examples=6)
def test_streams_of_any_shape_are_proved(widths, beat, enable, n_classes, outputs):
    network = mixed_network(
        sum(widths), widths=widths, fan_ins=(2,), width=2 * n_classes, n_classes=n_classes
    )
    design = design_of(network, levels=2, scores=outputs[0], margin=outputs[1])
    for interface in (
        Interface(Kind.STREAM, beat, enable),
        Interface(Kind.HANDSHAKE, None, enable),
    ):
        text = interface_verilog(design, "any", "any_pipeline", interface)
        known = prove_interface(design, interface, {"any.v": text}, "any")
        assert known.part.verdict is Verdict.PROVED, known.part.detail


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("mutant0_pipeline pipeline (", "other pipeline (", "there is no module other"),
        ("assign error = failed", "assign error = failed; wire z = x", "x is not declared"),
        (".rst(rst), ", "", "are not those that are connected"),
        (".clk(clk)", ".clk(enable)", "another clock"),
        ("output wire error,", "output wire error, output wire more,", "nothing drives more"),
        ("assign error = failed", "assign error = failed & clk", "clk is read as a value"),
        ("hold | result_valid", "m_axis_tvalid | result_valid", "circle"),
        ("posedge clk", "posedge enable", "another clock"),
        (".x({last[3:0], earlier})", ".x({last[2:0], earlier})", "19 bits for 20|20"),
    ],
)
def test_unsound_modules_are_refused(texts, before, after, message):
    with pytest.raises(HardwareError, match=message):
        product(*changed(texts, "mutant0", before, after))


def test_the_proof_counts_what_a_reset_leaves(texts):
    entry, text = texts["mixed_stream8"]
    known = prove_by_induction(product(entry, text), Deadline())
    assert known.failed == ()
    vectors = {name.partition("[")[0] for name in known.not_reset}
    assert vectors == {"last", "earlier", "held"}
    assert len(known.not_reset) == 8 + 16 + 6


def test_a_trace_is_printed_and_saved(texts):
    entry, text = texts["mutant12"]
    trace = find_fault(product(entry, text), Deadline())
    assert trace is not None
    lines = trace.lines()
    assert lines[0] == f"clock cycles in which this is not so: {trace.violated}"
    assert len(lines) == 1 + len(trace.ports)
    assert "rst" in lines[1]
    saved = trace.to_json()
    assert saved["violated"] == trace.violated
    assert len(saved["cycles"]) == len(trace.ports)
    values = [int(cycle["ports"]["s_axis_tdata"], 16) for cycle in saved["cycles"]]
    assert values == [ports["s_axis_tdata"] for ports in trace.ports]
    assert np.array(values).max() < 256


REPLAYED = {"a register at power-up": 7, "a handshake": 38}


@pytest.mark.skipif(find_verilator() is None or shutil.which("g++") is None, reason="no Verilator")
@pytest.mark.parametrize("name", REPLAYED)
def test_cycles_are_replayed_on_the_text(texts, name):
    entry, text = texts[f"mutant{REPLAYED[name]}"]
    machine = product(entry, text)
    trace = find_fault(machine, Deadline())
    names = (entry.name, f"{entry.name}_pipeline", machine.instance)
    part = replay_trace(machine.want, trace, {"top.v": text}, *names)
    assert part.verdict is Verdict.DIFFERENT, part.detail
    assert part.detail == f"Verilator shows it: the same values in cycle {len(trace.ports) - 1}"


@pytest.mark.skipif(find_verilator() is None or shutil.which("g++") is None, reason="no Verilator")
def test_cycles_that_the_text_does_not_show(texts):
    entry, text = texts["mutant38"]
    machine = product(entry, text)
    trace = find_fault(machine, Deadline())
    names = (entry.name, f"{entry.name}_pipeline", machine.instance)
    _, right = changed(texts, "mutant38", "ready_in", "ready_in")
    part = replay_trace(machine.want, trace, {"top.v": right}, *names)
    assert part.verdict is Verdict.NOT_PROVED
    assert re.fullmatch(
        r"Verilator gives 0x\w+ for \w+, not 0x\w+: the readers differ", part.detail
    )


def test_cycles_that_are_not_replayed(texts, monkeypatch):
    entry, text = texts["mutant38"]
    machine = product(entry, text)
    trace = find_fault(machine, Deadline())
    names = (entry.name, f"{entry.name}_pipeline", machine.instance)
    path = replay_trace(machine.want, replace(trace, violated=PATH), {"top.v": text}, *names)
    assert (path.verdict, path.detail) == (
        Verdict.NOT_PROVED, "a path without a register is no value to be seen",
    )  # fmt: skip
    monkeypatch.setattr(verilator, "find_verilator", lambda: None)
    part = replay_trace(machine.want, trace, {"top.v": text}, *names)
    assert part.verdict is Verdict.NOT_PROVED
    assert part.detail.startswith("the cycles were not simulated: Verilator is not installed")
