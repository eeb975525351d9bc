"""One real run of Yosys for all tests of this folder, and programs that stand in for tools."""

import sys

import pytest
from hardware import design_of, mixed_network

from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.synth.area import measure_area
from lgn2hdl.synth.tools import Tool


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


@pytest.fixture
def python_tool(tmp_path):
    """Makes a tool of a Python script in ``tmp_path``; the script has ``sys`` and ``time``."""

    def make(title: str, script: str, *arguments: str, file: str | None = None) -> Tool:
        program = tmp_path / (file or title.lower())
        program.write_text(f"#!{sys.executable}\nimport sys, time\n{script}\n")
        program.chmod(0o755)
        return Tool(title, (str(program), *arguments), f"run 'pip install {title.lower()}'")

    return make
