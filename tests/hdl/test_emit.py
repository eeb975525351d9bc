import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hardware import adder_network, design_of, features_of_widths, mixed_network

from lgn2hdl.compiler.recipe import Emitter
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model.network import GroupSum, LogicNet, Lut, Thermometer

GOLDEN = Path(__file__).parent / "golden"


def tiny_network() -> LogicNet:
    """Fixed and small enough to check the emitted text by eye."""
    return LogicNet(
        features=features_of_widths([3, 2]),
        encoder=Thermometer([0, 0, 0, 1, 1], [1, 4, 6, 2, 3]),
        layers=(
            Lut([[0, 3, 4], [1, 2, 3], [0, 1, 4], [2, 3, 4]], [0x96, 0xE8, 0x1B, 0x7F]),
            Lut([[0, 1], [1, 2], [2, 3], [0, 3], [0, 2]], [8, 6, 11, 14, 4]),
        ),
        head=GroupSum([0, 0, 1, 1, 2], [1, 1, 2, -1, 1], [0, -1, 1], 1.0),
        class_names=("a", "b", "c"),
        card={},
    )


@pytest.mark.parametrize(
    ("network", "name"),
    [(tiny_network(), "tiny"), (adder_network(2), "adder")],
    ids=["tiny", "adder"],
)
def test_golden_verilog(request, network, name):
    texts = emit_verilog(design_of(network, levels=1), name)
    if request.config.getoption("--update-golden"):
        for file, text in texts.items():
            (GOLDEN / file).write_text(text)
    assert sorted(texts) == sorted(path.name for path in GOLDEN.glob(f"{name}*.v"))
    for file, text in texts.items():
        assert text == (GOLDEN / file).read_text(), f"{file}: look, then --update-golden"


DIGEST = """
import hashlib
from hardware import design_of, mixed_network
from lgn2hdl.hdl.emit import emit_verilog
files = emit_verilog(design_of(mixed_network(), scores=False), "top")
print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
"""


def test_another_process_emits_the_same_bytes():
    files = emit_verilog(design_of(mixed_network(), scores=False), "top")
    here = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", DIGEST]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == here


def test_amaranth_writes_the_same_modules():
    design = design_of(tiny_network())
    text, amaranth = (emit_verilog(design, "tiny", emitter) for emitter in Emitter)
    assert list(text) == list(amaranth)
    for file in text:
        (module,) = re.findall(r"^module (\w+)", amaranth[file], re.MULTILINE)
        assert re.findall(r"^module (\w+)", text[file], re.MULTILINE) == [module]
        assert file == f"{module}.v"
        assert "attribute" not in amaranth[file]


def test_gate_expressions_keep_their_table():
    """A look-up of three or more pins shows its truth table as a constant."""
    assert "= 8'h96;" in (GOLDEN / "tiny_core.v").read_text()
    assert np.uint8(0x96) == tiny_network().layers[0].table[0]
