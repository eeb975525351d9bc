"""Folders of ``synth`` that were tampered with: the manifest, and the files beside the Verilog.

Hashes and build digest are made anew after every edit, as somebody would who knows how, so that it
is not these alone that refuse it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tampering

from lgn2hdl.project.build_digest import build_digest, stamped
from lgn2hdl.project.manifest import MANIFEST, manifest_text

BUILD, HASHES = "build", "sha256"
"""Entries of the manifest that follow from the files."""


@dataclass
class Folder:
    """An output folder in memory.

    Attributes:
        claims: the manifest, without what follows from the files.
        files: all other files as they are without the line of the build, by name.
        unlisted: files of which the manifest knows nothing.
        after: an edit of the finished manifest's text.
    """

    claims: dict[str, Any]
    files: dict[str, bytes]
    unlisted: dict[str, bytes] = field(default_factory=dict)
    after: Callable[[str], str] = lambda text: text

    @property
    def top(self) -> str:
        """Name of the top module, as synth wrote it."""
        return next(iter(self.verilog)).removesuffix(".v")

    @property
    def verilog(self) -> dict[str, bytes]:
        """The Verilog files, the top module's first."""
        return {name: self.files[name] for name in self.claims["verilog"]}

    def write(self, path: Path) -> None:
        """Write the folder, with a digest and hashes that are right for it."""
        texts = {name: data.decode(errors="replace") for name, data in self.files.items()}
        digest = build_digest(self.claims, texts)
        shutil.rmtree(path, ignore_errors=True)
        hashes = {}
        for name, data in sorted(self.files.items()):
            content = data + stamped(name, "", digest).encode()
            hashes[name] = hashlib.sha256(content).hexdigest()
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
        for name, data in self.unlisted.items():
            (path / name).write_bytes(data)
        manifest = manifest_text({**self.claims, BUILD: digest, HASHES: hashes})
        (path / MANIFEST).write_text(self.after(manifest))


def read_folder(path: Path) -> Folder:
    """The folder that ``synth`` wrote."""
    manifest = json.loads((path / MANIFEST).read_text())
    digest = manifest.pop(BUILD)
    hashes = manifest.pop(HASHES)
    files = {}
    for name in hashes:
        files[name] = (path / name).read_bytes().removesuffix(stamped(name, "", digest).encode())
    return Folder(manifest, files)


Edit = Callable[[Folder], None]


def text_edit(attack: tampering.Attack) -> Edit:
    """An attack on the Verilog; new files become a part of the design."""

    def edit(folder: Folder) -> None:
        changed = attack.edit(folder.verilog, folder.top)
        folder.files |= changed
        folder.claims["verilog"] = list(changed)

    return edit


def claim(*place: str | int, value: Any) -> Edit:
    """Another value in the manifest; a function gets the old one."""

    def edit(folder: Folder) -> None:
        entry: Any = folder.claims
        for name in place[:-1]:
            entry = entry[name]
        old = entry[place[-1]] if isinstance(entry, list) or place[-1] in entry else None
        entry[place[-1]] = value(old) if callable(value) else value
        if entry[place[-1]] == old:
            raise ValueError(f"{place} is as it was")

    return edit


def file(name: str, pattern: str, new: str) -> Edit:
    """Another text in a file, ``TOP`` in its name stands for the top module's."""

    def edit(folder: Folder) -> None:
        path = name.replace("TOP", folder.top)
        text = folder.files[path].decode()
        wanted = pattern.replace("TOP", folder.top)
        changed = re.sub(wanted, new.replace("TOP", folder.top), text, count=1, flags=re.M | re.S)
        if changed == text:
            raise ValueError(f"{path} is as it was")
        folder.files[path] = changed.encode()

    return edit


def added(name: str, text: str, *, listed: bool = True) -> Edit:
    """One more file, of which the manifest says nothing but its hash, if even that."""

    def edit(folder: Folder) -> None:
        (folder.files if listed else folder.unlisted)[name] = text.encode()

    return edit


