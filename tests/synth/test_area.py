import json

import pytest
from hardware import adder_network, design_of

from lgn2hdl.errors import ToolError
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.synth import area as area_module
from lgn2hdl.synth.area import PARTS, Cells, measure_area
from lgn2hdl.synth.tools import Tool


def test_parts_add_up(area):
    assert list(area.parts) == [*PARTS, "control"]
    for kind in ("lut", "flip_flop", "carry", "mux", "other"):
        assert getattr(area.total, kind) == sum(getattr(c, kind) for c in area.parts.values())


def test_every_part_has_cells_of_known_kinds(area, design):
    assert all(area.parts[part].lut > 0 for part in PARTS)
    assert area.total.other == 0
    # A stage of two levels of gates needs at most a LUT a gate.
    assert area.parts["core"].lut <= design.netlist.n_gates


def test_flip_flops_are_the_schedules(area, design):
    counted = {part: cells.flip_flop for part, cells in area.parts.items()}
    planned = design.flip_flops()
    for part in ("core", "argmax", "control"):
        assert counted[part] == planned[part]
    # Yosys merges equal encoder bits, and so all that are constant 1 (threshold 0).
    encoder, bits = design.network.encoder, design.encoder_bits
    pairs = zip(encoder.feature[bits].tolist(), encoder.threshold[bits].tolist(), strict=True)
    distinct = {pair if pair[1] > 0 else "constant 1" for pair in pairs}
    assert counted["encoder"] == len(distinct) <= planned["encoder"]
    # Bits of weighted terms that are always 0 are counted by the plan and removed by Yosys.
    assert planned["popcount"] * 0.7 <= counted["popcount"] <= planned["popcount"]


def test_a_network_of_bits_has_no_popcount_and_no_argmax():
    design = design_of(adder_network(4), levels=1)
    report = measure_area(emit_verilog(design, "adder"), "adder")
    assert {part: cells.flip_flop for part, cells in report.parts.items()} == design.flip_flops()
    assert list(report.parts) == ["encoder", "core", "control"]
    assert 0 < report.parts["core"].lut <= design.netlist.n_gates


def test_the_report_says_what_was_run(area):
    assert area.tool.startswith("Yosys ")
    assert "synth_xilinx -family xcup -top top" in area.command
    document = json.loads(json.dumps(area.to_json()))
    assert document["parts"]["core"]["lut"] == area.parts["core"].lut
    assert document["total"]["flip_flop"] == area.total.flip_flop


def test_cells_add():
    assert Cells(1, 2, 3, 4, 5) + Cells(10, 20, 30, 40, 50) == Cells(11, 22, 33, 44, 55)


@pytest.fixture
def fake_yosys(monkeypatch, tmp_path):
    """A Yosys that prints something, writes a given stat.json, and ends with a given exit code."""

    def install(statistics: str | None, *, printed: str = "", code: int = 0) -> None:
        source, program = tmp_path / "statistics", tmp_path / "yosys"
        lines = ["#!/bin/sh", f"echo '{printed}'"]
        if statistics is not None:
            source.write_text(statistics)
            lines.append(f"cat '{source}' > stat.json")
        program.write_text("\n".join([*lines, f"exit {code}", ""]))
        program.chmod(0o755)
        tool = Tool("Yosys", (str(program),), "install it")
        monkeypatch.setattr(area_module, "script_tool", lambda *names: tool)

    return install


def failure() -> str:
    with pytest.raises(ToolError) as caught:
        measure_area({"t.v": "module t; endmodule"}, "t")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "statistics",
    ["no json", "[]", "3", "{}", '{"creator": "Yosys"}', '{"creator": "Yosys", "modules": 3}'],
)
def test_statistics_that_cannot_be_read(fake_yosys, statistics):
    fake_yosys(statistics)
    assert failure() == "Yosys wrote statistics that cannot be read: try another version"


def test_statistics_without_the_design(fake_yosys):
    fake_yosys('{"creator": "Yosys", "modules": {"\\\\other": {}}}')
    assert failure() == "Yosys wrote no statistics of t: try another version"


def test_yosys_that_writes_nothing(fake_yosys):
    fake_yosys(None, printed="bye")
    assert failure() == "Yosys did not write stat.json: bye"


def test_yosys_that_fails(fake_yosys):
    fake_yosys("{}", printed="ERROR: syntax error", code=1)
    assert failure() == "Yosys failed with exit code 1: ERROR: syntax error"


def test_cells_by_kind(fake_yosys):
    cells = {"LUT1": 1, "LUT6": 2, "INV": 4, "FDRE": 8, "CARRY8": 16, "MUXF7": 32, "RAM": 64}
    modules = {
        "\\t": {"num_cells_by_type": {"FDRE": 3, "\\t_core": 1, "\\t_encoder": 1}},
        "\\t_core": {"num_cells_by_type": cells},
    }
    fake_yosys(json.dumps({"creator": "Yosys 1.0", "modules": modules}))
    names = ("t", *(f"t_{part}" for part in PARTS))
    report = measure_area({f"{name}.v": f"module {name}; endmodule" for name in names}, "t")
    assert report.tool == "Yosys 1.0"
    assert report.parts["core"] == Cells(lut=7, flip_flop=8, carry=16, mux=32, other=64)
    assert report.parts["control"] == Cells(0, 3, 0, 0, 0)
    assert report.parts["popcount"] == Cells(0, 0, 0, 0, 0)
    assert report.total == Cells(7, 11, 16, 32, 64)
