"""What was measured of a model, and the tables that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cpu_baseline.machine import (
    Machine,
    Work,
    ideal_seconds,
    input_limit_seconds,
    limit_parts,
    limit_seconds,
)
from cpu_baseline.operations import ADDER_OPERATIONS, ADDERS

SAMPLES = 512
"""Samples that :class:`~cpu_baseline.machine.Work` is for."""

RAW, RAW_MEMORY = "raw", "raw from memory"
PACKED, PACKED_MEMORY = "packed", "packed from memory"
STRAIGHT, STRAIGHT_PACKED = "straight-line C from bools", "straight-line C from packed bits"
GOLDEN, RELU, TORCHLOGIX = "NumPy golden model", "ReLU network", "torchlogix 0.1"


@dataclass(frozen=True)
class Relu:
    """The ReLU network that a model is compared with.

    Attributes:
        width: hidden units.
        batch: images a call.
        validation_accuracy: on the rows that its width was chosen by.
        test_accuracy: on the test rows.
    """

    width: int
    batch: int
    validation_accuracy: float
    test_accuracy: float


@dataclass(frozen=True)
class Result:
    """Figures of one model.

    Attributes:
        model: name of the file without its ending.
        nodes: trained nodes.
        fan_in: pins of the nodes of each layer, such as ``2`` or ``6``.
        input_bits: bits of a packed sample.
        features: bytes of a raw sample.
        test_accuracy: hard accuracy of the engine on the test rows.
        validation_accuracy: hard accuracy on the validation rows, from the model's card.
        identical: whether all test results of the engine, raw and packed, are the golden model's.
        load_seconds: reading the model file, in a fresh process.
        ready_seconds: from the model to an engine that is ready to predict, in a fresh process
            that loads the built kernel.
        work: what the engine's program does for 512 samples.
        computed_nodes: nodes of the engine's program.
        table_bytes: bytes of its tables.
        block_samples: samples that it computes at a time.
        seconds: median seconds of an image, by what was timed.
        counted_cycles: cycles of an image from packed bits by the processor's counter, if any.
        compile_seconds: gcc's CPU time for the straight-line C.
        relu: the ReLU network.
    """

    model: str
    nodes: int
    fan_in: str
    input_bits: int
    features: int
    test_accuracy: float
    validation_accuracy: float
    identical: bool
    load_seconds: float
    ready_seconds: float
    work: Work
    computed_nodes: int
    table_bytes: int
    block_samples: int
    seconds: Mapping[str, float]
    counted_cycles: float | None = None
    compile_seconds: float | None = None
    relu: Relu | None = None

    def ratio(self, ours: str, theirs: str) -> float | None:
        """How many times as fast ``ours`` is; ``None`` where something was not timed."""
        if ours not in self.seconds or theirs not in self.seconds:
            return None
        return self.seconds[theirs] / self.seconds[ours]

    def limit(self, machine: Machine, *, raw: bool) -> float:
        """Least seconds of an image with raw input from memory, or of packed bits in the cache."""
        program = limit_seconds(self.work, machine) / SAMPLES
        return max(program, input_limit_seconds(self.features, machine)) if raw else program

    def cycles_per_node(self, machine: Machine, nodes: int) -> float:
        """Cycles that a node takes for 512 samples, from packed bits; everything else included."""
        cycles = self.counted_cycles
        if cycles is None:
            cycles = self.seconds[PACKED] * machine.clock
        return cycles * SAMPLES / nodes


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, columns aligned; numbers (all but the first column) to the right.

    Raises:
        ValueError: if a row has another number of cells than the header.
    """
    if any(len(row) != len(header) for row in rows):
        raise ValueError("a row has more or fewer cells than the header")
    widths = [max(3, *map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(header), line(rule), *map(line, rows)])


