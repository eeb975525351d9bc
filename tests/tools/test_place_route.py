import json
import re

import pytest

from lgn2hdl.base.errors import OptionError, ToolError
from lgn2hdl.targets.devices import estimated_mhz, find_device
from lgn2hdl.tools import place_route as module
from lgn2hdl.tools.area import Cells
from lgn2hdl.tools.place_route import (
    TargetSearch,
    TimingReport,
    critical_path,
    fmax,
    meet_target,
    netlist_sha256,
    place_and_route,
    read_report,
    utilization,
)

pytestmark = pytest.mark.yosys

DEVICE = find_device("ice40-hx8k")

SMALL = """
module small(input clk, input [9:0] x, output reg [3:0] sum, output reg odd);
  reg [3:0] first, second;
  always @(posedge clk) begin
    first <= x[3:0];
    second <= x[8:5];
    sum <= first + second;
    odd <= ^first;
  end
endmodule
"""


def step(kind: str, delay: float, source: str, sink: str) -> dict:
    return {"type": kind, "delay": delay, "from": {"cell": source}, "to": {"cell": sink}}


REPORT = {
    "fmax": {"clk$glb": {"achieved": 223.5, "constraint": 150.0}},
    "utilization": {"LC": {"used": 30, "available": 7680}, "RAM": {"used": 0, "available": 32}},
    "critical_paths": [
        {"from": "<async>", "to": "posedge clk", "path": [step("setup", 9.0, "a", "a")]},
        {
            "from": "posedge clk",
            "to": "posedge clk",
            "path": [
                step("clk-to-q", 0.5, "design.a", "design.a"),
                step("routing", 1.25, "design.a", "design.b"),
                step("logic", 0.25, "design.b", "design.b"),
                step("routing", 1.0, "design.b", "fold"),
                step("setup", 0.1, "fold", "fold"),
            ],
        },
    ],
}


def edited(**parts: object) -> str:
    return json.dumps({**REPORT, **parts})


@pytest.fixture(scope="module")
def small():
    """A real run of Yosys and nextpnr."""
    return place_and_route({"small.v": SMALL}, "small", DEVICE, target_mhz=100.0)


def test_a_real_run_gives_a_clock(small):
    assert 50 < small.fmax_mhz < 1000
    assert small.meets_target == (small.fmax_mhz >= 100)
    assert small.tools[0].startswith("Yosys 0.")
    assert re.fullmatch(r"nextpnr-ice40 [\d.]+", small.tools[1])
    assert small.latency_ns(2) == pytest.approx(2000 / small.fmax_mhz)
    assert small.netlist_sha256 == netlist_sha256({"other name": SMALL})
    assert small.netlist_sha256 != netlist_sha256({"small.v": SMALL + " "})


def test_a_real_run_counts_the_design_and_its_wrapper(small):
    assert small.cells.flip_flop == 13
    assert small.cells.lut >= 5
    assert small.cells.carry > 0
    # 8 of the 10 bits of x are read; 5 outputs are caught, and folded by 2 LUTs, then by 1.
    assert (small.wrapper_cells.flip_flop, small.wrapper_cells.lut) == (8 + 5 + 2 + 1, 2)
    assert small.utilization["ICESTORM_LC"].available == 7680
    cells = small.cells + small.wrapper_cells
    assert small.utilization["ICESTORM_LC"].used >= cells.flip_flop
    assert small.utilization["SB_IO"].used == 3


def test_a_real_run_names_the_slowest_path(small):
    path = small.critical_path
    assert path.logic_ns + path.routing_ns == pytest.approx(1000 / small.fmax_mhz, rel=0.02)
    assert path.logic_ns > 0
    assert path.routing_ns > 0
    json.dumps(small.to_json())


def test_what_the_report_says():
    report = read_report(json.dumps(REPORT), "nextpnr")
    assert fmax(report) == 223.5
    assert {name: (u.used, u.available) for name, u in utilization(report).items()} == {
        "LC": (30, 7680)
    }
    path = critical_path(report)
    assert (path.logic_ns, path.routing_ns, path.luts) == (0.85, 2.25, 1)
    assert (path.source, path.sink, path.in_wrapper) == ("design.a", "fold", False)


