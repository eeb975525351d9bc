"""Circuit files: a :class:`~lgn2hdl.ir.circuit.Circuit` in one file, to enter the flow behind it.

The container is that of model files (:mod:`lgn2hdl.base.container`); nothing of a file is taken for
granted, and a circuit that is read is checked as one that is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lgn2hdl.base import container
from lgn2hdl.base.errors import ModelFileError
from lgn2hdl.ir.circuit import Chain, Circuit
from lgn2hdl.ir.labels import Comparison, Label, Meaning, NumberBit, Part
from lgn2hdl.ir.netlist import Ids, Netlist

FORMAT = "lgn2hdl-circuit"
VERSION = 1
"""Newest version of the format that this code writes and reads."""

_NETLIST = ("fanin", "table", "outputs", "origin")
_CHAIN = ("augend", "addend", "sums", "carries", "absorbed")

_COMPARISON, _NUMBER = "comparison", "number"


def save(circuit: Circuit, path: Path) -> None:
    """Write a circuit; equal circuits give equal bytes.

    Raises:
        OutputError: if the file cannot be written.
    """
    netlist = circuit.netlist
    arrays: dict[str, npt.NDArray[Any]] = {name: getattr(netlist, name) for name in _NETLIST}
    arrays |= {"part": circuit.part, "chain": circuit.chain}
    for name in _CHAIN:
        columns = [getattr(item, name) for item in circuit.chains]
        arrays[f"chain.{name}"] = np.concatenate([np.empty(0, np.int32), *columns])
    arrays["chain.length"] = np.array([item.length for item in circuit.chains], np.int32)
    absorbed = [len(item.absorbed) for item in circuit.chains]
    arrays["chain.n_absorbed"] = np.array(absorbed, np.int32)
    arrays["chain.carry_in"] = np.array([item.carry_in for item in circuit.chains], np.int32)
    document = {
        "n_inputs": netlist.n_inputs,
        "lut_inputs": circuit.lut_inputs,
        "parts": [[item.name, item.prefix, item.in_head] for item in circuit.parts],
        "labels": [[item.node, *_written(item.meaning)] for item in circuit.labels],
    }
    container.write(path, arrays, document, FORMAT, VERSION)


def load(path: Path) -> Circuit:
    """Read a circuit back.

    Raises:
        ModelFileError: if the file is missing, truncated, altered, foreign, newer or inconsistent.
    """
    arrays, document = container.read(path, FORMAT, VERSION, what="circuit")
    try:
        return _circuit(arrays, document)
    except KeyError as error:
        raise ModelFileError(f"{path} is damaged (it has no {error}): write it anew") from None
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ModelFileError(f"{path} is damaged ({error}): write it anew") from None


def _circuit(arrays: dict[str, npt.NDArray[Any]], document: dict[str, Any]) -> Circuit:
    netlist = Netlist(_whole(document["n_inputs"]), **{name: arrays[name] for name in _NETLIST})
    return Circuit(
        netlist,
        tuple(_part(item) for item in _list(document["parts"])),
        arrays["part"],
        arrays["chain"],
        _chains(arrays),
        tuple(_label(item) for item in _list(document["labels"])),
        _whole(document["lut_inputs"]),
    )


def _chains(arrays: dict[str, npt.NDArray[Any]]) -> tuple[Chain, ...]:
    length, absorbed = arrays["chain.length"], arrays["chain.n_absorbed"]
    carry_in = arrays["chain.carry_in"]
    if not len(length) == len(absorbed) == len(carry_in) or length.ndim != 1:
        raise ValueError("its carry chains differ in number")
    columns = {
        name: _split(arrays[f"chain.{name}"], absorbed if name == "absorbed" else length)
        for name in _CHAIN
    }
    return tuple(
        Chain(carry_in=int(carry), **{name: columns[name][place] for name in _CHAIN})
        for place, carry in enumerate(carry_in)
    )


def _split(array: Ids, lengths: npt.NDArray[np.integer]) -> list[Ids]:
    if array.ndim != 1 or (lengths < 0).any() or int(lengths.sum(dtype=np.int64)) != len(array):
        raise ValueError("a column of its carry chains has another length than they have")
    return np.split(array, np.cumsum(lengths)[:-1]) if len(lengths) else []


def _written(meaning: Meaning) -> list[Any]:
    if isinstance(meaning, Comparison):
        return [_COMPARISON, meaning.feature, meaning.threshold]
    return [_NUMBER, meaning.number, meaning.bit, meaning.index]


def _label(values: object) -> Label:
    node, kind, *rest = _list(values)
    if kind == _COMPARISON:
        feature, threshold = map(_whole, rest)
        return Label(_whole(node), Comparison(feature, threshold))
    if kind != _NUMBER:
        raise ValueError("a label means something that is not known")
    number, bit, index = rest
    if type(number) is not str:
        raise TypeError("the name of a number is no text")
    place = None if index is None else _whole(index)
    return Label(_whole(node), NumberBit(number, _whole(bit), place))


def _part(values: object) -> Part:
    name, prefix, in_head = _list(values)
    if type(name) is not str or type(prefix) is not str or type(in_head) is not bool:
        raise TypeError("a part is not a name, a prefix, and whether it is in the head")
    return Part(name, prefix, in_head)


def _list(values: object) -> list[Any]:
    if not isinstance(values, list):
        raise TypeError("something that should be a list is none")
    return values


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError("something that should be a whole number is none")
    return value
