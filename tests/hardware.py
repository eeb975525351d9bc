"""Small designs, and Amaranth's own simulator around one component, for the hardware tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from amaranth.back import rtlil
from amaranth.sim import Simulator

from lgn2hdl import logic
from lgn2hdl.features import NOT_A_CATEGORY, Features, integer_features
from lgn2hdl.lower import lower
from lgn2hdl.model import Bits, GroupSum, LogicNet, Lut, Thermometer
from lgn2hdl.netlist import Netlist
from lgn2hdl.passes import prune
from lgn2hdl.schedule import Design, schedule


def features_of_widths(widths: Sequence[int]) -> Features:
    """Plain integer features, each with a width of its own."""
    plain = integer_features(len(widths), 1)
    arrays = {name: getattr(plain, name) for name in ("column", "offset", "step", "category")}
    return Features(
        **arrays,
        width=np.array(widths, np.uint8),
        column_names=plain.column_names,
        categories=plain.categories,
    )


def raw_table_features() -> Features:
    """A plain column, a category of two values, and a scaled real column."""
    return Features(
        column=np.array([0, 1, 1, 2], np.int32),
        width=np.array([3, 1, 1, 5], np.uint8),
        offset=np.array([0, 0, 0, -1.5]),
        step=np.array([1, 1, 1, 0.25]),
        category=np.array([NOT_A_CATEGORY, 0, 1, NOT_A_CATEGORY], np.int32),
        column_names=("age", "colour", "height"),
        categories=((), ("red", "blue"), ()),
    )


def mixed_network(
    seed: int = 1,
    *,
    widths: Sequence[int] = (3, 1, 6, 2, 8),
    fan_ins: Sequence[int] = (2, 4, 2, 2),
    width: int = 24,
    n_classes: int = 3,
    features: Features | None = None,
) -> LogicNet:
    """Random tables, mixed feature widths and fan-in, weights and biases of both signs."""
    rng = np.random.default_rng(seed)
    features = features or features_of_widths(widths)
    feature = np.arange(4 * features.n_features) % features.n_features
    threshold = rng.integers(0, features.highest[feature] + 1)
    layers, available = [], len(feature)
    for fan_in in fan_ins:
        fanin = rng.integers(0, available, (width, fan_in))
        table = rng.integers(0, logic.all_ones(fan_in), width, dtype=np.uint64, endpoint=True)
        layers.append(Lut(fanin, table))
        available = width
    weight = rng.choice(np.array([-3, -2, -1, 1, 2, 4], np.int8), available)
    bias = rng.integers(-5, 6, n_classes)
    return LogicNet(
        features=features,
        encoder=Thermometer(feature, threshold),
        layers=tuple(layers),
        head=GroupSum(np.arange(available) % n_classes, weight, bias, 3.0),
        class_names=tuple(f"class {index}" for index in range(n_classes)),
        card={},
    )


def adder_network(n_bits: int) -> LogicNet:
    """Ripple-carry adder with a Bits head: one-bit features ``a0, a1, ..., b0, b1, ...``.

    The first ``n_bits + 1`` outputs are the sum. Four more are what is easily got wrong: a copy of
    the sum's lowest bit, ``a0`` as it came in, a constant 1 and a constant 0.
    """
    wire, xor, majority, both_differ, both = 0xAA, 0x96, 0xE8, 0x66, 0x88
    names = [f"{operand}{place}" for operand in "ab" for place in range(n_bits)]
    layers = []
    for place in range(n_bits):
        pins = [f"a{place}", f"b{place}", "carry" if place else f"b{place}"]
        nodes = {name: (wire, [name] * 3) for name in names}
        nodes[f"sum{place}"] = (xor if place else both_differ, pins)
        nodes["carry"] = (majority if place else both, pins)
        layers.append(_named_layer(names, list(nodes.values())))
        names = list(nodes)
    chosen = [*(f"sum{place}" for place in range(n_bits)), "carry", "sum0", "a0"]
    last = [(wire, [name] * 3) for name in chosen] + [(table, ["a0"] * 3) for table in (255, 0)]
    return LogicNet(
        features=integer_features(2 * n_bits, 1),
        encoder=Thermometer(np.arange(2 * n_bits), np.ones(2 * n_bits, np.int32)),
        layers=(*layers, _named_layer(names, last)),
        head=Bits(len(last)),
        class_names=(*chosen[:-2], "sum0 again", "a0", "one", "zero"),
        card={},
    )


def _named_layer(below: list[str], nodes: list[tuple[int, list[str]]]) -> Lut:
    """A layer of (table, names of the pins) on top of nodes with names."""
    fanin = [[below.index(pin) for pin in pins] for _, pins in nodes]
    return Lut(np.array(fanin), np.array([table for table, _ in nodes]))


def adder_outputs(n_bits: int, rows: np.ndarray) -> np.ndarray:
    """Outputs of :func:`adder_network` by arithmetic, ``u8[N, n_bits + 5]``."""
    place = 1 << np.arange(n_bits)
    total = rows[:, :n_bits] @ place + rows[:, n_bits:] @ place
    bits = total[:, None] >> np.arange(n_bits + 1) & 1
    ones = np.ones((len(rows), 1), int)
    return np.hstack([bits, bits[:, :1], rows[:, :1], ones, 0 * ones]).astype(np.uint8)


def all_rows(n_columns: int) -> np.ndarray:
    """Every row of bits once, ``u8[2**n, n]``."""
    return (np.arange(1 << n_columns)[:, None] >> np.arange(n_columns) & 1).astype(np.uint8)


def design_of(
    network: LogicNet, *, levels: int = 2, head_levels: int = 2, pruned: bool = True
) -> Design:
    """The scheduled design of a network."""
    netlist = prune(lower(network))[0] if pruned else lower(network)
    return schedule(network, netlist, levels_per_stage=levels, head_levels_per_stage=head_levels)


def netlist_design(netlist: Netlist, levels: int) -> Design:
    """A design around any netlist: one-bit features, every output counts for one of two classes."""
    n_features = max(1, netlist.n_inputs)
    n_outputs = len(netlist.outputs)
    network = LogicNet(
        features=integer_features(n_features, 1),
        encoder=Thermometer(np.arange(n_features), np.ones(n_features, np.int32)),
        layers=(Lut(np.zeros((max(1, n_outputs), 2), np.int32), [8] * max(1, n_outputs)),),
        head=GroupSum(
            np.arange(max(1, n_outputs)) % 2, np.ones(max(1, n_outputs)), np.zeros(2), 1.0
        ),
        class_names=("even", "odd"),
        card={},
    )
    return schedule(network, netlist, levels_per_stage=levels, head_levels_per_stage=1)


def register_transfer_text(component: Any) -> str:
    """What Amaranth hands to its Verilog writer (Yosys's RTLIL); much faster than Verilog."""
    return str(rtlil.convert(component))


def register_bits(component: Any) -> int:
    """Flip-flops that Amaranth emits for a component."""
    text = register_transfer_text(component)
    cells = re.findall(r"cell \$dff .*?\n(.*?)\n\s*end\n", text, re.DOTALL)
    return sum(int(re.search(r"\\WIDTH (\d+)", cell)[1]) for cell in cells)


def run_component(
    component: Any,
    samples: Iterable[Mapping[str, int]],
    outputs: Sequence[str],
    latency: int,
) -> list[dict[str, int]]:
    """Outputs for a new sample every clock cycle, read ``latency`` cycles after each was put in."""
    results = []
    waiting = list(samples)
    last = dict(waiting[-1])

    async def bench(context: Any) -> None:
        for cycle, sample in enumerate([*waiting, *[last] * latency]):
            for name, value in sample.items():
                context.set(getattr(component, name), value)
            if cycle >= latency:
                ports = {name: getattr(component, name) for name in outputs}
                results.append({name: int(context.get(port)) for name, port in ports.items()})
            await context.tick()

    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return results


def pack_bits(values: Sequence[int], widths: Sequence[int]) -> int:
    """One number with value 0 in the least significant bits; negative values wrap around."""
    number, lsb = 0, 0
    for value, width in zip(values, widths, strict=True):
        number |= (int(value) & ((1 << width) - 1)) << lsb
        lsb += width
    return number
