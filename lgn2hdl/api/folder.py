"""What an output folder says: which files it has, of which model, by which recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lgn2hdl.base.errors import OptionError
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.project.manifest import MANIFEST, RECIPE, read_manifest
from lgn2hdl.verify.readers.lexer import plain_text


def require_manifest(folder: Path, sha256: str, name: str) -> Mapping[str, Any]:
    """The manifest of a folder that was made from a model.

    Args:
        folder: the folder.
        sha256: hash of the model file.
        name: the model, for the message.

    Raises:
        OptionError: if there is none, it lacks what is needed, or it is that of another model.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise OptionError(f"{folder} has no {MANIFEST} of 'lgn2hdl synth': give its output folder")
    names = manifest.get("verilog")
    if not isinstance(names, list) or not names or not all(_is_file_name(name) for name in names):
        raise OptionError(f"{folder / MANIFEST} names no Verilog files: run 'lgn2hdl synth' again")
    if manifest.get("model_sha256") != sha256:
        raise OptionError(f"{folder} was not made from {name}: give the model that it was made of")
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
