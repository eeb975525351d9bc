"""What stands beside the Verilog in an output folder: every change of it is found."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hardware import adder_network, design_of, mixed_network

from lgn2hdl.base.errors import OptionError, OutputError
from lgn2hdl.compiler.interface_choice import PARALLEL, Interface, Kind
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.header import header_of, verilog_header
from lgn2hdl.model.vectors import random_vectors
from lgn2hdl.project.build_digest import build_digest, stamped, unstamped
from lgn2hdl.project.folder import FolderContent, folder_files, write_folder
from lgn2hdl.project.manifest import manifest_text, read_manifest
from lgn2hdl.project.report import DesignReport, estimate_timing
from lgn2hdl.targets.devices import find_device
from lgn2hdl.verify.proofs.folder_files import read_files
from lgn2hdl.verify.proofs.folder_proof import differences, prove_folder
from lgn2hdl.verify.proofs.report import Verdict


def content_of(network, interface: Interface = PARALLEL) -> FolderContent:
    design = design_of(network)
    device = find_device("xcup")
    header = verilog_header("ab" * 32, Recipe().to_json())
    return FolderContent(
        design=design,
        top="top",
        model_sha256="ab" * 32,
        verilog=emit_verilog(design, "top", interface=interface, header=header),
        vectors=random_vectors(design.network.features, 20),
        gates_before=96,
        report=DesignReport(device, design.latency, estimate_timing(device, 2)),
        interface=interface,
    )


@pytest.fixture(scope="module")
def content() -> FolderContent:
    return content_of(mixed_network())


@pytest.fixture(scope="module")
def written(content, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("folder") / "top"
    write_folder(content, target)
    return target


@pytest.fixture
def copy(written, tmp_path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "top"))


def verdicts(folder: Path, content: FolderContent) -> dict[str, str]:
    """Details of the parts that differ, by name; the vectors of ``content`` do not matter."""
    manifest = read_manifest(folder)
    assert manifest is not None
    other = replace(content, vectors=random_vectors(content.design.network.features, 1, seed=7))
    parts = prove_folder(folder, manifest, read_files(folder, manifest), other)
    assert {part.verdict for part in parts} <= {Verdict.PROVED, Verdict.DIFFERENT}
    return {
        part.name.removeprefix("folder: "): part.detail
        for part in parts
        if part.verdict is Verdict.DIFFERENT
    }


def forge(folder: Path, change: Callable[[dict[str, Any]], None] = lambda manifest: None) -> None:
    """Change the manifest, and make digest and hashes fit all files again, as a forger would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    old = manifest.pop("build")
    names = list(manifest.pop("sha256"))
    texts = {name: (folder / name).read_text() for name in names if (folder / name).exists()}
    plain = {}
    for name, text in texts.items():
        known = unstamped(name, text, old)
        plain[name] = text if known is None else known
    digest = build_digest(manifest, plain)
    for name, text in plain.items():
        (folder / name).write_text(stamped(name, text, digest))
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in plain}
    (folder / "manifest.json").write_text(
        manifest_text({**manifest, "build": digest, "sha256": hashes})
    )


@pytest.mark.parametrize(
    "given",
    [
        content_of(mixed_network()),
        content_of(adder_network(2)),
        content_of(mixed_network(), Interface(clock_enable=True)),
        content_of(mixed_network(), Interface(Kind.HANDSHAKE)),
        content_of(mixed_network(), Interface(Kind.STREAM, 16)),
    ],
    ids=["scores", "bits", "clock enable", "handshake", "stream"],
)
def test_what_synth_wrote_is_right(given: FolderContent, tmp_path) -> None:
    write_folder(given, tmp_path / "top")
    assert verdicts(tmp_path / "top", given) == {}
    forge(tmp_path / "top")
    assert verdicts(tmp_path / "top", given) == {}


