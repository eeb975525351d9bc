"""Text files made from the templates of this package."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2


def render(template: str, context: Mapping[str, Any]) -> str:
    """A template filled in; a name that it needs and the context lacks is an error."""
    folder = resources.files("lgn2hdl.project").joinpath("templates")
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(folder.joinpath(template).read_text("utf-8")).render(context)
