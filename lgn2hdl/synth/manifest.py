"""The file by which an output folder is known; read without Amaranth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lgn2hdl.files import read_file

MANIFEST = "manifest.json"
"""Its name."""


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an output folder, or None if there is none that can be read."""
    try:
        manifest = json.loads(read_file(folder / MANIFEST))
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) else None


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """The one way in which a manifest is written."""
    return json.dumps(manifest, indent=1) + "\n"