def test_every_file_but_data_tells_its_build(written) -> None:
    build = read_manifest(written)["build"]
    for path in written.rglob("*"):
        if path.is_file() and path.suffix not in (".hex", ".json"):
            last = path.read_text().splitlines()[-1]
            assert f"build digest {build}" in last, path.name


def test_the_build_follows_from_everything(content) -> None:
    builds = {
        json.loads(folder_files(item)["manifest.json"])["build"]
        for item in (
            content,
            replace(content, model_sha256="cd" * 32),
            replace(content, top="other"),
            replace(content, vectors=random_vectors(content.design.network.features, 20, seed=1)),
            replace(content, verilog={**content.verilog, "top.v": "module top; endmodule\n"}),
            replace(content, report=None),
        )
    }
    assert len(builds) == 6


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.slow
def test_a_bit_of_any_file(written, content, tmp_path) -> None:
    names = [path.relative_to(written) for path in written.rglob("*") if path.is_file()]
    assert len(names) > 15
    for name in names:
        folder = Path(shutil.copytree(written, tmp_path / str(len(list(tmp_path.iterdir())))))
        flip(folder / name)
        if read_manifest(folder) is not None:
            assert "files" in verdicts(folder, content), name


def test_a_file_of_another_run(copy, content, tmp_path) -> None:
    other = replace(content, clock_mhz=50.0)
    write_folder(other, tmp_path / "other")
    shutil.copy(tmp_path / "other" / "top_core.v", copy)
    assert verdicts(copy, content)["files"] == "top_core.v is not the file that synth wrote"
    manifest = json.loads((copy / "manifest.json").read_text())
    data = (copy / "top_core.v").read_bytes()
    manifest["sha256"]["top_core.v"] = hashlib.sha256(data).hexdigest()
    (copy / "manifest.json").write_text(manifest_text(manifest))
    assert verdicts(copy, content)["files"] == "top_core.v is of another run"


def test_the_manifest_of_another_run(copy, content) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["tools"]["numpy"] = "0"
    (copy / "manifest.json").write_text(manifest_text(manifest))
    assert verdicts(copy, content) == {"files": "manifest.json is not that of these files"}


@pytest.mark.parametrize(
    "name", ["extra.v", "sub/extra.SV", "GNUmakefile", "sim/cocotb.py", "vectors/more.hex"]
)
def test_a_file_that_synth_did_not_write(copy, content, name: str) -> None:
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("")
    assert verdicts(copy, content) == {"files": f"{name} is no file of synth's"}


def test_what_tools_leave_behind_is_no_fault(copy, content) -> None:
    for name in ("sim_build/obj.v", "vivado/run.tcl", "sim/__pycache__/x.py", "notes.txt"):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text("")
    assert verdicts(copy, content) == {}


def test_a_file_is_missing(copy, content) -> None:
    (copy / "vectors" / "scores.hex").unlink()
    found = verdicts(copy, content)
    assert found == {
        "files": "vectors/scores.hex is missing",
        "vectors": "vectors/scores.hex is missing",
    }
    (copy / "top_core.v").unlink()
    with pytest.raises(OutputError, match=r"cannot read .*top_core\.v"):
        read_files(copy, read_manifest(copy))


