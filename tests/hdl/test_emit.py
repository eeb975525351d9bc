import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hardware import adder_network, design_of, features_of_widths, mixed_network

from lgn2hdl.base.errors import OptionError
from lgn2hdl.checker.verilog import read_verilog
from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.compiler.mapping import EFFORTS
from lgn2hdl.compiler.recipe import Emitter
from lgn2hdl.hdl import emit
from lgn2hdl.hdl.emit import chosen_emitter, emit_verilog
from lgn2hdl.hdl.header import header_of, verilog_header
from lgn2hdl.hdl.part import MOST_BITS, widest_module
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.targets.devices import DEVICES
from lgn2hdl.verify.readers.reader import read_text

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
from lgn2hdl.hdl.emit import Emitter, emit_verilog
files = emit_verilog(design_of(mixed_network(), scores=False), "top", Emitter("EMITTER"))
print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("emitter", [Emitter.TEXT, Emitter.AMARANTH])
def test_another_process_emits_the_same_bytes(emitter):
    files = emit_verilog(design_of(mixed_network(), scores=False), "top", emitter)
    here = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", DIGEST.replace("EMITTER", emitter.value)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == here


def test_amaranth_writes_the_same_modules():
    design = design_of(tiny_network())
    text, amaranth = (
        emit_verilog(design, "tiny", emitter) for emitter in (Emitter.TEXT, Emitter.AMARANTH)
    )
    assert list(text) == list(amaranth)
    for file in text:
        (module,) = re.findall(r"^module (\w+)", amaranth[file], re.MULTILINE)
        assert re.findall(r"^module (\w+)", text[file], re.MULTILINE) == [module]
        assert file == f"{module}.v"
        assert "attribute" not in amaranth[file]


@pytest.mark.parametrize("emitter", [Emitter.TEXT, Emitter.AMARANTH])
@pytest.mark.parametrize(
    "interface",
    [Interface(), Interface(clock_enable=True), Interface(Kind.HANDSHAKE)],
    ids=["parallel", "enable", "handshake"],
)
def test_the_strict_reader_and_the_checker_read_both(emitter, interface):
    design = design_of(mixed_network())
    header = verilog_header("0f" * 32, {"device": "xcup", "emitter": emitter.value})
    files = emit_verilog(design, "net", emitter, interface, header)
    if interface.can_stall:
        del files["net.v"]  # which a proof of its own reads
    top = next(iter(files)).removesuffix(".v")
    assert read_text(files, top).ports.keys() >= {"clk", "x", "valid_out", "class_index"}
    assert read_verilog({name: text.encode() for name, text in files.items()}, top).ports
    assert all(header_of(text) == header for text in files.values())


@pytest.mark.parametrize("emitter", [Emitter.TEXT, Emitter.AMARANTH])
def test_all_that_a_recipe_may_say_is_read(emitter):
    words = [device.name for device in DEVICES] + [effort.name for effort in EFFORTS]
    words += ["\n", "*/ wire", "`include", "é", "", "// lgn2hdl"]
    recipe = {f"name{place}": word for place, word in enumerate(words)}
    header = verilog_header("*/\nmodule x; endmodule", recipe, "1.0\n")
    assert header.count("\n") == 3
    files = emit_verilog(design_of(tiny_network()), "net", emitter, header=header)
    assert read_text(files, "net").ports


def test_auto_is_amaranth_but_for_large_and_wide_designs(monkeypatch):
    design = design_of(tiny_network())
    assert chosen_emitter(design) is Emitter.AMARANTH
    assert emit_verilog(design, "net", Emitter.AUTO) == emit_verilog(
        design, "net", Emitter.AMARANTH
    )
    monkeypatch.setattr(emit, "AMARANTH_NODES", design.circuit.netlist.n_gates - 1)
    assert chosen_emitter(design) is Emitter.TEXT
    assert chosen_emitter(design, Emitter.AMARANTH) is Emitter.AMARANTH
    assert emit_verilog(design, "net", Emitter.AUTO) == emit_verilog(design, "net")


def test_what_amaranth_cannot_number_is_text():
    wide = LogicNet(
        features=features_of_widths([8] * 8193),
        encoder=Thermometer([0, 8192], [1, 1]),
        layers=(Lut([[0, 1], [1, 0]], [8, 14]),),
        head=GroupSum([0, 1], [1, 1], [0, 0], 1.0),
        class_names=("a", "b"),
        card={},
    )
    design = design_of(wide)
    assert widest_module(design) > MOST_BITS
    assert chosen_emitter(design) is Emitter.TEXT
    with pytest.raises(OptionError, match=r"more than 65,536 bits.*leave --emitter amaranth out"):
        emit_verilog(design, "net", Emitter.AMARANTH)


def test_gate_expressions_keep_their_table():
    """A look-up of three or more pins shows its truth table as a constant."""
    assert "= 8'h96;" in (GOLDEN / "tiny_core.v").read_text()
    assert np.uint8(0x96) == tiny_network().layers[0].table[0]
