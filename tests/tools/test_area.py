import json

import pytest
from hardware import adder_network, design_of

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.targets.devices import find_device
from lgn2hdl.tools import area as area_module
from lgn2hdl.tools.area import Cells, measure_area
from lgn2hdl.tools.runner import Tool


def test_parts_add_up(area):
    assert list(area.parts) == ["encoder", "core", "popcount", "argmax", "control"]
    for kind in ("lut", "flip_flop", "carry", "mux", "other"):
        assert getattr(area.total, kind) == sum(getattr(c, kind) for c in area.parts.values())


def test_every_part_has_cells_of_known_kinds(area, design):
    assert all(area.parts[part].lut > 0 for part in ("encoder", "core", "popcount", "argmax"))
    assert area.total.other == 0
    assert area.parts["core"].lut <= design.circuit.lut_count()["core"]


def test_flip_flops_are_the_schedules(area, design):
    planned = design.flip_flops()
    assert list(planned) == list(area.parts)
    # Yosys merges registers that hold the same value, and removes those that hold a constant.
    assert all(cells.flip_flop <= planned[part] for part, cells in area.parts.items())
    assert area.total.flip_flop >= 0.9 * sum(planned.values())
    assert area.parts["control"].flip_flop == planned["control"]


@pytest.mark.yosys
def test_a_network_of_bits_has_no_popcount_and_no_argmax():
    design = design_of(adder_network(4), levels=1)
    report = measure_area(emit_verilog(design, "adder"), "adder")
    assert {part: cells.flip_flop for part, cells in report.parts.items()} == design.flip_flops()
    assert list(report.parts) == ["encoder", "core", "control"]
    assert 0 < report.parts["core"].lut <= design.circuit.lut_count()["core"]


def test_the_report_says_what_was_run(area):
    assert area.tool.startswith("Yosys ")
    assert "synth_xilinx -family xcup -top top" in area.command
    document = json.loads(json.dumps(area.to_json()))
    assert document["parts"]["core"]["lut"] == area.parts["core"].lut
    assert document["total"]["flip_flop"] == area.total.flip_flop


def test_cells_add():
    assert Cells(1, 2, 3, 4, 5) + Cells(10, 20, 30, 40, 50) == Cells(11, 22, 33, 44, 55)


SMALL = {
    "t.v": """
        module t(input clk, input [31:0] x, output [7:0] y, output reg valid);
          wire [1:0] bits;
          t_core core(.clk(clk), .x(x[7:0]), .y(bits));
          t_argmax argmax(.clk(clk), .a(x[15:8]), .b(x[23:16]), .y(y));
          always @(posedge clk) valid <= bits[0];
        endmodule""",
    "t_core.v": """
        module t_core(input clk, input [7:0] x, output reg [1:0] y);
          always @(posedge clk) y <= {&x[7:4], ^x[3:0]};
        endmodule""",
    "t_argmax.v": """
        module t_argmax(input clk, input [7:0] a, input [7:0] b, output reg [7:0] y);
          always @(posedge clk) y <= a + b;
        endmodule""",
}


@pytest.fixture
def fake_yosys(monkeypatch, tmp_path):
    """A Yosys that prints something, writes a given stat.json, and ends with a given exit code."""

    def install(statistics: str | None, *, printed: str = "", code: int | str = 0) -> None:
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


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        (
            "xcup",
            {"LUT1": 1, "LUT6": 2, "INV": 4, "FDRE": 8, "CARRY8": 16, "MUXF7": 32, "RAM": 64},
            Cells(lut=7, flip_flop=8, carry=16, mux=32, other=64),
        ),
        (
            "ecp5-25k",  # a carry cell holds two LUTs
            {"LUT4": 1, "CCU2C": 10, "PFUMX": 2, "L6MUX21": 4, "TRELLIS_FF": 8, "$scopeinfo": 9},
            Cells(lut=21, flip_flop=8, carry=10, mux=6, other=0),
        ),
        (
            "ice40-hx8k",  # a carry cell stands beside a LUT
            {"SB_LUT4": 3, "SB_CARRY": 2, "SB_DFF": 8, "SB_DFFSR": 16},
            Cells(lut=3, flip_flop=24, carry=2, mux=0, other=0),
        ),
        (
            "gowin",  # a carry cell is a LUT of another mode
            {
                "LUT1": 1,
                "LUT4": 2,
                "ALU": 4,
                "MUX2_LUT5": 8,
                "DFF": 16,
                "DFFR": 1,
                "GND": 1,
                "VCC": 1,
            },
            Cells(lut=7, flip_flop=17, carry=4, mux=8, other=0),
        ),
    ],
)
def test_cells_by_kind(fake_yosys, name, cells, expected):
    modules = {
        "\\t": {"num_cells_by_type": {"DFF": 3, "\\t_core": 1, "\\t_encoder": 1}},
        "\\t_core": {"num_cells_by_type": cells},
    }
    fake_yosys(json.dumps({"creator": "Yosys 1.0", "modules": modules}))
    names = ("t", *(f"t_{part}" for part in ("encoder", "core", "popcount", "argmax")))
    verilog = {f"{name}.v": f"module {name}; endmodule" for name in names}
    report = measure_area(verilog, "t", find_device(name))
    assert (report.tool, report.device) == ("Yosys 1.0", name)
    assert report.lut_inputs == (6 if name == "xcup" else 4)
    assert report.parts["core"] == expected
    assert report.parts["control"] == Cells(0, 3, 0, 0, 0)
    assert report.parts["popcount"] == Cells(0, 0, 0, 0, 0)
    assert report.total == expected + Cells(0, 3, 0, 0, 0)


def test_a_design_larger_than_the_device(fake_yosys):
    cells = {"SB_LUT4": 7680, "SB_DFF": 7681}
    modules = {"\\t": {"num_cells_by_type": cells}}
    fake_yosys(json.dumps({"creator": "Yosys 1.0", "modules": modules}))
    with pytest.raises(OptionError) as caught:
        measure_area({"t.v": "module t; endmodule"}, "t", find_device("ice40-hx8k"))
    assert str(caught.value) == (
        "the network is too large for ice40-hx8k: 7,681 flip-flops of 7,680, 1 too many; "
        "use --device gowin"
    )


def test_a_device_without_a_tool():
    with pytest.raises(OptionError, match="no tool maps to the device generic"):
        measure_area({"t.v": "module t; endmodule"}, "t", find_device("generic"))


def test_yosys_that_hangs(fake_yosys, time_is_up):
    fake_yosys(None, printed="thinking", code=f"$(touch '{time_is_up}'; sleep 1000)")
    with pytest.raises(ToolError, match="Yosys did not finish within 2 s: thinking"):
        measure_area({"t.v": "module t; endmodule"}, "t", timeout=2)


DEVICE_NAMES = ("xc7", "ecp5-25k", "ice40-hx8k", "ice40-up5k", "gowin")


@pytest.mark.yosys
@pytest.mark.parametrize("name", DEVICE_NAMES)
def test_every_device_counts_its_parts(name):
    report = measure_area(SMALL, "t", find_device(name))
    assert report.total.other == 0
    assert report.parts["core"].flip_flop == report.parts["core"].lut == 2
    assert report.parts["argmax"].lut >= 8
    assert report.parts["argmax"].carry > 0
    assert report.parts["control"].flip_flop == 1
