"""The public data sets: how the files of each become a table."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.base.files import is_file
from lgn2hdl.datasets import catalogue, cifar, limits, parsers
from lgn2hdl.datasets.sources import Places, PublicFile, Shown, default_cache, fetch, hidden
from lgn2hdl.datasets.split import stratified_test_rows
from lgn2hdl.datasets.types import Table, digest

DIGIT_NAMES = tuple(str(digit) for digit in range(10))
FASHION_NAMES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
BEAN_NAMES = ("BARBUNYA", "BOMBAY", "CALI", "DERMASON", "HOROZ", "SEKER", "SIRA")
BEAN_COLUMNS = (
    "Area", "Perimeter", "MajorAxisLength", "MinorAxisLength", "AspectRation", "Eccentricity",
    "ConvexArea", "EquivDiameter", "Extent", "Solidity", "roundness", "Compactness",
    "ShapeFactor1", "ShapeFactor2", "ShapeFactor3", "ShapeFactor4",
)  # fmt: skip

BREAST_CANCER_TEST_ROWS = 70
MAX_ARFF_BYTES = 1 << 24
"""Most bytes that are read of the ARFF file in the archive of Dry Bean (it has 3.8 MB)."""

BEANS_SHA256 = "8075e02836d18f183312bbc0469a2bb3535533de3b28ae47f09ce64ed983a534"
"""Digest of all rows and labels of Dry Bean in sorted order, whatever file they come from."""


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
    return _LOADERS[name](Places(folder, default_cache(), download, shown))


def _environment_folder() -> Path | None:
    named = os.environ.get("LGN2HDL_DATA")
    return Path(named) if named else None


def digits(_: Places | None = None) -> Table:
    """Optical Recognition of Handwritten Digits, 8x8 pixels of 0..16; part of the package."""
    with resources.as_file(resources.files("lgn2hdl.datasets") / "data" / "digits.npz") as path:
        arrays = limits.read_npz(path)
    x, y = arrays["x"], arrays["y"].astype(np.int64)
    test = stratified_test_rows(y)
    return _images((x[~test], x[test]), (y[~test], y[test]), 5, DIGIT_NAMES, (8, 8))


def idx_images(files: list[PublicFile], class_names: tuple[str, ...], places: Places) -> Table:
    """A set of images in the four files of MNIST's layout."""
    x_train, y_train, x_test, y_test = (
        parsers.idx(fetch(file, places), file.path) for file in files
    )
    pixels = (x_train.reshape(len(x_train), -1), x_test.reshape(len(x_test), -1))
    return _images(pixels, (y_train, y_test), 8, class_names, x_train.shape[1:])


def _images(
    pixels: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    labels: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    width: int,
    class_names: tuple[str, ...],
    shape: tuple[int, ...],
) -> Table:
    n_pixels = pixels[0].shape[1]
    return Table(
        x_train=pixels[0],
        y_train=labels[0],
        x_test=pixels[1],
        y_test=labels[1],
        column_names=tuple(f"x{index}" for index in range(n_pixels)),
        categories=((),) * n_pixels,
        class_names=class_names,
        plain_width=width,
        image_shape=shape,
    )


def monk(files: list[PublicFile], places: Places) -> Table:
    """One of the three MONK's problems; the test set is the whole space of 432 rows."""
    train, test = (parsers.monk(fetch(file, places)) for file in files)
    names = tuple(f"a{number}" for number in range(1, 7))
    return _coded_table(train, test, names, ("0", "1"))


def adult(files: list[PublicFile], places: Places) -> Table:
    """UCI Adult with all rows; a missing value sets no bit."""
    train, test = parsers.adult(*(fetch(file, places) for file in files))
    return _coded_table(train, test, parsers.ADULT_COLUMNS, parsers.ADULT_CLASSES)


def breast_cancer(file: PublicFile, places: Places) -> Table:
    """Breast cancer, Ljubljana: the 277 complete rows, 70 of them for testing.

    The split is that of ``train_test_split(test_size=0.25, random_state=0)`` of scikit-learn,
    which difflogic's experiments use.
    """
    rows = parsers.breast_cancer(fetch(file, places))
    order = np.random.RandomState(0).permutation(len(rows.rows))
    test, train = (
        rows._replace(rows=rows.rows[own], labels=rows.labels[own])
        for own in np.split(order, [BREAST_CANCER_TEST_ROWS])
    )
    return _coded_table(train, test, parsers.BREAST_CANCER_COLUMNS, parsers.BREAST_CANCER_CLASSES)


def _coded_table(
    train: parsers.Coded, test: parsers.Coded, columns: tuple[str, ...], classes: tuple[str, ...]
) -> Table:
    return Table(
        train.rows, train.labels, test.rows, test.labels,
        column_names=columns,
        categories=train.categories,
        class_names=classes,
    )  # fmt: skip


