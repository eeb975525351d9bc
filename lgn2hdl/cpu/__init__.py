"""Inference on the processor: a network as a program of wide bitwise instructions.

:class:`Engine` needs NumPy and, once, a C compiler.
"""

from lgn2hdl.cpu.engine import Engine
from lgn2hdl.cpu.library import supported

__all__ = ["Engine", "supported"]
