"""The whole proof: right designs are proved, and every kind of fault is found where it is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hardware import (
    adder_network,
    constant_network,
    design_of,
    device_of,
    features_of_widths,
    mixed_network,
    raw_table_features,
    wire_network,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks

from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.ports import result_ports
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum, contiguous_groups
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.passes import PRUNING
from lgn2hdl.passes.lower import lower
from lgn2hdl.passes.pipeline import plain
from lgn2hdl.verify.design import Verifier, verify_design
from lgn2hdl.verify.differential.mutants import (
    Edit,
    TextFault,
    dropped_registers,
    edits_of,
    flipped_table_bits,
    swapped_fan_ins,
    with_edit,
)
from lgn2hdl.verify.proofs.reference import samples_of
from lgn2hdl.verify.proofs.replay import Golden
from lgn2hdl.verify.proofs.report import Counterexample, Report, Verdict
from lgn2hdl.verify.readers.hardware import build
from lgn2hdl.verify.readers.reader import read_text

pytestmark = pytest.mark.slow

SMALL = {"seed": 24, "widths": (3, 1, 4, 2), "width": 15, "fan_ins": (3, 4)}
"""A network on ten bits: all samples can be tried. Each class wins often, and many draw."""


def verdicts(report: Report) -> dict[str, Verdict]:
    return {part.name: part.verdict for part in report.parts}


def proved(design: Design, files: dict[str, str] | None = None, **options) -> Report:
    return verify_design(design.network, design, files or emit_verilog(design, "top"), **options)


def every_sample(network: LogicNet) -> np.ndarray:
    n_bits = int(network.features.width.sum())
    bits = np.arange(1 << n_bits) >> np.arange(n_bits)[:, None] & 1 == 1
    return samples_of(network.features, bits)


def is_right(design: Design, files: dict[str, str]) -> bool:
    """Whether Verilog gives the network's results for all samples, by trying them."""
    widths = {port.name: port.width for port in result_ports(design.head)}
    hardware = build(read_text(files, "top"), design.circuit.netlist.n_inputs, widths)
    samples = every_sample(design.network)
    golden = Golden(design)
    return golden.mismatch(hardware.netlist, samples, golden.results(samples)) is None


def require_true_counterexample(design: Design, report: Report, files: dict[str, str]) -> None:
    """What is printed as expected is what the network gives, and the Verilog gives the rest."""
    example = report.counterexample
    assert example is not None
    network = design.network
    sample = np.array([example.features], network.features.dtype)
    golden = Golden(design)
    assert example.expected == golden.decoded(golden.results(sample)[:, 0])
    if not isinstance(network.head, Bits):
        assert example.expected["class"] == network.decisions(sample)[0]
    assert example.actual
    if not example.stream:
        widths = {port.name: port.width for port in result_ports(design.head)}
        hardware = build(read_text(files, "top"), design.circuit.netlist.n_inputs, widths)
        again = golden.counterexample(example.part, hardware.netlist, sample)
        assert again == example


def test_an_encoder_whose_comparisons_have_no_labels_proves_nothing() -> None:
    """The core is then proved from the bits of the features on; the encoder alone was not."""
    design = design_of(mixed_network(**SMALL))
    assert verdicts(proved(design))["encoder"] is Verdict.PROVED
    report = proved(replace(design, circuit=replace(design.circuit, labels=())))
    found = verdicts(report)
    assert found["encoder"] is Verdict.NOTHING
    assert found["core: mapped"] is Verdict.PROVED
    assert report.verdict is Verdict.PROVED


def test_scores_that_are_constant_are_proved() -> None:
    """Popcount and argmax have no gates then, and are parts of the design all the same."""
    network = mixed_network(**SMALL)
    last = network.layers[-1]
    zeros = Lut(last.fanin, np.zeros_like(last.table))
    ones = np.ones(last.width, np.int8)
    head = GroupSum(np.zeros(last.width, np.int16), ones, np.zeros(2, np.int32), 1.0)
    layers = (*network.layers[:-1], zeros)
    design = design_of(replace(network, layers=layers, head=head, class_names=("a", "b")))
    assert not design.circuit.behind_core.any()
    assert proved(design).verdict is Verdict.PROVED