def number(value: float | None, digits: int = 3) -> str:
    """A number of so many significant digits, such as ``12,300`` or ``0.0123``; a dash for none."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    places = max(0, digits - len(str(int(abs(rounded))))) if abs(rounded) >= 1 else None
    return f"{rounded:,.{places}f}" if places is not None else f"{rounded:.{digits}g}"


def machine_table(machine: Machine) -> str:
    """The limits of the core that do not depend on the size of the values."""
    what = f"operations on registers, {'three' if machine.three_inputs else 'two'} inputs"
    rows = [
        ("clock", f"{machine.clock / 1e9:.2f} GHz", "1"),
        (
            what,
            f"{number(machine.operations / 1e9)} G/s",
            number(machine.operations / machine.clock),
        ),
        (
            "reading memory",
            f"{number(machine.input_bytes / 1e9)} GB/s",
            f"{number(machine.input_bytes / machine.clock)} bytes",
        ),
    ]
    return markdown(("512-bit vectors", "a second", "a cycle"), rows)


def level_table(machine: Machine) -> str:
    """Loads and stores by the size of the array."""
    header = ("array", "loads in order", "loads by table", "stores by table")
    rows = []
    for level in machine.levels:
        rates = (level.loads_in_order, level.loads_by_table, level.stores_by_table)
        cells = (f"{number(rate / 1e9)} G/s, {rate / machine.clock:.2f}" for rate in rates)
        rows.append((f"{level.size >> 10:,} KiB", *cells))
    return markdown(header, rows)


def speed_table(results: Sequence[Result]) -> str:
    """Speed of the engine."""
    header = (
        "model", "nodes", "accuracy", "as golden", "load", "ready", "raw, cache", "raw, memory",
        "packed, cache", "packed, memory", "raw ns", "packed ns",
    )  # fmt: skip
    rows = [
        (
            result.model,
            f"{result.nodes:,} LUT{result.fan_in}",
            f"{result.test_accuracy:.2%}",
            "yes" if result.identical else "NO",
            f"{number(result.load_seconds)} s",
            f"{number(result.ready_seconds)} s",
            *(
                number(1e-6 / result.seconds[what])
                for what in (RAW, RAW_MEMORY, PACKED, PACKED_MEMORY)
            ),
            number(1e9 * result.seconds[RAW]),
            number(1e9 * result.seconds[PACKED]),
        )
        for result in results
    ]
    return markdown(header, rows)


def ratio_table(results: Sequence[Result]) -> str:
    """The baselines: million images a second, and how many times as fast the engine is."""
    theirs = (STRAIGHT, STRAIGHT_PACKED, TORCHLOGIX, GOLDEN, RELU)
    ours = (RAW, PACKED, RAW, RAW, RAW)
    shown = [
        (us, them)
        for us, them in zip(ours, theirs, strict=True)
        if any(them in result.seconds for result in results)
    ]
    header = ["model", "gcc -O1"]
    for us, them in shown:
        header += [them, f"{us} / it"]
    rows = []
    for result in results:
        compiled = result.compile_seconds
        cells = [result.model, "-" if compiled is None else f"{number(compiled)} s"]
        for us, them in shown:
            seconds, ratio = result.seconds.get(them), result.ratio(us, them)
            cells.append("-" if seconds is None else number(1e-6 / seconds))
            cells.append("-" if ratio is None else f"{number(ratio)} x")
        rows.append(cells)
    return markdown(header, rows)


def relu_table(results: Sequence[Result]) -> str:
    """Which ReLU networks they are."""
    header = (
        "model", "validation", "ReLU's", "test", "ReLU's", "hidden units", "best batch",
        "raw / ReLU", "packed / ReLU",
    )  # fmt: skip
    rows = [
        (
            result.model,
            f"{result.validation_accuracy:.2%}",
            f"{result.relu.validation_accuracy:.2%}",
            f"{result.test_accuracy:.2%}",
            f"{result.relu.test_accuracy:.2%}"
            + (" (below)" if result.relu.test_accuracy < result.test_accuracy else ""),
            str(result.relu.width),
            f"{result.relu.batch:,}",
            f"{number(result.ratio(RAW, RELU))} x",
            f"{number(result.ratio(PACKED, RELU))} x",
        )
        for result in results
        if result.relu is not None
    ]
    return markdown(header, rows)


def limit_table(results: Sequence[Result], machine: Machine) -> str:
    """Work of the programs, and how near the limits they come."""
    header = (
        "model", "computed nodes", "operations", "loads", "stores", "values", "tables", "block",
        "cycles / trained node", "cycles / computed node", "limit ns", "set by", "of limit",
        "ideal ns", "of ideal", "raw limit ns", "raw, memory, of limit",
    )  # fmt: skip
    return markdown(header, [_limit_row(result, machine) for result in results])


def _limit_row(result: Result, machine: Machine) -> tuple[str, ...]:
    times = limit_parts(result.work, machine)
    packed, raw = result.limit(machine, raw=False), result.limit(machine, raw=True)
    ideal = ideal_seconds(result.work, machine) / SAMPLES
    return (
        result.model,
        f"{result.computed_nodes:,}",
        f"{result.work.operations:,}",
        f"{result.work.loads:,}",
        f"{result.work.stores:,}",
        f"{result.work.value_bytes / 1024:,.0f} KiB",
        f"{result.table_bytes / 1024:,.0f} KiB",
        f"{result.block_samples:,}",
        number(result.cycles_per_node(machine, result.nodes)),
        number(result.cycles_per_node(machine, result.computed_nodes)),
        number(1e9 * packed),
        max(times, key=lambda what: times[what]),
        f"{packed / result.seconds[PACKED]:.0%}",
        number(1e9 * ideal),
        f"{ideal / result.seconds[PACKED]:.0%}",
        number(1e9 * raw),
        f"{raw / result.seconds[RAW_MEMORY]:.0%}",
    )


def limit_words(machine: Machine) -> str:
    """How the limits are derived."""
    operations = (
        "one a node, for an operation computes any function of three vectors"
        if machine.three_inputs
        else "the fewest and, or, xor, and-not that compute the node's table, 0 to 4"
    )
    adders = ADDER_OPERATIONS[machine.three_inputs]
    return (
        f"Operations: {operations}; and {ADDERS} full adders of {adders} for each eight bits "
        "counted. The limit is the longest of three times, as if they overlapped perfectly: "
        "operations at the rate on registers; loads and stores by table at the rates of the "
        "smallest array above that holds the values. Ideal: all values in the smallest array. Raw: "
        "at least the time of reading the pixels from memory. Comparing and transposing pixels, "
        "argmax and jumps are not in the limits."
    )
