"""Faults change what they say, one thing each, and the text stays Verilog."""

import itertools

import numpy as np
import pytest
from hardware import adder_network, design_of, features_of_widths, mixed_network
from networks import truth

from lgn2hdl.base.errors import OptionError
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.verify.differential.mutants import (
    Edit,
    changed_thresholds,
    dropped_registers,
    edits_of,
    flipped_table_bits,
    swapped_classes,
    swapped_fan_ins,
    with_edit,
)
from lgn2hdl.verify.readers.hardware import build
from lgn2hdl.verify.readers.reader import read_text

GATES = """
    localparam [7:0] a_table = 8'h0f;
    wire a = a_table[{z, y, x}];
    wire b = ~x & y;
    wire c = ~x;
    wire from = from_core[1];
    wire [2:0] chain_s = {a, x} - ~{b, 1'b0};
"""


def test_an_edit_replaces_its_pieces() -> None:
    assert Edit("", ((1, 2, "XX"), (4, 4, "-"))).applied("abcdef") == "aXXcd-ef"


def test_every_row_of_every_table() -> None:
    texts = {edit.what: edit.applied(GATES) for edit in flipped_table_bits(GATES)}
    assert len(texts) == 8 + 4 + 2
    assert "8'h0e;" in texts["a, row 0"]
    assert "8'h8f;" in texts["a, row 7"]
    assert "wire b = (~x & y) ^ (x & ~y);" in texts["b, row 1"]
    assert "wire c = (~x) ^ (x);" in texts["c, row 1"]


def test_every_pair_of_pins() -> None:
    texts = [edit.applied(GATES) for edit in swapped_fan_ins(GATES)]
    assert len(set(texts)) == len(texts) == 3 + 1 + 2
    for new in ("{y, z, x}", "{x, y, z}", "{z, x, y}", "~y & x", "{x, a}", "{1'b0, b}"):
        assert sum(new in text for text in texts) == 1


def test_a_flipped_row_changes_the_result_in_one_row() -> None:
    network = LogicNet(
        features=features_of_widths([1, 1, 1]),
        encoder=Thermometer(np.arange(3), np.ones(3, np.int64)),
        layers=(Lut(np.arange(3)[None], np.array([0xD2], np.uint8)),),
        head=Bits(1),
        class_names=("bit",),
        card={},
    )
    design = design_of(network)
    files = emit_verilog(design, "top")

    def table(given: dict[str, str]) -> np.ndarray:
        return truth(build(read_text(given, "top"), 3, {"bits": 1}).netlist)[0]

    found = edits_of(files, flipped_table_bits)
    changes = [table(files) ^ table(with_edit(files, *item)) for item in found]
    assert np.array_equal(np.array(changes), np.eye(8, dtype=np.bool_))


@pytest.mark.parametrize("fault", [flipped_table_bits, swapped_fan_ins, dropped_registers])
def test_the_text_stays_verilog(fault) -> None:
    design = design_of(mixed_network(seed=24, widths=(3, 1, 4, 2), width=15, fan_ins=(3, 4)))
    files = emit_verilog(design, "top")
    found = edits_of(files, fault)
    for name, edit in itertools.islice(found, 0, None, max(1, len(found) // 40)):
        changed = with_edit(files, name, edit)
        assert changed[name] != files[name]
        assert [other for other in files if files[other] != changed[other]] == [name]
        read_text(changed, "top")


def test_a_register_that_is_not_declared() -> None:
    text = "always @(posedge clk) begin\n        q <= d;\n    end"
    with pytest.raises(OptionError, match="register q is not declared"):
        list(dropped_registers(text))


def test_thresholds_stay_in_range() -> None:
    network = mixed_network()
    highest = network.features.highest
    found = list(changed_thresholds(network))
    for _, changed in found:
        differs = np.flatnonzero(changed.encoder.threshold != network.encoder.threshold)
        assert len(differs) == 1
        place = differs[0]
        step = changed.encoder.threshold[place] - network.encoder.threshold[place]
        assert abs(int(step)) == 1
        assert 0 <= changed.encoder.threshold[place] <= highest[changed.encoder.feature[place]]
    low = (network.encoder.threshold > 0).sum()
    high = (network.encoder.threshold < highest[network.encoder.feature]).sum()
    assert len(found) == low + high


def test_classes_change_places() -> None:
    network = mixed_network()
    rng = np.random.default_rng(0)
    samples = rng.integers(0, network.features.highest + 1, (50, network.features.n_features))
    samples = samples.astype(network.features.dtype)
    scores = network.scores(samples)
    names = []
    for name, changed in swapped_classes(network):
        names.append(name)
        one, other = (int(word) for word in name.split() if word.isdigit())
        order = np.arange(scores.shape[1])
        order[[one, other]] = other, one
        assert np.array_equal(changed.scores(samples), scores[:, order])
    assert names == ["classes 0 and 1", "classes 0 and 2", "classes 1 and 2"]
    with pytest.raises(OptionError, match="no classes"):
        list(swapped_classes(adder_network(2)))
