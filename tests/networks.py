"""Random networks and netlists for the property-based tests, rich in what passes must handle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from lgn2hdl.ir import logic, packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads import Head
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer


def exhaustive_inputs(n: int) -> npt.NDArray[np.uint64]:
    """All ``2**n`` input vectors, packed, ``u64[n, words]``; vector ``s`` is the number ``s``."""
    samples = np.arange(1 << n)
    return packed.pack((samples >> np.arange(n)[:, None]) & 1 == 1)


def truth(netlist: Netlist) -> npt.NDArray[np.bool_]:
    """Outputs of the netlist for all input vectors, ``bool[O, 2**n_inputs]``."""
    words = evaluate(netlist, exhaustive_inputs(netlist.n_inputs))
    return packed.unpack(words, 1 << netlist.n_inputs)


def random_table(rng: np.random.Generator, fan_in: int) -> int:
    """A table: often constant, a wire, an inverter or one that ignores pins."""
    ones = logic.all_ones(fan_in)
    wire = logic.pin_table(fan_in, int(rng.integers(fan_in)))
    anything = int(rng.integers(0, ones, dtype=np.uint64, endpoint=True))
    two = int(rng.integers(16))
    narrow = int(logic.widen(np.array([two], np.uint8), min(2, fan_in), fan_in)[0]) & ones
    kind = rng.choice(6, p=[0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    return (anything, narrow, 0, ones, wire, ones ^ wire)[kind]


def random_netlist(
    rng: np.random.Generator, n_inputs: int, n_gates: int, n_pins: int, n_outputs: int
) -> Netlist:
    """A netlist with constants, wires, inverters, twins, tied, unused and constant pins.

    Outputs are constants, inputs, gates, and the same node twice.
    """
    fanin = np.zeros((n_gates, n_pins), np.int32)
    table = np.zeros(n_gates, logic.table_dtype(n_pins))
    for gate in range(n_gates):
        if gate and rng.random() < 0.2:
            _twin(rng, fanin, table, gate)
            continue
        newest = n_inputs + gate
        oldest = max(0, newest - 6) if rng.random() < 0.7 else 0
        fanin[gate] = rng.integers(oldest, newest + 1, n_pins)
        table[gate] = random_table(rng, n_pins)
        if rng.random() < 0.2:
            _unuse(rng, fanin, table, gate)
    outputs = rng.integers(0, n_inputs + 1 + n_gates, n_outputs)
    return Netlist(n_inputs, fanin, table, outputs, np.arange(n_gates, dtype=np.int32))


def _twin(rng: np.random.Generator, fanin: np.ndarray, table: np.ndarray, gate: int) -> None:
    """The same function of an earlier gate's pins, in another order, perhaps complemented."""
    other = int(rng.integers(gate))
    order = rng.permutation(fanin.shape[1])
    fanin[gate] = fanin[other, order]
    twin = logic.permute(table[other : other + 1], order[None, :])
    table[gate] = (logic.negate(twin, fanin.shape[1]) if rng.random() < 0.5 else twin)[0]


def _unuse(rng: np.random.Generator, fanin: np.ndarray, table: np.ndarray, gate: int) -> None:
    """One pin is disconnected; most often the table ignores it, as it should."""
    pin = int(rng.integers(fanin.shape[1]))
    fanin[gate, pin] = 0
    if rng.random() < 0.8:
        part = table[gate : gate + 1]
        table[gate] = logic.cofactor(part, fanin.shape[1], pin, int(rng.integers(2)))[0]


@st.composite
def netlists(draw: st.DrawFn, max_gates: int = 40, max_inputs: int = 8) -> Netlist:
    """Random netlists of 1 to 6 pins."""
    n_gates = draw(st.integers(0, max_gates))
    n_inputs = draw(st.integers(0, max_inputs))
    n_pins = draw(st.integers(1, logic.MAX_FAN_IN))
    n_outputs = draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return random_netlist(rng, n_inputs, n_gates, n_pins, n_outputs)


def random_network(
    rng: np.random.Generator,
    *,
    n_features: int,
    width: int,
    fan_ins: tuple[int, ...],
    bits: bool = False,
) -> LogicNet:
    """A network with one layer per entry of ``fan_ins``, on features of ``width`` bits.

    Its head is a GroupSum, or Bits if ``bits`` says so.
    """
    n_bits = int(rng.integers(1, 4 * n_features + 1))
    encoder = Thermometer(rng.integers(0, n_features, n_bits), rng.integers(0, 1 << width, n_bits))
    layers, available = [], n_bits
    for fan_in in fan_ins:
        nodes = int(rng.integers(1, 20))
        tables = np.array([random_table(rng, fan_in) for _ in range(nodes)], np.uint64)
        layers.append(Lut(rng.integers(0, available, (nodes, fan_in)), tables))
        available = nodes
    head: Head = Bits(available) if bits else random_group_sum(rng, available)
    return LogicNet(
        features=integer_features(n_features, width),
        encoder=encoder,
        layers=tuple(layers),
        head=head,
        class_names=tuple(f"name {index}" for index in range(head.n_names)),
        card={"data": "random", "metrics": {"accuracy": 0.5}},
    )


def random_group_sum(rng: np.random.Generator, n_outputs: int) -> GroupSum:
    """A head with weights and biases of both signs."""
    n_classes = int(rng.integers(2, 6))
    return GroupSum(
        class_of=rng.integers(0, n_classes, n_outputs),
        weight=rng.integers(-3, 4, n_outputs),
        bias=rng.integers(-5, 6, n_classes),
        tau=float(rng.uniform(0.5, 20)),
    )


@st.composite
def networks(
    draw: st.DrawFn, bits: bool | None = None, max_fan_in: int = logic.MAX_FAN_IN
) -> LogicNet:
    """Random networks of 1 to 4 layers with mixed fan-in; both kinds of heads unless one is asked.

    Args:
        draw: given by hypothesis.
        bits: True for Bits heads only, False for GroupSum heads only.
        max_fan_in: most pins of a node.
    """
    fan_ins = tuple(draw(st.lists(st.integers(2, max_fan_in), min_size=1, max_size=4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_features, width = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    bits = draw(st.booleans()) if bits is None else bits
    return random_network(rng, n_features=n_features, width=width, fan_ins=fan_ins, bits=bits)
