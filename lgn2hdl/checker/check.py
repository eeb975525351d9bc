"""A certificate, a model file and Verilog files: whether the one proves that the others agree."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from .claim import check_results
from .graph import CheckError
from .model import read_model
from .pipeline import Pipeline
from .replay import Replay
from .verilog import read_verilog

FIRST_LINE = "lgn2hdl-certificate 1"

MOST_BYTES = 1 << 30
"""Of a file that is read."""

_FILE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.v")


def check_paths(certificate: str, model: str, folder: str) -> list[str]:
    """Check files; see :func:`check`.

    Args:
        certificate: path of the certificate.
        model: path of the model file.
        folder: where the Verilog files are that the certificate names.

    Raises:
        CheckError: if it is not accepted.
    """
    text = _read(certificate)
    names = _Header(_lines(text)).names
    files = {name: _read(str(Path(folder) / name)) for name in names}
    return check(text, _read(model), files)


def check(certificate: bytes, model: bytes, files: Mapping[str, bytes]) -> list[str]:
    """Check that a certificate proves that Verilog computes what a model does.

    Args:
        certificate: the certificate.
        model: the model file.
        files: the Verilog files by name.

    Returns:
        What is proved, in lines of text.

    Raises:
        CheckError: if it does not.
    """
    lines = _lines(certificate)
    header = _Header(lines)
    header.check_hashes(model, files)
    network = read_model(model)
    replay = Replay(network)
    for number, line in enumerate(lines[header.length :], header.length + 1):
        try:
            replay.step(line)
        except CheckError as error:
            raise CheckError(f"line {number} of the certificate: {error}") from None
    try:
        flat = read_verilog({name: files[name] for name in header.names}, header.top)
    except RecursionError:
        raise CheckError("the Verilog is too deep") from None
    pipeline = Pipeline(replay.graph, flat, replay.x)
    results = check_results(replay, network, pipeline.results())
    return [
        f"proved for every input: module {header.top} in {', '.join(header.names)}",
        f"  computes what the model {hashlib.sha256(model).hexdigest()} does,",
        f"  {pipeline.latency} clock cycles later, valid_out beside it",
        *(f"  {text}" for text in results),
    ]


class _Header:
    """The first lines: what the certificate is about.

    Attributes:
        names: the Verilog files, the one with the top module first.
        length: lines.
    """

    def __init__(self, lines: list[str]) -> None:
        if lines[0] != FIRST_LINE:
            raise CheckError("it is no certificate of this version")
        self._hash: dict[str, str] = {}
        self._model = ""
        self.length = 1
        for line in lines[1:]:
            word, *words = line.split(" ")
            if word == "model" and len(words) == 1 and not self._model:
                (self._model,) = words
            elif word == "verilog" and len(words) == 2 and words[0] not in self._hash:
                self._hash[words[0]] = words[1]
            else:
                break
            self.length += 1
        self.names = (*list(self._hash)[:1], *sorted(list(self._hash)[1:]))
        if not self.names or not self._model:
            raise CheckError("it does not say what it is about")
        if not all(_FILE_NAME.fullmatch(name) for name in self.names):
            raise CheckError("a name is none of a Verilog file")

    @property
    def top(self) -> str:
        """Name of the top module."""
        return self.names[0].removesuffix(".v")

    def check_hashes(self, model: bytes, files: Mapping[str, bytes]) -> None:
        """The files must be those that the certificate was made for.

        Nothing rests on that, but it says best why another file is not accepted.
        """
        found = {"the model file": (self._model, model)}
        found |= {name: (self._hash[name], files.get(name, b"")) for name in self.names}
        for name, (wanted, data) in found.items():
            if hashlib.sha256(data).hexdigest() != wanted:
                raise CheckError(f"{name} is not the one that the certificate was made for")


def _lines(certificate: bytes) -> list[str]:
    try:
        text = certificate.decode("ascii")
    except UnicodeDecodeError:
        raise CheckError("it is no certificate of this version") from None
    if not text.endswith("\nend\n"):
        raise CheckError("it is no certificate, or its end is missing")
    return text[: -len("\nend\n")].split("\n")


def _read(path: str) -> bytes:
    try:
        if not Path(path).is_file():
            raise CheckError(f"{path} is not there, or is no file")
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise CheckError(f"{path} cannot be read ({error})") from None
    if len(data) > MOST_BYTES:
        raise CheckError(f"{path} is larger than a gigabyte")
    return data
