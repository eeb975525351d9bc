"""A picture of a sweep: accuracy against size, all trials and their Pareto front."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from lgn2hdl.base.files import write_atomically
from lgn2hdl.cli.sweep_report import Front
from lgn2hdl.train.sweep.front import FinishedTrial


def plot_front(path: Path, title: str, sweep: Front, target_luts: int | None) -> None:
    """Draw a PNG. The front is a staircase: with so many LUTs, so much accuracy can be had.

    Args:
        path: file to write.
        title: of the picture.
        sweep: its trials.
        target_luts: the LUT budget, if there is one.

    Raises:
        OutputError: if the file cannot be written.
    """
    # Here, because Matplotlib takes long to import. Without pyplot there is no display to want.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, StrMethodFormatter

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.scatter(*_axes(sweep.trials), s=18, color="0.65", label=f"{len(sweep.trials)} trials")
    axes.plot(*_axes(sweep.front), "o-", drawstyle="steps-post", color="C0", label="Pareto front")
    axes.plot(
        *_axes([sweep.chosen]), "*", markersize=15, color="C1", label=f"trial {sweep.chosen.number}"
    )
    if target_luts is not None:
        axes.axvline(target_luts, color="C3", linestyle="--", label=f"{target_luts:,} LUTs")
    if _is_wide([trial.luts for trial in sweep.trials]):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.minorticks_off()
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set(title=title, xlabel="estimated LUTs", ylabel="validation accuracy, hard (%)")
    axes.grid(visible=True, alpha=0.25)
    axes.legend(loc="lower right")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=150, metadata={"Software": None})
    write_atomically(path, picture.getvalue())


def _axes(trials: Sequence[FinishedTrial]) -> tuple[list[int], list[float]]:
    return [trial.luts for trial in trials], [100 * trial.accuracy for trial in trials]


def _is_wide(luts: Sequence[int]) -> bool:
    """Whether sizes span a decade, so that a logarithmic axis shows them better."""
    return 0 < 10 * min(luts) < max(luts)
