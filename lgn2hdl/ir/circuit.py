"""Circuit: everything between the packed input bits and the result ports, as one netlist.

Encoder, core and what the head needs are netlists of their own first (a :class:`Block` each), which
:func:`join` puts behind each other. Scheduling, simulation, proof and emission see the joined
graph, so that registers can move across the parts.

Arithmetic may use carry chains. In the netlist a chain is what it computes: per position a sum
gate (exclusive or of augend, addend and carry) and a carry gate (majority), so that evaluating or
proving it needs no special case; a :class:`Chain` says which gates those are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.ir.labels import Label, Meaning, Part
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist, frozen, live

SUM, CARRY = 0b10010110, 0b11101000
"""Tables of a full adder's sum and carry."""

NO_CHAIN = -1
"""Chain of a gate that is a look-up table of its own."""


@dataclass(frozen=True, eq=False)
class Chain:
    """A ripple-carry adder on a carry chain: ``augend + addend + carry_in``, one row a position.

    On an FPGA a position is one LUT, which computes ``augend ^ addend``, and one carry cell, which
    takes the augend straight. The LUT has room for the gate that computes the addend, so that
    such a gate costs nothing if nobody else reads it and it has one pin less than the LUT.

    Attributes:
        augend: node of each position, least significant first, ``i32[L]``; 0 where there is none.
        addend: node of each position, ``i32[L]``; 0 where there is none.
        carry_in: node added to the lowest position; 0 if there is none.
        sums: gate (as node id) of each position's sum, ``i32[L]``.
        carries: gate (as node id) of the carry out of each position, ``i32[L]``; the last one is 0
            if the total always fits into the sums.
        absorbed: nodes among the addends whose gates the chain's LUTs compute, ``i32[A]``.
    """

    augend: Ids
    addend: Ids
    carry_in: int
    sums: Ids
    carries: Ids
    absorbed: Ids = field(default_factory=lambda: np.empty(0, np.int32))

    def __post_init__(self) -> None:
        for name in ("augend", "addend", "sums", "carries", "absorbed"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int32))
        lengths = {len(self.augend), len(self.addend), len(self.sums), len(self.carries)}
        if len(lengths) != 1 or not len(self.sums):
            raise ValueError(f"a carry chain's columns have lengths {sorted(lengths)}")

    @property
    def length(self) -> int:
        """Number of positions, L."""
        return len(self.sums)

    @property
    def gates(self) -> Ids:
        """Node ids of all gates that the chain realizes: absorbed addends, sums, carries."""
        carries = self.carries[self.carries != CONSTANT_ZERO]
        return np.concatenate([self.absorbed, self.sums, carries])

    def renumbered(self, new_id: Ids) -> Chain:
        """The same chain where node ``i`` has become ``new_id[i]``."""
        return Chain(
            new_id[self.augend],
            new_id[self.addend],
            int(new_id[self.carry_in]),
            new_id[self.sums],
            new_id[self.carries],
            new_id[self.absorbed],
        )


@dataclass(frozen=True, eq=False)
class Block:
    """A part of a circuit, with inputs and outputs of its own.

    Attributes:
        netlist: the logic.
        chains: carry chains among its gates.
    """

    netlist: Netlist
    chains: tuple[Chain, ...] = ()

    @property
    def clusters(self) -> Ids:
        """What a gate shares one LUT level with, ``i32[G]``, as :attr:`Circuit.clusters`."""
        return _clusters(_chain_of(self.netlist, self.chains))


@dataclass(frozen=True, eq=False)
class Circuit:
    """The joined parts.

    Attributes:
        netlist: inputs are the bits of the packed features ``x``, the least significant first;
            outputs are the bits of the result ports, each port least significant bit first.
        parts: the parts, in the order in which a sample passes them.
        part: index into ``parts`` of every gate, ``u8[G]``.
        chain: index into ``chains`` of every gate, ``i32[G]``; :data:`NO_CHAIN` for a plain LUT.
        chains: all carry chains.
        labels: nodes whose values mean something of their own.
        lut_inputs: inputs of the LUTs that :meth:`lut_count` counts.
    """

    netlist: Netlist
    parts: tuple[Part, ...]
    part: npt.NDArray[np.uint8]
    chain: Ids
    chains: tuple[Chain, ...]
    labels: tuple[Label, ...] = ()
    lut_inputs: int = logic.MAX_FAN_IN

    def __post_init__(self) -> None:
        object.__setattr__(self, "part", frozen(self.part, np.uint8))
        object.__setattr__(self, "chain", frozen(self.chain, np.int32))
        check_circuit(self)

    @property
    def behind_core(self) -> npt.NDArray[np.bool_]:
        """Whether each gate belongs to the head, ``bool[G]``."""
        return np.array([part.in_head for part in self.parts], np.bool_)[self.part]

    @property
    def clusters(self) -> Ids:
        """What a gate shares one LUT level with, ``i32[G]``: its chain's lowest gate, or itself."""
        return _clusters(self.chain)

    def lut_count(self) -> dict[str, int]:
        """LUTs of each part: one for a plain gate with pins, one for each position of a chain.

        A gate with more pins than a LUT counts as the LUTs that its table fills, two for each pin
        too many; the device's wide multiplexers join them.
        """
        plain = np.where(self.chain == NO_CHAIN, lut_costs(self.netlist, self.lut_inputs), 0)
        counts = np.bincount(self.part, weights=plain, minlength=len(self.parts)).astype(int)
        for item in self.chains:
            counts[self.part[item.sums[0] - self.netlist.first_gate]] += item.length
        return dict(zip((part.name for part in self.parts), counts.tolist(), strict=True))


