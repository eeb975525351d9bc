"""The file by which an output folder is known; read without Amaranth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lgn2hdl.base.errors import OutputError
from lgn2hdl.base.files import read_file

MANIFEST = "manifest.json"
"""Its name."""

MODEL_FILE = "model_file"
"""Entry with the name that the model file had, without its folders."""

RECIPE = "recipe"
"""Entry with the recipe, as :meth:`lgn2hdl.compiler.recipe.Recipe.to_json` gives it."""


def read_manifest(folder: Path, name: str = MANIFEST) -> dict[str, Any] | None:
    """The manifest of an output folder, or None if there is none that can be read."""
    try:
        manifest = json.loads(read_file(folder / name))
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) else None


def replaced_version(folder: Path, model: Path, sha256: str, name: str = MANIFEST) -> bool:
    """Whether ``folder`` is of other bytes of a model file that is called as this one.

    Names of different model files can become the same name of a module and of its folder. A folder
    from before manifests had the name of the model file may be of any.

    Args:
        folder: an output folder that may be there.
        model: the model file whose design shall be written there.
        sha256: hash of this file.
        name: the manifest's file name.

    Raises:
        OutputError: if the folder is of a model file of another name and content.
    """
    manifest = read_manifest(folder, name)
    if manifest is None or manifest.get("model_sha256") == sha256:
        return False
    other = manifest.get(MODEL_FILE) or model.name
    if other != model.name:
        raise OutputError(
            f"{folder} is of {str(other)!r}, and {model.name!r} would take its place: give --out "
            "or another --name"
        )
    return True


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """The one way in which a manifest is written."""
    return json.dumps(manifest, indent=1) + "\n"
