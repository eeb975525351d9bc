"""Verilog that is the same to simulators and to synthesis, before Yosys may read it.

Yosys knows the whole language, as synthesis sees it. Delays, initial blocks, sensitivity lists,
tasks, conditions on macros and much else mean one thing to it and another to a simulator.
"""

from __future__ import annotations

from collections.abc import Mapping

from lgn2hdl.verify.readers.cells import HardwareError
from lgn2hdl.verify.readers.grammar import Module, read_modules
from lgn2hdl.verify.readers.lexer import plain_text


def checked(files: Mapping[str, bytes | str], top: str) -> dict[str, str]:
    """The texts of files that mean the same to simulators and to synthesis.

    Args:
        files: their bytes, or texts, by name.
        top: name of the top module.

    Returns:
        The texts, in which all lines end in LF.

    Raises:
        HardwareError: if they may mean something else, or have a module that is no part of the top
            module.
    """
    texts = {name: plain_text(name, content) for name, content in files.items()}
    modules: dict[str, Module] = {}
    for name, text in texts.items():
        read_modules(name, text, modules)
    if top not in modules:
        raise HardwareError(f"there is no module {top}")
    parts = _parts(modules, top)
    unused = set(modules) - set(parts)
    if unused:
        raise HardwareError(f"module {min(unused)} is no part of {top}")
    _require_own_names(modules)
    return texts


def _parts(modules: Mapping[str, Module], top: str) -> list[str]:
    """A module and all that are instantiated in it, each behind one that instantiates it."""
    found = [top]
    for module in found:
        for name in modules[module].instances.values():
            if name not in modules:
                raise HardwareError(f"there is no module {name}")
            if name not in found:
                found.append(name)
    return found


def _require_own_names(modules: Mapping[str, Module]) -> None:
    """No name may look like that of a net in an instance: Yosys joins the two."""
    instances = {name for module in modules.values() for name in module.instances}
    for module in modules.values():
        for name in (*module.names, *module.ports):
            if "." in name and name.partition(".")[0] in instances:
                raise HardwareError(f"{name!r} may be a net of an instance")
