"""Networks and their files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from lgn2hdl.compiler.flow import file_sha256
from lgn2hdl.compiler.module_names import module_name
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet

AnyPath = str | PathLike[str]

UNNAMED = "network"
"""Name of the top module of a network that is in no file, unless the recipe has one."""


def load(path: AnyPath) -> LogicNet:
    """The network in a model file.

    Raises:
        ModelFileError: if the file is missing, damaged or no model.
    """
    return model_file.load(Path(path))


def save(network: LogicNet, path: AnyPath) -> Path:
    """Write a network into a model file, and give its path; equal networks give equal bytes.

    Raises:
        OutputError: if the file cannot be written.
    """
    model_file.save(network, Path(path))
    return Path(path)


@dataclass(frozen=True, eq=False)
class Model:
    """A network and the file that it is in.

    Attributes:
        network: the network.
        file: name of the model file, without its folders; empty if there is none.
        sha256: hash of the model file, or of the bytes that it would have.
    """

    network: LogicNet
    file: str
    sha256: str

    def top(self, recipe: Recipe) -> str:
        """Name of the top module: the recipe's, else that of the file."""
        return recipe.name or (module_name(Path(self.file).stem) if self.file else UNNAMED)


def model_of(source: LogicNet | AnyPath) -> Model:
    """A network, or that in a file, and where it is from.

    Raises:
        ModelFileError: if the file is missing, damaged or no model.
    """
    if isinstance(source, LogicNet):
        return Model(source, "", hashlib.sha256(model_file.to_bytes(source)).hexdigest())
    path = Path(source)
    return Model(load(path), path.name, file_sha256(path))
