"""Does anything wrong get called proved? Folders of ``synth``, tampered with in many ways.

Text is attacked (:mod:`tampering`), the module around the pipeline (:mod:`interface_tampering`),
the manifest, and the other files of the folder (:mod:`folder_tampering`): of a pipeline alone, and
of one with a handshake and with a stream around it, as far as an attack applies there. Each goes
through ``lgn2hdl verify --rtl``, with both readers. The untouched folder must be proved, and every
other run must end with an error: ``refused`` (as no sound folder), ``different`` (with a
counterexample, or a difference to what the manifest must say) or ``not proved``. A single one that
is proved ends this script with an error. Counterexamples are not simulated here, which takes a
build each and makes nothing proved.

    python benchmarks/attacks.py [--model models/monk3.lgn] [--interfaces handshake ...]
        [--groups bytes ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import interface_tampering
import tampering
from cpu_baseline.report import markdown
from folder_tampering import (
    FOLDER_ATTACKS,
    INTERFACE_ATTACKS,
    MANIFEST_ATTACKS,
    Edit,
    Folder,
    read_folder,
    text_edit,
)

from lgn2hdl.base.files import write_atomically
from lgn2hdl.cli import run

ROOT = Path(__file__).resolve().parents[1]
READERS = ("own", "yosys")

INTERFACES: dict[str, tuple[str, ...]] = {
    "parallel": (),
    "handshake": ("--interface", "handshake"),
    "stream": ("--interface", "stream", "--beat-bits", "8"),
}
"""Options of ``synth`` by the kind of interface; a sample is several beats of a stream."""

AROUND = "interface: "
"""Begin of the groups of attacks on what is around the pipeline."""

ITS_MANIFEST = f"{AROUND}manifest"

ACCEPTED, REFUSED, DIFFERENT, NOT_PROVED = "ACCEPTED", "refused", "different", "not proved"
LONGEST_REASON = 70
"""Characters of a reason in the table."""


FROM_ELSEWHERE = "a part of another run"
"""Needs a second folder: the core with other registers."""


def all_attacks(other: Folder, interface: str) -> Iterator[tuple[str, str, Edit]]:
    """Group, name and edit of every attack on folders with an interface."""

    def mixed(folder: Folder) -> None:
        name = f"{folder.top}_core.v"
        folder.files[name] = other.files[name]

    for attack in tampering.TEXT_ATTACKS:
        yield attack.group, attack.name, text_edit(attack)
    yield from (("manifest", name, edit) for name, edit in MANIFEST_ATTACKS.items())
    yield from (("folder", name, edit) for name, edit in FOLDER_ATTACKS.items())
    yield "folder", FROM_ELSEWHERE, mixed
    if interface in interface_tampering.GROUPS:
        for attack in interface_tampering.attacks(interface):
            yield attack.group, attack.name, text_edit(attack)
        yield from ((ITS_MANIFEST, name, edit) for name, edit in INTERFACE_ATTACKS.items())


def must_apply(interface: str, group: str) -> bool:
    """Whether every attack of a group changes something in folders with an interface.

    Those that are made for the pipeline alone need not where something is around it.
    """
    return interface == "parallel" or (group.startswith(AROUND) and group != ITS_MANIFEST)


@dataclass(frozen=True)
class Result:
    """What came of an attack: for each reader the outcome and why."""

    interface: str
    group: str
    name: str
    outcome: Mapping[str, str]
    reason: Mapping[str, str]


class Target:
    """A model whose folder with an interface is attacked."""

    def __init__(self, model: Path, interface: str, scratch: Path) -> None:
        self.model, self.interface, self._path = model, interface, scratch / "attacked"
        options = INTERFACES[interface]
        self._other = self._synth(scratch / f"{interface}_other", "--levels", "1", *options)
        self._folder = self._synth(scratch / interface, *options)

    def _synth(self, path: Path, *options: str) -> Folder:
        name = self.model.stem
        given = ["--no-area", "--vectors", "20", "--name", name, "--emitter", "text", *options]
        code, said = quietly(["synth", str(self.model), "--out", str(path), *given])
        if code:
            raise SystemExit(said)
        return read_folder(path)

    def results(self, groups: Sequence[str]) -> Iterator[Result]:
        """What comes of all attacks of these groups that apply."""
        for group, name, edit in all_attacks(self._other, self.interface):
            if not group.startswith(tuple(groups)):
                continue
            try:
                yield self.attacked(group, name, edit)
            except (KeyError, TypeError, ValueError):
                if must_apply(self.interface, group):
                    raise

    def attacked(self, group: str, name: str, edit: Edit | None) -> Result:
        """The folder after an edit, against both readers.

        Raises:
            KeyError, TypeError, ValueError: if the edit does not apply.
        """
        folder = Folder(json.loads(json.dumps(self._folder.claims)), dict(self._folder.files))
        if edit is not None:
            edit(folder)
        folder.write(self._path)
        found = {reader: self._verdict(reader) for reader in READERS}
        return Result(
            self.interface,
            group,
            name,
            {reader: outcome for reader, (outcome, _) in found.items()},
            {reader: reason for reader, (_, reason) in found.items()},
        )

    def _verdict(self, reader: str) -> tuple[str, str]:
        """Outcome and reason."""
        options = ["--rtl", str(self._path), "--reader", reader]
        # (Counterexamples are not simulated: that takes seconds each.)
        with mock.patch("lgn2hdl.tools.verilator.find_verilator", return_value=None):
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
        if result.interface != "parallel" and not result.group.startswith(AROUND):
            continue  # (nearly the same again)
        own, yosys = (
            f"{result.outcome[reader]}: {shown(result.reason[reader], scratch)}".rstrip(": ")
            for reader in ("own", "yosys")
        )
        what = f"{result.group.replace('interface', result.interface)}: {code(result.name)}"
        rows.append(f"| {what} | {own} | {'same' if own == yosys else yosys} |")
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
    """How many attacks of each group came to which end, on folders with each interface."""
    ends = (REFUSED, DIFFERENT, NOT_PROVED, ACCEPTED)
    columns = (f"{reader}: {end}" for reader in READERS for end in ends)
    header = ["folder, attacks on", "how many", *columns]
    places = list(dict.fromkeys((result.interface, result.group) for result in results))
    rows = []
    for interface, group in [*places, ("all", "")]:
        own = [item for item in results if (item.interface, item.group) == (interface, group)]
        chosen = own if group else results
        counts = {reader: Counter(item.outcome[reader] for item in chosen) for reader in READERS}
        numbers = [str(counts[reader][end]) for reader in READERS for end in ends]
        rows.append([f"{interface}, {group}".rstrip(", "), str(len(chosen)), *numbers])
    return markdown(header, rows)


def main() -> None:
    """Read the options, attack, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "monk3.lgn")
    names = [*tampering.GROUPS, "manifest", "folder", "interface"]
    parser.add_argument("--groups", nargs="+", choices=names, default=names)
    parser.add_argument("--interfaces", nargs="+", choices=[*INTERFACES], default=[*INTERFACES])
    parser.add_argument("--json", type=Path, help="write all results to this file as well")
    options = parser.parse_args()
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as path:
        scratch = Path(path)
        for interface in options.interfaces:
            target = Target(options.model, interface, scratch)
            untouched = target.attacked("manifest", "none: as synth wrote it", None)
            if set(untouched.outcome.values()) != {ACCEPTED}:
                raise SystemExit(f"the untouched folder is not proved: {untouched}")
            results += target.results(options.groups)
        print(summary(results), table(results, scratch), sep="\n\n")
    if options.json:
        text = json.dumps([asdict(result) for result in results], indent=1)
        write_atomically(options.json, text.encode())
    wrong = [
        f"{result.interface}, {result.group}: {result.name}"
        for result in results
        if ACCEPTED in result.outcome.values()
    ]
    if wrong:
        raise SystemExit(f"{len(wrong)} attacks were accepted: {', '.join(wrong)}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
