"""Array container: named arrays and a JSON document in one file, without pickle.

The bytes follow the public safetensors layout (an 8-byte little-endian header length, a JSON header
that gives dtype, shape and offsets of every tensor, then the raw little-endian data), so any
safetensors reader opens them; only NumPy is needed here. Our part of the header is
``__metadata__``: ``format`` (what the file is), ``version`` (an integer), ``document`` (JSON) and
``sha256`` (of the whole file with those 64 digits read as zeros). ``docs/model-format.md`` has the
details.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import ModelFileError
from lgn2hdl.base.files import open_file, write_atomically
from lgn2hdl.base.system_errors import explained

Arrays = Mapping[str, npt.NDArray[Any]]

MAX_HEADER_BYTES = 100_000_000
"""Longest header that is read (the limit of the safetensors layout)."""

_DTYPES = {
    "BOOL": "|b1", "U8": "|u1", "I8": "|i1", "U16": "<u2", "I16": "<i2", "U32": "<u4",
    "I32": "<i4", "U64": "<u8", "I64": "<i8", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
_CODES = {np.dtype(name): code for code, name in _DTYPES.items()}
_SIGNATURE = 10
"""Bytes at the start, by which a foreign file is known: a length and how the header begins."""

_NO_DIGEST = "0" * 64


def write(path: Path, arrays: Arrays, document: Mapping[str, Any], kind: str, version: int) -> None:
    """Write the file in one step: it appears complete or not at all.

    Raises:
        OutputError: if the file cannot be written.
    """
    data = to_bytes(arrays, document, kind, version)
    write_atomically(path, data)


def to_bytes(arrays: Arrays, document: Mapping[str, Any], kind: str, version: int) -> bytes:
    """The file's bytes; equal input gives equal bytes."""
    header: dict[str, Any] = {}
    blobs: list[bytes] = []
    offset = 0
    for name in sorted(arrays):
        # (Not ascontiguousarray: that would turn a scalar into a vector.)
        array = np.asarray(arrays[name], order="C")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        blob = array.tobytes()
        header[name] = {
            "dtype": _CODES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        offset += len(blob)
        blobs.append(blob)
    header["__metadata__"] = {
        "format": kind,
        "version": str(version),
        "sha256": _NO_DIGEST,
        "document": json.dumps(document, sort_keys=True, allow_nan=False),
    }
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    blank = len(text).to_bytes(8, "little") + text + b"".join(blobs)
    digest = hashlib.sha256(blank).hexdigest()
    return _replace_digest(blank, _NO_DIGEST, digest)


def _digest_field(digest: str) -> bytes:
    return f'"sha256":"{digest}"'.encode()


def _replace_digest(data: bytes, old: str, new: str) -> bytes:
    return data.replace(_digest_field(old), _digest_field(new), 1)


def read(
    path: Path, kind: str, version: int, *, what: str = "model"
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read a file back, refusing everything that :func:`write` did not write.

    Args:
        path: the file.
        kind: the ``format`` it must have.
        version: the newest version that this code understands.
        what: the word for such a file in error messages.

    Returns:
        The arrays (read-only views of the file's bytes) and the JSON document.

    Raises:
        ModelFileError: if the file is missing, truncated, altered, foreign or newer.
    """
    try:
        data = _bytes(path)
    except IsADirectoryError:
        raise ModelFileError(f"{path} is a folder, not a {what} file") from None
    except FileNotFoundError:
        raise ModelFileError(f"no {what} file at {path}: check the path") from None
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {explained(error, 'check the path')}") from None
    return _Reader(path, kind, version, what, data).read()


def _bytes(path: Path) -> bytes:
    """The file's bytes; of one that is foreign at first sight no more than its first ones."""
    with open_file(path) as file:
        start = file.read(_SIGNATURE) or b""
        return start + file.read() if start[8:9] == b"{" else start


class _Place(NamedTuple):
    """Where the data of an array lies, in bytes from the end of the header."""

    begin: int
    end: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


class _Reader:
    """Checks in the order in which a message is most helpful: foreign, newer, damaged."""

    def __init__(self, path: Path, kind: str, version: int, what: str, data: bytes) -> None:
        self.path, self.kind, self.version, self.what, self.data = path, kind, version, what, data

    def foreign(self, detail: str) -> NoReturn:
        raise ModelFileError(f"{self.path} is not an lgn2hdl {self.what} file ({detail})")

    def damaged(self, detail: str) -> NoReturn:
        raise ModelFileError(
            f"{self.path} is damaged ({detail}): copy it again from its source or retrain"
        )

    def read(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        header, start = self._header()
        metadata = header.pop("__metadata__", None)
        if not isinstance(metadata, dict) or metadata.get("format") != self.kind:
            self.foreign(f"its header does not say {self.kind!r}")
        self._check_version(metadata.get("version"))
        self._check_digest(metadata.get("sha256"))
        places = {name: self._place(name, entry) for name, entry in header.items()}
        self._check_cover(places.values(), len(self.data) - start)
        arrays = {name: self._array(place, start) for name, place in places.items()}
        try:
            document = json.loads(metadata["document"])
        except (KeyError, TypeError, ValueError, RecursionError):
            self.damaged("its document is not JSON")
        if not isinstance(document, dict):
            self.damaged("its document is not an object")
        return arrays, document

    def _header(self) -> tuple[dict[str, Any], int]:
        if len(self.data) < _SIGNATURE or self.data[8:9] != b"{":
            self.foreign("no header" if self.data else "it is empty")
        length = int.from_bytes(self.data[:8], "little")
        if length > MAX_HEADER_BYTES:
            self.foreign(f"a header of {length} bytes")
        if 8 + length > len(self.data):
            self.damaged("truncated: the header is incomplete")
        try:
            header = json.loads(self.data[8 : 8 + length])
        except (ValueError, RecursionError):
            self.damaged("its header is not JSON")
        if not isinstance(header, dict):
            self.foreign("its header is not an object")
        return header, 8 + length

    def _check_version(self, version: object) -> None:
        if not isinstance(version, str) or not version.isascii() or not version.isdigit():
            self.damaged("no version")
        if len(version) > 9 or int(version) > self.version:
            raise ModelFileError(
                f"{self.path} has format version {version[:9]}, this lgn2hdl reads up to "
                f"{self.version}: upgrade lgn2hdl"
            )

    def _check_digest(self, digest: object) -> None:
        if not isinstance(digest, str) or re.fullmatch(r"[0-9a-f]{64}", digest) is None:
            self.damaged("no checksum")
        blank = _replace_digest(self.data, digest, _NO_DIGEST)
        if hashlib.sha256(blank).hexdigest() != digest:
            self.damaged("its checksum does not match: truncated or altered")

    def _place(self, name: str, entry: Any) -> _Place:
        try:
            dtype = np.dtype(_DTYPES[entry["dtype"]])
            shape = tuple(int(size) for size in entry["shape"])
            begin, end = (int(offset) for offset in entry["data_offsets"])
        except (KeyError, TypeError, ValueError, OverflowError):
            self.damaged(f"array {name!r} is not described")
        # (math.prod works on Python integers: no overflow.)
        if min(shape, default=0) < 0 or dtype.itemsize * math.prod(shape) != end - begin:
            self.damaged(f"array {name!r} has another size than its shape says")
        return _Place(begin, end, dtype, shape)

    def _check_cover(self, places: Iterable[_Place], available: int) -> None:
        """The arrays must tile the data: no gap, no overlap, nothing outside of the file."""
        reached = 0
        for place in sorted(places, key=lambda place: (place.begin, place.end)):
            if place.begin != reached:
                self.damaged("its arrays do not follow each other")
            reached = place.end
        if reached != available:
            self.damaged("its arrays do not fill the file")

    def _array(self, place: _Place, start: int) -> npt.NDArray[Any]:
        count = (place.end - place.begin) // place.dtype.itemsize
        flat = np.frombuffer(self.data, place.dtype, count, start + place.begin)
        try:
            shaped = flat.reshape(place.shape)
        except (ValueError, OverflowError):  # too many axes, or an empty array of absurd extents
            self.damaged("an array has an impossible shape")
        return shaped.astype(place.dtype.newbyteorder("="), copy=False)
