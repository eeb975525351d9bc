"""Data frames of R, from the ``.rda`` files in which R packages bring their data.

Such a file is compressed by xz and holds R's XDR serialization (R Internals, section 1.8): items
that begin with a word of flags, whose lowest byte is the item's type. Read here is what frames of
numbers and factors are made of, and nothing else.
"""

from __future__ import annotations

import lzma
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import DataError

MAX_BYTES = 1 << 24
"""Most bytes that a file may expand to."""

MAX_DEPTH = 32
"""Most items within items: a frame has a few."""

_MAGIC = b"RDX2\nX\n"
_HEADER = len(_MAGIC) + 12  # (three words of versions)
_SYMBOL, _PAIRS, _TEXT, _STRINGS, _LIST, _REFERENCE, _NOTHING = 1, 2, 9, 16, 19, 255, 254
_NUMBERS = {13: ">i4", 14: ">f8"}
_HAS_ATTRIBUTES, _HAS_TAG = 0x200, 0x400


class Column(NamedTuple):
    """Numbers ``[N]``; or the codes of a factor from 0 up, and the names of its levels."""

    values: npt.NDArray[Any]
    levels: tuple[str, ...]


class _Item(NamedTuple):
    value: Any
    attributes: dict[str, Any]


def data_frame(data: bytes, what: str) -> dict[str, Column]:
    """The columns, by name, of the one data frame in an ``.rda`` file.

    Args:
        data: the file's bytes.
        what: its name in error messages.

    Raises:
        DataError: if it is damaged, too long, or holds something else.
    """
    try:
        content = _unpacked(data)
        if not content.startswith(_MAGIC):
            raise ValueError("not the known format")
        ((_, frame),) = _Reader(content, _HEADER).item(0).value
        names = frame.attributes["names"].value
        return {name: _column(item) for name, item in zip(names, frame.value, strict=True)}
    except (lzma.LZMAError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise DataError(f"{what} is no data frame of R, or is damaged: get it again") from None


def _unpacked(data: bytes) -> bytes:
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    content = decoder.decompress(data, MAX_BYTES)
    if not decoder.eof:
        raise ValueError("too long, or cut off")
    return content


def _column(item: _Item) -> Column:
    if "levels" not in item.attributes:
        return Column(item.value, ())
    return Column(item.value - 1, tuple(item.attributes["levels"].value))


class _Reader:
    """Reads items one after the other; whatever does not fit is a ``ValueError``."""

    def __init__(self, content: bytes, start: int) -> None:
        self._content, self._at = content, start
        self._symbols: list[str] = []

    def item(self, depth: int) -> _Item:
        """The next item: text, numbers, a list of items, or pairs of a tag and an item."""
        if depth > MAX_DEPTH:
            raise ValueError("too deep")
        flags = self._word()
        kind = flags & 0xFF
        if kind == _PAIRS:
            return _Item(self._pairs(flags, depth), {})
        if kind == _SYMBOL:
            self._symbols.append(self.item(depth + 1).value)
            return _Item(self._symbols[-1], {})
        if kind == _REFERENCE:
            return _Item(self._symbols[(flags >> 8) - 1], {})
        value = self._value(kind, depth)
        pairs = self.item(depth + 1).value if flags & _HAS_ATTRIBUTES else []
        return _Item(value, dict(pairs or []))

    def _value(self, kind: int, depth: int) -> Any:
        if kind == _NOTHING:
            return None
        count = self._word()
        if kind == _TEXT:
            return self._bytes(count).decode("ascii")
        if kind in _NUMBERS:
            dtype = np.dtype(_NUMBERS[kind])
            numbers = np.frombuffer(self._bytes(count * dtype.itemsize), dtype)
            return numbers.astype(dtype.newbyteorder("="))
        if kind == _STRINGS:
            return [self.item(depth + 1).value for _ in range(count)]
        if kind == _LIST:
            return [self.item(depth + 1) for _ in range(count)]
        raise ValueError("a kind of item that frames do not have")

    def _pairs(self, flags: int, depth: int) -> list[tuple[str, _Item]]:
        """A chain of tags and items, up to the item that means its end."""
        pairs = []
        while flags & 0xFF == _PAIRS:
            if flags & _HAS_ATTRIBUTES or not flags & _HAS_TAG:
                raise ValueError("a chain that frames do not have")
            pairs.append((self.item(depth + 1).value, self.item(depth + 1)))
            flags = self._word()
        if flags & 0xFF != _NOTHING:
            raise ValueError("a chain without end")
        return pairs

    def _word(self) -> int:
        return int.from_bytes(self._bytes(4), "big", signed=True)

    def _bytes(self, count: int) -> bytes:
        end = self._at + count
        if not self._at <= end <= len(self._content):
            raise ValueError("the file ends too early")
        data, self._at = self._content[self._at : end], end
        return data
