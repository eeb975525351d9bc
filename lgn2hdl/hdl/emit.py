"""Verilog text of a design: one module a file, named after the model."""

from __future__ import annotations

import re
from typing import Any

from amaranth.back import verilog

from lgn2hdl.errors import OptionError
from lgn2hdl.hdl.classifier import Classifier, parts
from lgn2hdl.schedule import Design

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_RESERVED_WORDS = """
    always and assign begin buf case cell config default design edge else end endcase
    endfunction endmodule event for force forever function generate if initial inout input instance
    integer join large library liblist localparam macromodule medium module nand negedge nor not or
    output parameter posedge primitive pulldown pullup real reg release repeat scalared signed small
    specify strong0 strong1 supply0 supply1 table task time tri unsigned use vectored wait wand
    weak0 weak1 while wire wor xnor xor logic bit byte int class package interface program type
    property sequence checker cover assert assume
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())


def module_name(wish: str) -> str:
    """A legal Verilog module name close to ``wish`` (a model file's stem).

    Characters that Verilog does not allow become underscores; a leading digit or a reserved word
    gets a prefix.
    """
    name = re.sub(r"[^A-Za-z0-9_]", "_", wish)[:48] or "model"
    if not name[0].isalpha() or name.lower() in _RESERVED:
        name = f"lgn_{name}"
    return name


def check_module_name(name: str) -> str:
    """``name`` if it is a legal Verilog identifier.

    Raises:
        OptionError: otherwise.
    """
    if not _IDENTIFIER.fullmatch(name) or name.lower() in _RESERVED:
        raise OptionError(f"{name!r} is not a legal Verilog module name: give --name another one")
    return name


def emit_verilog(design: Design, name: str) -> dict[str, str]:
    """Verilog files of ``design`` by file name, the top module ``name`` first.

    The same design and name give the same bytes.
    """
    modules: dict[str, Any] = {name: Classifier(design, name)}
    modules |= {f"{name}_{part}": component for part, component in parts(design).items()}
    return {f"{module}.v": _verilog(item, module) for module, item in modules.items()}


def _verilog(component: Any, module: str) -> str:
    text: str = verilog.convert(component, name=module, emit_src=False, strip_internal_attrs=True)
    return text