def check_circuit(circuit: Circuit) -> None:
    """Check that the pieces of a circuit fit together.

    Raises:
        ValueError: if they do not.
    """
    netlist, n_gates = circuit.netlist, circuit.netlist.n_gates
    names = [part.name for part in circuit.parts]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"the parts of a circuit are called {names}: give each a name of its own")
    if len(circuit.part) != n_gates or int(circuit.part.max(initial=0)) >= len(names):
        raise ValueError("not every gate belongs to a part")
    if any(not 0 <= item.node < netlist.n_nodes for item in circuit.labels):
        raise ValueError("a label is of a node that does not exist")
    if not 2 <= circuit.lut_inputs <= logic.MAX_FAN_IN:
        raise ValueError(f"LUTs of {circuit.lut_inputs} inputs are not 2 to {logic.MAX_FAN_IN}")
    for item in circuit.chains:
        _check_chain(netlist, item)
        if len(np.unique(circuit.part[item.gates - netlist.first_gate])) != 1:
            raise ValueError("a carry chain is in two parts")
    if not np.array_equal(circuit.chain, _chain_of(netlist, circuit.chains)):
        raise ValueError("chains and the gates that are said to be theirs differ")


def _check_chain(netlist: Netlist, item: Chain) -> None:
    """Every position adds its augend, its addend and the carry from below, and nothing else.

    Raises:
        ValueError: if one does not, or the chain names nodes that are no gates.
    """
    gates = item.gates - netlist.first_gate
    if len(gates) and (int(gates.min()) < 0 or int(gates.max()) >= netlist.n_gates):
        raise ValueError("a carry chain names a node that is no gate")
    below = np.concatenate([[item.carry_in], item.carries[:-1]])
    pins = np.stack([item.augend, item.addend, below], axis=1)
    _require_function(netlist, item.sums, pins, SUM)
    used = item.carries != CONSTANT_ZERO
    _require_function(netlist, item.carries[used], pins[used], CARRY)


def _require_function(netlist: Netlist, nodes: Ids, pins: Ids, table: int) -> None:
    """Check that each gate is this function of these three nodes.

    Raises:
        ValueError: if one is not.
    """
    rows = nodes - netlist.first_gate
    wide = np.full((len(nodes), netlist.n_pins), CONSTANT_ZERO, np.int32)
    wide[:, :3] = pins
    tables = logic.widen(np.full(len(nodes), table, np.uint8), 3, netlist.n_pins)
    if (netlist.fanin[rows] != wide).any() or (netlist.table[rows] != tables).any():
        raise ValueError("a gate of a carry chain is not the sum or carry of its position")


def lut_costs(netlist: Netlist, lut_inputs: int) -> npt.NDArray[np.int64]:
    """LUTs of every gate, ``i64[G]``: none for a constant or a wire, several for a wide gate."""
    connected = netlist.fanin != CONSTANT_ZERO
    pins = connected.sum(axis=1)
    free = pins == 0
    for pin in range(netlist.n_pins):
        alone = (pins == 1) & connected[:, pin]
        free |= alone & (netlist.table == logic.pin_table(netlist.n_pins, pin))
    return np.where(free, 0, 1 << np.maximum(pins - lut_inputs, 0))


