"""Search for a fault of a module around the pipeline: clock cycles from a reset that show it.

Many streams of random transfers are simulated side by side; what they miss, a SAT solver looks for
cycle by cycle. What is found is simulated once more, alone, and written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import packed
from lgn2hdl.verify.interface.product import Cycle, Pipeline, Product, State, new_state
from lgn2hdl.verify.interface.spec import RIGID, Wanted, is_beat
from lgn2hdl.verify.proofs.interface_trace import Trace
from lgn2hdl.verify.sat.algebra import Bits, Symbols, Vector, Words
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import FALSE, TRUE, Graph
from lgn2hdl.verify.sat.solver import NodeSolver

Inputs = dict[str, Vector]
Bools = npt.NDArray[np.bool_]

STREAMS = 512
"""Streams that are simulated side by side; fewer where a sample has many bits."""

MOST_BITS = 1 << 21
"""Streams times bits of a sample, about."""

CHANCES: Mapping[str, tuple[float, ...]] = {
    "rst": (0.0, 0.0, 0.03), "enable": (1.0, 0.8, 0.5), "valid": (1.0, 0.8, 0.4),
    "ready": (1.0, 0.6, 0.2), "error_clear": (0.0, 0.2), "wrong": (0.0, 0.1, 0.4),
}  # fmt: skip
"""How often a signal is high in a stream, each for a part of the streams."""

ROLES = {
    "s_axis_tvalid": "valid", "valid_in": "valid", "m_axis_tready": "ready", "ready_out": "ready",
}  # fmt: skip


def find_fault(product: Product, deadline: Deadline, *, cycles: int | None = None) -> Trace | None:
    """Clock cycles in which a property does not hold, or None if none were found.

    Args:
        product: the module, the pipeline and the scoreboard.
        deadline: when to give up.
        cycles: how many to simulate, and to look at with the solver; None for some packets.
    """
    number = cycles or 6 * product.want.beats + 2 * product.want.latency + 40
    found = _simulated(product, number, deadline)
    return found if found is not None else _solved(product, cycles or number // 2, deadline)


class _Recorder:
    """What every input was, to simulate it again."""

    def __init__(self) -> None:
        self.cycles: list[Inputs] = []
        self.start: dict[str, Vector] = {}

    def stream(self, number: int) -> tuple[dict[str, Vector], list[Inputs]]:
        """Start and inputs of one of the streams, as single words."""
        start = {name: _one(value, number) for name, value in self.start.items()}
        inputs = [
            {name: _one(value, number) for name, value in given.items()} for given in self.cycles
        ]
        return start, inputs


def _one(value: Vector, stream: int) -> Vector:
    word, bit = divmod(stream, 64)
    return (value[:, word : word + 1] >> np.uint64(bit)) & np.uint64(1)


def _simulated(product: Product, cycles: int, deadline: Deadline) -> Trace | None:
    """A fault that random transfers show; the first one in time."""
    want, rng = product.want, np.random.default_rng(1)
    words = max(1, min(STREAMS, MOST_BITS // (want.sample_bits + want.result_bits)) // 64)
    senders, recorder = _Senders(want, rng, 64 * words), _Recorder()
    b = Bits(Words(words))

    def start(name: str, width: int) -> Vector:
        given = senders.index(width) if name == f"kept {RIGID}" else senders.noise(width)
        recorder.start[name] = given
        return given

    def fresh(name: str, width: int) -> Vector:
        return recorder.cycles[-1].setdefault(f"fresh {name}", senders.noise(width))

    pipeline = Pipeline(want, want.latency, fresh)
    state = new_state(product, pipeline, start)
    for number in range(cycles):
        if deadline.passed:
            return None
        ports = senders.ports(product, b, state, first=number == 0)
        others = {name: senders.noise(len(value)) for name, value in ports.items()}
        recorder.cycles.append(ports | {f"other {name}": value for name, value in others.items()})
        cycle = product.cycle(b, state, pipeline, ports, others)
        fault = _first_fault(cycle) if number else None
        if fault is not None:
            return _replayed(product, *recorder.stream(fault))
        state = cycle.after
    return None


def _first_fault(cycle: Cycle) -> int | None:
    """Number of a stream in which something is wrong."""
    right = np.bitwise_and.reduce([check[0] for check in cycle.checks.values()])
    streams = np.flatnonzero(~packed.unpack(right[None], 64 * len(right))[0])
    return int(streams[0]) if len(streams) else None


class _Senders:
    """Random inputs, each stream with habits of its own."""

    def __init__(self, want: Wanted, rng: np.random.Generator, streams: int) -> None:
        self._want, self._rng, self._streams = want, rng, streams
        self._chance = {
            name: rng.choice(np.array(levels), streams) for name, levels in CHANCES.items()
        }

    def noise(self, width: int) -> Vector:
        """Any bits."""
        shape = (width, self._streams // 64)
        return self._rng.integers(0, 1 << 64, shape, dtype=np.uint64, endpoint=False)

    def index(self, width: int) -> Vector:
        """Numbers of beats."""
        numbers = self._rng.integers(0, self._want.beats, self._streams)
        return packed.pack((numbers >> np.arange(width)[:, None] & 1).astype(bool))

    def _often(self, name: str) -> Vector:
        return packed.pack((self._rng.random(self._streams) < self._chance[name])[None])

    def ports(self, product: Product, b: Bits, state: State, *, first: bool) -> Inputs:
        """Values of all inputs; the first cycle is a reset."""
        found: Inputs = {}
        for name, width in product.module_inputs().items():
            role = ROLES.get(name, name)
            found[name] = self._often(role) if role in CHANCES else self.noise(width)
        if first:
            found["rst"] = b.true
        if self._want.is_stream:
            at_end = b.is_number(state.kept["place"], self._want.beats - 1)
            skipping = b.both(state.kept["skipping"], self._often("ready"))
            found["s_axis_tlast"] = b.differ(b.either(at_end, skipping), self._often("wrong"))
        return found


def _replayed(product: Product, start: Mapping[str, Vector], inputs: Sequence[Inputs]) -> Trace:
    """One stream alone, written down."""
    b, given = Bits(Words(1)), inputs[0]

    def fresh(name: str, width: int) -> Vector:
        return given[f"fresh {name}"]

    pipeline = Pipeline(product.want, product.want.latency, fresh)
    state = new_state(product, pipeline, lambda name, width: start[name])
    power_up = tuple(
        name
        for name, bit in zip(product.machine.names, state.module[:, 0].tolist(), strict=True)
        if bit & 1
    )
    ports, inner = [], []
    for at, given in enumerate(inputs):
        values = {name: value for name, value in given.items() if " " not in name}
        others = {name: given[f"other {name}"] for name in values}
        cycle = product.cycle(b, state, pipeline, values, others)
        ports.append(_numbers(cycle.ports))
        inner.append(_numbers(cycle.pipeline))
        wrong = [name for name, check in cycle.checks.items() if not int(check[0, 0]) & 1]
        if at and wrong:
            return Trace(wrong[0], power_up, tuple(ports), tuple(inner))
        state = cycle.after
    raise AssertionError("the simulation of a trace does not show the fault that it was made for")


def _numbers(values: Mapping[str, Vector]) -> dict[str, int]:
    return {
        name: sum((int(bit) & 1) << place for place, bit in enumerate(value[:, 0]))
        for name, value in values.items()
    }


def _solved(product: Product, cycles: int, deadline: Deadline) -> Trace | None:
    """A fault that the solver finds, with as few cycles as there can be."""
    graph = Graph()
    symbols = Symbols(graph)
    b, solver, recorder = Bits(symbols), NodeSolver(graph, deadline), _Recorder()

    def start(name: str, width: int) -> Vector:
        recorder.start[name] = symbols.free(width)
        return recorder.start[name]

    def fresh(name: str, width: int) -> Vector:
        return recorder.cycles[-1].setdefault(f"fresh {name}", symbols.free(width))

    pipeline = Pipeline(product.want, product.want.latency, fresh)
    state = new_state(product, pipeline, start)
    if product.want.is_stream:
        watched = is_beat(b, product.want, state.kept[RIGID])
        solver.require_all(watched[watched != TRUE])
    for number in range(cycles):
        ports, others = (_free_inputs(product, symbols) for _ in range(2))
        if number == 0:
            ports["rst"] = b.true
        recorder.cycles.append(ports | {f"other {name}": value for name, value in others.items()})
        cycle = product.cycle(b, state, pipeline, ports, others)
        if number and _can_fail(b, solver, cycle):
            return _replayed(product, *_model(solver, recorder))
        if deadline.passed:
            return None
        state = cycle.after
    return None


def _free_inputs(product: Product, symbols: Symbols) -> Inputs:
    return {name: symbols.free(width) for name, width in product.module_inputs().items()}


def _can_fail(b: Bits, solver: NodeSolver, cycle: Cycle) -> bool:
    wrong = b.negated(b.all_of(np.concatenate(list(cycle.checks.values()))))
    if wrong[0] in (FALSE, TRUE):
        return bool(wrong[0] == TRUE)
    solver.load(wrong >> 1)
    return solver.satisfiable(wrong.tolist()) is True


def _model(solver: NodeSolver, recorder: _Recorder) -> tuple[dict[str, Vector], list[Inputs]]:
    """The values of the solver's last answer, one word each."""

    def valued(given: Mapping[str, Vector]) -> Inputs:
        return {
            name: solver.literal_values(literals).astype(np.uint64)[:, None]
            for name, literals in given.items()
        }

    return valued(recorder.start), [valued(given) for given in recorder.cycles]