def _without_hash(manifest: str, name: str) -> str:
    content = json.loads(manifest)
    del content[HASHES][name]
    return manifest_text(content)


def removed(name: str) -> Edit:
    """A file less."""
    return lambda folder: folder.files.pop(name.replace("TOP", folder.top)) and None


def finished(change: Callable[[str], str]) -> Edit:
    """Another text of the manifest, when everything else is done."""

    def edit(folder: Folder) -> None:
        folder.after = change

    return edit


def _swapped(entries: list[Any], key: str | None = None) -> list[Any]:
    """The first and the last entry exchanged, or one value of theirs."""
    entries = json.loads(json.dumps(entries))
    if key is None:
        entries[0], entries[-1] = entries[-1], entries[0]
    else:
        entries[0][key], entries[-1][key] = entries[-1][key], entries[0][key]
    return entries


def _hash_of(manifest: str, name: str, value: str) -> str:
    content = json.loads(manifest)
    content[HASHES][name] = value
    return manifest_text(content)


def _build(manifest: str, value: object) -> str:
    return manifest_text({**json.loads(manifest), BUILD: value})


def another_kind(kind: str) -> str:
    """A kind of interface that is not this one."""
    return "handshake" if kind != "handshake" else "stream"


PORT = {"name": "debug", "direction": "output", "width": 1, "meaning": "nothing"}

MANIFEST_ATTACKS: dict[str, Edit] = {
    "latency one more": claim("latency", value=lambda old: old + 1),
    "latency one less": claim("latency", value=lambda old: old - 1),
    "latency as text": claim("latency", value=str),
    "latency 0": claim("latency", value=0),
    "latency missing": lambda folder: folder.claims.pop("latency") and None,
    "latency twice": finished(
        lambda text: text.replace(' "latency":', ' "latency": 1,\n "latency":')
    ),
    "initiation interval 2": claim("initiation_interval", value=2),
    "packing: two features exchanged": claim(
        "x_packing", value=lambda old: _swapped(old, "column")
    ),
    "packing: places exchanged": claim("x_packing", value=lambda old: _swapped(old, "lsb")),
    "packing: one bit higher": claim("x_packing", 0, "lsb", value=1),
    "packing: a wider feature": claim("x_packing", 0, "width", value=lambda old: old + 1),
    "packing: a feature missing": claim("x_packing", value=lambda old: old[:-1]),
    "classes reversed": claim("classes", value=lambda old: old[::-1]),
    "classes renamed": claim("classes", 0, value="other"),
    "a class missing": claim("classes", value=lambda old: old[:-1]),
    "a class more": claim("classes", value=lambda old: [*old, "none"]),
    "another top module": claim("top", value=lambda old: f"{old}_core"),
    "a top module that is no name": claim("top", value="x; exec rm"),
    "a port more": claim("ports", value=lambda old: [*old, PORT]),
    "a port missing": claim("ports", value=lambda old: old[:-1]),
    "a wider port": claim("ports", -1, "width", value=lambda old: old + 1),
    "another direction": claim("ports", -1, "direction", value="input"),
    "ports renamed": claim("ports", value=lambda old: _swapped(old, "name")),
    "scores wider": claim("scores", "width", value=lambda old: old + 1),
    "scores signed": claim("scores", "signed", value=lambda old: not old),
    "scores in another order": claim("scores", "order", value="class 0 in the most significant"),
    "scores missing": lambda folder: folder.claims.pop("scores") and None,
    "another interface": claim("interface", "kind", value=another_kind),
    "a clock enable": claim("interface", "clock_enable", value=True),
    "fewer levels a stage": claim("pipeline", "levels_per_stage", value=1),
    "fewer stages": claim("pipeline", "stages", value=lambda old: old - 1),
    "the other emitter": claim("recipe", "emitter", value="amaranth"),
    "recipe: fewer levels a stage": claim("recipe", "levels", value=1),
    "recipe: another interface": claim("recipe", "interface", value=another_kind),
    "recipe: a clock enable": claim("recipe", "clock_enable", value=True),
    "recipe: other outputs": claim("recipe", "outputs", value=["class"]),
    "recipe: levels on the wires": claim("recipe", "wire_levels", value=2),
    "recipe: another name": claim("recipe", "name", value="other"),
    "recipe: a name that is no name": claim("recipe", "name", value="x; exec rm"),
    "recipe: another device": claim("recipe", "device", value="ice40-up5k"),
    "recipe: an entry more": claim("recipe", "retiming", value=True),
    "recipe: an entry missing": lambda folder: folder.claims["recipe"].pop("head") and None,
    "recipe: a number as text": claim("recipe", "levels", value="2"),
    "recipe missing": lambda folder: folder.claims.pop("recipe") and None,
    "another head": claim("head", value="bits"),
    "another test bench": claim("bench", value="handshake_bench"),
    "Verilog: a file missing": claim("verilog", value=lambda old: old[:-1]),
    "Verilog: another order": claim("verilog", value=lambda old: old[::-1]),
    "Verilog: a file twice": claim("verilog", value=lambda old: [*old, old[-1]]),
    "Verilog: a file elsewhere": claim("verilog", value=lambda old: [*old, "../other.v"]),
    "Verilog: a name that is a command": claim("verilog", value=lambda old: ["a; exec b.v", *old]),
    "another model": claim("model_sha256", value="0" * 64),
    "fewer LUTs": claim("luts", "core", value=1),
    "fewer flip-flops": claim("flip_flops", "core", value=1),
    "more vectors": claim("vectors", "count", value=lambda old: old + 1),
    "another clock": claim("clock_mhz", value=10_000.0),
    "a change that was none": claim("changes", "observe", value={"budget": 0.5}),
    "an entry more": claim("reset", value="asynchronous"),
    "another version": claim("manifest_version", value=99),
    "hash of a file wrong": finished(lambda text: _hash_of(text, "Makefile", "0" * 64)),
    "hash of a file missing": finished(lambda text: _without_hash(text, "Makefile")),
    "hashes missing": finished(lambda text: manifest_text(json.loads(text) | {HASHES: {}})),
    "build of another run": finished(lambda text: _build(text, "0" * 64)),
    "build missing": finished(lambda text: _build(text, None)),
    "other white space": finished(lambda text: text.replace("\n", "\r\n")),
    "not JSON": finished(lambda text: text[:-3]),
}

