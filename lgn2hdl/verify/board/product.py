"""The module around a network on a board, what it has to do, and the scoreboard, as one machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lgn2hdl.verify.board.claims import result_comes, watch
from lgn2hdl.verify.board.spec import cycle
from lgn2hdl.verify.board.wanted import BoardWanted, memory
from lgn2hdl.verify.interface.product import Fresh, instance_of
from lgn2hdl.verify.interface.spec import Vectors, by_name
from lgn2hdl.verify.readers.cells import Cells, HardwareError
from lgn2hdl.verify.readers.items import Nets
from lgn2hdl.verify.sat.algebra import Bits, Vector
from lgn2hdl.verify.sat.machine import Machine, machine_of

NETWORK = ("rst", "valid_in", "x")
"""Inputs of the network, beside the clock."""

MEMORY = {
    "write_enable": "a byte is written into the queue exactly where there is one",
    "write_address": "bytes are written into the queue one behind the other",
    "write_data": "the byte that is written into the queue is that of the answer",
    "read_address": "bytes are read from the queue one behind the other",
}
"""Inputs of the queue's memory, beside the clock, and what has to hold of them."""

SAME_PINS = {
    "tx": "the line is what docs/boards.md says",
    "rst": "the network is reset exactly in the first cycles",
    "valid_in": "the network gets a sample exactly where one was received",
    "x": "the network gets the sample that was received",
    **MEMORY,
}
"""What has to hold of each output of the module, and of each input of what is in it."""


@dataclass(frozen=True)
class State:
    """What registers hold: the module's, those of the machine, the scoreboard's."""

    module: Vector
    kept: Mapping[str, Vector]
    board: Mapping[str, Vector]


@dataclass(frozen=True)
class Cycle:
    """One clock cycle.

    Attributes:
        checks: whether each property holds.
        after: what registers hold in the next cycle.
        pins: of the memory, the network and the module, as the machine says.
    """

    checks: Mapping[str, Vector]
    after: State
    pins: Mapping[str, Vector]


@dataclass(frozen=True, eq=False)
class BoardProduct:
    """The machines side by side.

    Attributes:
        machine: the module.
        network, memory: names of the instances in it.
        want: what it has to be.
    """

    machine: Machine
    network: str
    memory: str
    want: BoardWanted

    def cycle(self, b: Bits, state: State, rx: Vector, fresh: Fresh) -> Cycle:
        """One clock cycle.

        Args:
            b: gates.
            state: what registers hold.
            rx: the line.
            fresh: gives what the network and the memory answer, as far as it may be anything.
        """
        want = self.want
        comes = result_comes(b, want, state.kept, state.board, fresh("valid_out", 1))
        inner = {
            "valid_out": comes,
            "result": fresh("result", want.result_bits),
            "read_data": fresh("read_data", 8),
        }
        signals, kept = cycle(b, want, state.kept, rx, inner)
        checks, board = watch(b, want, state.kept, state.board, signals)
        nets = self.machine.nets(b.algebra, state.module, self._sources(b, rx, inner))
        sinks = self.machine.sinks
        for pin, name in SAME_PINS.items():
            instance = self.memory if pin in MEMORY else self.network if pin in NETWORK else ""
            checks[name] = b.equal(nets[sinks[instance, pin]], signals.pins[pin])
        module = self.machine.next_state(b.algebra, state.module, nets)
        return Cycle(checks, State(module, kept, board), signals.pins)

    def registered_pins(self) -> dict[str, Nets]:
        """Nets of the pins that show a register of the machine's, by the register's name."""
        sinks = self.machine.sinks
        found = {name: sinks[self.memory, name] for name in ("write_address", "read_address")}
        return found | {"x": sinks[self.network, "x"], "tx": sinks["", "tx"]}

    def _sources(self, b: Bits, rx: Vector, inner: Vectors) -> dict[tuple[str, str], Vector]:
        sources = {("", "rx"): rx, ("", "clk"): b.false}
        sources[self.network, "valid_out"] = inner["valid_out"]
        sources[self.memory, "read_data"] = inner["read_data"]
        for name, value in by_name(self.want.results, inner["result"]).items():
            sources[self.network, name] = value
        return sources


def board_product(cells: Cells, want: BoardWanted) -> BoardProduct:
    """The machine of a module that was read.

    Raises:
        HardwareError: if the module has other ports, not one memory of the queue's size, or is no
            sound hardware.
    """
    ports = {name: (cells.directions[name], len(nets)) for name, nets in cells.ports.items()}
    if ports != want.ports:
        raise HardwareError(f"the board's top module has the ports {', '.join(sorted(ports))}")
    if len(cells.memories) != 1:
        raise HardwareError(f"the board's top module has {len(cells.memories)} memories, not one")
    (queue,) = cells.memories
    if (len(queue.read_address), len(queue.read_data)) != (_address_bits(want), 8):
        raise HardwareError("the queue has not the size that docs/boards.md gives")
    network = instance_of(cells, {name for _, name, _ in want.network_ports}, "the network")
    directions = {(network, name): way for way, name, _ in want.network_ports}
    pins = {
        "clk": [queue.clock],
        "write_enable": [queue.write_enable],
        "write_address": queue.write_address,
        "write_data": queue.write_data,
        "read_address": queue.read_address,
        "read_data": queue.read_data,
    }
    directions |= {(queue.name, pin): "output" if pin == "read_data" else "input" for pin in pins}
    known = {**cells.instance_ports, **{(queue.name, pin): nets for pin, nets in pins.items()}}
    boxes = {key: nets for key, nets in known.items() if key in directions}
    driven = list(cells.driven)
    for net in queue.read_data:
        if driven[net]:
            raise HardwareError(f"what is read from {queue.name} is driven twice")
        driven[net] = True
    whole = replace(cells, instance_ports=boxes, driven=driven)
    return BoardProduct(machine_of(whole, directions), network, queue.name, want)


def _address_bits(want: BoardWanted) -> int:
    return memory(want)["read_address"]
