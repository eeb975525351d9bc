"""Images per second of the CPU engine on MNIST, beside what else there is, on one pinned core.

All are timed in turn, round after round, in one process; figures are medians over the rounds of
CPU time, which other work on the machine disturbs least.

* The engine from raw pixels (uint8) and from packed bits; from 8,192 images that stay in the last
  cache, and from so many that they come from memory (1.5 times the last cache).
* Straight-line C: the same network, one statement a trained node, 64-bit words, gcc -O1, bools
  packed in a scalar loop, half adders; also from packed bits.
* The compiled networks of torchlogix 0.1 from bools, where that is installed and all nodes have two
  inputs. They are those of difflogic, which needs a CUDA toolkit to be installed at all.
* The NumPy golden model, from raw pixels.
* A ReLU network in torch on one thread, at least as accurate on the validation rows, from floats.
* The limit of the core, from small kernels in the engine's instruction set: operations, loads,
  stores, and bandwidth of the memory. Operations are those of nodes and popcount: one a node with
  AVX-512, else the fewest operations of two vectors that compute the node's table.

The first run compiles (minutes for the largest network) and trains ReLU networks (minutes); both
are kept in ``build/cpu_benchmark``. Memory: about 1 GB, and 0.4 GB a model.

    python benchmarks/cpu.py [--models models/mnist*.lgn] [--rounds 7] [--json FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from cpu_baseline import report
from cpu_baseline.machine import THREE_INPUTS, Kernels, Machine
from cpu_baseline.operations import work
from cpu_baseline.report import Relu, Result
from cpu_baseline.rounds import Contender, pin_to_core, seconds_per_item
from cpu_baseline.straight_line import StraightLine, is_plain
from cpu_baseline.torchlogix_network import TorchlogixNetwork, available

from lgn2hdl.base.errors import Lgn2HdlError
from lgn2hdl.base.files import write_atomically
from lgn2hdl.cpu import Engine, supported
from lgn2hdl.datasets import Dataset, load_dataset
from lgn2hdl.ir import packed
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import require_same_features
from lgn2hdl.model.network import LogicNet

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "cpu_benchmark"

CACHED = 8192
"""Images of a batch that stays in the last cache."""

CHECKED = 512
"""Rows, at most, on which the baselines must agree with the golden model."""

RELU_IMAGES = 16384
DEFAULT_CACHE = 64 << 20
"""Bytes that the last cache is taken to have where the system does not tell."""

Pixels = npt.NDArray[np.unsignedinteger]


@dataclass(frozen=True, eq=False)
class Subject:
    """A model before it is timed: its engine, baselines, and what is known without timing rows."""

    name: str
    network: LogicNet
    engine: Engine
    load_seconds: float
    ready_seconds: float
    accuracy: float
    identical: bool
    straight: StraightLine | None
    torchlogix: TorchlogixNetwork | None


def progress(text: str) -> None:
    """A line for the impatient."""
    print(text, file=sys.stderr, flush=True)


def last_cache_bytes() -> int:
    """Size of the largest cache of core 0."""
    sizes = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    units = {"K": 1 << 10, "M": 1 << 20}
    texts = [path.read_text().strip() for path in sizes]
    return max(
        (int(t[:-1]) * units[t[-1]] for t in texts if t[-1:] in units), default=DEFAULT_CACHE
    )


def prepare(path: Path, dataset: Dataset, options: argparse.Namespace) -> Subject:
    """Load, build, check against the golden model, and build the baselines."""
    progress(f"{path.name}: engine, golden model, baselines")
    network = model_file.load(path)
    require_same_features(network.features, dataset.features, dataset.name)
    engine = Engine(network, instruction_set=options.instruction_set)
    load_seconds, ready_seconds = seconds_until_ready(path, options.instruction_set)
    expected = network.decisions(dataset.x_test)
    words = network.encoder.encode(dataset.x_test)
    results = engine.predict(dataset.x_test)
    same = np.array_equal(results, expected)
    same &= np.array_equal(engine.predict_packed(words, len(expected)), expected)
    wanted = not options.skip_straight_line and is_plain(network.head)
    straight = StraightLine(network, KEPT) if wanted else None
    torchlogix = TorchlogixNetwork(network, KEPT) if available(network) else None
    checked = min(CHECKED, len(expected) // packed.WORD_BITS * packed.WORD_BITS)
    for name, other in (("straight-line C", straight), ("torchlogix", torchlogix)):
        if other is not None and not np.array_equal(
            other.classes(bools(words, checked)), expected[:checked]
        ):
            raise SystemExit(f"{path.name}: {name} differs from the golden model")
    return Subject(
        name=path.stem,
        network=network,
        engine=engine,
        load_seconds=load_seconds,
        ready_seconds=ready_seconds,
        accuracy=float((results == dataset.y_test).mean()),
        identical=bool(same),
        straight=straight,
        torchlogix=torchlogix,
    )


def seconds_until_ready(path: Path, instruction_set: str | None) -> tuple[float, float]:
    """Seconds of reading a model, and of making its engine, in a fresh process."""
    command = [sys.executable, __file__, "--ready", "--models", str(path)]
    if instruction_set is not None:
        command += ["--instruction-set", instruction_set]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    load_seconds, ready_seconds = json.loads(done.stdout)
    return load_seconds, ready_seconds


def print_seconds_until_ready(path: Path, instruction_set: str | None) -> None:
    """What the fresh process does."""
    started = time.perf_counter()
    network = model_file.load(path)
    loaded = time.perf_counter()
    Engine(network, instruction_set=instruction_set)
    print(json.dumps([loaded - started, time.perf_counter() - loaded]))


def bools(words: npt.NDArray[np.uint64], n_samples: int) -> npt.NDArray[np.bool_]:
    """Bits of the first samples, a row a sample, ``bool[N, B]``."""
    some = packed.unpack(words[:, : packed.words_for(n_samples)], n_samples)
    return np.ascontiguousarray(some.T)


def repeated(array: npt.NDArray[Any], n: int, axis: int) -> npt.NDArray[Any]:
    """The array over and over along an axis, ``n`` entries."""
    return np.ascontiguousarray(np.take(array, np.arange(n) % array.shape[axis], axis=axis))


def images_from_memory(bytes_per_image: float) -> int:
    """Images, a multiple of :data:`CACHED`, that take 1.5 times the last cache."""
    return CACHED * -int(-1.5 * last_cache_bytes() / bytes_per_image // CACHED)


def contenders(subject: Subject, few: Pixels, many: Pixels) -> list[Contender]:
    """What is timed of a model, but for the ReLU network; named ``model/what``."""
    engine, network = subject.engine, subject.network
    words = network.encoder.encode(few)
    n_many = images_from_memory(network.encoder.n_bits / 8)
    many_words = repeated(words, packed.words_for(n_many), axis=1)
    actions: dict[str, tuple[int, Callable[[], object]]] = {
        report.RAW: (len(few), lambda: engine.predict(few)),
        report.RAW_MEMORY: (len(many), lambda: engine.predict(many)),
        report.PACKED: (len(few), lambda: engine.predict_packed(words, len(few))),
        report.PACKED_MEMORY: (n_many, lambda: engine.predict_packed(many_words, n_many)),
        report.GOLDEN: (len(few), lambda: network.decisions(few)),
    }
    bits = bools(words, len(few))
    if (straight := subject.straight) is not None:
        actions[report.STRAIGHT] = (len(few), lambda: straight.classes(bits))
        actions[report.STRAIGHT_PACKED] = (
            len(few), lambda: straight.classes_packed(words, len(few))
        )  # fmt: skip
    if (torchlogix := subject.torchlogix) is not None:
        actions[report.TORCHLOGIX] = (len(few), lambda: torchlogix.classes(bits))
    return [
        Contender(f"{subject.name}/{what}", items, action)
        for what, (items, action) in actions.items()
    ]


def relu_contenders(
    subjects: list[Subject], dataset: Dataset
) -> tuple[dict[str, Relu], list[Contender]]:
    """The ReLU network of every model, and what is timed of each different one."""
    import torch
    from cpu_baseline import relu

    torch.set_num_threads(1)
    trainer = relu.Trainer(dataset, KEPT)
    chosen: dict[str, Relu] = {}
    timed_widths: dict[int, Contender] = {}
    x = trainer.test.x[torch.arange(RELU_IMAGES) % len(trainer.test.x)].contiguous()
    for subject in subjects:
        progress(f"{subject.name}: ReLU network")
        goal = validation_accuracy(subject.network)
        width = trainer.smallest_width(goal)
        batch = relu.fastest_batch(trainer.network(width), x)
        accuracies = trainer.validation_accuracy(width), trainer.test_accuracy(width)
        chosen[subject.name] = Relu(width, batch, *accuracies)
        network = trainer.network(width)
        timed_widths[width] = Contender(
            f"ReLU {width}", len(x), lambda n=network, b=batch: relu.classes(n, x, b)
        )
    return chosen, list(timed_widths.values())


def validation_accuracy(network: LogicNet) -> float:
    """Hard accuracy on the validation rows."""
    return float(network.card["metrics"]["validation_hard_accuracy"])


def result(
    subject: Subject, seconds: dict[str, float], relu: Relu | None, cycles: float | None
) -> Result:
    """All figures of a model."""
    program, network = subject.engine.program, subject.network
    prefix = f"{subject.name}/"
    mine = {name[len(prefix) :]: s for name, s in seconds.items() if name.startswith(prefix)}
    if relu is not None:
        mine[report.RELU] = seconds[f"ReLU {relu.width}"]
    return Result(
        model=subject.name,
        nodes=network.n_nodes,
        fan_in="/".join(sorted({str(layer.fan_in) for layer in network.layers})),
        input_bits=network.encoder.n_bits,
        features=network.features.n_features * network.features.dtype.itemsize,
        test_accuracy=subject.accuracy,
        validation_accuracy=validation_accuracy(network),
        identical=subject.identical,
        load_seconds=subject.load_seconds,
        ready_seconds=subject.ready_seconds,
        work=work(program, three_inputs=subject.engine.instruction_set in THREE_INPUTS),
        computed_nodes=program.n_nodes,
        table_bytes=program.table_bytes,
        block_samples=program.block_samples,
        seconds=mine,
        counted_cycles=cycles,
        compile_seconds=None if subject.straight is None else subject.straight.compile_seconds,
        relu=relu,
    )


def counted_cycles(subject: Subject, few: Pixels, kernels: Kernels) -> float | None:
    """Cycles of an image from packed bits, where the processor's counter can be read."""
    words = subject.network.encoder.encode(few)
    before = kernels.cycles()
    subject.engine.predict_packed(words, len(few))
    after = kernels.cycles()
    return None if before is None or after is None else (after - before) / len(few)


