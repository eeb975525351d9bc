"""How often a netlist is right, in blocks of rows."""

import pytest
from hardware import mixed_network, random_rows

from lgn2hdl.compiler import accuracy as module
from lgn2hdl.compiler.accuracy import head_accuracy, netlist_accuracy
from lgn2hdl.passes.lower import lower


@pytest.mark.parametrize("n_rows", [1, 63, 64, 65, 128, 129, 200])
def test_every_row_counts_once(monkeypatch, n_rows):
    monkeypatch.setattr(module, "BLOCK", 64)
    network = mixed_network()
    rows = random_rows(network.features, n_rows)
    right = network.decisions(rows)
    netlist = lower(network)
    for wrong in {0, n_rows // 2, n_rows - 1}:
        labels = right.copy()
        labels[wrong] = (labels[wrong] + 1) % 3
        found = netlist_accuracy(network, netlist, rows, labels)
        assert found == (n_rows - 1) / n_rows
        assert head_accuracy(network.encoder, netlist, network.head, rows, labels) == found
