"""CPU seconds of commands that should be instant, and of simulation and synthesis, cold and warm.

Usage: python benchmarks/startup.py [--quick] [--model MODEL]

CPU seconds are those of the command and of all that it starts, so that they hold on a busy machine
as well. ``cold`` is with an empty cache of ours, ``warm`` the same command again. With ``--quick``
only the first table. Yosys has been translated for the machine before.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
WRONG_TARGET = ("--dataset", "rows.csv", "--target", "no_such_column", "--out", "m.lgn")

INSTANT: dict[str, tuple[float, tuple[str, ...]]] = {
    "--help": (0.2, ("--help",)),
    "--version": (0.2, ("--version",)),
    "info digits": (0.4, ("info", str(ROOT / "models" / "digits.lgn"))),
    "predict, one row": (0.4, ("predict", str(ROOT / "models" / "digits.lgn"), "row.npy")),
    "train, a column that is not there": (0.6, ("train", *WRONG_TARGET)),
}
"""Commands by name: CPU seconds that they may take, and their arguments."""


def cpu_seconds(folder: Path, arguments: tuple[str, ...], environment: dict[str, str]) -> float:
    """CPU seconds of a command line of ours and its children."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "lgn2hdl", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


def instant(folder: Path) -> None:
    """Print the table of commands that start fast: the best of three runs."""
    np.save(folder / "row.npy", np.zeros((1, 64), np.uint8))
    (folder / "rows.csv").write_text("a,b\n1,0\n2,1\n" * 10)
    print("| command | CPU s | at most |\n| --- | --- | --- |")
    for name, (limit, arguments) in INSTANT.items():
        best = min(cpu_seconds(folder, arguments, {}) for _ in range(3))
        print(f"| `{name}` | {best:.2f} | {limit} |", flush=True)


def cold_and_warm(folder: Path, model: Path) -> None:
    """Print the table of synthesis and simulation, with an empty cache and with a full one."""
    environment = {"XDG_CACHE_HOME": str(folder / "cache"), "YOWASP_CACHE_DIR": str(yowasp_cache())}
    out = ("--out", str(folder / "rtl"))
    runs = {"synth": ("synth", str(model), *out), "sim": ("sim", str(model), *out)}
    print(f"\n| {model.stem} | cold, CPU s | warm, CPU s |\n| --- | --- | --- |")
    for name, arguments in runs.items():
        cold, warm = (cpu_seconds(folder, arguments, environment) for _ in range(2))
        print(f"| `{name}` | {cold:.1f} | {warm:.1f} |", flush=True)


def yowasp_cache() -> Path:
    """Where Yosys keeps what it has been translated to."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("YOWASP_CACHE_DIR") or Path(home) / "YoWASP")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the first table only")
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "digits.lgn")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        instant(Path(name))
        if not chosen.quick:
            cold_and_warm(Path(name), chosen.model.resolve())


if __name__ == "__main__":
    main()