def entry(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest.update({name: value})


def swap_packing(manifest: dict[str, Any]) -> None:
    first, second = manifest["x_packing"][:2]
    first["column"], second["column"] = second["column"], first["column"]


def add_port(manifest: dict[str, Any]) -> None:
    manifest["ports"].append({"name": "extra", "direction": "input", "width": 1, "meaning": ""})


FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "latency": (entry("latency", 99), "latency is 99, not "),
    "latency as text": (lambda m: m.update(latency=str(m["latency"])), "latency is \""),
    "interval": (entry("initiation_interval", 2), "initiation_interval is 2, not 1"),
    "top": (entry("top", "other"), 'top is "other", not "top"'),
    "classes": (lambda m: m["classes"].reverse(), 'classes[0] is "class 2", not "class 0"'),
    "a class more": (lambda m: m["classes"].append("x"), "classes is "),
    "packing": (swap_packing, 'x_packing[0].column is "x1", not "x0"'),
    "lsb": (lambda m: m["x_packing"][1].update(lsb=0), "x_packing[1].lsb is 0, not 3"),
    "ports": (add_port, "ports is "),
    "score width": (lambda m: m["scores"].update(width=9), "scores.width is 9, not "),
    "score sign": (lambda m: m["scores"].update(signed=False), "scores.signed is false, not true"),
    "no scores": (lambda m: m.pop("scores"), "scores is missing"),
    "a margin": (entry("margin", {"width": 4}), "margin is nothing that synth writes"),
    "head": (entry("head", "bits"), 'head is "bits", not "group_sum"'),
    "bench": (entry("bench", "my_bench"), 'bench is "my_bench", not "classifier_bench"'),
    "interface": (
        lambda m: m["interface"].update(kind="stream"),
        'interface.kind is "stream", not "parallel"',
    ),
    "files": (lambda m: m["verilog"].reverse(), "verilog[0] is "),
    "model": (entry("model_sha256", "00" * 32), 'model_sha256 is "000'),
    "stages": (lambda m: m["pipeline"].update(stages=1), "pipeline.stages is 1, not "),
    "changes": (entry("changes", {"observe": {}}), "changes.observe is nothing that synth writes"),
    "vectors": (lambda m: m["vectors"].update(count=3), "vectors.count is 3, not 20"),
    "clock": (entry("clock_mhz", 3.0), "clock_mhz is 3.0, not "),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_manifest(copy, content, name: str) -> None:
    """Hashes and digest fit, but what it says is not true of the design."""
    change, message = FORGERIES[name]
    forge(copy, change)
    found = verdicts(copy, content)
    assert found["manifest"].startswith(message), found
    assert "files" not in found


def test_a_manifest_that_says_a_thing_twice(copy, content) -> None:
    """Readers of JSON differ in which of two equal names they take."""
    path = copy / "manifest.json"
    path.write_text(path.read_text().replace('{\n "man', '{\n "latency": 3,\n "man', 1))
    assert verdicts(copy, content) == {"files": "manifest.json is not written as synth writes it"}


@pytest.mark.parametrize("name", ["vectors/class_index.hex", "vectors/scores.hex"])
def test_forged_results_in_the_vectors(copy, content, name: str) -> None:
    lines = (copy / name).read_text().split()
    lines[3] = lines[3][:-1] + ("1" if lines[3][-1] == "0" else "0")
    (copy / name).write_text("\n".join(lines) + "\n")
    forge(copy)
    assert verdicts(copy, content) == {"vectors": f"{name} does not fit the design"}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text.replace("\n", "\n0", 1),
        lambda text: "x" + text[1:],
        lambda text: "f" * 5 + "\n" + text.upper(),
        lambda text: "// a comment\n" + text,
    ],
)
def test_samples_that_are_none(copy, content, change) -> None:
    path = copy / "vectors" / "x.hex"
    path.write_text(change(path.read_text()))
    forge(copy)
    assert verdicts(copy, content)["vectors"] == "vectors/x.hex holds no samples"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("top_vhdl.vhd", "std_logic_vector(1 downto 0)", "std_logic_vector(0 downto 0)"),
        ("top_instance.vh", ".rst(rst)", ".rst(1'b0)"),
        ("vivado.tcl", "top_core.v", "other.v"),
        ("sim/classifier_bench.py", "assert", "pass or"),
        ("top.xdc", "-period ", "-period 1"),
        ("Makefile", "sim/run_sim.py", "-c pass"),
    ],
)
def test_forged_companions(copy, content, name: str, old: str, new: str) -> None:
    text = (copy / name).read_text()
    assert old in text or name.endswith("bench.py")
    (copy / name).write_text(text.replace(old, new) + ("# more\n" if old not in text else ""))
    forge(copy)
    assert verdicts(copy, content) == {"other files": f"{name} does not fit the design"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("README.md", "| `rst` | input", "| `rst` | output"),
        ("README.md", "\n## Use\n", "\nMore.\n## Use\n"),
        ("README.md", "\n## Resources\n", "\n## Resources\n## Ports\n"),
        ("report.json", '"latency_cycles": ', '"latency_cycles": 1'),
        ("report.json", '"device": "xcup"', '"device": "xc7"'),
        ("report.json", "{", "[{"),
    ],
)
def test_a_forged_page_or_report(copy, content, name: str, old: str, new: str) -> None:
    text = (copy / name).read_text()
    assert old in text
    (copy / name).write_text(text.replace(old, new, 1))
    forge(copy)
    assert verdicts(copy, content) == {"other files": f"{name} does not fit the design"}