MORE = "module spare (); initial force TOP.rst = 1'b0; endmodule\n"

FOLDER_ATTACKS: dict[str, Edit] = {
    "vectors: another class": file("vectors/class_index.hex", r"^(\w*)(\w)$", r"\1f"),
    "vectors: another score": file("vectors/scores.hex", r"^(\w*)\w(\w)$", r"\1f\2"),
    "vectors: another sample": file("vectors/x.hex", r"^(\w+)\n(\w+)$", r"\2\n\2"),
    "vectors: a sample that is too short": file("vectors/x.hex", r"^\w+$", "0"),
    "vectors: two samples exchanged": file("vectors/x.hex", r"^(\w+)\n(\w+)$", r"\2\n\1"),
    "vectors: one result missing": file("vectors/scores.hex", r"^\w+\n", ""),
    "vectors: none": file("vectors/x.hex", r".*", ""),
    "vectors: a comment in them": file("vectors/x.hex", r"^", "// @0\n"),
    "vectors: a file missing": removed("vectors/class_index.hex"),
    "VHDL: two ports exchanged": file("TOP_vhdl.vhd", r"(valid_in)(.*?)(rst)", r"\3\2\1"),
    "VHDL: a port narrower": file("TOP_vhdl.vhd", r"\((\d+) downto 0\)", "(0 downto 0)"),
    "template: ports exchanged": file("TOP_instance.vh", r"\.rst\(", ".valid_in("),
    "constraints: another clock": file("TOP.xdc", r"-period [\d.]+", "-period 999"),
    "constraints: false paths": file("TOP.xdc", r"$", "\nset_false_path -to [all_registers]\n"),
    "Vivado: another file": file("vivado.tcl", r"TOP_core\.v", "TOP_other.v"),
    "Vivado: one command more": file("vivado.tcl", r"$", "\nexec rm -rf /\n"),
    "Quartus: another top module": file("quartus.tcl", r"TOP", "other"),
    "FuseSoC: another file": file("TOP.core", r"TOP_core\.v", "TOP_other.v"),
    "Makefile: another target": file("Makefile", r"$", "\nsim:\n\ttrue\n"),
    "test bench: nothing compared": file("sim/classifier_bench.py", r"assert ", "True or "),
    "test bench: a file missing": removed("sim/run_sim.py"),
    "page: another direction": file("README.md", r"(`rst` \| )input", r"\1output"),
    "page: a section more": file("README.md", r"^## Use", "## Latency\n\n1\n\n## Use"),
    "page missing": removed("README.md"),
    "report: another latency": file("report.json", r'"latency_cycles": ', '"latency_cycles": 1'),
    "report: another device": file("report.json", r'"device": "\w+"', '"device": "ice40"'),
    "report missing": removed("report.json"),
    "a file of Verilog more": added("spare.v", MORE),
    "a file of Verilog more, not listed": added("spare.v", MORE, listed=False),
    "a file of SystemVerilog, not listed": added("bind.sv", MORE, listed=False),
    "a header, not listed": added("defines.vh", "`define rst 1'b0\n", listed=False),
    "a second Makefile, not listed": added("GNUmakefile", "sim:\n\ttrue\n", listed=False),
    "a Python module, not listed": added("sim/cocotb.py", "", listed=False),
    "another entity in VHDL, not listed": added("more.vhd", "entity e is end;\n", listed=False),
}


