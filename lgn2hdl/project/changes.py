"""What of a network is no longer as it was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lgn2hdl.compiler.flow import Compiled


def changes(compiled: Compiled) -> dict[str, Mapping[str, Any]]:
    """What is no longer as trained, and what that cost; JSON-ready, and empty if all is."""
    reports = {"prune_head": compiled.pruned_head, "observe": compiled.observed}
    return {name: asdict(report) for name, report in reports.items() if report is not None}
