"""The exported C: time to write and to compile it, its size, and images per second by word size.

For MNIST models, and for a random network of ``--gates`` gates that all survive pruning: six layers
of two inputs, each node read twice. The compiler is ``--compiler -O1 -std=c99`` without vectors of
its own; everything runs on one core, and seconds are CPU time. Results are checked against the
golden model before they are timed. ``bytes a node`` is the most memory that the export took, above
what the process held.

    python benchmarks/c_export.py [--models models/mnist-620lut6.lgn] [--gates 50000] [--json FILE]
"""

from __future__ import annotations

import argparse
import ctypes
import json
import multiprocessing
import resource
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cpu_baseline.rounds import Contender, pin_to_core, seconds_per_item
from cpu_scale import forget_peak, peak_memory

from lgn2hdl.base.files import write_atomically
from lgn2hdl.c_export.folder import write_c_folder
from lgn2hdl.c_export.prepare import WORD_BITS, CModel, c_model
from lgn2hdl.datasets import load_dataset
from lgn2hdl.ir import logic
from lgn2hdl.model import file as model_file
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.group_sum import contiguous_groups
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

ROOT = Path(__file__).resolve().parents[1]
MODELS = [ROOT / "models" / f"{name}.lgn" for name in ("mnist-620lut6", "mnist-48000fixed")]

LAYERS, FEATURES, CLASSES, ROWS = 6, 784, 10, 8192
PREFIX = "net"


@dataclass(frozen=True)
class Written:
    """An export, and what it took.

    Attributes:
        model: the network, prepared.
        seconds: CPU time for everything.
        peak_bytes: most memory above what the process held before.
    """

    model: CModel
    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Result:
    """Figures of one network; speeds by bits of a word, in images per second."""

    name: str
    nodes: int
    gates: int
    operators: int
    functions: int
    write_seconds: float
    write_bytes_per_node: float
    compile_seconds: dict[int, float]
    text_bytes: dict[int, int]
    data_bytes: dict[int, int]
    state_bytes: dict[int, int]
    raw: dict[int, float]
    packed: dict[int, float]