def measure(options: argparse.Namespace) -> tuple[Machine, list[Result]]:
    """Everything."""
    dataset = load_dataset(options.dataset, data_dir=options.data_dir)
    subjects = [prepare(path, dataset, options) for path in options.models]
    few = repeated(dataset.x_test, CACHED, axis=0)
    many = repeated(few, images_from_memory(few.nbytes / len(few)), axis=0)
    kernels = Kernels(many.nbytes, subjects[0].engine.instruction_set)
    relus: dict[str, Relu] = {}
    everything = kernels.contenders()
    if not options.skip_relu:
        relus, more = relu_contenders(subjects, dataset)
        everything += more
    for subject in subjects:
        everything += contenders(subject, few, many)
    progress(f"{len(everything)} measurements, {options.rounds} rounds")
    seconds = seconds_per_item(everything, options.rounds, options.at_least)
    results = [
        result(s, seconds, relus.get(s.name), counted_cycles(s, few, kernels)) for s in subjects
    ]
    return kernels.machine(seconds), results


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, nargs="+", help="default: models/mnist*.lgn")
    parser.add_argument("--dataset", default="mnist", help="where the rows come from")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--at-least", type=float, default=0.05, help="seconds of one measurement")
    parser.add_argument("--core", type=int, help="default: the last that may be used")
    parser.add_argument(
        "--instruction-set", choices=supported(), help="of the engine; default: the fastest"
    )
    parser.add_argument("--data-dir", type=Path, help="folder of the public data sets")
    parser.add_argument("--skip-relu", action="store_true", help="no ReLU network; needs no torch")
    parser.add_argument("--skip-straight-line", action="store_true", help="no straight-line C")
    parser.add_argument("--ready", action="store_true", help="time making one engine; print JSON")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    options = parser.parse_args()
    options.models = options.models or sorted((ROOT / "models").glob("mnist*.lgn"))
    if options.ready:
        print_seconds_until_ready(options.models[0], options.instruction_set)
        return
    core = pin_to_core(options.core)
    try:
        machine, results = measure(options)
    except Lgn2HdlError as error:
        raise SystemExit(f"error: {error}") from None
    show(machine, results, core, options.rounds)
    if options.json:
        everything = {
            "machine": dataclasses.asdict(machine),
            "results": [dataclasses.asdict(item) for item in results],
        }
        write_atomically(options.json, json.dumps(everything, indent=1).encode())