def test_what_was_measured_is_not_claimed(copy, content) -> None:
    for name, old, new in (
        ("report.json", '"area": null', '"area": 7'),
        ("README.md", "\n## Resources\n", "\n## Resources\n| 1 | 2 |\n"),
    ):
        text = (copy / name).read_text()
        assert old in text
        (copy / name).write_text(text.replace(old, new, 1))
    forge(copy)
    assert verdicts(copy, content) == {}


@pytest.mark.parametrize("name", ["README.md", "report.json"])
def test_no_page_or_report(copy, content, name: str) -> None:
    (copy / name).unlink()
    forge(copy)
    assert verdicts(copy, content) == {"other files": f"{name} is missing"}


def test_a_file_more_that_has_a_hash(copy, content) -> None:
    (copy / "spare.v").write_text("module spare (); endmodule\n")
    forge(copy, lambda manifest: manifest["sha256"].update({"spare.v": ""}))
    assert verdicts(copy, content) == {"other files": "spare.v is no file of synth's"}


@pytest.mark.parametrize("said", [None, "text", "amaranth"])
@pytest.mark.parametrize("written", ["text", "amaranth"])
def test_what_the_verilog_begins_with(content, tmp_path, written: str, said: str | None) -> None:
    """Of a file whose header names another emitter than the manifest does, or that has none."""
    last = list(content.verilog)[-1]
    recipe = Recipe(emitter=written)
    header = verilog_header(content.model_sha256, recipe.to_json())
    wrong = "" if said is None else header.replace(written, said)
    verilog = {
        name: header + text.removeprefix(header_of(text)) for name, text in content.verilog.items()
    }
    verilog[last] = wrong + content.verilog[last].removeprefix(header_of(content.verilog[last]))
    given = replace(content, verilog=verilog, recipe=recipe)
    write_folder(given, tmp_path / "top")
    found = verdicts(tmp_path / "top", given)
    assert ("manifest" in found) == (written != said)
    if written != said:
        assert found["manifest"] == f"{last} begins with another version, model or recipe"


@pytest.mark.parametrize("hashes", [None, [], {"../x": ""}, {"/etc/x": ""}, {"": ""}])
def test_hashes_that_are_none(copy, hashes) -> None:
    manifest = {**read_manifest(copy), "sha256": hashes}
    with pytest.raises(OptionError, match="has no hashes"):
        read_files(copy, manifest)


def test_a_folder_in_place_of_a_file(copy) -> None:
    (copy / "top.core").unlink()
    (copy / "top.core").mkdir()
    with pytest.raises(OutputError, match=r"top\.core is no file of synth's"):
        read_files(copy, read_manifest(copy))


def test_differences_of_json() -> None:
    assert list(differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]})) == []
    assert list(differences({"a": [1, {"b": True}]}, {"a": [1, {"b": 1}]})) == [
        "a[1].b is true, not 1"
    ]
    assert list(differences({"a": 1}, {"b": 1})) == [
        "b is missing", "a is nothing that synth writes",
    ]  # fmt: skip
    long = "x" * 100
    assert list(differences({"a": long}, {"a": 1})) == [f'a is "{long[:39]} ..., not 1']
