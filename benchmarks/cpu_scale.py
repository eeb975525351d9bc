"""The CPU engine by size: how long until it is ready, memory, and speed, on random networks.

Gates of two inputs, or ``--fan-in``, with random wiring in six layers and tables that need all
inputs; thermometer bits of 28 x 28 bytes; ten classes. Every size runs in a process of its own, so
that its peak memory is its own. The engine's kernel is built before; ``ready`` is all that a
network needs: pruning, fusing, order, slots, tables. Some rows are checked (golden model).

    python benchmarks/cpu_scale.py [--gates 48000 500000 5000000] [--fan-in 6] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cpu_baseline.report import markdown, number
from cpu_baseline.rounds import Contender, seconds_per_item

from lgn2hdl.base.files import write_atomically
from lgn2hdl.cpu import Engine, library
from lgn2hdl.ir import logic
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

GATES = (48_000, 500_000, 5_000_000)
LAYERS, CLASSES = 6, 10
FEATURES, WIDTH, THRESHOLDS = 784, 8, (32, 96, 160, 224)
ROWS = 8192
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Measurement:
    """One size.

    Attributes:
        gates: gates of the network.
        bits: input bits.
        nodes: three-input nodes of the engine's program.
        ready_seconds: making the engine, wall-clock time.
        ready_cpu_seconds: the same in CPU time.
        peak_bytes: most memory of the process until then.
        own_bytes: most memory above what the process held before, the network included in that.
        table_bytes: bytes of the program's tables.
        value_bytes: bytes of the values of a block.
        images_per_second: from raw bytes in the cache, one thread.
        rows_checked: rows whose classes and scores are those of the golden model.
    """

    gates: int
    bits: int
    nodes: int
    ready_seconds: float
    ready_cpu_seconds: float
    peak_bytes: int
    own_bytes: int
    table_bytes: int
    value_bytes: int
    images_per_second: float
    rows_checked: int

    @property
    def bytes_per_node(self) -> float:
        """Memory for making the program, by trained nodes and input bits."""
        return self.own_bytes / (self.gates + self.bits)


def random_network(gates: int, fan_in: int = 2, seed: int = 0) -> LogicNet:
    """Random wiring and tables; equal arguments give equal networks.

    Raises:
        ValueError: if there are too few gates for the layers and classes.
    """
    last = gates // LAYERS // CLASSES * CLASSES
    if last == 0:
        raise ValueError(f"{gates} gates are too few: at least {LAYERS * CLASSES}")
    rest = gates - last
    widths = [(rest + at) // (LAYERS - 1) for at in range(LAYERS - 1)] + [last]
    rng = np.random.default_rng(seed)
    feature = np.tile(np.arange(FEATURES, dtype=np.int32), len(THRESHOLDS))
    encoder = Thermometer(feature, np.repeat(np.array(THRESHOLDS, np.int32), FEATURES))
    layers, available = [], encoder.n_bits
    for width in widths:
        fanin = rng.integers(0, available, (width, fan_in), dtype=np.int32)
        layers.append(Lut(fanin, random_tables(rng, width, fan_in)))
        available = width
    head = GroupSum(
        class_of=(np.arange(last) // (last // CLASSES)).astype(np.int16),
        weight=np.ones(last, np.int8),
        bias=np.zeros(CLASSES, np.int32),
        tau=1.0,
    )
    names = tuple(map(str, range(CLASSES)))
    features = integer_features(FEATURES, WIDTH)
    return LogicNet(features, encoder, tuple(layers), head, names, card={"data": "random"})


def random_tables(rng: np.random.Generator, n: int, fan_in: int) -> logic.Tables:
    """Tables that need all their inputs."""
    ones = logic.all_ones(fan_in)
    dtype = logic.table_dtype(fan_in)
    tables = rng.integers(0, ones, n, dtype=np.uint64, endpoint=True).astype(dtype)
    while True:
        wrong = np.flatnonzero(~logic.support(tables, fan_in).all(axis=1))
        if not len(wrong):
            return tables
        tables[wrong] = rng.integers(0, ones, len(wrong), dtype=np.uint64, endpoint=True)


def random_rows(rows: int, seed: int = 1) -> npt.NDArray[np.uint8]:
    """Random bytes, ``u8[rows, FEATURES]``."""
    return np.random.default_rng(seed).integers(0, 256, (rows, FEATURES), dtype=np.uint8)


def measure(gates: int, fan_in: int, checked: int, rounds: int) -> Measurement:
    """Make an engine in this process, check some rows, time many."""
    network = random_network(gates, fan_in)
    library.engine(), library.builder()
    before = memory_now()
    forget_peak()
    cpu, started = time.process_time(), time.perf_counter()
    engine = Engine(network)
    ready, cpu_ready = time.perf_counter() - started, time.process_time() - cpu
    peak = peak_memory()
    rows = random_rows(ROWS)
    check(network, engine, rows[:checked])
    call = Contender("raw", len(rows), lambda: engine.predict(rows))
    seconds = statistics.median(seconds_per_item([call], rounds).values())
    return Measurement(
        gates=network.n_nodes,
        bits=network.encoder.n_bits,
        nodes=engine.program.n_nodes,
        ready_seconds=ready,
        ready_cpu_seconds=cpu_ready,
        peak_bytes=peak,
        own_bytes=peak - before,
        table_bytes=engine.program.table_bytes,
        value_bytes=engine.program.value_bytes,
        images_per_second=1 / seconds,
        rows_checked=checked,
    )


def check(network: LogicNet, engine: Engine, rows: npt.NDArray[np.uint8]) -> None:
    """Compare the engine with the golden model."""
    same = np.array_equal(engine.scores(rows), network.scores(rows))
    if not same or not np.array_equal(engine.predict(rows), network.decisions(rows)):
        raise SystemExit(f"{network.n_nodes:,} gates: the engine differs from the golden model")


def memory_now() -> int:
    """Bytes that this process holds."""
    return _status("VmRSS:") or peak_memory()


def peak_memory() -> int:
    """Most bytes that this process held, since :func:`forget_peak` where Linux allows that."""
    return _status("VmHWM:") or 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_peak() -> None:
    """Let :func:`peak_memory` begin anew."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> int:
    if not STATUS.is_file():
        return 0
    lines = (line.split() for line in STATUS.read_text().splitlines())
    return next((1024 * int(words[1]) for words in lines if words[0] == name), 0)


