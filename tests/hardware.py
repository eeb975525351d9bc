"""Small designs, and Amaranth's own simulator around one component, for the hardware tests."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator

from lgn2hdl.arithmetic.cost import Objective
from lgn2hdl.arithmetic.resources import Resources
from lgn2hdl.compiler.assemble import assemble
from lgn2hdl.compiler.schedule import Design, schedule
from lgn2hdl.hdl.part import RESULT, PartPlan
from lgn2hdl.ir import logic, packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.features import NOT_A_CATEGORY, Features, Missing, fit_features, integer_features
from lgn2hdl.model.heads import Head
from lgn2hdl.model.heads.bits import Bits, BitsPlan
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.heads.group_sum_plan import decide
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.model.vectors import random_vectors
from lgn2hdl.passes import prune
from lgn2hdl.passes.lower import lower
from lgn2hdl.targets.devices import Device, find_device


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


def gap_features() -> Features:
    """Columns in which numbers may be missing, one of them with a feature that tells."""
    rows = np.array([[0.5, 0, np.nan, 3], [1.5, 1, 2.0, 5], [np.nan, 1, 3.0, 5], [4.5, 0, 9.0, 12]])
    flagged = fit_features(
        rows,
        column_names=("length", "colour", "height", "count"),
        categories=((), ("red", "blue"), (), ()),
        real_width=5,
        missing=Missing.FLAG,
    )
    # Of the first flag nothing is left: its column's numbers may be missing without a word.
    kept = np.arange(flagged.n_features) != 1
    arrays = {name: getattr(flagged, name)[kept] for name in FEATURE_ARRAYS}
    return dataclasses.replace(flagged, **arrays)


FEATURE_ARRAYS = ("column", "width", "offset", "step", "category")


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
    network: LogicNet,
    *,
    levels: int = 2,
    k: int = 6,
    carry: bool = True,
    scores: bool = True,
    margin: bool = False,
    pruned: bool = True,
) -> Design:
    """The scheduled design of a network whose gates are not mapped."""
    core = prune(lower(network))[0] if pruned else lower(network)
    circuit, head = assemble(network, core, resources_of(k, carry), scores=scores, margin=margin)
    return schedule(network, circuit, head, levels_per_stage=levels)


def resources_of(k: int, carry: bool, objective: Objective = Objective.LUTS) -> Resources:
    """As devices are: chains in front of which there is room have LUTs of six inputs."""
    return Resources(k, carry, absorbs_addend=k == 6, objective=objective)


def device_of(k: int, *, wide: int | None = None, carry: bool = True) -> Device:
    """A device that is none of the list: inputs of a LUT, of wide functions, and carry chains."""
    plain = find_device("xcup" if carry else "generic")
    wide = k if wide is None else wide
    return replace(
        plain, name="other", lut_inputs=k, wide_inputs=wide, absorbs_addend=carry and k == 6
    )


def netlist_design(netlist: Netlist, levels: int) -> Design:
    """A design around a netlist with inputs and outputs: one-bit features, outputs are bits."""
    n_features, n_outputs = netlist.n_inputs, len(netlist.outputs)
    network = LogicNet(
        features=integer_features(n_features, 1),
        encoder=Thermometer(np.arange(n_features), np.ones(n_features, np.int32)),
        layers=(Lut(np.zeros((n_outputs, 2), np.int32), [8] * n_outputs),),
        head=Bits(n_outputs),
        class_names=tuple(f"bit {place}" for place in range(n_outputs)),
        card={},
    )
    circuit, head = assemble(network, netlist, Resources(6, carry=False))
    return schedule(network, circuit, head, levels_per_stage=levels)


def constant_network(head: Head) -> LogicNet:
    """Two outputs, 0 and 1: no encoder bit and no gate is left."""
    return LogicNet(
        features=features_of_widths([1]),
        encoder=Thermometer([0], [1]),
        layers=(Lut([[0, 0], [0, 0]], [0, 15]),),
        head=head,
        class_names=("a", "b"),
        card={},
    )


def wire_network() -> LogicNet:
    """Outputs are bits of the input as it came, twice, and its complement: one stage of wires."""
    return LogicNet(
        features=features_of_widths([2]),
        encoder=Thermometer([0, 0], [2, 1]),
        layers=(Lut([[0, 0], [1, 1], [0, 0], [0, 1]], [10, 10, 5, 10]),),
        head=Bits(4),
        class_names=("a", "b", "c", "d"),
        card={},
    )


def feature_bits(features: Features, integers: np.ndarray) -> np.ndarray:
    """Bits of the packed input ``x`` of every row, ``bool[bits, N]``."""
    return np.array([
        integers[:, feature].astype(np.int64) >> bit & 1 == 1
        for feature, width in enumerate(features.width.tolist())
        for bit in range(width)
    ])  # fmt: skip


def random_rows(features: Features, number: int, seed: int = 0) -> np.ndarray:
    """Random features, ``[N, F]``; the first two rows are all lowest and all highest."""
    rows = random_vectors(features, number, seed).integers
    rows[:1], rows[1:2] = 0, features.highest
    return rows


def node_values(design: Design, rows: np.ndarray) -> np.ndarray:
    """Value of every node for each row of features, by the golden model, ``bool[nodes, N]``."""
    netlist = design.circuit.netlist
    everything = replace(netlist, outputs=np.arange(netlist.n_nodes, dtype=np.int32))
    bits = packed.pack(feature_bits(design.network.features, rows))
    return packed.unpack(evaluate(everything, bits), len(rows))


def port_values(design: Design, rows: np.ndarray) -> list[dict[str, int]]:
    """Expected value of the result ports for each row, by the trained network itself."""
    plan, network = design.head, design.network
    if isinstance(plan, BitsPlan):
        ones = [1] * plan.n_outputs
        return [{"bits": pack_bits(row, ones)} for row in network.decisions(rows).tolist()]
    scores = network.scores(rows)
    results = [{"class_index": int(index)} for index in decide(scores)]
    if plan.scores:
        widths = [plan.score_width] * plan.n_classes
        for result, row in zip(results, scores.tolist(), strict=True):
            result["scores"] = pack_bits(row, widths)
    if plan.margin:
        for result, row in zip(results, scores.tolist(), strict=True):
            second, first = sorted(row)[-2:]
            result["margin"] = first - second
    return results


def register_transfer_text(component: Any) -> str:
    """What Amaranth hands to its Verilog writer (Yosys's RTLIL); much faster than Verilog."""
    return str(rtlil.convert(component))


def register_bits(component: Any) -> int:
    """Flip-flops that Amaranth emits for a component."""
    text = register_transfer_text(component)
    cells = re.findall(r"cell \$dff .*?\n(.*?)\n\s*end\n", text, re.DOTALL)
    return sum(int(re.search(r"\\WIDTH (\d+)", cell)[1]) for cell in cells)


def run_part(component: Any, plan: PartPlan, values: np.ndarray, latency: int) -> None:
    """Feed a part with a new sample every clock cycle and require the golden value at each output.

    A value (node, time) belongs to the sample that entered ``time`` cycles ago. ``values`` is
    ``bool[nodes, N]``; a sample that has not entered yet is all zeros and is not checked.
    """
    n_rows = values.shape[1]
    inputs = {f"from_{part}": rows for part, rows in plan.inputs.items()}
    if plan.n_x:
        inputs["x"] = np.stack([1 + np.arange(plan.n_x), np.zeros(plan.n_x, int)], axis=1)
    outputs = {
        part if part == RESULT else f"to_{part}": rows for part, rows in plan.outputs.items()
    }

    def expected(rows: np.ndarray, cycle: int) -> list[bool]:
        samples = cycle - rows[:, 1]
        return np.where((samples >= 0) & (samples < n_rows),
                        values[rows[:, 0], np.clip(samples, 0, n_rows - 1)], False)  # fmt: skip

    async def bench(context: Any) -> None:
        for cycle in range(n_rows + latency):
            for name, rows in inputs.items():
                number = pack_bits(expected(rows, cycle), [1] * len(rows))
                context.set(getattr(component, name), number)
            for name, rows in outputs.items():
                got = int(context.get(getattr(component, name)))
                known = (rows[:, 1] <= cycle) & (cycle - rows[:, 1] < n_rows)
                bits = np.array([got >> place & 1 for place in range(len(rows))], bool)
                wrong = known & (bits != expected(rows, cycle))
                assert not wrong.any(), (plan.name, name, cycle, rows[wrong].tolist())
            await context.tick()

    simulator = Simulator(component if hasattr(component, "clk") else _clocked(component))
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def _clocked(component: Any) -> Module:
    """A part without registers beside one that only makes a clock for the simulator."""
    m = Module()
    m.submodules.part = component
    tick = Signal()
    m.d.sync += tick.eq(~tick)
    return m


def pack_bits(values: Sequence[int], widths: Sequence[int]) -> int:
    """One number with value 0 in the least significant bits; negative values wrap around."""
    number, lsb = 0, 0
    for value, width in zip(values, widths, strict=True):
        number |= (int(value) & ((1 << width) - 1)) << lsb
        lsb += width
    return number