def join(
    n_inputs: int,
    blocks: Sequence[tuple[Part, Block, Ids]],
    outputs: Sequence[tuple[int, int]],
    meanings: Mapping[str, Sequence[Meaning]] | None = None,
    lut_inputs: int = logic.MAX_FAN_IN,
) -> Circuit:
    """Put blocks behind each other.

    Args:
        n_inputs: bits of the circuit's input.
        blocks: the part, the block, and for each of its inputs where it comes from: the
            position among the circuit's inputs for the first block, among the outputs of the block
            before for the others; -1 where the input is not used.
        outputs: block and output position of every output of the circuit.
        meanings: what the nodes at the outputs of some parts mean, by the part's name.
        lut_inputs: inputs of the LUTs that are counted.
    """
    n_pins = max(block.netlist.n_pins for _, block, _ in blocks)
    fanins, tables, parts, of_block = [], [], [], []
    chains: list[Chain] = []
    sources: Ids = np.arange(1, n_inputs + 1, dtype=np.int32)
    labels: list[Label] = []
    next_id = n_inputs + 1
    for place, (part, block, wiring) in enumerate(blocks):
        netlist = block.netlist
        gates = np.arange(next_id, next_id + netlist.n_gates, dtype=np.int32)
        used = np.append(sources, CONSTANT_ZERO)[wiring]
        new_id = np.concatenate([[CONSTANT_ZERO], used, gates]).astype(np.int32)
        fanin, table = _renumbered(netlist, new_id, n_pins)
        fanins.append(fanin)
        tables.append(table)
        parts.append(np.full(netlist.n_gates, place, np.uint8))
        chains += [item.renumbered(new_id) for item in block.chains]
        sources = new_id[netlist.outputs]
        of_block.append(sources)
        labels += map(Label, sources.tolist(), (meanings or {}).get(part.name, ()))
        next_id += netlist.n_gates
    joined = Netlist(
        n_inputs=n_inputs,
        fanin=np.concatenate(fanins),
        table=np.concatenate(tables),
        outputs=np.array([of_block[index][bit] for index, bit in outputs], np.int32),
        origin=np.concatenate([block.netlist.origin for _, block, _ in blocks]),
    )
    of_gate = _chain_of(joined, chains)
    return Circuit(
        joined,
        tuple(part for part, _, _ in blocks),
        np.concatenate(parts),
        of_gate,
        tuple(chains),
        tuple(labels),
        lut_inputs,
    )


def without_dead(circuit: Circuit) -> Circuit:
    """The circuit without gates that no output depends on; chains end at the highest sum in use."""
    netlist = circuit.netlist
    alive = live(netlist)
    alive[CONSTANT_ZERO] = False
    shortened = [_shortened(item, alive) for item in circuit.chains]
    chains = [item for item in shortened if item is not None]
    for item in chains:
        alive[item.gates] = True  # sums in the middle stay, whether they are read or not
    alive[: netlist.first_gate] = True
    if alive.all():
        return circuit
    new_id = (np.cumsum(alive) - 1).astype(np.int32)
    kept = alive[netlist.first_gate :]
    smaller = replace(
        netlist,
        fanin=new_id[netlist.fanin[kept]],
        table=netlist.table[kept],
        outputs=new_id[netlist.outputs],
        origin=netlist.origin[kept],
    )
    chains = [item.renumbered(new_id) for item in chains]
    labels = tuple(
        Label(int(new_id[item.node]), item.meaning) for item in circuit.labels if alive[item.node]
    )
    of_gate = _chain_of(smaller, chains)
    return replace(
        circuit,
        netlist=smaller,
        part=circuit.part[kept],
        chain=of_gate,
        chains=tuple(chains),
        labels=labels,
    )


def _shortened(item: Chain, alive: npt.NDArray[np.bool_]) -> Chain | None:
    """The chain up to the highest sum or carry that is needed; None if there is none."""
    needed = np.flatnonzero(alive[item.sums] | alive[item.carries])
    if not len(needed):
        return None
    length = int(needed[-1]) + 1
    carries = np.where(alive[item.carries], item.carries, CONSTANT_ZERO)[:length]
    addend = item.addend[:length]
    absorbed = item.absorbed[np.isin(item.absorbed, addend)]
    return Chain(item.augend[:length], addend, item.carry_in, item.sums[:length], carries, absorbed)


def _renumbered(netlist: Netlist, new_id: Ids, n_pins: int) -> tuple[Ids, logic.Tables]:
    """Pins and tables of a block's gates with the circuit's node ids and number of pins."""
    fanin = np.full((netlist.n_gates, n_pins), CONSTANT_ZERO, np.int32)
    fanin[:, : netlist.n_pins] = new_id[netlist.fanin]
    return fanin, logic.widen(netlist.table, netlist.n_pins, n_pins)


def _chain_of(netlist: Netlist, chains: Sequence[Chain]) -> Ids:
    """Chain of every gate, ``i32[G]``.

    Raises:
        ValueError: if a gate is in two chains.
    """
    of_gate = np.full(netlist.n_gates, NO_CHAIN, np.int32)
    for index, item in enumerate(chains):
        gates = item.gates - netlist.first_gate
        if (of_gate[gates] != NO_CHAIN).any():
            raise ValueError("a gate belongs to two carry chains")
        of_gate[gates] = index
    return of_gate


def _clusters(chain: Ids) -> Ids:
    """The lowest gate of every gate's chain, or the gate itself, ``i32[G]``."""
    own = np.arange(len(chain), dtype=np.int32)
    gates = np.flatnonzero(chain != NO_CHAIN)
    _, first, index = np.unique(chain[gates], return_index=True, return_inverse=True)
    own[gates] = gates[first[index]]
    return own
