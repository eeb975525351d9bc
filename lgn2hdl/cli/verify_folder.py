"""What ``verify --rtl`` takes from a folder that ``synth`` wrote: files, and how they were made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lgn2hdl.base.errors import OptionError
from lgn2hdl.cli.synth_run import folder_content, unmeasured_report
from lgn2hdl.compiler.flow import Compiled, file_sha256
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model.vectors import random_vectors
from lgn2hdl.project.manifest import MANIFEST, RECIPE, read_manifest
from lgn2hdl.verify.proofs.report import Part
from lgn2hdl.verify.readers.lexer import plain_text


def require_manifest(folder: Path, model: Path) -> Mapping[str, Any]:
    """The manifest of a folder that was made from this model.

    Raises:
        OptionError: if there is none, it lacks what is needed, or it is that of another model.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise OptionError(f"{folder} has no {MANIFEST} of 'lgn2hdl synth': give its output folder")
    names = manifest.get("verilog")
    if not isinstance(names, list) or not names or not all(_is_file_name(name) for name in names):
        raise OptionError(f"{folder / MANIFEST} names no Verilog files: run 'lgn2hdl synth' again")
    if manifest.get("model_sha256") != file_sha256(model):
        raise OptionError(f"{folder} was not made from {model}: give the model that it was made of")
    return manifest


def _is_file_name(name: object) -> bool:
    return isinstance(name, str) and Path(name).name == name and name.endswith(".v")


def folder_verilog(
    folder: Path, manifest: Mapping[str, Any], files: Mapping[str, bytes]
) -> dict[str, str]:
    """Texts of the Verilog among a folder's files, by name, the top module's first.

    Raises:
        HardwareError: if one is no plain text.
    """
    return {name: plain_text(str(folder / name), files[name]) for name in manifest["verilog"]}


def recipe_of_folder(folder: Path, manifest: Mapping[str, Any]) -> Recipe:
    """How the folder was made, by its manifest, of which nothing is taken for granted.

    Raises:
        OptionError: if there is no recipe, or a wrong one.
    """
    if RECIPE not in manifest:
        raise OptionError(f"{folder} was made by an older version: run 'lgn2hdl synth' again")
    try:
        recipe = Recipe.from_json(manifest[RECIPE])
    except OptionError as error:
        raise OptionError(
            f"{folder / MANIFEST}, {RECIPE}: {error}; run 'lgn2hdl synth' again"
        ) from None
    if recipe.name is None:
        raise OptionError(f"{folder / MANIFEST}, {RECIPE}: no name; run 'lgn2hdl synth' again")
    return recipe


def folder_parts(
    folder: Path,
    manifest: Mapping[str, Any],
    files: Mapping[str, bytes],
    model: Path,
    compiled: Compiled,
    recipe: Recipe,
) -> tuple[Part, ...]:
    """What is known of the files beside the Verilog, and of the manifest.

    Args:
        folder: the folder.
        manifest: its manifest.
        files: its files.
        model: the model file.
        compiled: the model, compiled by the recipe of the manifest.
        recipe: this recipe.
    """
    from lgn2hdl.verify.proofs.folder_proof import (
        prove_folder,  # needs what only writing a folder does
    )

    clock = manifest.get("clock_mhz")
    known = clock if isinstance(clock, float) and 0 < clock < math.inf else None
    content = folder_content(
        model,
        recipe,
        compiled,
        folder_verilog(folder, manifest, files),
        random_vectors(compiled.design.network.features, 1),
        unmeasured_report(recipe, compiled),
        known,
    )
    return prove_folder(folder, manifest, files, content)