def test_a_path_inside_of_the_wrapper_is_said_to_be_one():
    path = [step("clk-to-q", 0.5, "feed_1", "feed_1"), step("setup", 0.1, "fold", "fold")]
    report = {"critical_paths": [{"from": "posedge c", "to": "posedge c", "path": path}]}
    assert critical_path(report).in_wrapper


@pytest.mark.parametrize("clocks", [{}, {"a": {"achieved": 1.0}, "b": {"achieved": 2.0}}])
def test_a_clock_that_is_not_given_is_none(clocks):
    assert fmax(read_report(edited(fmax=clocks), "nextpnr")) is None


@pytest.mark.parametrize("paths", [[], None, 3, [{}], [{"from": "a", "to": "b", "path": [{}]}]])
def test_a_report_without_a_critical_path(paths):
    assert critical_path({"critical_paths": paths}) is None
    assert critical_path({}) is None


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", "3", "null", "{}", '{"fmax": {}}', edited(fmax=3), edited(fmax={"c": {}}),
        edited(fmax={"c": {"achieved": "fast"}}), edited(utilization=[]),
        edited(utilization={"LC": {"used": 1}}), edited(utilization={"LC": None}),
    ],
)  # fmt: skip
def test_a_damaged_report(text):
    with pytest.raises(ToolError, match="nextpnr wrote a report that cannot be read: try another"):
        read_report(text, "nextpnr")


MAPPED = {
    "modules": {
        "small": {
            "ports": {
                "clk": {"direction": "input", "bits": [2]},
                "x": {"direction": "input", "bits": [3, 4, 5]},
                "y": {"direction": "output", "bits": [6, "0", 4]},
            },
            "cells": {"a": {"type": "SB_DFF", "connections": {"C": [2], "D": [5], "Q": [6]}}},
        },
        "lgn2hdl_wrapper": {
            "ports": {},
            "cells": {"design": {"type": "small", "connections": {}}},
        },
    }
}


@pytest.fixture
def fakes(monkeypatch, tmp_path, python_tool):
    """Yosys and nextpnr as scripts: Yosys writes canned netlists, nextpnr what it is told to."""

    def make(router: str, *, yosys: str = "", mapped: object = MAPPED) -> None:
        text = mapped if isinstance(mapped, str) else json.dumps(mapped)
        (tmp_path / "canned.json").write_text(text)
        write = (
            f"for name in ('mapped', 'wrapper', 'wrapped'):\n"
            f"    open(name + '.json', 'w').write(open({str(tmp_path / 'canned.json')!r}).read())"
        )
        tools = {}
        for name, script in (("yosys", yosys or write), ("nextpnr", router)):
            version = f"print('Preparing\\n\"{name}\" (Version nextpnr-9.1)'); sys.exit()"
            script = f"if '--version' in sys.argv: {version}\n{script}"
            tools[name] = python_tool(name, script)
        monkeypatch.setattr(module, "yosys", lambda: tools["yosys"])
        monkeypatch.setattr(module, "script_tool", lambda *names: tools["nextpnr"])

    return make


def run(**options) -> TimingReport:
    options = {"target_mhz": 100.0, "device": DEVICE, **options}
    return place_and_route({"small.v": SMALL}, "small", **options)


def failure(error=ToolError, **options) -> str:
    with pytest.raises(error) as caught:
        run(**options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_fakes_work(fakes):
    fakes(f"print(sys.argv); open('report.json', 'w').write({json.dumps(REPORT)!r})")
    report = run(seed=7, options=("--placer", "sa"))
    assert report.fmax_mhz == 223.5
    assert report.seed == 7
    assert report.commands[1].startswith("--hx8k --package ct256 --json wrapped.json")
    assert report.commands[1].endswith("--freq 100 --seed 7 --timing-allow-fail --placer sa")
    assert report.tools == ("yosys 9.1", "nextpnr 9.1")
    assert report.cells == Cells(0, 1, 0, 0, 0)
    assert report.wrapper_cells == Cells(0, 0, 0, 0, 0)


NOTE = "(0 LUTs and 1 flip-flops are to be placed, 0% and 0% of ice40-hx8k)"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("sys.exit(5)", f"nextpnr failed with exit code 5: it printed nothing {NOTE}"),
        ("print('a\\nERROR: no place'); sys.exit(1)",
         f"nextpnr failed with exit code 1: ERROR: no place {NOTE}"),
        ("print('ERROR: no place')", f"nextpnr failed: ERROR: no place {NOTE}"),
        ("print('a\\nb')", f"nextpnr did not write report.json: a | b {NOTE}"),
        ("open('report.json', 'w')",
         f"nextpnr did not write report.json: it printed nothing {NOTE}"),
        ("open('report.json', 'w').write('{')",
         "nextpnr wrote a report that cannot be read: try another version"),
    ],
)  # fmt: skip
def test_nextpnr_fails(fakes, script, message):
    fakes(script)
    assert failure() == message


