"""``lgn2hdl synth --board``: the folder with the bitstream, its report, and what is refused."""

import json
from types import SimpleNamespace

import pytest
from hardware import features_of_widths, mixed_network

from lgn2hdl.api import making
from lgn2hdl.base.errors import ToolError
from lgn2hdl.board.build import BoardBuild, Routed
from lgn2hdl.board.identity import describe
from lgn2hdl.compiler.flow import file_sha256
from lgn2hdl.model import file as model_file
from lgn2hdl.tools.area import Cells
from lgn2hdl.tools.place_route import Utilization

pytestmark = pytest.mark.yosys


@pytest.fixture
def built(monkeypatch):
    """A build without tools; gives what it was called with."""
    calls = []

    def build_board(design, network, verilog, sha256, options, *, changed):
        calls.append(SimpleNamespace(design=design, options=options, changed=changed))
        return BoardBuild(
            options=options,
            top=f"{network}_board",
            clock_mhz=12.0,
            bit_cycles=12,
            identity=describe(design, sha256, changed=changed),
            routed=Routed(
                Cells(1, 2, 3, 4, 5), 23.4, {"LC": Utilization(7, 1234)}, None, ("t",), ("c",)
            ),
            bitstream=f"{network}_board.bin",
            files={**{name: text.encode() for name, text in verilog.items()}, "x.bin": b"\xff"},
        )

    monkeypatch.setattr(making, "build_board", build_board)
    return calls


def arguments(model, tmp_path, *more) -> list:
    return [
        "synth",
        model,
        "--out",
        tmp_path / "rtl",
        "--no-area",
        "--effort",
        "none",
        "--vectors",
        "5",
        *more,
    ]


def test_the_bitstream_is_beside_the_verilog(model, lgn2hdl, built, tmp_path):
    code, out, err = lgn2hdl(*arguments(model, tmp_path, "--board", "icebreaker"))
    assert code == 0, err
    assert "building the bitstream for iCEBreaker" in err
    assert "rtl/board/tiny_board.bin for iCEBreaker with iCE40 UP5K" in out
    assert "23.4 MHz" in out
    assert "7 of 1,234" in out
    folder = tmp_path / "rtl" / "board"
    assert (folder / "x.bin").read_bytes() == b"\xff"
    assert (folder / "tiny.v").read_text() == (tmp_path / "rtl" / "tiny.v").read_text()
    report = json.loads((folder / "board.json").read_text())
    assert report["identity"]["sha256"] == file_sha256(model)
    assert not built[0].changed


def test_the_design_is_for_the_fpga_and_the_clock_of_the_board(model, read_json, built, tmp_path):
    values = read_json(*arguments(model, tmp_path, "--board", "icebreaker"))
    assert values["board"]["board"] == "icebreaker"
    assert values["levels_per_stage"] == 7  # 1.5 times 12 MHz: (1000 / 18 - 5) / 7
    assert values["device"] == "ice40-up5k"
    values = read_json(*arguments(model, tmp_path, "--board", "ulx3s", "--levels", "3"))
    assert values["levels_per_stage"] == 3
    assert built[1].options.baud == 1_000_000
    read_json(*arguments(model, tmp_path, "--board", "ulx3s", "--target-mhz", "100"))
    assert built[2].design.levels_per_stage < 10


def test_a_changed_network_says_so(model, read_json, built, tmp_path):
    read_json(*arguments(model, tmp_path, "--board", "icebreaker", "--observe", "2"))
    assert built[0].changed


def test_without_a_board_nothing_is_built(model, read_json, built, tmp_path):
    assert "board" not in read_json(*arguments(model, tmp_path))
    assert built == []
    assert not (tmp_path / "rtl" / "board").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--board", "arty"], "no board 'arty': choose one of icebreaker, ulx3s"),
        (["--board", "icebreaker", "--device", "ecp5-25k"], "leave --device ecp5-25k out"),
        (["--board", "icebreaker", "--device", "xcup"], "has ice40-up5k: leave --device xcup out"),
        (["--board", "icebreaker", "--interface", "stream"], "leave --interface and"),
        (["--board", "icebreaker", "--clock-enable"], "leave --interface and --clock-enable out"),
        (["--board", "ulx3s", "--outputs", "class,margin"], "leave margin out of --outputs"),
        (["--board", "ulx3s", "--baud", "9999999"], "too fast for a clock of 25 MHz"),
        (["--baud", "9600"], "--baud is that of a board's UART: give --board too"),
    ],
)
def test_what_does_not_go_together(model, fails, built, tmp_path, options, message):
    assert message in fails(*arguments(model, tmp_path, *options))
    assert built == []
    assert not (tmp_path / "rtl").exists()


def test_what_is_too_large_for_the_board_is_told_in_terms_of_boards(lgn2hdl, tmp_path):
    """And not of devices, which the user did not choose; before cells are counted."""
    wide = tmp_path / "wide.lgn"
    model_file.save(mixed_network(features=features_of_widths([16] * 500)), wide)
    options = ["--effort", "none", "--vectors", "5", "--out", tmp_path / "rtl"]
    code, _, err = lgn2hdl("synth", wide, "--board", "icebreaker", *options)
    last = err.strip().splitlines()[-1]
    assert code == 1
    assert "the network is too large for icebreaker: with its UART it takes about" in last
    assert last.endswith("use a smaller network or a larger board, or --no-scores")
    assert not (tmp_path / "rtl").exists()


def test_a_failure_leaves_no_folder(model, lgn2hdl, monkeypatch, tmp_path):
    def build_board(*_, **__):
        raise ToolError("nextpnr failed")

    monkeypatch.setattr(making, "build_board", build_board)
    code, _, err = lgn2hdl(*arguments(model, tmp_path, "--board", "icebreaker"))
    assert code == 1
    assert err.strip().splitlines()[-1] == "lgn2hdl: error: nextpnr failed"
    assert not (tmp_path / "rtl").exists()


def test_the_own_device_may_be_named(model, read_json, built, tmp_path):
    options = ["--board", "icebreaker", "--device", "ice40-up5k", "--baud", "115200"]
    assert read_json(*arguments(model, tmp_path, *options))["board"]["baud"] == 115_200
    assert built[0].design.network.n_nodes == model_file.load(model).n_nodes
