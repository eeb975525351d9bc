"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lgn2hdl.datasets import DATASET_NAMES


class _FilePath(click.Path):
    """The path of a file or folder, which may exist or not."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and (not value or "\0" in value):
            self.fail(f"{value!r} is no path.", param, ctx)
        return super().convert(value, param, ctx)


FILE = _FilePath(path_type=Path)

model_argument = click.argument("model", type=FILE)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")

data_dir_option = click.option(
    "--data-dir",
    type=FILE,
    help="Folder with data sets [default: LGN2HDL_DATA, then the cache, then a download].",
)

label_option = click.option(
    "--label", help="Label column of a CSV data set [default: the last one, or one so named]."
)

dataset_help = f"One of {', '.join(DATASET_NAMES)}, or a .npz or .csv file"