def test_nextpnr_hangs(fakes, time_is_up):
    hangs = f"open({str(time_is_up)!r}, 'w'); time.sleep(1000)"
    fakes(f"print('routing\\n1000 arcs', flush=True); {hangs}")
    assert failure(timeout=3) == f"nextpnr did not finish within 3 s: routing | 1000 arcs {NOTE}"


def test_nextpnr_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sysconfig.get_path", lambda name: "/nowhere")
    assert failure() == (
        "nextpnr-ice40 is not installed: run 'pip install lgn2hdl[pnr]', or leave --pnr out"
    )


@pytest.mark.parametrize(
    ("yosys", "message"),
    [
        ("print('ERROR: syntax'); sys.exit(1)", "yosys failed with exit code 1: ERROR: syntax"),
        ("print('bye')", "yosys did not write mapped.json: bye"),
    ],
)
def test_yosys_fails(fakes, yosys, message):
    fakes("", yosys=yosys)
    assert failure() == message


def test_yosys_hangs(fakes, time_is_up):
    hangs = f"open({str(time_is_up)!r}, 'w'); time.sleep(1000)"
    fakes("", yosys=f"print('thinking', flush=True); {hangs}")
    assert failure(timeout=3) == "yosys did not finish within 3 s: thinking"


@pytest.mark.parametrize(
    "mapped", ["{", "[]", "{}", {"modules": {}}, {"modules": {"small": {"ports": 3}}}]
)
def test_a_damaged_netlist(fakes, mapped):
    fakes("", mapped=mapped)
    assert failure() == "Yosys wrote a netlist that cannot be read: try another version"


def test_a_design_without_a_clock(fakes):
    fakes("", mapped={"modules": {"small": {"ports": {}, "cells": {}}}})
    assert failure(OptionError).startswith("the module small has no port clk")


def test_a_design_larger_than_the_device(fakes):
    cells = {str(index): {"type": "SB_LUT4", "connections": {}} for index in range(7681)}
    small = {**MAPPED["modules"]["small"], "cells": cells}
    fakes("", mapped={"modules": {**MAPPED["modules"], "small": small}})
    assert failure(OptionError) == (
        "the network is too large for ice40-hx8k: 7,681 LUT4 of 7,680, 1 too many; "
        "use --device gowin"
    )


def test_devices_and_targets_that_cannot_be():
    assert "no free tool places and routes for xcup" in failure(
        OptionError, device=find_device("xcup")
    )
    assert "give a positive number" in failure(OptionError, target_mhz=0.0)


def report_of(mhz: float | None, target: float) -> TimingReport:
    none = Cells(0, 0, 0, 0, 0)
    return TimingReport("d", (), (), mhz, target, 1, {}, none, none, None, 0.0, "")


def test_fewer_levels_are_tried_until_the_target_is_met():
    asked = estimated_mhz(DEVICE, 4)
    reached = {4: asked * 0.7, 3: None, 2: asked * 1.1, 1: asked * 1.5}
    search = meet_target(lambda levels: report_of(reached[levels], asked), DEVICE, asked)
    assert [levels for levels, _ in search.tries] == [4, 3, 2]
    assert search.is_met
    assert search.best[0] == 2


def test_a_target_out_of_reach_gives_the_best():
    reached = {3: 90.0, 2: 110.0, 1: 105.0}
    target = estimated_mhz(DEVICE, 3)
    search = meet_target(lambda levels: report_of(reached[levels], 1e4), DEVICE, target)
    assert [levels for levels, _ in search.tries] == [3, 2, 1]
    assert not search.is_met
    assert search.best[0] == 2


def test_no_clock_at_all_does_not_meet_a_target():
    search = TargetSearch(1.0, ((1, report_of(None, 1.0)),))
    assert not search.is_met