def dry_bean(file: PublicFile, places: Places) -> Table:
    """Dry Bean: all 13,611 rows, sorted, so that every source gives the same arrays.

    The test rows are marked by a bit each in the package's data; they are a stratified fifth,
    drawn once.

    Raises:
        DataError: if it is nowhere, or the rows are not those of the public file.
    """
    x, y = _beans(file, places)
    if x.ndim == 2 and y.shape == (len(x),):
        order = bean_order(x, y)
        x, y = x[order], y[order]
    if digest({"x": x, "y": y}) != BEANS_SHA256:
        raise DataError(
            "the rows of Dry Bean are not those of the public file: remove "
            f"{catalogue.DRY_BEAN_ARRAYS} or {file.path} from the data folder"
        )
    packed = (resources.files("lgn2hdl.datasets") / "data" / "drybean_test_rows.bin").read_bytes()
    test = np.unpackbits(np.frombuffer(packed, np.uint8), count=len(x)).astype(bool)
    return Table(
        x[~test], y[~test], x[test], y[test],
        column_names=BEAN_COLUMNS,
        categories=((),) * len(BEAN_COLUMNS),
        class_names=BEAN_NAMES,
    )  # fmt: skip


def bean_order(x: npt.NDArray[np.float64], y: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Order of rows by their first column, then the next, ..., then the label; stable."""
    return np.lexsort((y, *x.T[::-1]))


def _beans(file: PublicFile, places: Places) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """All rows and labels, in any order, from the arrays of a data folder or the archive."""
    for folder in (places.folder, places.cache):
        path = None if folder is None else folder / catalogue.DRY_BEAN_ARRAYS
        if path is not None and is_file(path):
            return _bean_arrays(path)
    data = limits.unzip(fetch(file, places), catalogue.DRY_BEAN_MEMBER, MAX_ARFF_BYTES, file.path)
    return parsers.dry_bean(data, BEAN_NAMES)


def _bean_arrays(path: Path) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    try:
        arrays = limits.read_npz(path)
        x = np.concatenate([arrays["x_train"], arrays["x_test"]]).astype(np.float64)
        y = np.concatenate([arrays["y_train"], arrays["y_test"]]).astype(np.int64)
    except (KeyError, ValueError):
        raise DataError(f"{path} is not the Dry Bean data: replace or remove it") from None
    return x, y


def cifar10(file: PublicFile, places: Places) -> Table:
    """CIFAR-10 as published: 32x32 colour pixels of 0..255, by row, column and channel."""
    return _cifar_table(*cifar.binary_parts(fetch(file, places), file.path))


def cifar10_jpeg(places: Places) -> Table:
    """A lossy copy of CIFAR-10 (JPEG, quality 75), in another order: not the published benchmark.

    It is for development and for comparing methods with one another. It lies in a data folder or
    nowhere: there is no public home to download it from.

    Raises:
        DataError: if it is not there, or not the known copy.
        ToolError: if the library that decodes JPEG is not installed.
    """
    folders = [folder for folder in (places.folder, places.cache) if folder is not None]
    paths = [folder / catalogue.CIFAR10_JPEG for folder in folders]
    found = [path for path in paths if is_file(path)]
    if not found:
        raise DataError(
            f"{catalogue.CIFAR10_JPEG} is not in {' or '.join(map(str, folders))}, and it cannot "
            "be downloaded: name a folder that has it with --data-dir or LGN2HDL_DATA, or take the "
            "published images with cifar10"
        )
    arrays = limits.read_npz(found[0], cifar.JPEG_ARRAYS)
    if digest(arrays) != catalogue.CIFAR10_JPEG_SHA256:
        raise DataError(
            f"{found[0]} is not the known JPEG copy of CIFAR-10 (its arrays differ): replace or "
            "remove it"
        )
    return _cifar_table(*cifar.jpeg_parts(arrays, str(found[0])))


def _cifar_table(train: cifar.Part, test: cifar.Part) -> Table:
    pixels, labels = (train.pixels, test.pixels), (train.labels, test.labels)
    return _images(pixels, labels, 8, cifar.CLASS_NAMES, cifar.IMAGE_SHAPE)


_LOADERS: dict[str, Callable[[Places], Table]] = {
    "digits": digits,
    "monk1": lambda places: monk(catalogue.MONK1, places),
    "monk2": lambda places: monk(catalogue.MONK2, places),
    "monk3": lambda places: monk(catalogue.MONK3, places),
    "adult": lambda places: adult(catalogue.ADULT, places),
    "breast-cancer": lambda places: breast_cancer(catalogue.BREAST_CANCER, places),
    "drybean": lambda places: dry_bean(catalogue.DRY_BEAN, places),
    "mnist": lambda places: idx_images(catalogue.MNIST, DIGIT_NAMES, places),
    "fashion-mnist": lambda places: idx_images(catalogue.FASHION_MNIST, FASHION_NAMES, places),
    "cifar10": lambda places: cifar10(catalogue.CIFAR10, places),
    "cifar10-jpeg75": cifar10_jpeg,
}

DATASET_NAMES: tuple[str, ...] = tuple(_LOADERS)
"""Names of the public data sets."""