def measure_apart(gates: int, fan_in: int, checked: int, rounds: int) -> Measurement:
    """:func:`measure` in a process of its own."""
    command = [sys.executable, __file__, "--one", str(gates), "--fan-in", str(fan_in)]
    command += ["--check", str(checked), "--rounds", str(rounds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measurement(**json.loads(done.stdout))


def table(items: list[Measurement]) -> str:
    """All sizes."""
    header = (
        "gates", "nodes", "ready", "CPU time", "peak memory", "bytes / node", "tables", "values",
        "images/s", "ns / node / 512", "rows as golden",
    )  # fmt: skip
    rows = [
        (
            f"{item.gates:,}",
            f"{item.nodes:,}",
            f"{number(item.ready_seconds)} s",
            f"{number(item.ready_cpu_seconds)} s",
            f"{item.peak_bytes / 1e6:,.0f} MB",
            f"{item.bytes_per_node:.0f}",
            f"{item.table_bytes / 1e6:,.1f} MB",
            f"{item.value_bytes / 1e6:,.1f} MB",
            number(item.images_per_second),
            number(512e9 / item.images_per_second / item.nodes),
            f"{item.rows_checked:,}",
        )
        for item in items
    ]
    return markdown(header, rows)


def main() -> None:
    """Read the options, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gates", type=int, nargs="+", default=list(GATES))
    parser.add_argument("--fan-in", type=int, default=2, choices=range(2, 7))
    parser.add_argument("--check", type=int, default=1000, help="rows compared with the golden")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    parser.add_argument("--one", type=int, help="measure this size only and print it as JSON")
    options = parser.parse_args()
    if options.one:
        item = measure(options.one, options.fan_in, options.check, options.rounds)
        print(json.dumps(asdict(item)))
        return
    items = []
    for gates in options.gates:
        print(f"{gates:,} gates", file=sys.stderr, flush=True)
        items.append(measure_apart(gates, options.fan_in, options.check, options.rounds))
    print(table(items))
    if options.json:
        content = json.dumps([asdict(item) for item in items], indent=1)
        write_atomically(options.json, content.encode())


if __name__ == "__main__":
    main()
