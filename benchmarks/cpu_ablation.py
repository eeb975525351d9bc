"""What each of the CPU engine's ways to be fast brings: one is changed at a time.

The chosen program of a model stands first; every other row differs from it in what it names, and
is chosen anew in nothing else unless that is impossible. All give the results of the golden model.
One pinned core, batches that stay in the cache, medians over rounds in which all take turns. The
32-bit operands come with slots of one vector only: compare them with the row of that width.

    python benchmarks/cpu_ablation.py [--models models/mnist-620lut6.lgn ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
from cpu_baseline.report import markdown, number
from cpu_baseline.rounds import Contender, pin_to_core, seconds_per_item

from lgn2hdl.base.errors import Lgn2HdlError
from lgn2hdl.base.files import write_atomically
from lgn2hdl.cpu import Engine, choice, engine, library, plan, program, supported
from lgn2hdl.cpu.three_input import three_input
from lgn2hdl.datasets import load_dataset
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import Ids, Netlist
from lgn2hdl.model import file as model_file
from lgn2hdl.model.heads import Decisions
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import facts_of, prune
from lgn2hdl.passes.lower import lower

ROOT = Path(__file__).resolve().parents[1]
MODELS = tuple(ROOT / "models" / f"{name}.lgn" for name in ("mnist-620lut6", "mnist-48000fixed"))
IMAGES = 8192
INPUT_PINS = 2

Change = tuple[Any, str, Any]
"""A module, a name in it, and what stands there instead."""


@dataclass(frozen=True)
class Variation:
    """A program that differs from the chosen one.

    Attributes:
        name: what is different.
        segments, vectors: what the program is chosen from.
        changes: parts of the compiler that are replaced.
        instruction_set: None for the fastest.
    """

    name: str
    segments: tuple[int, ...] | None = None
    vectors: tuple[int, ...] = choice.VECTORS
    changes: tuple[Change, ...] = ()
    instruction_set: str | None = None


@dataclass(frozen=True)
class Row:
    """Figures of a variation: what its program is like, and million images per second."""

    model: str
    name: str
    nodes: int
    runs: int
    value_bytes: int
    table_bytes: int
    raw: float
    packed: float


def two_input_netlist(network: LogicNet) -> Netlist:
    """Gates of two inputs, not fused, with a third pin that is not used.

    Networks of such gates stay as they are but for pruning. A node of three inputs becomes
    ``f0(a, b) ^ (c & d(a, b))`` with ``d = f0 ^ f1`` (Davio's expansion), which is pruned.
    """
    pruned, _ = prune(lower(network), facts_of(network))
    if pruned.n_pins > INPUT_PINS:
        pruned, _ = prune(expanded(three_input(pruned)))
    unused = ((0, 0), (0, 3 - INPUT_PINS))
    return Netlist(
        n_inputs=pruned.n_inputs,
        fanin=np.pad(pruned.fanin, unused),
        table=logic.widen(pruned.table, INPUT_PINS, 3),
        outputs=pruned.outputs,
    )


def expanded(netlist: Netlist) -> Netlist:
    """Four gates of two inputs for every node of three: f0, d, c & d, and their exclusive or."""
    first = netlist.first_gate
    new_id = np.arange(netlist.n_nodes, dtype=np.int32)
    new_id[first:] = first + 3 + 4 * np.arange(netlist.n_gates)
    a, b, c = new_id[netlist.fanin].T
    below = first + 4 * np.arange(netlist.n_gates, dtype=np.int32)
    low = netlist.table & np.uint8(15)
    difference = low ^ netlist.table >> np.uint8(4)
    both, either = (np.full(netlist.n_gates, table, np.uint8) for table in (8, 6))
    fanin = np.stack([[a, b], [a, b], [c, below + 1], [below, below + 2]])
    return Netlist(
        n_inputs=netlist.n_inputs,
        fanin=fanin.transpose(2, 0, 1).reshape(-1, INPUT_PINS),
        table=np.stack([low, difference, both, either], axis=1).ravel(),
        outputs=new_id[netlist.outputs],
    )


def slots_of_their_own(last_use: Ids, n_first: int) -> tuple[Ids, int]:
    """In place of :func:`lgn2hdl.cpu.library.assign_slots`: no slot is used again."""
    return np.arange(len(last_use), dtype=np.int32), len(last_use)


def order_as_trained(
    fanin: Ids, table: npt.NDArray[np.uint8], segment: Ids, first_gate: int
) -> Ids:
    """In place of :func:`lgn2hdl.cpu.library.compute_order`: nothing is grouped by table."""
    return np.argsort(segment, kind="stable").astype(np.int32)


def chosen(network: LogicNet) -> tuple[int, int]:
    """Segments and vectors that the engine chooses for a network."""
    best = program.compile_program(network)
    for segments in choice.SEGMENTS:
        same = program.compile_program(network, segments=(segments,), vectors=(best.vectors,))
        if np.array_equal(same.words, best.words):
            return segments, best.vectors
    return choice.SEGMENTS_OF_LARGE[0], best.vectors


def variations(network: LogicNet) -> list[Variation]:
    """The chosen program, and one change at a time."""
    segments, vectors = chosen(network)
    like = partial(Variation, segments=(segments,), vectors=(vectors,))
    items = [like(f"chosen: segments {segments}, vectors a slot {vectors}")]
    for other in choice.SEGMENTS:
        if other != segments:
            items.append(like(f"segments {other}", segments=(other,)))
    for other in choice.VECTORS:
        if other != vectors:
            items.append(like(f"vectors a slot {other}", vectors=(other,)))
    unfused = (program, "three_input_netlist", two_input_netlist)
    own = (library, "assign_slots", slots_of_their_own)
    ungrouped = (library, "compute_order", order_as_trained)
    items += [
        like("nodes of two inputs, not fused", changes=(unfused,)),
        like("every value in a slot of its own", changes=(own,)),
        like("nodes in the order of the layers", changes=(ungrouped,)),
    ]
    wide = (plan, "NARROW_SLOTS", 0)
    items.append(like("32-bit operands, vectors a slot 1", vectors=(1,), changes=(wide,)))
    items += [like(f"instruction set {name}", instruction_set=name) for name in supported()[:-1]]
    return items


@contextlib.contextmanager
def replaced(changes: Sequence[Change]) -> Iterator[None]:
    """The changes, while the context lasts."""
    with contextlib.ExitStack() as stack:
        for module, name, value in changes:
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def engine_of(network: LogicNet, item: Variation) -> Engine:
    """An engine with the program of a variation."""
    compiled = partial(program.compile_program, segments=item.segments, vectors=item.vectors)
    with replaced((*item.changes, (engine, "compile_program", compiled))):
        return Engine(network, instruction_set=item.instruction_set)


def measure(
    path: Path, images: npt.NDArray[np.unsignedinteger], rounds: int, at_least: float
) -> list[Row]:
    """All variations of a model."""
    network = model_file.load(path)
    words = network.encoder.encode(images)
    expected = network.decisions(images)
    engines = {item.name: engine_of(network, item) for item in variations(network)}
    contenders = []
    for name, one in engines.items():
        raw: Callable[[], Decisions] = partial(one.predict, images)
        packed: Callable[[], Decisions] = partial(one.predict_packed, words, len(images))
        if not all(np.array_equal(action(), expected) for action in (raw, packed)):
            raise SystemExit(f"{path.name}, {name}: differs from the golden model")
        contenders.append(Contender(f"{name}/raw", len(images), raw))
        contenders.append(Contender(f"{name}/packed", len(images), packed))
    seconds = seconds_per_item(contenders, rounds, at_least)
    return [
        Row(
            model=path.stem,
            name=name,
            nodes=one.program.n_nodes,
            runs=one.program.n_runs,
            value_bytes=one.program.value_bytes,
            table_bytes=one.program.table_bytes,
            raw=1e-6 / seconds[f"{name}/raw"],
            packed=1e-6 / seconds[f"{name}/packed"],
        )
        for name, one in engines.items()
    ]


def table(rows: Sequence[Row]) -> str:
    """The variations of one model, the chosen one first."""
    header = (
        "program", "nodes", "runs", "values", "tables", "raw M/s", "of chosen", "packed M/s",
        "of chosen",
    )  # fmt: skip
    best = rows[0]
    cells = [
        (
            row.name,
            f"{row.nodes:,}",
            f"{row.runs:,}",
            f"{row.value_bytes / 1024:,.0f} KiB",
            f"{row.table_bytes / 1024:,.0f} KiB",
            number(row.raw),
            f"{row.raw / best.raw:.0%}",
            number(row.packed),
            f"{row.packed / best.packed:.0%}",
        )
        for row in rows
    ]
    return markdown(header, cells)


def main() -> None:
    """Read the options, measure, print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="mnist", help="where the rows come from")
    parser.add_argument("--models", type=Path, nargs="+", default=list(MODELS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--at-least", type=float, default=0.05, help="seconds of one measurement")
    parser.add_argument("--core", type=int, help="default: the last that may be used")
    parser.add_argument("--data-dir", type=Path, help="folder of the public data sets")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    options = parser.parse_args()
    core = pin_to_core(options.core)
    try:
        images = load_dataset(options.dataset, data_dir=options.data_dir).x_test
        few = np.ascontiguousarray(np.take(images, np.arange(IMAGES) % len(images), axis=0))
        results = []
        for path in options.models:
            print(path.name, file=sys.stderr, flush=True)
            results.append(measure(path, few, options.rounds, options.at_least))
    except Lgn2HdlError as error:
        raise SystemExit(f"error: {error}") from None
    pinned = "not pinned" if core is None else f"pinned to core {core}"
    print(
        f"One thread, {pinned}, {supported()[-1]}; medians of {options.rounds} rounds; "
        f"load average {os.getloadavg()[0]:.1f}."
    )
    for rows in results:
        print(f"\n### {rows[0].model}\n\n{table(rows)}")
    if options.json:
        content = json.dumps([asdict(row) for rows in results for row in rows], indent=1)
        write_atomically(options.json, content.encode())


if __name__ == "__main__":
    main()