@given(networks(), st.sampled_from([4, 6]), st.booleans(), st.integers(1, 3), st.booleans())
@settings(max_examples=25)
def test_random_networks_are_proved(
    network: LogicNet, k: int, carry: bool, levels: int, scores: bool
) -> None:
    recipe = Recipe(
        levels=levels, effort="none", outputs=("class", "scores") if scores else ("class",),
        dont_cares=bool(levels % 2), wire_levels=levels - 1,
    )  # fmt: skip
    design = compile_network(network, recipe, device=device_of(k, carry=carry)).design
    report = proved(design, dont_cares=recipe.dont_cares)
    assert report.verdict is Verdict.PROVED, report.parts
    assert report.counterexample is None


@pytest.mark.parametrize(
    "network",
    [
        mixed_network(),
        mixed_network(features=raw_table_features(), n_classes=7),
        adder_network(4),
        wire_network(),
        constant_network(contiguous_groups(2, 2, 1.0)),
        constant_network(Bits(2)),
    ],
)
def test_odd_networks_are_proved(network: LogicNet) -> None:
    for scores in (True, False):
        report = proved(design_of(network, scores=scores))
        assert report.verdict is Verdict.PROVED, report.parts


@pytest.mark.parametrize("k", [4, 6])
def test_mapped_networks_are_proved(k: int) -> None:
    recipe = Recipe(effort="fast", outputs=("class", "scores", "margin"))
    device = device_of(k, wide=6, carry=k == 4)
    compiled = compile_network(mixed_network(width=40), recipe, device=device)
    report = proved(compiled.design)
    assert report.verdict is Verdict.PROVED, report.parts
    assert list(verdicts(report))[-8:] == [
        *("popcount", "argmax", "Verilog: latency", "Verilog: encoder", "Verilog: core"),
        *("Verilog: popcount", "Verilog: argmax", "Verilog: results"),
    ]


def swapped_inputs(text: str) -> Iterator[Edit]:
    """Two bits that come from another module, or two bits of x, change places."""
    for one, other in itertools.pairwise(re.finditer(r"(?:from_\w+|x)\[\d+\](?=;)", text)):
        pieces = ((*one.span(), other[0]), (*other.span(), one[0]))
        yield Edit(f"{one[0]} and {other[0]}", pieces)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([flipped_table_bits, swapped_fan_ins, swapped_inputs]),
)
@settings(max_examples=60)
def test_verdicts_on_changed_verilog_are_right(seed: int, fault: TextFault) -> None:
    design, verifier, files = changed_design()
    found = edits_of(files, fault)
    name, edit = found[seed % len(found)]
    changed = with_edit(files, name, edit)
    report = verifier.verify(changed)
    if verdicts(report)["Verilog: latency"] is Verdict.DIFFERENT:
        assert fault is swapped_inputs, "bits of different clock cycles changed places"
        return
    assert report.verdict is (Verdict.PROVED if is_right(design, changed) else Verdict.DIFFERENT)
    if report.verdict is Verdict.DIFFERENT:
        require_true_counterexample(design, report, changed)


_CHANGED: list[tuple[Design, Verifier, dict[str, str]]] = []


def changed_design() -> tuple[Design, Verifier, dict[str, str]]:
    """One design for all examples, proved once."""
    if not _CHANGED:
        design = design_of(mixed_network(**SMALL), carry=False)
        verifier = Verifier(design.network, design)
        _CHANGED.append((design, verifier, emit_verilog(design, "top")))
    return _CHANGED[0]


def test_every_dropped_register_is_found() -> None:
    design, verifier, files = changed_design()
    found = edits_of(files, dropped_registers)
    assert len(found) == sum(design.flip_flops().values()) - design.latency + 1
    for name, edit in found:
        report = verifier.verify(with_edit(files, name, edit))
        assert verdicts(report)["Verilog: latency"] is Verdict.DIFFERENT, edit.what


def test_a_register_of_valid_too_few_or_too_many() -> None:
    design, verifier, files = changed_design()
    latency = design.latency
    early = files["top.v"].replace(f"valid[{latency - 1}];", f"valid[{latency - 2}];")
    report = verifier.verify({**files, "top.v": early})
    assert report.verdict is Verdict.DIFFERENT
    assert f"valid takes {latency - 1} cycles, not {latency}" in {p.detail for p in report.parts}
    late = files["top.v"].replace(f"reg [{latency - 1}:0] valid;", f"reg [{latency}:0] valid;")
    late = late.replace(
        f"{latency}'d0 : {{valid[{latency - 2}:0]", f"{latency + 1}'d0 : {{valid[{latency - 1}:0]"
    )
    late = late.replace(f"valid[{latency - 1}];", f"valid[{latency}];")
    report = verifier.verify({**files, "top.v": late})
    assert report.verdict is Verdict.DIFFERENT
    assert f"valid takes {latency + 1} cycles, not {latency}" in {p.detail for p in report.parts}
    for wrong in (latency - 1, latency + 1):
        assert verifier.verify(files, latency=wrong).verdict is Verdict.DIFFERENT
    assert verifier.verify(files, latency=latency).verdict is Verdict.PROVED


