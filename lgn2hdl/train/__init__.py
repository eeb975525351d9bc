"""Train relaxed logic gate networks and discretize them. See ``docs/training.md``.

Only what computes needs torch; options and presets (``config``, ``presets``), and the lists of
relaxations and wirings (``relax.kinds``, ``wiring.kinds``), can be read without it. The room itself
can be called: ``lgn2hdl.train(data)`` is :func:`lgn2hdl.train.call.train`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """A module that trains when it is called, since users call what they find by this name."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """:func:`lgn2hdl.train.call.train`."""
        from lgn2hdl.train.call import train

        return train(*arguments, **options)


sys.modules[__name__].__class__ = _Room
