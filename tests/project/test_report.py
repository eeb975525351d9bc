import dataclasses
import json

from lgn2hdl.project.report import AREA_HEADER, DesignReport, estimate_timing
from lgn2hdl.targets.devices import find_device
from lgn2hdl.tools.area import AreaReport, Cells
from lgn2hdl.tools.place_route import CriticalPath, TimingReport, Utilization

ECP5 = find_device("ecp5-25k")
TIMING = TimingReport(
    device="ecp5-25k",
    tools=("Yosys 1", "nextpnr-ecp5 2"),
    commands=("synth", "--seed 1"),
    fmax_mhz=250.0,
    target_mhz=300.0,
    seed=1,
    utilization={"TRELLIS_FF": Utilization(1000, 24_288), "ODD": Utilization(1, 0)},
    cells=Cells(1, 2, 3, 4, 5),
    wrapper_cells=Cells(10, 2000, 0, 0, 0),
    critical_path=CriticalPath(1.0, 3.0, 1, "a", "b", False),
    seconds=12.3,
    netlist_sha256="ab",
)
PARTS = {"core": Cells(1, 2, 0, 0, 0), "control": Cells(0, 3, 0, 0, 0)}
AREA = AreaReport("Yosys 1", "synth", PARTS, Cells(1, 5, 0, 0, 0), "ecp5-25k", 4)


def test_an_estimate_is_called_one():
    estimate = estimate_timing(find_device("xcup"), 2)
    assert estimate.estimated_mhz == 1000 / 1.6
    report = DesignReport(find_device("xcup"), 9, estimate)
    assert report.timing_rows() == [
        ("latency, clock cycles", "9"),
        ("clock, estimate (not placed)", "about 625 MHz = 1000 / (0.6 + 2 x 0.5) MHz"),
    ]
    document = json.loads(json.dumps(report.to_json()))
    assert document["timing"] is None
    assert document["area"] is None
    assert document["timing_estimate"] == {
        "device": "xcup",
        "levels_per_stage": 2,
        "estimated_mhz": 625.0,
        "model": "an estimate, nothing was placed: 1000 / (0.6 + 2 x 0.5) MHz",
    }
    assert report.area_rows() == []


def test_a_measured_clock():
    report = DesignReport(ECP5, 10, estimate_timing(ECP5, 1), AREA, TIMING)
    rows = dict(report.timing_rows())
    assert rows["Fmax"] == "250.0 MHz"
    assert rows["latency"] == "40.0 ns"
    assert rows["slowest path (design)"] == "1.00 ns logic, 3.00 ns wires, 1 LUTs"
    assert rows["TRELLIS_FF"] == "1,000 of 24,288 (4%)"
    assert rows["ODD"] == "1 of 0"
    assert rows["of these in the wrapper"] == "10 LUTs, 2,000 flip-flops"
    assert not any("estimate" in name for name in rows)
    document = json.loads(json.dumps(report.to_json()))
    assert document["timing"]["fmax_mhz"] == 250.0
    assert document["timing"]["latency_ns"] == 40.0
    assert document["timing"]["utilization"]["TRELLIS_FF"] == {"used": 1000, "available": 24_288}
    assert document["area"]["device"] == "ecp5-25k"
    assert document["area"]["lut_inputs"] == 4


def test_a_clock_that_was_not_given_is_none_and_never_the_estimate():
    timing = dataclasses.replace(TIMING, fmax_mhz=None, critical_path=None)
    report = DesignReport(ECP5, 10, estimate_timing(ECP5, 1), AREA, timing)
    rows = dict(report.timing_rows())
    assert rows["Fmax"] == rows["latency"] == "not given"
    document = json.loads(json.dumps(report.to_json()))
    assert document["timing"]["fmax_mhz"] is None
    assert document["timing"]["latency_ns"] is None


def test_area_rows():
    report = DesignReport(ECP5, 10, estimate_timing(ECP5, 1), AREA)
    assert report.area_rows() == [
        ("core", 1, 2, 0, 0, 0), ("control", 0, 3, 0, 0, 0), ("total", 1, 5, 0, 0, 0),
    ]  # fmt: skip
    assert all(len(row) == len(AREA_HEADER) for row in report.area_rows())
