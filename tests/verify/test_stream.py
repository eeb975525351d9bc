import numpy as np
import pytest
from hardware import design_of, mixed_network, random_rows

from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.ports import result_ports
from lgn2hdl.ir import packed
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.verify.proofs.replay import Golden
from lgn2hdl.verify.readers.hardware import build
from lgn2hdl.verify.readers.reader import read_text
from lgn2hdl.verify.readers.stream import simulate


@pytest.mark.parametrize("levels", [1, 3])
def test_results_come_after_the_latency(levels: int) -> None:
    design = design_of(mixed_network(), levels=levels)
    widths = {port.name: port.width for port in result_ports(design.head)}
    cells = read_text(emit_verilog(design, "top"), "top")
    hardware = build(cells, design.circuit.netlist.n_inputs, widths)
    samples = random_rows(design.network.features, 64 * 12)
    bits = feature_bits(design.network.features, samples)
    x = np.stack([packed.pack(bits[:, cycle::12]) for cycle in range(12)])
    given = simulate(hardware, list(widths), x)
    golden = Golden(design).results(samples)
    for cycle in range(design.latency, 12):
        sample = slice(cycle - design.latency, None, 12)
        assert np.array_equal(packed.unpack(given[cycle], 64), golden[:, sample])
