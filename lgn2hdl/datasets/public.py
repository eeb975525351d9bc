"""The public data sets by name."""

from __future__ import annotations

import os
from pathlib import Path

from lgn2hdl.datasets import catalogue
from lgn2hdl.datasets.sources import Places, Shown, default_cache, hidden
from lgn2hdl.datasets.types import Table

DATASET_NAMES: tuple[str, ...] = tuple(catalogue.SETS)
"""Names of the public data sets."""


def load(name: str, *, data_dir: Path | None, download: bool, shown: Shown = hidden) -> Table:
    """Find, or download, and read a public data set.

    Args:
        name: one of :data:`DATASET_NAMES`.
        data_dir: folder to look in; by default the one that ``LGN2HDL_DATA`` names.
        download: whether a set that is nowhere may be downloaded.
        shown: shows how a download goes on.

    Raises:
        DataError: if it is nowhere or its files are not the public ones.
        ToolError: if a library that it needs is not installed.
    """
    folder = data_dir if data_dir is not None else _environment_folder()
    return catalogue.SETS[name](Places(folder, default_cache(), download, shown))


def _environment_folder() -> Path | None:
    named = os.environ.get("LGN2HDL_DATA")
    return Path(named) if named else None
