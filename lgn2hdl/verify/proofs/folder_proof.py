"""What stands beside the Verilog in an output folder: that it says what is true of the design.

People and tools rely on the manifest, the test vectors, the test bench and the files for projects
as much as on the Verilog, which is proved by itself. Everything that follows from the design is
made anew here, from the model file, and compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lgn2hdl.hdl.header import header_of, verilog_header
from lgn2hdl.model.features import Features, Integers
from lgn2hdl.model.vectors import Vectors
from lgn2hdl.project.folder import REPORT, FolderContent, companion_files, manifest_claims
from lgn2hdl.project.integration import PAGE
from lgn2hdl.project.manifest import MODEL_FILE
from lgn2hdl.verify.proofs.folder_files import BUILD, HASHES, file_faults, without_build
from lgn2hdl.verify.proofs.reference import samples_of
from lgn2hdl.verify.proofs.report import Part, Verdict
from lgn2hdl.verify.proofs.session import named

NOT_CLAIMED = frozenset({BUILD, HASHES, MODEL_FILE, "tools"})
"""Entries of the manifest that say nothing of the design."""

X_VECTORS = "vectors/x.hex"
_HEXADECIMAL = re.compile(rb"[0-9a-f]+")

_RESOURCES = re.compile(r"\n## Resources\n(?:Device: [^\n]*\n|\|[^\n]*\n|\n)*(?=## Use\n)")
"""The section of the page that holds what was measured; it has but a line and tables."""

MEASURED = frozenset({"area", "timing"})
"""Entries of the report that tools gave."""

LONGEST_SHOWN = 40
"""Characters of a value in a message."""


def prove_folder(
    folder: Path, manifest: Mapping[str, Any], files: Mapping[str, bytes], content: FolderContent
) -> tuple[Part, ...]:
    """Compare a folder with what its design gives.

    Args:
        folder: the folder.
        manifest: its manifest.
        files: its other files, as :func:`read_files` gives them.
        content: what was compiled again by the recipe of the manifest; the vectors are taken
            from the files instead.
    """
    known = {"files": f"{len(files)} files of one run", "manifest": "what it says of the design"}
    faults = {"files": file_faults(folder, manifest, files)}
    samples = _samples(content.design.network.features, files.get(X_VECTORS, b""))
    if samples is None:
        faults["vectors"] = [f"{X_VECTORS} holds no samples"]
    else:
        content = replace(content, vectors=Vectors(samples, _source(manifest)))
        claims = _said(manifest_claims(content))
        faults["manifest"] = list(differences(_said(manifest), json.loads(json.dumps(claims))))
        faults["manifest"] += _header_faults(manifest, files, content)
        companions = companion_files(content)
        if content.report is not None:
            companions[REPORT] = json.dumps(content.report.to_json())
        vectors = {name for name in companions if name.startswith("vectors/")}
        known["vectors"] = f"{len(samples):,} samples with the results of the golden model"
        known["other files"] = f"{len(companions) - len(vectors)} files that follow from the design"
        changed = _changed(manifest, files, companions)
        faults["vectors"] = [fault for name, fault in changed if name in vectors]
        faults["other files"] = [fault for name, fault in changed if name not in vectors]
        foreign = set(files) - set(companions) - set(manifest["verilog"])
        faults["other files"] += [f"{name} is no file of synth's" for name in sorted(foreign)]
    return tuple(
        Part(f"folder: {name}", Verdict.DIFFERENT, named(wrong))
        if wrong
        else Part(f"folder: {name}", Verdict.PROVED, known[name])
        for name, wrong in faults.items()
    )


def _said(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says of the design."""
    return {name: value for name, value in manifest.items() if name not in NOT_CLAIMED}


def _source(manifest: Mapping[str, Any]) -> str:
    """Where the samples are said to be from, which nothing here can tell."""
    vectors = manifest.get("vectors")
    return str(vectors.get("source")) if isinstance(vectors, Mapping) else ""


def _samples(features: Features, text: bytes) -> Integers | None:
    """Samples of the lines of ``x.hex``, ``[N, F]``; None if these are no numbers of its width."""
    n_bits = int(features.width.sum(dtype=np.int64))
    digits = -(-n_bits // 4)
    lines = text.splitlines()
    if not lines or any(len(line) != digits or not _HEXADECIMAL.fullmatch(line) for line in lines):
        return None
    padded = b"".join(b"0" * (digits % 2) + line for line in lines)
    rows = np.frombuffer(bytes.fromhex(padded.decode()), np.uint8).reshape(len(lines), -1)
    bits = np.unpackbits(rows[:, ::-1], axis=1, bitorder="little")
    return samples_of(features, bits[:, :n_bits].T.astype(np.bool_))


def _changed(
    manifest: Mapping[str, Any], files: Mapping[str, bytes], right: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Files that are missing, or differ from what the design gives: name, and that in words."""
    build = manifest.get(BUILD)
    found = []
    for name, text in right.items():
        if name not in files:
            found.append((name, f"{name} is missing"))
            continue
        given = without_build(name, files[name], build)
        if given is None or _unmeasured(name, given) != _unmeasured(name, text):
            found.append((name, f"{name} does not fit the design"))
    return found


def _unmeasured(name: str, text: str) -> object:
    """A file's content without what tools measured, which nothing here can tell."""
    if name == PAGE:
        return _RESOURCES.sub("", text, count=1)
    if name == REPORT:
        try:
            report = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if isinstance(report, dict):
            return {entry: report[entry] for entry in report if entry not in MEASURED}
    return text


def _header_faults(
    manifest: Mapping[str, Any], files: Mapping[str, bytes], content: FolderContent
) -> list[str]:
    """Verilog files that begin with another version, model or recipe than the manifest tells."""
    tools = manifest.get("tools")
    version = tools.get("lgn2hdl") if isinstance(tools, Mapping) else None
    recipe = content.recipe.to_json()
    header = verilog_header(content.model_sha256, recipe, str(version)).encode()
    return [
        f"{name} begins with another version, model or recipe"
        for name in manifest["verilog"]
        if header_of(files[name].decode("latin-1").replace("\r\n", "\n")).encode() != header
    ]


def differences(claimed: Any, right: Any, place: str = "") -> Iterator[str]:
    """Where two values of JSON differ, in words, place by place."""
    if isinstance(claimed, dict) and isinstance(right, dict):
        for name in {**right, **claimed}:
            inner = f"{place}.{name}".lstrip(".")
            if name not in claimed:
                yield f"{inner} is missing"
            elif name not in right:
                yield f"{inner} is nothing that synth writes"
            else:
                yield from differences(claimed[name], right[name], inner)
    elif isinstance(claimed, list) and isinstance(right, list) and len(claimed) == len(right):
        for index, pair in enumerate(zip(claimed, right, strict=True)):
            yield from differences(*pair, f"{place}[{index}]")
    elif json.dumps(claimed) != json.dumps(right):
        yield f"{place} is {_shown(claimed)}, not {_shown(right)}"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} ..."
