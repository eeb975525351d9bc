"""The page of an output folder: what the design is, its ports, timing, packing and resources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lgn2hdl.arithmetic.encoder import packing
from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.interface import stream_layout
from lgn2hdl.model.features import IS_MISSING, NOT_A_CATEGORY, Features
from lgn2hdl.project.render import render
from lgn2hdl.project.report import AREA_HEADER, DesignReport
from lgn2hdl.project.wave import timing_diagram

MOST_ROWS = 100
"""Rows of the packing table; ``manifest.json`` has all of them."""


def page(
    design: Design, interface: Interface, report: DesignReport | None, context: Mapping[str, Any]
) -> str:
    """The page as Markdown.

    Args:
        design: the scheduled design.
        interface: what is around the pipeline.
        report: area and timing; None if nobody measured or estimated them.
        context: what the other files of the folder tell, see :mod:`lgn2hdl.project.integration`.
    """
    packed = packing_rows(design.network.features)
    more = {
        **context,
        "kind": interface.kind.value,
        "port_rows": [(f"`{p.name}`", p.direction, p.width, p.meaning) for p in context["ports"]],
        "diagram": timing_diagram(design, interface),
        "table": table,
        "packing": packed[:MOST_ROWS],
        "hidden": max(0, len(packed) - MOST_ROWS),
        "stream": _stream_rows(design, interface),
        "results": _result_rows(design),
        "device": None if report is None else report.device.title,
        "area_header": AREA_HEADER,
        "area": _area_rows(design, report),
        "timing": [] if report is None else report.timing_rows(),
    }
    return render("page.md.j2", more)


def escaped(text: str) -> str:
    """Text from a model file that means nothing but itself in a Markdown table."""
    line = " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", " ", text).split())
    marked = re.sub(r"([\\`*_{}\[\]#|~$@])", r"\\\1", line)
    return marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def packing_rows(features: Features) -> list[tuple[str, str, str, str]]:
    """Features, columns, bits of ``x`` and meaning; neighbours of one kind share a row."""
    first = _first_of_runs(features)
    ends = [*first[1:], features.n_features]
    lsb = np.append(packing(features), 0).astype(np.int64)
    lsb[-1] = lsb[-2] + int(features.width[-1])
    rows = []
    for begin, end in zip(first, ends, strict=True):
        width = int(features.width[begin])
        alone = end == begin + 1
        bits = f"{lsb[begin] + width - 1}:{lsb[begin]}" if alone else f"{lsb[end] - 1}:{lsb[begin]}"
        each = f"{width} bit" + "s" * (width > 1) + ("" if alone else " each")
        numbers = f"{begin}" if alone else f"{begin} to {end - 1}"
        rows.append(
            (numbers, _columns(features, begin, end), bits, f"{each}, {_value(features, begin)}")
        )
    return rows


def _first_of_runs(features: Features) -> list[int]:
    """Features that differ in kind from the one before."""
    gap = np.array(features.missing, np.float64)[features.column]  # None becomes NaN
    kind = np.column_stack([features.width, features.category, features.offset, features.step])
    changes = (np.diff(kind, axis=0) != 0).any(axis=1)
    changes |= features.category[1:] != NOT_A_CATEGORY
    changes |= ~((gap[1:] == gap[:-1]) | (np.isnan(gap[1:]) & np.isnan(gap[:-1])))
    return [0, *(1 + np.flatnonzero(changes)).tolist()]


def _columns(features: Features, begin: int, end: int) -> str:
    names = [features.column_names[c] for c in features.column[[begin, end - 1]].tolist()]
    return escaped(names[0]) if end == begin + 1 else " to ".join(map(escaped, names))


def _value(features: Features, index: int) -> str:
    code = int(features.category[index])
    if code >= 0:
        name = features.categories[int(features.column[index])][code]
        return f"1 where the column is {escaped(str(name))}"
    if code == IS_MISSING:
        return "1 where the column's value is missing"
    replacement = features.missing[int(features.column[index])]
    gap = "" if replacement is None else f"; a missing value counts as {replacement:g}"
    offset, step = float(features.offset[index]), float(features.step[index])
    if (offset, step) == (0, 1):
        return f"unsigned, the raw value{gap}"
    return f"unsigned, (raw - {offset:g}) / {step:g} rounded and limited{gap}"


def _stream_rows(design: Design, interface: Interface) -> list[tuple[str, str, str]]:
    """Numbers of a result in ``m_axis_tdata``: port, bits, extension."""
    if interface.kind is not Kind.STREAM:
        return []
    return [
        (
            f"`{field.port}`" + (f" {field.index}" if field.port == "scores" else ""),
            f"{field.lsb + field.bits - 1}:{field.lsb}",
            f"{field.width} bits, extended by {'the sign' if field.signed else 'zeros'}",
        )
        for field in stream_layout(design, interface).fields
    ]


def _result_rows(design: Design) -> list[tuple[str, str]]:
    """Index and name of the classes, or of the output bits."""
    what = "class" if design.network.head.decides_class else design.head.results[0].name
    names = design.network.class_names
    return [(f"{what} {index}", escaped(name)) for index, name in enumerate(names)]


def _area_rows(design: Design, report: DesignReport | None) -> list[tuple[object, ...]]:
    """Cells by part as a tool counted them, or LUTs and flip-flops as the compiler counts them."""
    if report is not None and report.area is not None:
        return [*report.area_rows()]
    luts, registers = design.luts(), design.flip_flops()
    rows = [(part, luts.get(part, 0), registers.get(part, 0)) for part in {**luts, **registers}]
    total = ("total", sum(luts.values()), sum(registers.values()))
    return [(*row, "", "", "") for row in [*rows, total]]