def test_results_a_cycle_late_come_with_a_stream() -> None:
    design, verifier, files = changed_design()
    late = files["top.v"].replace(
        "assign class_index = {",
        "reg [1:0] late;\n always @(posedge clk) late <= {argmax_to_result[1], "
        "argmax_to_result[0]};\n assign class_index = {late[1], late[0]};\n wire [1:0] unused = {",
    )
    assert late != files["top.v"]
    report = verifier.verify({**files, "top.v": late})
    assert verdicts(report)["Verilog: latency"] is Verdict.DIFFERENT
    example = report.counterexample
    assert example is not None
    assert len(example.stream) > design.latency
    assert example.features in example.stream
    sample = np.array([example.features], design.network.features.dtype)
    assert example.expected["class"] == design.network.decisions(sample)[0]
    assert set(example.actual) == {"class"}


def test_two_classes_change_places() -> None:
    design = design_of(mixed_network(**SMALL), levels=40, carry=False)  # no copies of scores
    files = emit_verilog(design, "top")
    text = files["top_argmax.v"]
    other = {"0": "1", "1": "0"}
    swapped = re.sub(
        r"wire score([01])_(\d) = ",
        lambda match: f"wire score{other[match[1]]}_{match[2]} = ",
        text,
    )
    assert swapped != text
    changed = {**files, "top_argmax.v": swapped}
    report = proved(design, changed)
    assert report.verdict is Verdict.DIFFERENT
    assert verdicts(report)["Verilog: argmax"] is Verdict.DIFFERENT
    assert verdicts(report)["Verilog: core"] is not Verdict.DIFFERENT
    require_true_counterexample(design, report, changed)


def wrong_network(design: Design, kind: str) -> LogicNet:
    """A network that the design is not that of."""
    network, head = design.network, design.network.head
    if kind == "threshold":
        samples = every_sample(network)
        for place in np.flatnonzero(network.encoder.threshold > 1):
            threshold = network.encoder.threshold.copy()
            threshold[place] -= 1
            other = replace(network, encoder=Thermometer(network.encoder.feature, threshold))
            if (other.outputs(samples) != network.outputs(samples)).any():
                return other
        raise AssertionError("no threshold matters")
    if kind == "table":
        layer = network.layers[-1]
        layers = (*network.layers[:-1], Lut(layer.fanin, layer.table ^ layer.table.dtype.type(1)))
        return replace(network, layers=layers)
    if kind == "class":
        class_of = head.class_of.copy()
        class_of[:2] = class_of[[1, 0]]
        return replace(network, head=replace(head, class_of=class_of))
    return replace(network, head=replace(head, bias=head.bias + np.array([0, 1, 0], np.int32)))


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("threshold", "core: mapped"),
        ("table", "core: mapped"),
        ("class", "popcount"),
        ("bias", "popcount"),
    ],
)
def test_a_design_of_another_network(kind: str, part: str) -> None:
    design = design_of(mixed_network(**SMALL))
    network = wrong_network(design, kind)
    files = emit_verilog(design, "top")
    report = verify_design(network, design, files)
    assert report.verdict is Verdict.DIFFERENT
    assert verdicts(report)[part] is Verdict.DIFFERENT
    require_true_counterexample(replace(design, network=network), report, files)


def test_a_wrong_pass_is_found() -> None:
    def share_gates(netlist: Netlist) -> Netlist:
        table = netlist.table.copy()
        table[-1] = 1
        return netlist if table[-1] == netlist.table[-1] else replace(netlist, table=table)

    wrong_pipeline = replace(PRUNING, rounds=PRUNING.rounds[:-1], deeper=(plain(share_gates),))
    design = design_of(mixed_network(**SMALL))
    report = proved(design, pipeline=wrong_pipeline)
    wrong = [part.name for part in report.parts if part.verdict is Verdict.DIFFERENT]
    assert wrong[0].startswith("core: share_gates, round ")
    example = report.counterexample
    assert isinstance(example, Counterexample)
    sample = np.array([example.features], design.network.features.dtype)
    outputs = design.network.outputs(sample)[:, 0]
    for name, value in example.expected.items():
        assert outputs[int(name.split()[1])] == value
        assert example.actual[name] != value


