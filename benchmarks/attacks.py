"""Does anything wrong get called proved? Folders of ``synth``, tampered with in many ways.

Text is attacked (:mod:`tampering`), the manifest, and the other files of the folder; hashes and
build digest are made anew after every edit, as somebody would who knows how, so that it is not
these alone that refuse it. Each attack goes against both readers. What the reader refuses by
itself is refused; whatever it reads goes through ``lgn2hdl verify --rtl``. The untouched folder
must be proved, and every other run must end with an error: ``refused`` (as no sound folder),
``different`` (with a counterexample, or a difference to what the manifest must say) or
``not proved``. A single one that is proved ends this script with an error. Counterexamples are not
simulated here, which takes a build each and makes nothing proved.

    python benchmarks/attacks.py [--model models/monk3.lgn] [--groups bytes ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import tampering
from cpu_baseline.report import markdown

from lgn2hdl.cli import run
from lgn2hdl.errors import Lgn2HdlError
from lgn2hdl.files import write_atomically
from lgn2hdl.synth.build_digest import build_digest, stamped
from lgn2hdl.synth.manifest import MANIFEST, manifest_text
from lgn2hdl.verify.reader import read_text
from lgn2hdl.verify.yosys_reader import read_with_yosys

ROOT = Path(__file__).resolve().parents[1]
READERS = {"own": read_text, "yosys": read_with_yosys}

BUILD, HASHES = "build", "sha256"
"""Entries of the manifest that follow from the files."""

ACCEPTED, REFUSED, DIFFERENT, NOT_PROVED = "ACCEPTED", "refused", "different", "not proved"
LONGEST_REASON = 70
"""Characters of a reason in the table."""


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
    "another interface": claim("interface", "kind", value="handshake"),
    "a clock enable": claim("interface", "clock_enable", value=True),
    "fewer levels a stage": claim("pipeline", "levels_per_stage", value=1),
    "fewer stages": claim("pipeline", "stages", value=lambda old: old - 1),
    "the other emitter": claim("options", "emitter", value="amaranth"),
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

FROM_ELSEWHERE = "a part of another run"
"""Needs a second folder: the core with other registers."""


def all_attacks(other: Folder) -> Iterator[tuple[str, str, Edit]]:
    """Group, name and edit of every attack."""

    def mixed(folder: Folder) -> None:
        name = f"{folder.top}_core.v"
        folder.files[name] = other.files[name]

    for attack in tampering.TEXT_ATTACKS:
        yield attack.group, attack.name, text_edit(attack)
    yield from (("manifest", name, edit) for name, edit in MANIFEST_ATTACKS.items())
    yield from (("folder", name, edit) for name, edit in FOLDER_ATTACKS.items())
    yield "folder", FROM_ELSEWHERE, mixed


@dataclass(frozen=True)
class Result:
    """What came of an attack: for each reader the outcome and why."""

    group: str
    name: str
    outcome: Mapping[str, str]
    reason: Mapping[str, str]


class Target:
    """A model whose folder is attacked."""

    def __init__(self, model: Path, scratch: Path) -> None:
        self.model, self._path = model, scratch / "attacked"
        self.other = self._synth(scratch / "other", "--levels", "1")
        self._folder = self._synth(scratch / "folder")

    def _synth(self, path: Path, *options: str) -> Folder:
        name = self.model.stem
        given = ["--no-area", "--vectors", "20", "--name", name, *options]
        code, said = quietly(["synth", str(self.model), "--out", str(path), *given])
        if code:
            raise SystemExit(said)
        return read_folder(path)

    def attacked(self, group: str, name: str, edit: Edit | None) -> Result:
        """The folder after an edit, against both readers."""
        folder = Folder(json.loads(json.dumps(self._folder.claims)), dict(self._folder.files))
        if edit is not None:
            edit(folder)
        folder.write(self._path)
        found = {reader: self._verdict(folder, group, reader) for reader in READERS}
        return Result(
            group,
            name,
            {reader: outcome for reader, (outcome, _) in found.items()},
            {reader: reason for reader, (_, reason) in found.items()},
        )

    def _verdict(self, folder: Folder, group: str, reader: str) -> tuple[str, str]:
        """Outcome and reason; ``proved`` if it is accepted."""
        if group in tampering.GROUPS:
            try:
                names = folder.claims["verilog"]
                READERS[reader](
                    {name: (self._path / name).read_bytes() for name in names}, folder.top
                )
            except Lgn2HdlError as error:
                return REFUSED, str(error)
        options = ["--rtl", str(self._path), "--reader", reader]
        with mock.patch("lgn2hdl.cli.verify._replayed", lambda report, *_: report):
            code, said = quietly(["verify", str(self.model), *options])
        if code == 0:
            return ACCEPTED, ""
        reason = said.strip().splitlines()[-1].removeprefix("lgn2hdl: error: ")
        for outcome in (DIFFERENT, NOT_PROVED):
            if reason.startswith(f"{outcome}: "):
                return outcome, reason.removeprefix(f"{outcome}: ")
        return REFUSED, reason


def quietly(arguments: list[str]) -> tuple[int, str]:
    """Exit code of a command, and what it printed as errors."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
    return code, err.getvalue()


