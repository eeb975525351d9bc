"""``lgn2hdl synth``: a model file becomes a folder of Verilog that simulates itself."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lgn2hdl import model_file
from lgn2hdl.cli.console import note, print_json, print_table
from lgn2hdl.cli.options import (
    FILE,
    data_dir_option,
    dataset_help,
    json_option,
    label_option,
    model_argument,
    require_package,
    trained_dataset,
)
from lgn2hdl.errors import DataError
from lgn2hdl.files import require_replaceable
from lgn2hdl.model import LogicNet
from lgn2hdl.synth.area import AreaReport, measure_area
from lgn2hdl.synth.flow import (
    DEFAULT_HEAD_LEVELS,
    DEFAULT_LEVELS,
    DEFAULT_VECTORS,
    Compiled,
    compile_network,
    dataset_vectors,
    file_sha256,
)
from lgn2hdl.synth.manifest import MANIFEST
from lgn2hdl.synth.vectors import Vectors, random_vectors

DEFAULT_OUT = Path("rtl_out")


@dataclass(frozen=True)
class SynthOptions:
    """What the user chose.

    Attributes:
        out: output folder.
        name: name of the top module.
        levels, head_levels: levels per pipeline stage.
        vectors: number of test vectors.
        dataset, data_dir, label: where test vectors come from.
        area: whether to run Yosys.
    """

    out: Path
    name: str
    levels: int = DEFAULT_LEVELS
    head_levels: int = DEFAULT_HEAD_LEVELS
    vectors: int = DEFAULT_VECTORS
    dataset: str | None = None
    data_dir: Path | None = None
    label: str | None = None
    area: bool = True


@click.command()
@model_argument
@click.option("--out", type=FILE, help="Folder to write [default: rtl_out/<name>].")
@click.option("--name", help="Name of the top module [default: from the model file].")
@click.option("--levels", type=int, default=DEFAULT_LEVELS, show_default=True,
              help="Gate levels per pipeline stage of the core.")  # fmt: skip
@click.option("--head-levels", type=int, default=DEFAULT_HEAD_LEVELS, show_default=True,
              help="Adder or comparator levels per pipeline stage of the head.")  # fmt: skip
@click.option("--vectors", type=int, default=DEFAULT_VECTORS, show_default=True,
              help="Test vectors, taken from the test rows.")  # fmt: skip
@click.option("--dataset", help=f"Where test vectors come from: {dataset_help} "
              "[default: what the model was trained on].")  # fmt: skip
@click.option("--area/--no-area", default=True, help="Count LUTs with Yosys.")
@data_dir_option
@label_option
@json_option
def synth(model: Path, out: Path | None, name: str | None, as_json: bool, **options: Any) -> None:
    """Compile MODEL to pipelined Verilog in a folder that simulates itself (make -C FOLDER sim)."""
    chosen = synth_options(model, out, name, **options)
    compiled, report, seconds = write_design(model, chosen)
    if as_json:
        print_json(_as_json(chosen, compiled, report, seconds))
        return
    _print(chosen, compiled, report, seconds)


def synth_options(model: Path, out: Path | None, name: str | None, **options: Any) -> SynthOptions:
    """The options with the defaults that depend on the model's file name.

    Raises:
        OptionError: if ``name`` is not a legal Verilog identifier.
        ToolError: if Amaranth is not installed.
    """
    require_package("amaranth", "synth", "writing Verilog")
    from lgn2hdl.hdl.emit import check_module_name, module_name

    top = check_module_name(name) if name is not None else module_name(model.stem)
    return SynthOptions(out=out or DEFAULT_OUT / top, name=top, **options)


def write_design(model: Path, options: SynthOptions) -> tuple[Compiled, AreaReport | None, float]:
    """Compile ``model`` and write its folder; also gives the seconds that Verilog took.

    Raises:
        Lgn2HdlError: whatever is wrong with the model, the options, the tools or the folder.
    """
    from lgn2hdl.hdl.emit import emit_verilog
    from lgn2hdl.synth.folder import FolderContent, write_folder

    network = model_file.load(model)
    require_replaceable(options.out, MANIFEST)
    compiled = compile_network(network, levels=options.levels, head_levels=options.head_levels)
    vectors = _vectors(network, options)
    gates = compiled.design.netlist.n_gates
    note(f"pruned {compiled.lowered.n_gates:,} gates to {gates:,}; writing Verilog ...")
    began = time.perf_counter()
    verilog = emit_verilog(compiled.design, options.name)
    seconds = time.perf_counter() - began
    report = None
    if options.area:
        note(
            "counting LUTs with Yosys (the first run of a new installation takes a minute more) ..."
        )
        report = measure_area(verilog, options.name)
    content = FolderContent(
        design=compiled.design,
        top=options.name,
        model_sha256=file_sha256(model),
        verilog=verilog,
        vectors=vectors,
        gates_before=compiled.lowered.n_gates,
        area=report,
    )
    write_folder(content, options.out)
    note(f"wrote {options.out}")
    return compiled, report, seconds


def _vectors(network: LogicNet, options: SynthOptions) -> Vectors:
    """Real samples; random ones, with a note, where the data set is not at hand."""
    try:
        dataset = trained_dataset(network, options.dataset, options.data_dir, options.label)
    except DataError as error:
        if options.dataset is not None:
            raise
        note(f"note: test vectors are random, not real samples: {error}")
        return random_vectors(network.features, options.vectors)
    return dataset_vectors(network, dataset, options.vectors)


def _as_json(
    options: SynthOptions, compiled: Compiled, report: AreaReport | None, seconds: float
) -> dict[str, Any]:
    design = compiled.design
    return {
        "folder": str(options.out),
        "top": options.name,
        "gates_before": compiled.lowered.n_gates,
        "gates_after": design.netlist.n_gates,
        "latency": design.latency,
        "flip_flops": design.flip_flops(),
        "verilog_seconds": round(seconds, 2),
        "area": None if report is None else report.to_json(),
    }


def _print(
    options: SynthOptions, compiled: Compiled, report: AreaReport | None, seconds: float
) -> None:
    design = compiled.design
    flip_flops = design.flip_flops()
    rows = [
        ("gates before pruning", compiled.lowered.n_gates),
        ("gates after pruning", design.netlist.n_gates),
        ("latency, clock cycles", design.latency),
        ("flip-flops", sum(flip_flops.values())),
        ("Verilog written in", f"{seconds:.1f} s"),
    ]
    print_table(str(options.out), ("what", "value"), rows)
    if report is None:
        return
    cells = {**report.parts, "total": report.total}
    print_table(
        f"Mapped by {report.tool.split(' (')[0]}: {report.command}",
        ("part", "LUT6", "flip-flops", "carry", "wide mux"),
        [(name, c.lut, c.flip_flop, c.carry, c.mux) for name, c in cells.items()],
    )
