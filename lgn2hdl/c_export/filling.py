"""The fixed parts of the exported C, and how numbers are written into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from string import Template

import numpy as np
import numpy.typing as npt

_PER_LINE = 16


def filled(template: str, values: Mapping[str, object]) -> str:
    """A file of the folder ``templates`` with ``$name`` replaced; a missing name is an error."""
    folder = resources.files("lgn2hdl.c_export").joinpath("templates")
    return Template(folder.joinpath(template).read_text("utf-8")).substitute(values)


def number_lines(values: npt.NDArray[np.integer], indent: str = "    ") -> str:
    """Initializers of a C array, some a line."""
    texts = [*map(literal, values.ravel().tolist())]
    rows = (texts[start : start + _PER_LINE] for start in range(0, len(texts), _PER_LINE))
    return comma_lines([", ".join(row) for row in rows], indent)


def comma_lines(items: Iterable[str], indent: str = "    ") -> str:
    """Items with commas between them, each on a line of its own."""
    return ",\n".join(f"{indent}{item}" for item in items)


def literal(value: int) -> str:
    """A number as a C expression of a type that holds it."""
    # C has no negative literals: -2147483648 is minus a number that int cannot hold.
    return "(-2147483647 - 1)" if value == -(1 << 31) else str(value)
