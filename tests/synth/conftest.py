"""One real run of Yosys for all tests of this folder."""

import pytest
from hardware import design_of, mixed_network

from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.synth.area import measure_area


@pytest.fixture(scope="session")
def design():
    """A small design."""
    return design_of(mixed_network())


@pytest.fixture(scope="session")
def verilog(design):
    """Its Verilog, as module ``top``."""
    return emit_verilog(design, "top")


@pytest.fixture(scope="session")
def area(verilog):
    """What Yosys maps it to."""
    return measure_area(verilog, "top")