def table(results: list[Result], scratch: Path) -> str:
    """A row for every attack, as Markdown; Yosys's end where it is another one."""
    rows = []
    for result in results:
        own, yosys = (
            f"{result.outcome[reader]}: {shown(result.reason[reader], scratch)}".rstrip(": ")
            for reader in ("own", "yosys")
        )
        rows.append(
            f"| {result.group}: {code(result.name)} | {own} | {'same' if own == yosys else yosys} |"
        )
    return "\n".join(["| attack | own reader | Yosys |", "|---|---|---|", *rows])


def shown(reason: str, scratch: Path) -> str:
    """A reason as one short cell of a table, without places that differ from run to run."""
    text = reason.replace(f"{scratch}/attacked/", "").replace(str(scratch), "")
    text = text.replace(f"{ROOT}/", "")
    text = "".join(sign if " " <= sign <= "~" else "?" for sign in " ".join(text.split()))
    text = text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]} ..."
    return code(text)


def code(text: str) -> str:
    """Text that stands in a table as it is."""
    return re.sub(r"([|*<`\\])", r"\\\1", text)


def summary(results: list[Result]) -> str:
    """How many attacks of each group came to which end."""
    ends = (REFUSED, DIFFERENT, NOT_PROVED, ACCEPTED)
    header = ["attacks on", "how many", *(f"{reader}: {end}" for reader in READERS for end in ends)]
    rows = []
    groups = list(dict.fromkeys(result.group for result in results))
    for group in [*groups, None]:
        own = [result for result in results if group in (None, result.group)]
        counts = {reader: Counter(result.outcome[reader] for result in own) for reader in READERS}
        numbers = [str(counts[reader][end]) for reader in READERS for end in ends]
        rows.append([group or "all", str(len(own)), *numbers])
    return markdown(header, rows)


def main() -> None:
    """Read the options, attack, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "monk3.lgn")
    names = [*tampering.GROUPS, "manifest", "folder"]
    parser.add_argument("--groups", nargs="+", choices=names, default=names)
    parser.add_argument("--json", type=Path, help="write all results to this file as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as path:
        scratch = Path(path)
        target = Target(options.model, scratch)
        untouched = target.attacked("manifest", "none: as synth wrote it", None)
        if set(untouched.outcome.values()) != {ACCEPTED}:
            raise SystemExit(f"the untouched folder is not proved: {untouched}")
        results = [
            target.attacked(*attack)
            for attack in all_attacks(target.other)
            if attack[0] in options.groups
        ]
        print(summary(results), table(results, scratch), sep="\n\n")
    if options.json:
        text = json.dumps([asdict(result) for result in results], indent=1)
        write_atomically(options.json, text.encode())
    wrong = [result.name for result in results if ACCEPTED in result.outcome.values()]
    if wrong:
        raise SystemExit(f"{len(wrong)} attacks were accepted: {', '.join(wrong)}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
