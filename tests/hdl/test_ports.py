import pytest
from hardware import adder_network, design_of, mixed_network
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks

from lgn2hdl.hdl.ports import Port, classifier_ports, result_ports

HEAD = {
    "clk": ("input", 1),
    "rst": ("input", 1),
    "valid_in": ("input", 1),
    "x": ("input", 20),
    "valid_out": ("output", 1),
}


def shape(ports: tuple[Port, ...]) -> dict[str, tuple[str, int]]:
    return {port.name: (port.direction, port.width) for port in ports}


def test_with_scores():
    design = design_of(mixed_network())
    width = design.head.score_width
    ports = shape(classifier_ports(design))
    assert ports == {**HEAD, "class_index": ("output", 2), "scores": ("output", 3 * width)}
    meaning = classifier_ports(design)[-1].meaning
    assert meaning == (f"signed scores, class 0 in the least significant bits, {width} bits each")


def test_without_scores():
    design = design_of(mixed_network(), scores=False)
    assert shape(classifier_ports(design)) == {**HEAD, "class_index": ("output", 2)}


def test_bits():
    ports = shape(classifier_ports(design_of(adder_network(4))))
    assert ports == {**HEAD, "x": ("input", 8), "bits": ("output", 9)}


@given(networks(max_fan_in=3), st.booleans())
@settings(max_examples=20)
def test_results_are_the_circuits_outputs(network, scores):
    design = design_of(network, scores=scores)
    ports = classifier_ports(design)
    assert list(ports[5:]) == list(result_ports(design.head))
    assert sum(port.width for port in ports[5:]) == len(design.circuit.netlist.outputs)
    assert all(port.width > 0 and port.meaning and "\n" not in port.meaning for port in ports)
    assert ports[3].width == design.circuit.netlist.n_inputs


@pytest.mark.parametrize("scores", [True, False])
def test_a_class_index_has_as_many_bits_as_it_needs(scores):
    for n_classes, width in ((2, 1), (3, 2), (4, 2), (5, 3), (9, 4)):
        design = design_of(mixed_network(n_classes=n_classes), scores=scores)
        assert shape(result_ports(design.head))["class_index"] == ("output", width)
