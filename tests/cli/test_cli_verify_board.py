"""``lgn2hdl verify --rtl``: what it says of a board's files, and of the UART in them."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from lgn2hdl.board.boards import constraints, find_board, read_pins
from lgn2hdl.board.build import BoardBuild, BoardOptions, Routed
from lgn2hdl.board.folder import write_board_folder
from lgn2hdl.board.identity import describe
from lgn2hdl.board.top import UartTiming, board_verilog
from lgn2hdl.cli import run
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model import file as model_file
from lgn2hdl.tools.area import Cells
from lgn2hdl.verify.proofs.report import Part, Verdict

pytestmark = pytest.mark.yosys

MONK = Path(__file__).resolve().parents[2] / "models" / "monk3.lgn"


@pytest.fixture(scope="module")
def with_board(tmp_path_factory) -> Path:
    """A folder with a board in it, of which the bitstream was made by no tool."""
    pytest.importorskip("amaranth_boards")
    network, folder = model_file.load(MONK), tmp_path_factory.mktemp("board") / "rtl"
    options = ("--device", "ice40-up5k", "--levels", "4")
    arguments = ("synth", MONK, "--out", folder, "--no-area", "--vectors", "5", *options)
    assert run([str(item) for item in arguments]) == 0
    board, manifest = find_board("icebreaker"), json.loads((folder / "manifest.json").read_text())
    design = compile_network(network, Recipe(device="ice40-up5k", levels=4)).design
    identity = describe(design, manifest["model_sha256"], changed=False)
    pins = read_pins(board)
    files = {name: (folder / name).read_bytes() for name in manifest["verilog"]}
    uart = board_verilog(design, "monk3", "monk3_board", identity, UartTiming(12, 600_000))
    files |= {"monk3_board.v": uart.encode(), "monk3_board.bin": b"bits"}
    files["pins.pcf"] = constraints(board, pins).encode()
    routed = Routed(Cells(1, 1, 0, 0, 0), 99.0, {}, None, ("tool",), ("command",))
    build = BoardBuild(
        BoardOptions(board), "monk3_board", 12.0, 12, identity, routed, "monk3_board.bin", files
    )
    write_board_folder(build, folder / "board")
    return folder


def board_verdicts(lgn2hdl, folder: Path) -> tuple[int, dict[str, tuple[str, str]]]:
    code, printed, _ = lgn2hdl("verify", MONK, "--rtl", folder, "--json")
    parts = json.loads(printed)["parts"]
    return code, {part["part"]: (part["verdict"], part["detail"]) for part in parts}


def test_a_board_is_proved(lgn2hdl, with_board):
    code, parts = board_verdicts(lgn2hdl, with_board)
    assert {verdict for verdict, _ in parts.values()} == {"proved"}, parts
    assert code == 0
    assert parts["board: files"][1].startswith("8 files; the bitstream is what the tools made")
    assert parts["board: UART"][1].startswith("15 properties")


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("board.json", '"baud": 1000000', '"baud": 500000', "bit_cycles is 12"),
        ("board.json", '"window": 9', '"window": 8', "window"),
        ("board.json", '"pins.pcf": "', '"pins.pcf": "0', "pins.pcf is not the file"),
        ("board.json", '"top": "monk3_board"', '"top": "monk3"', 'top is "monk3"'),
        ("pins.pcf", "rx", "tx", "pins.pcf is not the file that synth wrote"),
        ("monk3_core.v", "^", "|", "monk3_core.v is not the file that synth wrote"),
        ("monk3_board.bin", "bits", "bats", "monk3_board.bin is not the file that synth wrote"),
    ],
)
def test_a_board_that_was_tampered_with(
    lgn2hdl, with_board, tmp_path, monkeypatch, file, old, new, fault
):
    unproved = Part("board: UART", Verdict.PROVED, "not looked at here")
    monkeypatch.setattr("lgn2hdl.api.board_proof.prove_uart", lambda *_: unproved)
    folder = Path(shutil.copytree(with_board, tmp_path / "rtl"))
    path = folder / "board" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    code, parts = board_verdicts(lgn2hdl, folder)
    assert (code, parts["board: files"][0]) == (1, "different")
    assert fault in parts["board: files"][1]


def test_verilog_that_is_not_listed(lgn2hdl, with_board, tmp_path, monkeypatch):
    unproved = Part("board: UART", Verdict.PROVED, "not looked at here")
    monkeypatch.setattr("lgn2hdl.api.board_proof.prove_uart", lambda *_: unproved)
    folder = Path(shutil.copytree(with_board, tmp_path / "rtl"))
    (folder / "board" / "spare.v").write_text("module spare ();\nendmodule\n")
    code, parts = board_verdicts(lgn2hdl, folder)
    assert code == 1
    assert parts["board: files"] == ("different", "board/spare.v is no file of synth's")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"sha256": {', '"hashes": {', "board.json has no hashes: run 'lgn2hdl synth' again"),
        ('"sha256": {', '"sha256": {"../x": "", ', "board.json has no hashes"),
        ('"board": "icebreaker"', '"board": "none"', "no board 'none': choose one of icebreaker"),
        ('"baud": 1000000', '"baud": 0', "0 baud: give a positive number"),
    ],
)
def test_a_report_that_cannot_be_used(lgn2hdl, with_board, tmp_path, old, new, message):
    folder = Path(shutil.copytree(with_board, tmp_path / "rtl"))
    report = folder / "board" / "board.json"
    assert old in report.read_text()
    report.write_text(report.read_text().replace(old, new))
    code, printed, err = lgn2hdl("verify", MONK, "--rtl", folder)
    assert (code, printed) == (1, "")
    assert message in err.strip().splitlines()[-1]


def test_a_board_without_its_verilog(lgn2hdl, with_board, tmp_path):
    folder = Path(shutil.copytree(with_board, tmp_path / "rtl"))
    (folder / "board" / "monk3_board.v").unlink()
    code, printed, err = lgn2hdl("verify", MONK, "--rtl", folder)
    assert (code, printed) == (1, "")
    assert "monk3_board.v: No such file or directory; run" in err.strip().splitlines()[-1]


def test_board_files_with_new_hashes_are_compared_with_the_design(lgn2hdl, with_board, tmp_path):
    folder = Path(shutil.copytree(with_board, tmp_path / "rtl"))
    report = json.loads((folder / "board" / "board.json").read_text())
    for name, old, new in (
        ("pins.pcf", b"rx", b"tx"),
        ("monk3_argmax.v", b"~", b""),
        ("monk3_board.v", b" ? 8'h82 : ", b" ? 8'h8f : "),
    ):
        path = folder / "board" / name
        assert old in path.read_bytes()
        path.write_bytes(path.read_bytes().replace(old, new))
        report["sha256"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "board" / "board.json").write_text(json.dumps(report, indent=1) + "\n")
    code, parts = board_verdicts(lgn2hdl, folder)
    assert code == 1
    verdict, detail = parts["board: files"]
    assert verdict == "different"
    assert "pins.pcf does not fit" in detail
    assert "monk3_argmax.v does not fit" in detail
    verdict, detail = parts["board: UART"]
    assert verdict == "different"
    assert " on rx: the byte that is written into the queue is that of the answer" in detail


def test_a_board_without_a_report(lgn2hdl, with_board, tmp_path):
    folder = Path(shutil.copytree(with_board, tmp_path / "rtl"))
    (folder / "board" / "board.json").write_text("{}")
    code, _, err = lgn2hdl("verify", MONK, "--rtl", folder)
    assert code == 1
    assert "board.json tells of no board: run 'lgn2hdl synth --board' again" in err
