"""Accuracy against hardware: our models, all in, beside published systems.

"All in" counts the LUTs of everything between the packed features and the class: encoder, core,
popcount and argmax, as Yosys maps them. Published counts are for the parts that their authors
counted; the table says which.

    python benchmarks/frontier.py [--plot frontier.png] [MODEL ...]

Without models it takes those in ``models/`` that read one of the data sets of the published points;
the largest take some minutes each.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lgn2hdl

MODELS = Path(__file__).resolve().parents[1] / "models"

TITLES = {"mnist": "MNIST", "drybean": "Dry Bean"}

ALL_IN = "all in"
WITHOUT_ENCODER = "without encoder"
UNKNOWN = "not stated"


@dataclass(frozen=True)
class Point:
    """A system on a data set.

    Attributes:
        dataset: name of the data set.
        name: the system, or our model file.
        accuracy: hard accuracy on the test rows, in per cent.
        luts: number of LUTs.
        counted: which parts ``luts`` is about.
        parts: LUTs by part; empty for a published point.
    """

    dataset: str
    name: str
    accuracy: float
    luts: int
    counted: str
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def ours(self) -> bool:
        """Whether we measured it."""
        return bool(self.parts)


PUBLISHED = (
    Point("mnist", "DWN lg", 98.3, 4_082, WITHOUT_ENCODER),
    Point("mnist", "DWN md", 97.9, 1_413, WITHOUT_ENCODER),
    Point("mnist", "DWN sm", 97.1, 692, WITHOUT_ENCODER),
    Point("mnist", "DWN 2 x [1000, 500], board", 97.76, 3_464, ALL_IN),
    Point("mnist", "DWN 1 x 300, board", 96.77, 1_597, ALL_IN),
    Point("mnist", "NeuraLUT-Assemble", 97.9, 5_070, "one-bit pixels"),
    Point("mnist", "TreeLUT I", 96.6, 4_478, "quantized inputs"),
    Point("mnist", "KANELE", 96.3, 3_809, "quantized inputs"),
    Point("mnist", "PolyLUT-Add", 96.0, 14_810, "quantized inputs"),
    Point("mnist", "NeuraLUT", 96.0, 54_798, "quantized inputs"),
    Point("mnist", "FINN", 96.0, 91_131, UNKNOWN),
    Point("mnist", "hls4ml", 95.0, 260_092, UNKNOWN),
    Point("drybean", "KANELE", 92.0, 402, UNKNOWN),
)
"""Figures of the systems' papers, on an xcvu9p-2 out of context; the two marked "board" ran on an
Artix-7 -1. None was measured here. "Quantized inputs" and "one-bit pixels" are said of inputs
that come in the form that the network reads."""


def measured(model: Path) -> Point:
    """Our point: the accuracy from the model's card, the LUTs from Yosys."""
    network = lgn2hdl.load(model)
    card, area = network.card, lgn2hdl.compile(model).report.counted
    return Point(
        dataset=card["dataset"]["name"],
        name=model.name,
        accuracy=100 * card["metrics"]["test_hard_accuracy"],
        luts=area.total.lut,
        counted=ALL_IN,
        parts=tuple((part, cells.lut) for part, cells in area.parts.items()),
    )


def front(points: Sequence[Point]) -> list[Point]:
    """Points that no other one beats in both LUTs and accuracy, by rising LUTs."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.luts, -point.accuracy)):
        if not best or point.accuracy > best[-1].accuracy:
            best.append(point)
    return best


def table(points: Sequence[Point]) -> str:
    """Markdown, by falling accuracy; ours in bold."""
    lines = ["| system | test accuracy | LUTs | counted |", "|---|---|---|---|"]
    for point in sorted(points, key=lambda point: (-point.accuracy, point.luts)):
        name = f"**{point.name}**" if point.ours else point.name
        parts = ", ".join(f"{part} {luts:,}" for part, luts in point.parts if luts)
        counted = f"{point.counted}: {parts}" if parts else point.counted
        lines.append(f"| {name} | {point.accuracy:.2f} % | {point.luts:,} | {counted} |")
    return "\n".join(lines)


def draw(points: Sequence[Point], path: Path) -> None:
    """One panel for each data set, LUTs on a logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [name for name in TITLES if any(point.dataset == name for point in points)]
    figure, grid = pyplot.subplots(
        1, len(names), figsize=(9 + 4 * (len(names) - 1), 5), squeeze=False, layout="constrained",
        width_ratios=[2, 1][: len(names)],
    )  # fmt: skip
    for axes, name in zip(grid[0], names, strict=True):
        _panel(axes, [point for point in points if point.dataset == name])
        axes.set_title(TITLES[name])
    grid[0, 0].set_ylabel("test accuracy, hard (%)")
    grid[0, 0].legend(loc="lower left")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _panel(axes: Any, points: Sequence[Point]) -> None:
    from matplotlib.ticker import LogLocator, StrMethodFormatter

    ours = [point for point in points if point.ours]
    axes.plot(*_columns(front(ours)), color="C0", drawstyle="steps-post", zorder=1)
    for label, chosen, style in (
        ("lgn2hdl, all in", ours, {"color": "C0", "marker": "o"}),
        ("published, all in", [p for p in points if not p.ours and p.counted == ALL_IN],
         {"color": "C1", "marker": "s"}),
        ("published, other counts", [p for p in points if p.counted != ALL_IN],
         {"facecolors": "none", "edgecolors": "0.4", "marker": "s"}),
    ):  # fmt: skip
        axes.scatter(*_columns(chosen), s=36, label=label, zorder=2, **style)
    for point in points:
        axes.annotate(
            point.name.removesuffix(".lgn"), (point.luts, point.accuracy), fontsize=6.5,
            xytext=(-4, 4) if point.ours else (2, -11), textcoords="offset points",
            ha="right" if point.ours else "left", color="C0" if point.ours else "0.3",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.minorticks_off()
    axes.set_xlabel("LUTs")
    axes.margins(x=0.25, y=0.08)
    axes.grid(visible=True, alpha=0.25)


def _columns(points: Sequence[Point]) -> tuple[list[int], list[float]]:
    return [point.luts for point in points], [point.accuracy for point in points]


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="*")
    parser.add_argument("--plot", type=Path, help="picture to write, such as frontier.png")
    options = parser.parse_args()
    models = options.models or [
        path for path in sorted(MODELS.glob("*.lgn"))
        if lgn2hdl.load(path).card["dataset"]["name"] in TITLES
    ]  # fmt: skip
    points = [*map(measured, models), *PUBLISHED]
    for name, title in TITLES.items():
        print(f"## {title}\n\n{table([point for point in points if point.dataset == name])}\n")
    if options.plot:
        draw(points, options.plot)


if __name__ == "__main__":
    main()
