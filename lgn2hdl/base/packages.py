"""Packages that are there only where somebody asked for them."""

from __future__ import annotations

import importlib.util

from lgn2hdl.base.errors import ToolError


def require_package(module: str, extra: str, what: str) -> None:
    """Check that an optional dependency is installed.

    Raises:
        ToolError: if it is not; the message names the extra that brings it.
    """
    if importlib.util.find_spec(module) is None:
        raise ToolError(f"{what} needs {module}: run 'pip install lgn2hdl[{extra}]'")
