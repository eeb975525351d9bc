"""Data sets: the public ones that the benchmarks use, and the user's own NPZ and CSV files.

``docs/datasets.md`` lists the sets with their sizes, sources, licences and splits.
"""

from __future__ import annotations

from pathlib import Path

from lgn2hdl.base.errors import DataError, OptionError
from lgn2hdl.datasets import csv_files, npz_files, public
from lgn2hdl.datasets.csv_options import CsvOptions
from lgn2hdl.datasets.public import DATASET_NAMES
from lgn2hdl.datasets.rows import read_rows
from lgn2hdl.datasets.sources import Shown, hidden
from lgn2hdl.datasets.targets import require_same_targets
from lgn2hdl.datasets.types import Dataset, assemble
from lgn2hdl.model.features import MAX_WIDTH, Missing

__all__ = [
    "DATASET_NAMES",
    "CsvOptions",
    "Dataset",
    "Missing",
    "load_dataset",
    "read_rows",
    "require_same_targets",
]


def load_dataset(
    name_or_path: str,
    *,
    data_dir: Path | None = None,
    label: str | None = None,
    input_width: int = 12,
    download: bool = True,
    csv: CsvOptions | None = None,
    missing: Missing = Missing.ERROR,
    shown: Shown = hidden,
) -> Dataset:
    """Load a public data set by its name, or the user's own from an NPZ or CSV file.

    Args:
        name_or_path: one of :data:`DATASET_NAMES`, or the path of an ``.npz`` or ``.csv`` file.
        data_dir: folder in which public sets are looked for; without it, the folder that the
            environment variable ``LGN2HDL_DATA`` names. The user's cache comes next.
        label: label column of a CSV file.
        input_width: bits of a scaled real-valued column, 1 to 16.
        download: whether a public set that is nowhere on this machine may be downloaded.
        csv: how a CSV file is written, and which of its columns count.
        missing: whether numbers may be missing, and what they become.
        shown: shows how a download goes on.

    Raises:
        DataError: if the data is missing or cannot be used.
        OptionError: if ``input_width`` , ``label`` or ``csv`` does not fit.
        ToolError: if a library that a public set needs is not installed.
    """
    if not 1 <= input_width <= MAX_WIDTH:
        raise OptionError(f"an input width of {input_width} bits is not 1 to {MAX_WIDTH}")
    path = Path(name_or_path)
    if label is not None and path.suffix.lower() != ".csv":
        raise OptionError(f"a label column is chosen for CSV files only, not for {name_or_path}")
    if csv not in (None, CsvOptions()) and path.suffix.lower() != ".csv":
        raise OptionError(
            f"--decimal, --separator, --drop and --keep are for CSV files, not for {name_or_path}"
        )
    if name_or_path in DATASET_NAMES:
        table = public.load(name_or_path, data_dir=data_dir, download=download, shown=shown)
        return assemble(name_or_path, table, input_width, missing)
    if path.suffix.lower() == ".npz":
        return assemble(path.name, npz_files.read_table(path), input_width, missing)
    if path.suffix.lower() == ".csv":
        gaps = missing is not Missing.ERROR
        table = csv_files.read_table(path, label, csv, gaps=gaps)
        return assemble(path.name, table, input_width, missing)
    raise DataError(
        f"no data set {name_or_path!r}: give one of {', '.join(DATASET_NAMES)}, "
        "or the path of an .npz or .csv file"
    )
