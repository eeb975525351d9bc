"""The Amaranth components: each part, clocked in Amaranth's simulator, against the golden model."""

import numpy as np
import pytest
from hardware import (
    adder_network,
    design_of,
    mixed_network,
    netlist_design,
    node_values,
    random_rows,
    raw_table_features,
    register_bits,
    register_transfer_text,
    run_part,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks, random_netlist

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.component import Classifier, Part, components
from lgn2hdl.hdl.names import node_names
from lgn2hdl.hdl.part import PartPlan, plan_parts
from lgn2hdl.hdl.ports import classifier_ports
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Netlist


def parts(design: Design) -> list[tuple[PartPlan, Part]]:
    """Plan and component of every part."""
    names = node_names(design)
    return [(plan, Part(design, plan, names)) for plan in plan_parts(design)]


def check_behaviour(design: Design, n_rows: int = 40) -> None:
    """A new sample every cycle: every port of every part has the golden value of its sample."""
    rows = random_rows(design.network.features, n_rows)
    values = node_values(design, rows)
    for plan, component in parts(design):
        run_part(component, plan, values, design.latency)


def check_registers(design: Design) -> None:
    """As many flip-flops are emitted as the schedule counts."""
    counted = design.flip_flops()
    for plan, component in parts(design):
        assert register_bits(component) == counted[plan.name]
    top = Classifier(design, "top", plan_parts(design))
    assert register_bits(top) == counted["control"]


@given(
    networks(max_fan_in=4), st.integers(1, 3), st.sampled_from([4, 6]), st.booleans(), st.booleans()
)
@settings(max_examples=15)
def test_random_networks(network, levels, k, carry, scores):
    design = design_of(network, levels=levels, k=k, carry=carry, scores=scores)
    check_behaviour(design)
    check_registers(design)


@pytest.mark.slow
@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("scores", [False, True])
def test_larger_networks(carry, scores):
    network = mixed_network(5, width=80, n_classes=5, features=raw_table_features())
    design = design_of(network, carry=carry, scores=scores)
    check_behaviour(design)
    check_registers(design)


def test_an_adder():
    for levels in (1, 3, 9):
        check_behaviour(design_of(adder_network(4), levels=levels))


@pytest.mark.parametrize("n_pins", [2, 3, 4, 5, 6])
def test_gates_of_every_fan_in(n_pins):
    netlist = random_netlist(np.random.default_rng(n_pins), 8, 60, n_pins, 20)
    check_behaviour(netlist_design(netlist, 2))


@pytest.mark.parametrize("fan_in", [1, 2])
def test_every_function_of_few_pins(fan_in):
    tables = np.arange(1 << logic.rows(fan_in), dtype=np.uint8)
    fanin = np.tile(np.arange(1, fan_in + 1), (len(tables), 1))
    outputs = np.arange(len(tables)) + fan_in + 1
    check_behaviour(netlist_design(Netlist(fan_in, fanin, tables, outputs), 1))


@given(networks(max_fan_in=3), st.booleans())
@settings(max_examples=10)
def test_no_signal_is_empty(network, scores):
    for component in components(design_of(network, scores=scores), "top").values():
        assert "wire width 0 " not in register_transfer_text(component)


def test_modules_and_their_ports():
    design = design_of(mixed_network())
    found = components(design, "net")
    assert list(found) == ["net", "net_encoder", "net_core", "net_popcount", "net_argmax"]
    top = {name: member.shape for name, member in found["net"].signature.members.items()}
    assert top == {port.name: port.width for port in classifier_ports(design)}
    for component in found.values():
        assert register_transfer_text(component)