def pipeline_alone(folder: Folder) -> None:
    """The pipeline without the module around it."""
    folder.files.pop(f"{folder.top}.v")
    folder.claims["verilog"] = folder.claims["verilog"][1:]
    folder.claims["top"] = f"{folder.top}_pipeline"


INTERFACE_ATTACKS: dict[str, Edit] = {
    "the pipeline as the top module": claim("top", value=lambda old: f"{old}_pipeline"),
    "the pipeline alone": pipeline_alone,
    "no interface": claim("interface", "kind", value="parallel"),
    "interface missing": lambda folder: folder.claims.pop("interface") and None,
    "fewer flip-flops around the pipeline": claim("interface", "flip_flops", value=1),
    "another test bench": claim("bench", value="classifier_bench"),
    "Verilog: without the interface": claim("verilog", value=lambda old: old[1:]),
    "Verilog: without the pipeline": claim("verilog", value=lambda old: [old[0], *old[2:]]),
    "Verilog: the pipeline first": claim("verilog", value=lambda old: [old[1], old[0], *old[2:]]),
    "Verilog: the interface twice": claim("verilog", value=lambda old: [old[0], *old]),
    "beats of another width": claim("interface", "beat_bits", value=16),
    "a beat more": claim("interface", "beats", value=lambda old: old + 1),
    "a beat less": claim("interface", "beats", value=lambda old: old - 1),
    "a field elsewhere": claim("interface", "result", 0, "lsb", value=1),
    "a wider field": claim("interface", "result", 1, "width", value=lambda old: old + 1),
    "a field filled further": claim("interface", "result", 1, "bits", value=lambda old: old + 8),
    "a field with a sign": claim("interface", "result", 1, "signed", value=lambda old: not old),
    "a field of another port": claim("interface", "result", 0, "port", value="scores"),
    "a field of another class": claim("interface", "result", 1, "index", value=lambda old: old + 1),
    "a field less": claim("interface", "result", value=lambda old: old[:-1]),
    "fields in another order": claim("interface", "result", value=lambda old: old[::-1]),
}
"""What only folders with a module around the pipeline have."""