def random_network(gates: int, seed: int = 0) -> LogicNet:
    """Layers of equal width in which every node is read twice and no table ignores a pin."""
    rng = np.random.default_rng(seed)
    width = -(-gates // (LAYERS * CLASSES)) * CLASSES
    tables = np.flatnonzero(logic.support(np.arange(16, dtype=np.uint8), 2).all(axis=-1))
    layers = []
    available = FEATURES
    for _ in range(LAYERS):
        sources = np.resize(np.arange(available), width)
        fanin = np.stack([rng.permutation(sources), rng.permutation(sources)], axis=1)
        layers.append(Lut(fanin, rng.choice(tables, width).astype(np.uint8)))
        available = width
    return LogicNet(
        features=integer_features(FEATURES, 8),
        encoder=Thermometer(np.arange(FEATURES), np.full(FEATURES, 128)),
        layers=tuple(layers),
        head=contiguous_groups(width, CLASSES, 1.0),
        class_names=tuple(map(str, range(CLASSES))),
        card={},
    )


def write(network: LogicNet, folder: Path) -> Written:
    """Export a network, in this process."""
    forget_peak()
    before = peak_memory()
    began = time.process_time()
    model = c_model(network, PREFIX, WORD_BITS[-1], "0" * 64)
    write_c_folder(model, folder, 100, 0)
    seconds = time.process_time() - began
    return Written(model, seconds, peak_memory() - before)


def written(network: LogicNet, folder: Path) -> Written:
    """The same in a process of its own, so that the memory is its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(write, network, folder).result()


def compiled(folder: Path, compiler: str, bits: int) -> tuple[Path, float]:
    """The shared library for words of so many bits, and the seconds that ``-c`` took."""
    target = folder / f"model{bits}.o"
    library = target.with_suffix(".so")
    flags = ["-O1", "-std=c99", "-fPIC", f"-D{PREFIX.upper()}_WORD_BITS={bits}"]
    began = children_seconds()
    subprocess.run([compiler, *flags, "-c", folder / "model.c", "-o", target], check=True)
    seconds = children_seconds() - began
    subprocess.run([compiler, "-shared", target, "-o", library], check=True)
    return library, seconds


def children_seconds() -> float:
    """CPU time of all programs that were started and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def sizes(library: Path) -> tuple[int, int]:
    """Bytes of the sections text and data of the object file."""
    command = ["size", library.with_suffix(".o")]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text, data = listed.splitlines()[1].split()[:2]
    return int(text), int(data)


def contenders(
    model: CModel, library: Path, bits: int, images: npt.NDArray[np.uint8]
) -> list[Contender]:
    """Prediction from raw features and from packed bits, both checked."""
    functions = ctypes.CDLL(str(library))
    state = np.empty(model.state_bytes(bits), np.uint8)
    classes = np.zeros(len(images), np.uint16)
    blocks = images.reshape(-1, bits, FEATURES)
    words = np.empty((len(blocks), model.logic.netlist.n_inputs), f"u{bits // 8}")
    for block, packed in zip(blocks, words, strict=True):
        functions.net_encode(pointer(block), ctypes.c_size_t(bits), pointer(packed))
    expected = model.network.decisions(images)
    result = []
    for name, data in (("predict", images), ("predict_packed", words)):
        function = getattr(functions, f"{PREFIX}_{name}")
        arguments = pointer(state), pointer(data), ctypes.c_size_t(len(images)), pointer(classes)
        classes[:] = CLASSES
        function(*arguments)
        if not np.array_equal(classes, expected):
            raise SystemExit(f"{name} with words of {bits} bits differs from the golden model")
        result.append(
            Contender(f"{name}/{bits}", len(images), lambda f=function, a=arguments: f(*a))
        )
    return result


def pointer(array: npt.NDArray[np.generic]) -> ctypes.c_void_p:
    """Where an array begins."""
    return array.ctypes.data_as(ctypes.c_void_p)


def measure(
    name: str, network: LogicNet, images: npt.NDArray[np.uint8], compiler: str, rounds: int
) -> Result:
    """All figures of a network."""
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name) / PREFIX
        done = written(network, folder)
        model = done.model
        built = {bits: compiled(folder, compiler, bits) for bits in WORD_BITS}
        size = {bits: sizes(library) for bits, (library, _) in built.items()}
        timed = [
            contender
            for bits, (library, _) in built.items()
            for contender in contenders(model, library, bits, images)
        ]
        seconds = seconds_per_item(timed, rounds)
    return Result(
        name=name,
        nodes=network.n_nodes,
        gates=model.logic.netlist.n_gates,
        operators=model.code.n_operators,
        functions=len(model.code.parts),
        write_seconds=done.seconds,
        write_bytes_per_node=done.peak_bytes / network.n_nodes,
        compile_seconds={bits: time_taken for bits, (_, time_taken) in built.items()},
        text_bytes={bits: text for bits, (text, _) in size.items()},
        data_bytes={bits: data for bits, (_, data) in size.items()},
        state_bytes={bits: model.state_bytes(bits) for bits in WORD_BITS},
        raw={bits: 1 / seconds[f"predict/{bits}"] for bits in WORD_BITS},
        packed={bits: 1 / seconds[f"predict_packed/{bits}"] for bits in WORD_BITS},
    )


def print_result(result: Result, compiler: str) -> None:
    """A table of one network, a row for each size of words."""
    print(
        f"\n{result.name}: {result.nodes:,} nodes trained, {result.gates:,} gates, "
        f"{result.operators:,} operations, {result.functions:,} functions; written in "
        f"{result.write_seconds:.1f} s with {result.write_bytes_per_node:,.0f} bytes a node\n"
    )
    header = ("bits of a word", f"{compiler} -O1, s", "text, bytes", "data, bytes",
              "state, bytes", "images/s, raw", "images/s, packed")  # fmt: skip
    print(f"| {' | '.join(header)} |")
    print(f"|{'---:|' * len(header)}")
    for bits in WORD_BITS:
        cells = (bits, f"{result.compile_seconds[bits]:.1f}", f"{result.text_bytes[bits]:,}",
                 f"{result.data_bytes[bits]:,}", f"{result.state_bytes[bits]:,}",
                 f"{result.raw[bits]:,.0f}", f"{result.packed[bits]:,.0f}")  # fmt: skip
        print(f"| {' | '.join(map(str, cells))} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--models", type=Path, nargs="*", default=MODELS)
    parser.add_argument("--gates", type=int, default=50_000)
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    pin_to_core(None)
    images = load_dataset("mnist").x_test[:ROWS]
    images = np.ascontiguousarray(images.reshape(len(images), FEATURES))
    subjects = [(path.stem, model_file.load(path)) for path in options.models]
    subjects.append((f"random, {options.gates:,} gates", random_network(options.gates)))
    results = []
    for name, network in subjects:
        results.append(measure(name, network, images, options.compiler, options.rounds))
        print_result(results[-1], options.compiler)
    if options.json:
        text = json.dumps([asdict(result) for result in results], indent=1)
        write_atomically(options.json, f"{text}\n".encode())


if __name__ == "__main__":
    main()
