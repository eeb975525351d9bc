"""What the header says about the features, in words."""

from __future__ import annotations

from lgn2hdl.c_export.names import comment_text
from lgn2hdl.model.features import IS_MISSING, Features

MAX_LINES = 40
"""Most lines about the features."""


def feature_notes(features: Features) -> str:
    """Comment lines that say how features are made from raw columns; equal neighbours share one."""
    rules = [_rule(features, index) for index in range(features.n_features)]
    starts = [i for i, rule in enumerate(rules) if i == 0 or rule != rules[i - 1]]
    lines = []
    for start, stop in zip(starts, [*starts[1:], len(rules)], strict=True):
        which = _named(features, start)
        if stop > start + 1:
            which += f" to {_named(features, stop - 1)}"
        lines.append(f" *   {which}: {rules[start]}")
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f" *   and so on: {len(lines) - MAX_LINES} more"]
    return "\n".join([" * Features of a row, made from the raw columns x of the data set:", *lines])


def _named(features: Features, index: int) -> str:
    return f"{index} ({comment_text(features.column_names[features.column[index]])})"


def _rule(features: Features, index: int) -> str:
    code, highest = int(features.category[index]), int(features.highest[index])
    if code >= 0:
        category = features.categories[features.column[index]][code]
        return f"1 where x is <{comment_text(category)}>, else 0"
    if code == IS_MISSING:
        return "1 where x is missing, else 0"
    replacement = features.missing[features.column[index]]
    gap = "" if replacement is None else f"; a missing x counts as {replacement!r}"
    offset, step = float(features.offset[index]), float(features.step[index])
    if (offset, step) == (0.0, 1.0):
        return f"x, an integer 0 to {highest}{gap}"
    return f"floor((x - {offset!r}) / {step!r} + 0.5), clipped to 0 to {highest}{gap}"
