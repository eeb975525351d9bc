"""Verilog that was tampered with is proved by no reader; ``benchmarks/attacks.py`` has the rest."""

import sys
from pathlib import Path

import pytest
from hardware import design_of, mixed_network

from lgn2hdl.base.errors import Lgn2HdlError
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.verify.design import Verifier
from lgn2hdl.verify.proofs.report import Verdict
from lgn2hdl.verify.readers.cells import HardwareError
from lgn2hdl.verify.readers.one_meaning import checked

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import tampering

LEFT_TO_YOSYS = 45
"""Attacks on text that the grammar takes at most: wrong, but for every tool alike."""


@pytest.fixture(scope="module")
def network():
    return mixed_network(seed=24, widths=(3, 1, 4, 2), width=15, fan_ins=(3, 4))


@pytest.fixture(scope="module")
def design(network):
    return design_of(network, levels=1)


@pytest.fixture(scope="module")
def verifier(network, design) -> Verifier:
    return Verifier(network, design)


@pytest.fixture(scope="module")
def files(design) -> dict[str, bytes]:
    return {name: text.encode() for name, text in emit_verilog(design, "top").items()}


def test_the_untouched_text_is_proved(verifier, files) -> None:
    assert verifier.verify(files).verdict is Verdict.PROVED
    assert {name: text.encode() for name, text in checked(files, "top").items()} == files


@pytest.mark.parametrize(
    "attack", tampering.TEXT_ATTACKS, ids=lambda item: f"{item.group}: {item.name}"
)
def test_our_reader(verifier, files, attack: tampering.Attack) -> None:
    tampered = attack.edit(files, "top")
    assert tampered != files
    try:
        report = verifier.verify(tampered)
    except HardwareError:
        return
    assert report.verdict is not Verdict.PROVED


def test_the_grammar_in_front_of_yosys(files) -> None:
    passed = []
    for attack in tampering.TEXT_ATTACKS:
        try:
            checked(attack.edit(files, "top"), "top")
        except HardwareError:
            continue
        except Lgn2HdlError as error:
            pytest.fail(f"{attack.name}: {error}")
        passed.append(f"{attack.group}: {attack.name}")
    assert len(passed) <= LEFT_TO_YOSYS
    groups = {name.partition(":")[0] for name in passed}
    assert groups == {"clocks", "valid", "modules", "names", "values"}


def test_there_are_enough_attacks() -> None:
    names = [attack.name for attack in tampering.TEXT_ATTACKS]
    assert len(set(names)) == len(names) >= 80