def show(machine: Machine, results: list[Result], core: int | None, rounds: int) -> None:
    """All tables."""
    pinned = "not pinned" if core is None else f"pinned to core {core}"
    counters = results and results[0].counted_cycles is not None
    print(
        f"One thread, {pinned}; instruction set {machine.instruction_set}; medians of {rounds} "
        f"rounds; load average {os.getloadavg()[0]:.1f}.\n"
    )
    print("### The core\n\n" + report.machine_table(machine))
    print(
        "\n### Its loads and stores, 512-bit vectors a second, and a cycle\n\n"
        + report.level_table(machine)
    )
    print(
        f"\n### The engine, million images per second (cache: batches of {CACHED:,}; memory: "
        "batches of 1.5 times the last cache)\n\n" + report.speed_table(results)
    )
    print("\n### Baselines, million images per second\n\n" + report.ratio_table(results))
    if any(item.relu is not None for item in results):
        print(
            "\n### The ReLU networks: one hidden layer, float32, the fewest units that reach the "
            "model's validation accuracy\n\n" + report.relu_table(results)
        )
    source = "from the processor's counter" if counters else (
        "no hardware counters here: seconds times the clock"
    )  # fmt: skip
    print(
        "\n### Work for 512 images, in vectors of 512 bits; limits per image, packed bits unless "
        f"it says raw\n\n{report.limit_table(results, machine)}\n"
    )
    print(f"{report.limit_words(machine)} Cycles: {source}.")


if __name__ == "__main__":
    main()
