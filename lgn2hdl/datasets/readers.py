"""How the files of each public data set become a table."""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError
from lgn2hdl.base.files import is_file
from lgn2hdl.datasets import cifar, limits, parsers
from lgn2hdl.datasets.members import PublicMembers, fetch_members
from lgn2hdl.datasets.rdata import data_frame
from lgn2hdl.datasets.sources import Places, PublicFile, fetch
from lgn2hdl.datasets.split import stratified_test_rows
from lgn2hdl.datasets.types import Table, digest

DIGIT_NAMES = tuple(str(digit) for digit in range(10))
BREAST_CANCER_TEST_ROWS = 70
SPEECH_TRAIN_ROWS = 2_700
"""Spoken digits for training; the rest are recordings 0 to 4 of each speaker and digit."""

MAX_ARFF_BYTES = 1 << 24
"""Most bytes that are read of the ARFF file in the archive of Dry Bean (it has 3.8 MB)."""


def digits(_: Places | None = None) -> Table:
    """Optical Recognition of Handwritten Digits, 8x8 pixels of 0..16; part of the package."""
    x, y = _of_the_package("digits.npz")
    test = stratified_test_rows(y)
    return _images((x[~test], x[test]), (y[~test], y[test]), 5, DIGIT_NAMES, (8, 8))


def speech_digits(_: Places | None = None) -> Table:
    """Ten spoken digits of six speakers, as spectrograms of 48 frames by 16 bands, 0..255.

    Part of the package; the split is the official one of the recordings.
    """
    x, y = _of_the_package("speech_digits.npz")
    n_train, shape = SPEECH_TRAIN_ROWS, x.shape[1:]
    x = x.reshape(len(x), -1)
    parts = (x[:n_train], x[n_train:]), (y[:n_train], y[n_train:])
    return _images(*parts, 8, DIGIT_NAMES, shape)


def _of_the_package(name: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    with resources.as_file(resources.files("lgn2hdl.datasets") / "data" / name) as path:
        arrays = limits.read_npz(path)
    return arrays["x"], arrays["y"].astype(np.int64)


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


def dry_bean(
    file: PublicFile, member: str, class_names: tuple[str, ...], places: Places
) -> parsers.Coded:
    """All rows of Dry Bean in the order of its file.

    Raises:
        DataError: if it is nowhere, or damaged.
    """
    data = limits.unzip(fetch(file, places), member, MAX_ARFF_BYTES, file.path)
    return parsers.dry_bean(data, class_names)


def r_frame(
    files: PublicMembers, name: str, label: str, class_names: tuple[str, ...], places: Places
) -> parsers.Coded:
    """All rows of a data frame that an R package brings, in their order."""
    frame = data_frame(fetch_members(files, places)[name], name)
    return parsers.frame_rows(frame, label, class_names)


def csv_rows(
    files: PublicMembers,
    columns: tuple[str, ...],
    coded_columns: frozenset[str],
    label: str,
    places: Places,
) -> parsers.Coded:
    """All rows of the one CSV file of an archive, in their order."""
    ((name, data),) = fetch_members(files, places).items()
    return parsers.labelled_csv(data, columns, coded_columns, label, name)


def cifar10(files: PublicMembers, places: Places) -> Table:
    """CIFAR-10 as published: 32x32 colour pixels of 0..255, by row, column and channel."""
    return _cifar_table(*cifar.binary_parts(fetch_members(files, places)))


def cifar10_jpeg(place: str, sha256: str, places: Places) -> Table:
    """A lossy copy of CIFAR-10 (JPEG, quality 75), in another order: not the published benchmark.

    It is for development and for comparing methods with one another. It lies in a data folder or
    nowhere: there is no public home to download it from.

    Args:
        place: its place below a data folder.
        sha256: hash of its arrays, so that it does not matter how they were compressed.
        places: where to look.

    Raises:
        DataError: if it is not there, or not the known copy.
        ToolError: if the library that decodes JPEG is not installed.
    """
    folders = [folder for folder in (places.folder, places.cache) if folder is not None]
    found = [folder / place for folder in folders if is_file(folder / place)]
    if not found:
        raise DataError(
            f"{place} is not in {' or '.join(map(str, folders))}, and it cannot "
            "be downloaded: name a folder that has it with --data-dir or LGN2HDL_DATA, or take the "
            "published images with cifar10"
        )
    arrays = limits.read_npz(found[0], cifar.JPEG_ARRAYS)
    if digest(arrays) != sha256:
        raise DataError(
            f"{found[0]} is not the known JPEG copy of CIFAR-10 (its arrays differ): replace or "
            "remove it"
        )
    return _cifar_table(*cifar.jpeg_parts(arrays, str(found[0])))


def _cifar_table(train: cifar.Part, test: cifar.Part) -> Table:
    pixels, labels = (train.pixels, test.pixels), (train.labels, test.labels)
    return _images(pixels, labels, 8, cifar.CLASS_NAMES, cifar.IMAGE_SHAPE)