def test_a_design_that_is_right_in_another_way() -> None:
    """Adders in another order are no longer the circuit's, but still the network's scores."""
    design, verifier, files = changed_design()
    text = files["top_popcount.v"]
    found = re.findall(r"(\w+) = from_core\[(\d+)\];", text)
    weights = design.network.head.weight
    assert len(set(weights.tolist())) > 1
    proofs = 0
    for (one, first), (other, second) in itertools.pairwise(found):
        changed = text.replace(f"{one} = from_core[{first}];", f"{one} = from_core[{second}];")
        changed = changed.replace(
            f"{other} = from_core[{second}];", f"{other} = from_core[{first}];"
        )
        files_changed = {**files, "top_popcount.v": changed}
        if is_right(design, files_changed):
            report = verifier.verify(files_changed)
            if verdicts(report)["Verilog: latency"] is Verdict.PROVED:
                assert report.verdict is Verdict.PROVED
                proofs += 1
    assert proofs


def test_out_of_time() -> None:
    design = design_of(mixed_network(width=40, fan_ins=(6, 6)), carry=False)
    report = proved(design, time_limit=1e-9)
    assert report.verdict is Verdict.NOT_PROVED
    assert report.counterexample is None
    details = [part.detail for part in report.parts if part.verdict is Verdict.NOT_PROVED]
    assert any("the time limit of 1e-09 s is over" in detail for detail in details)


def test_time_starts_again() -> None:
    design = design_of(mixed_network(**SMALL))
    verifier = Verifier(design.network, design)
    verifier.restart(1000)
    assert verifier.verify(emit_verilog(design, "top")).verdict is Verdict.PROVED


def test_gates_in_place_of_the_layers() -> None:
    """What observing rows changed is what the design is compared with."""
    network = mixed_network(**SMALL)
    other = wrong_network(design_of(network), "table")
    design = design_of(other)
    files = emit_verilog(design, "top")
    assert verify_design(network, design, files).verdict is Verdict.DIFFERENT
    report = verify_design(network, design, files, golden=lower(other))
    assert report.verdict is Verdict.PROVED, report.parts


def test_reports_as_json() -> None:
    design = design_of(mixed_network(**SMALL))
    report = verify_design(wrong_network(design, "bias"), design, emit_verilog(design, "top"))
    values = report.to_json()
    assert values["verdict"] == "different"
    assert values["counterexample"]["features"] == list(report.counterexample.features)
    assert [part["verdict"] for part in values["parts"]].count("different") >= 1
    assert proved(design).to_json()["counterexample"] is None


def test_progress_names_every_part() -> None:
    design = design_of(mixed_network(**SMALL))
    seen: list[str] = []
    report = proved(design, progress=seen.append)
    assert {part.name for part in report.parts} <= set(seen)


def test_one_bit_features_and_x_without_readers() -> None:
    network = mixed_network(features=features_of_widths([1, 1, 16]))
    report = proved(design_of(network))
    assert report.verdict is Verdict.PROVED
    assert packed.WORD_BITS == 64


def delayed_constant(text: str, length: int, value: int) -> str:
    """A module whose result is also that of a constant behind so many registers."""
    names = [f"late{place}" for place in range(length)]
    sources = [f"1'b{value}", *names[:-1]]
    updates = " ".join(f"{a} <= {b};" for a, b in zip(names, sources, strict=True))
    operator = "|" if value == 0 else "&"
    chain = f"reg {', '.join(names)};\n    always @(posedge clk) begin {updates} end\n    "
    last = f"{{{names[-1]}, {names[-1]}}}"
    return re.sub(
        r"assign result = ([^;]+);",
        lambda found: (
            f"{chain}wire [1:0] fine = {found[1]};\n    assign result = fine {operator} {last};"
        ),
        text,
    )


@pytest.mark.parametrize("value", [0, 1])
def test_registers_of_constants_may_be_wrong_after_power_up(value: int) -> None:
    design = design_of(mixed_network(**SMALL))
    files = emit_verilog(design, "top")
    for length, verdict in ((design.latency + 1, Verdict.PROVED), (100, Verdict.DIFFERENT)):
        changed = {**files, "top_argmax.v": delayed_constant(files["top_argmax.v"], length, value)}
        report = proved(design, changed)
        assert report.verdict is verdict, (length, report.parts)
        assert (report.counterexample is None) == (verdict is Verdict.PROVED)
    example = report.counterexample
    assert example is not None
    assert (example.power_up, example.reset) == (str(1 - value), 1)
    assert len(example.stream) == 1 + design.latency + 1
    require_true_counterexample(design, report, changed)
