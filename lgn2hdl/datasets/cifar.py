"""CIFAR-10 images: from the records of the published files, and from a lossy JPEG copy.

The images: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError, ToolError

CLASS_NAMES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
IMAGE_SHAPE = (32, 32, 3)
"""Rows, columns and channels (red, green, blue) of every image."""

N_VALUES = 32 * 32 * 3
MAX_IMAGES = 100_000
"""Most images of a part that are read (the training part has 50,000)."""

MEMBERS = {
    "train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    "test": ("test_batch.bin",),
}
"""The published files by part, in the order of their images."""

JPEG_ARRAYS = (
    "header",
    *(f"{key}_{part}" for part in MEMBERS for key in ("scan", "offset", "y")),
)
"""Arrays of the JPEG copy; see :func:`jpeg_parts`."""


class Part(NamedTuple):
    """Training or test images, ``u8[N, 3072]`` by row, column and channel, and their labels."""

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.integer[Any]]


def binary_parts(files: Mapping[str, bytes]) -> tuple[Part, Part]:
    """Training and test images of the published files of the binary version.

    A record is a byte for the label and 32x32 bytes each for red, green and blue, row by row.

    Args:
        files: the bytes of all :data:`MEMBERS` by name, whole records (they are known files).
    """
    train, test = (
        _part(np.concatenate([_records(files[name]) for name in names]))
        for names in MEMBERS.values()
    )
    return train, test


def _records(data: bytes) -> npt.NDArray[np.uint8]:
    """Records ``u8[N, 1 + 3072]`` of a file."""
    return np.frombuffer(data, np.uint8).reshape(-1, 1 + N_VALUES)


def _part(records: npt.NDArray[np.uint8]) -> Part:
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return Part(planes.transpose(0, 2, 3, 1).reshape(-1, N_VALUES), records[:, 0])


def jpeg_parts(arrays: Mapping[str, npt.NDArray[Any]], what: str) -> tuple[Part, Part]:
    """Training and test images of the lossy copy: every image is a JPEG file.

    Args:
        arrays: ``header``, the bytes that all files begin with; for each part ``scan_...``, the
            rest of every file, end to end; ``offset_...``, where in it the N files begin and the
            last one ends (N + 1 integers); and ``y_...``, N labels.
        what: the name of where the arrays come from in error messages.

    Raises:
        DataError: if an array is missing or does not fit the others, or an image is damaged or not
            of 32x32 pixels.
        ToolError: if the library that decodes JPEG is not installed.
    """
    decode = _jpeg_decoder()
    for name in JPEG_ARRAYS:
        _check_array(arrays, name, what)
    for part in MEMBERS:
        _check_offsets(arrays, part, what)
    train, test = (
        Part(_jpeg_pixels(arrays, part, what, decode), arrays[f"y_{part}"]) for part in MEMBERS
    )
    return train, test


def _jpeg_decoder() -> Callable[[bytes], bytes]:
    """What turns a JPEG file of 32x32 pixels into 3072 bytes; anything else is a ValueError."""
    try:
        from PIL import Image
    except ImportError:
        raise ToolError(
            "this data set is made of JPEG images and needs Pillow: "
            "run 'pip install lgn2hdl[images]'"
        ) from None

    def decode(data: bytes) -> bytes:
        # Straight into an image of known size: Image.open takes twice as long, and would follow
        # whatever size and format the file asks for.
        return Image.frombytes("RGB", (32, 32), data, "jpeg", "RGB", "").tobytes()

    return decode


def _check_array(arrays: Mapping[str, npt.NDArray[Any]], name: str, what: str) -> None:
    """Bytes are ``uint8``, everything else integers; all have one axis."""
    if name not in arrays:
        raise DataError(f"{what} has no {name}: get it again")
    array = arrays[name]
    is_bytes = name.startswith(("header", "scan"))
    good = array.dtype == np.uint8 if is_bytes else array.dtype.kind in "iu"
    if array.ndim != 1 or not good:
        kind = "bytes" if is_bytes else "integers"
        raise DataError(
            f"{what}: {name} is {array.dtype} of shape {array.shape}, not a list of {kind}"
        )


def _check_offsets(arrays: Mapping[str, npt.NDArray[Any]], part: str, what: str) -> None:
    offset, n_bytes = arrays[f"offset_{part}"], len(arrays[f"scan_{part}"])
    n_images = len(arrays[f"y_{part}"])
    if not 1 <= n_images <= MAX_IMAGES:
        raise DataError(f"{what} has {n_images} {part} images: 1 to {MAX_IMAGES} are read")
    if len(offset) != n_images + 1:
        raise DataError(
            f"{what}: offset_{part} has {len(offset)} values for {n_images} images: "
            "it should have one more than there are images"
        )
    if not 0 <= offset[0] <= offset[-1] <= n_bytes or (offset[1:] < offset[:-1]).any():
        raise DataError(
            f"{what}: offset_{part} does not rise from 0 or more to at most {n_bytes}, "
            f"the length of scan_{part}: get it again"
        )


def _jpeg_pixels(
    arrays: Mapping[str, npt.NDArray[Any]], part: str, what: str, decode: Callable[[bytes], bytes]
) -> npt.NDArray[np.uint8]:
    """Pixels ``u8[N, 3072]`` of a part."""
    header, scan = arrays["header"].tobytes(), arrays[f"scan_{part}"].tobytes()
    offset = arrays[f"offset_{part}"].tolist()
    pixels = np.empty((len(offset) - 1, N_VALUES), np.uint8)
    for image, (begin, end) in enumerate(pairwise(offset)):
        try:
            pixels[image] = np.frombuffer(decode(header + scan[begin:end]), np.uint8)
        except (ValueError, OSError, SyntaxError, OverflowError) as error:
            raise DataError(
                f"{what}: {part} image {image} is not a JPEG image of 32x32 pixels ({error}): "
                "get the file again"
            ) from None
    return pixels
