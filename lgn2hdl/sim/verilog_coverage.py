"""Coverage of the Verilog by the test bench: Verilator's coverage.dat, read and counted.

A line point is a block of lines or a branch; it is hit if it ran. A toggle point is one bit of a
signal and one direction, 0->1 or 1->0; it is hit if the bit changed so. Equal modules count once.

Source of the file format: Verilator's ``verilated_cov.cpp``, format ``SystemC::Coverage-3``. A line
is ``C '<keys>' <hits>``, where every key is byte 1, its name, byte 2, and its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

HEADER = "# SystemC::Coverage-3"

KINDS = {"v_line": "line", "v_branch": "line", "v_toggle": "toggle"}
"""Pages of the file, and what their points count as here."""

SHOWN = 10
"""Points without a hit that are printed; the JSON file has all of them."""


class FormatError(ValueError):
    """The file is not what Verilator writes."""


@dataclass(frozen=True, order=True)
class Point:
    """Something that a simulation can hit.

    Attributes:
        module: the Verilog module.
        kind: ``line`` or ``toggle``.
        file: the Verilog file.
        line: where it is there.
        what: for a toggle the bit and the direction, else the lines.
        hits: how often it was hit.
    """

    module: str
    kind: str
    file: str
    line: int
    what: str
    hits: int


@dataclass(frozen=True)
class Count:
    """Points of one kind, and how many of them were hit."""

    points: int
    hit: int

    @property
    def percent(self) -> str:
        """Part that was hit, rounded down, so that 100.00 % is all of them."""
        if not self.points:
            return "-"
        return f"{10000 * self.hit // self.points / 100:.2f} %"


def read_points(text: str) -> list[Point]:
    """All points of a coverage.dat, sorted.

    Raises:
        FormatError: if the text is not in Verilator's format; the message names the line.
    """
    lines = text.splitlines()
    if not lines or lines[0] != HEADER:
        raise FormatError(f"line 1 of the coverage file is not {HEADER!r}")
    points = [_point(line, number) for number, line in enumerate(lines[1:], 2) if line]
    return sorted(points)


def _point(line: str, number: int) -> Point:
    try:
        start, quoted, hits = line[:3], *line[3:].rsplit("' ", 1)
        if start != "C '":
            raise ValueError(start)
        keys = dict(entry.split("\2", 1) for entry in quoted.split("\1")[1:])
        page, module = keys["page"].split("/", 1)
        kind = KINDS[page]
        what = keys["o"] if kind == "toggle" else f"{keys['o']}, lines {keys.get('S', keys['l'])}"
        return Point(module, kind, keys["f"], int(keys["l"]), what, int(hits))
    except (ValueError, KeyError):
        raise FormatError(f"line {number} of the coverage file cannot be read: {line!r}") from None


def count(points: Iterable[Point], kind: str) -> Count:
    """How many of the points are of a kind, and how many of those were hit."""
    hits = [point.hits > 0 for point in points if point.kind == kind]
    return Count(len(hits), sum(hits))


def by_module(points: Sequence[Point]) -> dict[str, list[Point]]:
    """The points of each module, in the order of their names."""
    modules: dict[str, list[Point]] = {}
    for point in points:
        modules.setdefault(point.module, []).append(point)
    return dict(sorted(modules.items()))


def as_json(points: Sequence[Point]) -> dict[str, Any]:
    """Counts of each module and of all, and every point without a hit."""
    return {
        "modules": {name: _counts(items) for name, items in by_module(points).items()},
        "all": _counts(points),
        "not_hit": [
            {"module": p.module, "kind": p.kind, "file": p.file, "line": p.line, "what": p.what}
            for p in points
            if not p.hits
        ],
    }


def _counts(points: Sequence[Point]) -> dict[str, dict[str, int]]:
    counts = {kind: count(points, kind) for kind in ("line", "toggle")}
    return {kind: {"points": item.points, "hit": item.hit} for kind, item in counts.items()}


def table(points: Sequence[Point]) -> list[str]:
    """Lines of a table with a row for each module, and the first points without a hit."""
    header = ("module", "lines", "hit", "percent", "toggles", "hit", "percent")
    rows = [header, *(_row(name, items) for name, items in by_module(points).items())]
    rows.append(_row("all", points))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    missed = [point for point in points if not point.hits]
    if missed:
        lines.append(f"not hit: {len(missed)} points, {min(SHOWN, len(missed))} of them:")
    return lines + [f"  {p.file}:{p.line} {p.kind} {p.what}" for p in missed[:SHOWN]]


def _row(name: str, points: Sequence[Point]) -> tuple[str, ...]:
    cells = [name]
    for kind in ("line", "toggle"):
        item = count(points, kind)
        cells += [str(item.points), str(item.hit), item.percent]
    return tuple(cells)
