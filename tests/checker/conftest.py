"""A certificate of a small network, shared by the tests of the checker."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hardware import device_of, mixed_network

from lgn2hdl.checker.check import check
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.interface_choice import Interface
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model import file as model_file
from lgn2hdl.model.network import LogicNet
from lgn2hdl.targets.devices import Device
from lgn2hdl.verify.design import Verifier
from lgn2hdl.verify.proofs.report import Verdict

UNMAPPED = Recipe(effort="none")


@dataclass(frozen=True)
class Case:
    """A certificate and what it is about."""

    certificate: bytes
    model: bytes
    files: dict[str, bytes]
    latency: int

    def check(self, **changes: object) -> list[str]:
        """What the checker says if something is changed."""
        parts = {**vars(self), **changes}
        return check(parts["certificate"], parts["model"], parts["files"])

    def lines(self) -> list[str]:
        """The certificate's lines."""
        return self.certificate.decode().split("\n")


@pytest.fixture(scope="session")
def certified(tmp_path_factory):
    """Compiles, proves and certifies a network."""

    def call(
        network: LogicNet,
        recipe: Recipe = UNMAPPED,
        interface: Interface | None = None,
        device: Device | None = None,
    ) -> Case:
        path = tmp_path_factory.mktemp("model") / "m.lgn"
        model_file.save(network, path)
        design = compile_network(network, recipe, device=device).design
        more = {} if interface is None else {"interface": interface}
        files = emit_verilog(design, "top", **more)
        verifier = Verifier(network, design, dont_cares=recipe.dont_cares)
        assert verifier.verify(files).verdict is Verdict.PROVED
        content = {name: text.encode() for name, text in files.items()}
        model = path.read_bytes()
        return Case(verifier.certificate(model, content), model, content, design.latency)

    return call


@pytest.fixture(scope="session")
def case(certified) -> Case:
    """A small network with negative scores, a margin, and gates that SAT has merged."""
    recipe = Recipe(effort="fast", outputs=("class", "scores", "margin"))
    device = device_of(4, wide=6)
    return certified(mixed_network(width=18, fan_ins=(2, 4)), recipe, device=device)
