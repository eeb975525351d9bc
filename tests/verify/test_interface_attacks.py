"""Modules around a pipeline that were tampered with; ``benchmarks/attacks.py`` has the rest."""

import sys
from pathlib import Path

import pytest
from hardware import design_of, mixed_network

from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.compiler.recipe import Emitter
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.verify.interface.proof import prove_interface
from lgn2hdl.verify.proofs.report import Verdict
from lgn2hdl.verify.readers.cells import HardwareError

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import interface_tampering

INTERFACES = {
    "handshake": Interface(Kind.HANDSHAKE, None),
    "stream": Interface(Kind.STREAM, 8),
}
READ = ("interface: around the pipeline", "interface: what tools see")
"""Groups that are tried here: most are refused when they are read. What is wrong in the protocol is
much the same as the faults of ``test_interface_proof.py``."""


@pytest.fixture(scope="module")
def design():
    network = mixed_network(seed=24, widths=(3, 1, 9, 8), width=15, fan_ins=(3, 4))
    return design_of(network, levels=1)


@pytest.fixture(scope="module", params=INTERFACES)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def files(design, kind):
    written = emit_verilog(design, "top", Emitter.TEXT, INTERFACES[kind])
    return {name: text.encode() for name, text in written.items()}


def around(files):
    """What is given to the proof of the interface, as far as it is text: all but the pipeline."""
    own = {name: data for name, data in files.items() if name in ("top.v", "top_more.v")}
    return {name: data.decode() for name, data in own.items()}


def test_the_untouched_module_is_proved(design, kind, files):
    known = prove_interface(design, INTERFACES[kind], around(files), "top")
    assert known.part.verdict is Verdict.PROVED


@pytest.mark.slow
def test_no_other_is(design, kind, files):
    passed = []
    attacks = interface_tampering.attacks(kind)
    for attack in attacks:
        tampered = attack.edit(files, "top")
        assert tampered != files, attack.name
        if attack.group not in READ or around(tampered) == around(files):
            continue
        try:
            known = prove_interface(design, INTERFACES[kind], around(tampered), "top")
        except HardwareError:
            continue
        if known.part.verdict is not Verdict.DIFFERENT:
            passed.append(f"{attack.group}: {attack.name}: {known.part.verdict}")
    assert passed == []
    names = [f"{attack.group} {attack.name}" for attack in attacks]
    assert len(set(names)) == len(names) >= 75
