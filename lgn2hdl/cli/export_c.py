"""``lgn2hdl export-c``: a model file becomes a folder of standalone C99 that tests itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from lgn2hdl.base.files import require_replaceable
from lgn2hdl.c_export.folder import DEFAULT_VECTORS, MANIFEST, write_c_folder
from lgn2hdl.c_export.names import check_prefix, prefix_for
from lgn2hdl.c_export.prepare import WORD_BITS, c_model
from lgn2hdl.cli.console import note, print_json, print_table
from lgn2hdl.cli.numbers import WHOLE, WholeRange
from lgn2hdl.cli.options import FILE, json_option, model_argument
from lgn2hdl.compiler.flow import file_sha256
from lgn2hdl.model import file as model_file
from lgn2hdl.project.manifest import replaced_version

DEFAULT_OUT = Path("c_out")
DEFAULT_WORD_BITS = 32

_SHOWN = {
    "gates": "gates",
    "operators": "operations on words",
    "functions": "functions",
    "features": "features",
    "input_bits": "input bits",
    "table_bytes": "constant tables, bytes",
    "stack_words": "stack for the gates, words",
}
"""Numbers of the manifest that people see."""


@click.command("export-c")
@model_argument
@click.option("--out", type=FILE, help="Folder to write [default: c_out/<name>].")
@click.option("--name", help="What the C names begin with [default: from the model file].")
@click.option("--word-bits", type=click.Choice([str(bits) for bits in WORD_BITS]),
              default=str(DEFAULT_WORD_BITS), show_default=True,
              help="Bits of a word, unless the C compiler is told otherwise: as many samples are "
              "computed at a time.")  # fmt: skip
@click.option("--vectors", type=WHOLE, default=DEFAULT_VECTORS, show_default=True,
              help="Test vectors of the self-test.")  # fmt: skip
@click.option("--seed", type=WholeRange(min=0), default=0, show_default=True,
              help="Seed of the random ones among them.")  # fmt: skip
@json_option
def export_c(
    model: Path,
    out: Path | None,
    name: str | None,
    word_bits: str,
    vectors: int,
    seed: int,
    as_json: bool,
) -> None:
    """Write MODEL as standalone portable C99, with a self-test (make -C FOLDER test)."""
    prefix = prefix_for(model.stem) if name is None else check_prefix(name)
    folder = out or DEFAULT_OUT / prefix
    network = model_file.load(model)
    require_replaceable(folder, MANIFEST)
    if out is None and replaced_version(folder, model, file_sha256(model), MANIFEST):
        note(f"note: {folder} is of another {model.name} and will be replaced")
    note(f"writing {network.n_nodes:,} nodes as C ...")
    began = time.perf_counter()
    prepared = c_model(network, prefix, int(word_bits), file_sha256(model))
    manifest = write_c_folder(prepared, folder, vectors, seed, model.name)
    seconds = time.perf_counter() - began
    if as_json:
        print_json({"folder": str(folder), "seconds": seconds, **manifest})
    else:
        _print(folder, manifest, seconds)


def _print(folder: Path, manifest: dict[str, Any], seconds: float) -> None:
    rows: list[tuple[str, object]] = [(text, manifest[key]) for key, text in _SHOWN.items()]
    rows += [
        (f"working memory, words of {bits} bits, bytes", size)
        for bits, size in manifest["state_bytes"].items()
    ]
    print_table(str(folder), ("what", "value"), [*rows, ("C written in", f"{seconds:.1f} s")])
