"""The folder of a C export: model, self-test, Makefile, and a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lgn2hdl
from lgn2hdl.base.files import replaced_folder
from lgn2hdl.c_export.filling import filled
from lgn2hdl.c_export.prepare import WORD_BITS, CModel
from lgn2hdl.c_export.source import common_values, model_header, model_source
from lgn2hdl.c_export.vectors import vector_rows, vectors_text
from lgn2hdl.model.features import Integers

MANIFEST = "c_manifest.json"
"""The file by which the folder is known: no other kind of folder has it."""

MANIFEST_VERSION = 1

DEFAULT_VECTORS = 100
"""Test vectors: more than a word of 64 samples, and no multiple of any word."""


def write_c_folder(
    model: CModel, target: Path, n_vectors: int, seed: int, model_file: str = ""
) -> dict[str, Any]:
    """Write the folder in one step: afterwards it is complete, or as it was.

    The same arguments give the same bytes; no time or path is written.

    Args:
        model: the network, prepared.
        target: the folder.
        n_vectors: number of test vectors.
        seed: seed of the random ones among them.
        model_file: name of the model file, without its folders; empty if there is none.

    Returns:
        The manifest.

    Raises:
        OptionError: if there are no vectors, or too many.
        OutputError: if ``target`` cannot be written or holds something else.
    """
    files = c_files(model, vector_rows(model.network, model.logic, n_vectors, seed))
    description = {
        "model_file": model_file,
        **manifest(model, files, {"count": n_vectors, "seed": seed}),
    }
    files[MANIFEST] = json.dumps(description, indent=1) + "\n"
    with replaced_folder(target, MANIFEST) as folder:
        for name, text in files.items():
            _write(folder / name, text)
    return description


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())  # (the same line ends everywhere)


def c_files(model: CModel, rows: Integers) -> dict[str, str]:
    """Text of each file but the manifest, by its name.

    Args:
        model: the network, prepared.
        rows: integer features of the test vectors, ``[N, F]``.
    """
    values = common_values(model)
    head = "test_bits.c" if model.counting is None else "test_group_sum.c"
    return {
        "model.c": model_source(model),
        "model.h": model_header(model),
        "test_model.c": filled("test_model.c", {**values, "head_tests": filled(head, values)}),
        "vectors.h": vectors_text(model.network, model.logic, model.prefix, rows),
        "Makefile": filled("Makefile", values),
    }


def manifest(model: CModel, files: Mapping[str, str], vectors: Mapping[str, int]) -> dict[str, Any]:
    """What the folder holds, for programs."""
    netlist = model.logic.netlist
    is_bits = model.counting is None
    return {
        "manifest_version": MANIFEST_VERSION,
        "prefix": model.prefix,
        "word_bits": model.word_bits,
        "features": model.network.features.n_features,
        "input_bits": netlist.n_inputs,
        "encoder_bits": model.logic.bits.tolist(),
        "gates": netlist.n_gates,
        "operators": model.code.n_operators,
        "functions": len(model.code.parts),
        "output_bits": len(netlist.outputs),
        "head": "bits" if is_bits else "group_sum",
        "outputs" if is_bits else "classes": list(model.network.class_names),
        "state_words": model.state_words,
        "state_bytes": {str(bits): model.state_bytes(bits) for bits in WORD_BITS},
        "table_bytes": model.table_bytes,
        "stack_words": model.code.n_locals,
        "vectors": dict(vectors),
        "model_sha256": model.model_sha256,
        "lgn2hdl": lgn2hdl.__version__,
        "sha256": {
            name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())
        },
    }
