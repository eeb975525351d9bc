"""Clock, latency and registers against the LUT levels per pipeline stage, placed and routed.

Usage: python benchmarks/place_route.py MODEL [--device NAME] [--levels 1 2 3 4] [--seeds 1 ...]
                                        [--mhz F] [--wire-levels N] [--no-wide]
                                        [--interface NAME] [--clock-enable]

Prints a Markdown table; of several seeds it gives the best, and the range. Without ``--mhz`` the
clock asked for is what the device's estimate gives: one far out of reach makes routing slow.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lgn2hdl.compiler.flow import compile_network, rescheduled
from lgn2hdl.compiler.module_names import module_name
from lgn2hdl.compiler.recipe import Recipe, fields_of_recipe
from lgn2hdl.hdl.emit import emit_verilog
from lgn2hdl.hdl.interface import latency
from lgn2hdl.model import file as model_file
from lgn2hdl.targets.devices import Device, estimated_mhz, find_device
from lgn2hdl.tools.place_route import TimingReport, place_and_route

HEADER = (
    "levels", "Fmax, MHz", "Fmax of the seeds", "latency, cycles", "latency, ns", "flip-flops",
    "LUTs", "carry cells", "slowest path: logic + wires, ns", "seconds",
)  # fmt: skip


def measure(
    verilog: dict[str, str], top: str, device: Device, mhz: float, seeds: list[int]
) -> list[TimingReport]:
    """A report for each seed, the best clock first."""
    reports = []
    for seed in seeds:
        reports.append(place_and_route(verilog, top, device, target_mhz=mhz, seed=seed))
        print(f"{top}, seed {seed}: {reports[-1].fmax_mhz} MHz", file=sys.stderr, flush=True)
    return sorted(reports, key=lambda report: report.fmax_mhz or 0.0, reverse=True)


def row(levels: int, cycles: int, reports: list[TimingReport]) -> list[str]:
    """One line of the table, in the columns of :data:`HEADER`; ``cycles`` is the latency."""
    best = reports[0]
    path, nanoseconds = best.critical_path, best.latency_ns(cycles)
    clocks = [f"{report.fmax_mhz:.0f}" for report in reports if report.fmax_mhz is not None]
    return [
        str(levels),
        "not given" if best.fmax_mhz is None else f"{best.fmax_mhz:.1f}",
        " ".join(clocks),
        str(cycles),
        "not given" if nanoseconds is None else f"{nanoseconds:.1f}",
        f"{best.cells.flip_flop:,}",
        f"{best.cells.lut:,}",
        f"{best.cells.carry:,}",
        "" if path is None else f"{path.logic_ns:.2f} + {path.routing_ns:.2f}",
        f"{sum(report.seconds for report in reports):.0f}",
    ]


def main() -> None:
    """Print the table of one model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--device", default="ecp5-45k")
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--mhz", type=float)
    parser.add_argument("--wire-levels", type=int, default=0)
    parser.add_argument("--no-wide", action="store_true")
    kinds = fields_of_recipe()["interface"].choices
    parser.add_argument("--interface", choices=kinds, default=Recipe.interface)
    parser.add_argument("--clock-enable", action="store_true")
    chosen = parser.parse_args()
    device, network = find_device(chosen.device), model_file.load(chosen.model)
    recipe = Recipe(
        device=device.name,
        wire_levels=chosen.wire_levels,
        wide=not chosen.no_wide,
        interface=chosen.interface,
        clock_enable=chosen.clock_enable,
    )
    top, interface = module_name(chosen.model.stem), recipe.around
    enable = " with clock enable" if chosen.clock_enable else ""
    print(f"{chosen.model.stem} on {device.title}, interface {recipe.interface}{enable}\n")
    print("| " + " | ".join(HEADER) + " |")
    print("|" + "---|" * len(HEADER))
    compiled = compile_network(network, recipe)
    for levels in chosen.levels:
        design = rescheduled(compiled, levels).design
        mhz = chosen.mhz or estimated_mhz(device, levels)
        verilog = emit_verilog(design, top, interface=interface)
        reports = measure(verilog, top, device, mhz, chosen.seeds)
        print(
            "| " + " | ".join(row(levels, latency(design, interface), reports)) + " |", flush=True
        )
    print(f"\n{reports[0].tools[0]}, {reports[0].tools[1]}; wrapper not counted")


if __name__ == "__main__":
    main()
