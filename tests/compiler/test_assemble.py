"""The whole circuit, from packed feature bits to result bits, against the trained network."""

import numpy as np
import pytest
from hardware import (
    adder_network,
    constant_network,
    design_of,
    feature_bits,
    features_of_widths,
    mixed_network,
    pack_bits,
    port_values,
    random_rows,
    raw_table_features,
    resources_of,
    wire_network,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks

from lgn2hdl.arithmetic.cost import Objective
from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler.assemble import assemble, used_inputs
from lgn2hdl.hdl.ports import result_ports
from lgn2hdl.ir import packed
from lgn2hdl.ir.circuit import NO_CHAIN, Circuit
from lgn2hdl.ir.netlist import Netlist, evaluate, live
from lgn2hdl.ir.retiming import lut_levels
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.passes import prune
from lgn2hdl.passes.lower import lower


def results(circuit: Circuit, network: LogicNet, plan, rows: np.ndarray) -> list[dict[str, int]]:
    """Value of every result port for each row, by evaluating the circuit."""
    inputs = packed.pack(feature_bits(network.features, rows))
    bits = packed.unpack(evaluate(circuit.netlist, inputs), len(rows)).T.tolist()
    widths = [(port.name, port.width) for port in result_ports(plan)]
    assert len(circuit.netlist.outputs) == sum(width for _, width in widths)
    found = []
    for row in bits:
        values, start = {}, 0
        for name, width in widths:
            values[name] = pack_bits(row[start : start + width], [1] * width)
            start += width
        found.append(values)
    return found


def check(network: LogicNet, rows: np.ndarray | None = None, **options) -> Circuit:
    """The assembled circuit gives what the network gives; returns the circuit."""
    design = design_of(network, **options)
    rows = random_rows(network.features, 130) if rows is None else rows
    got = results(design.circuit, network, design.head, rows)
    assert got == port_values(design, rows)
    return design.circuit


def check_structure(circuit: Circuit) -> None:
    """Parts are in order, read only what is before them, and hold whole chains."""
    netlist, part = circuit.netlist, circuit.part
    assert (np.diff(part.astype(int)) >= 0).all()
    below = np.concatenate([np.zeros(netlist.first_gate, int), part])[netlist.fanin]
    assert (below <= part[:, None]).all()
    assert live(netlist)[netlist.first_gate :][circuit.chain == NO_CHAIN].all()
    for index, chain in enumerate(circuit.chains):
        gates = chain.gates - netlist.first_gate
        assert len(np.unique(part[gates])) == 1
        assert np.flatnonzero(circuit.chain == index).tolist() == sorted(gates.tolist())
        top = [node for node in (chain.sums[-1], chain.carries[-1]) if node]
        assert live(netlist)[top].any()


@given(networks(), st.booleans(), st.booleans())
@settings(max_examples=25)
def test_random_networks_with_lut6(network, carry, scores):
    check_structure(check(network, k=6, carry=carry, scores=scores))


@given(networks(max_fan_in=4), st.booleans(), st.booleans())
@settings(max_examples=25)
def test_random_networks_with_lut4(network, carry, scores):
    circuit = check(network, k=4, carry=carry, scores=scores)
    assert (circuit.netlist.fanin != 0).sum(axis=1).max(initial=0) <= 4
    check_structure(circuit)


@pytest.mark.slow
@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize(("k", "carry"), [(4, False), (4, True), (6, False), (6, True)])
def test_larger_networks(k, carry, scores):
    for seed in range(3):
        circuit = check(mixed_network(seed, width=90), k=k, carry=carry, scores=scores)
        check_structure(circuit)
        assert all(count > 0 for count in circuit.lut_count().values())


@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize(("k", "carry"), [(4, False), (4, True), (6, False), (6, True)])
def test_margins(k, carry, scores):
    """Beside the scores and without them, with ties; a difference does not need the scores."""
    for seed, n_classes in ((1, 2), (2, 3), (3, 7)):
        network = mixed_network(seed, width=42, n_classes=n_classes)
        circuit = check(network, k=k, carry=carry, scores=scores, margin=True)
        check_structure(circuit)
        assert "margin_0" in {item.meaning.name for item in circuit.labels}


def test_bits_have_no_margin():
    network = adder_network(2)
    with pytest.raises(OptionError, match="bits, which have no margin"):
        assemble(network, lower(network), resources_of(6, True), margin=True)


def test_raw_tables_and_wide_features():
    check(mixed_network(4, features=raw_table_features()))
    check(mixed_network(3, widths=(16, 16, 16, 16, 3), n_classes=9))
    check(mixed_network(2, widths=(1,), n_classes=2))


@pytest.mark.slow
def test_chains_of_a_large_popcount():
    circuit = check(mixed_network(1, width=200, n_classes=2), k=6, carry=True)
    check_structure(circuit)
    assert len(circuit.chains) > 0
    of_parts = {circuit.parts[circuit.part[item.sums[0] - circuit.netlist.first_gate]].name
                for item in circuit.chains}  # fmt: skip
    assert of_parts == {"popcount"}


def test_bits_end_with_the_core():
    circuit = check(adder_network(3))
    assert set(circuit.part.tolist()) == {1}  # one-bit features: the encoder is wires
    assert list(circuit.lut_count()) == ["encoder", "core"]


@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize("head", [GroupSum([0, 1], [1, 1], [0, 0], 1.0), Bits(2)], ids=type)
def test_constant_networks(head, scores):
    circuit = check(constant_network(head), scores=scores)
    assert sum(circuit.lut_count().values()) == 0


def test_wires():
    circuit = check(wire_network(), np.arange(4)[:, None])
    assert circuit.lut_count() == {"encoder": 1, "core": 1}


def class_against_constant(n_terms: int, constant: int) -> LogicNet:
    """Class 0 counts ``n_terms`` one-bit features, class 1 is always ``constant``."""
    nodes = np.arange(n_terms)
    return LogicNet(
        features=features_of_widths([1] * n_terms),
        encoder=Thermometer(nodes, np.ones(n_terms, int)),
        layers=(Lut(np.stack([nodes, nodes], axis=1), np.full(n_terms, 10)),),
        head=GroupSum(np.zeros(n_terms, int), np.ones(n_terms, int), [0, constant], 1.0),
        class_names=("count", "constant"),
        card={},
    )


@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("constant", [0, 1, 4, 8, 9, 12])
def test_score_bits_that_nobody_reads_are_not_made(constant, carry):
    """A comparison with a power of two reads the upper score bits only."""
    network = class_against_constant(12, constant)
    rows = (np.arange(4096)[:, None] >> np.arange(12) & 1).astype(np.uint8)
    with_scores = check(network, rows, carry=carry)
    without = check(network, rows, carry=carry, scores=False)
    check_structure(without)
    assert without.netlist.n_gates <= with_scores.netlist.n_gates


def test_names():
    network = mixed_network(2)
    design = design_of(network)
    circuit, plan = design.circuit, design.head
    inputs = packed.pack(feature_bits(network.features, random_rows(network.features, 100)))
    everything = Netlist(
        circuit.netlist.n_inputs,
        circuit.netlist.fanin,
        circuit.netlist.table,
        np.arange(circuit.netlist.n_nodes, dtype=np.int32),
    )
    values = packed.unpack(evaluate(everything, inputs), 100)
    labels = {item.meaning.name: values[item.node].tolist() for item in circuit.labels}
    rows = random_rows(network.features, 100)
    scores = network.scores(rows)
    for index in range(plan.n_classes):
        for bit in range(plan.score_width):
            assert labels[f"score{index}_{bit}"] == (scores[:, index] >> bit & 1 == 1).tolist()
    encoder_bits = [name for name in labels if "_ge_" in name]
    assert len(encoder_bits) > 5
    for name in encoder_bits:
        feature, threshold = (int(number) for number in name[1:].split("_ge_"))
        assert labels[name] == (rows[:, feature] >= threshold).tolist()


def test_objectives_trade_luts_for_levels():
    network = mixed_network(1, width=120, n_classes=4)
    core = prune(lower(network))[0]
    luts, _ = assemble(network, core, resources_of(6, False, Objective.LUTS))
    depth, plan = assemble(network, core, resources_of(6, False, Objective.DEPTH))
    assert luts.lut_count()["popcount"] <= depth.lut_count()["popcount"]
    rows = random_rows(network.features, 64)
    assert results(depth, network, plan, rows) == results(luts, network, plan, rows)


def test_used_inputs():
    netlist = Netlist(4, [[1, 3], [2, 2]], np.array([8, 8], np.uint8), [5, 4])
    assert used_inputs(netlist).tolist() == [0, 2, 3]


def test_every_part_is_labelled():
    circuit = design_of(mixed_network()).circuit
    assert set(circuit.part.tolist()) == set(range(len(circuit.parts)))


@pytest.mark.parametrize("network", [mixed_network(2), adder_network(3)], ids=["classes", "bits"])
def test_wires_into_the_core_are_levels_but_no_luts(network):
    core = prune(lower(network))[0]
    plain, wired = (
        assemble(network, core, resources_of(6, True), wire_levels=number)[0] for number in (0, 2)
    )
    random = np.random.default_rng(0)
    inputs = random.integers(0, 1 << 64, (plain.netlist.n_inputs, 4), dtype=np.uint64)
    outputs = [evaluate(circuit.netlist, inputs) for circuit in (plain, wired)]
    np.testing.assert_array_equal(*outputs)
    assert wired.lut_count() == plain.lut_count()
    deepest = [
        lut_levels(circuit.netlist, circuit.clusters)[circuit.netlist.outputs].max()
        for circuit in (plain, wired)
    ]
    assert deepest[1] == deepest[0] + 2


def test_a_negative_number_of_wire_levels_is_refused():
    network = mixed_network(2)
    with pytest.raises(OptionError, match="wires into the core"):
        assemble(network, prune(lower(network))[0], resources_of(6, True), wire_levels=-1)
