"""One clock cycle of a board's machines as gates, to simulate it many times."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.verify.board.claims import scoreboard
from lgn2hdl.verify.board.product import BoardProduct, State
from lgn2hdl.verify.board.wanted import memory
from lgn2hdl.verify.interface.spec import by_name
from lgn2hdl.verify.sat.algebra import Bits, Symbols, Vector
from lgn2hdl.verify.sat.graph import Graph

Words = npt.NDArray[np.uint64]
Nodes = npt.NDArray[np.int64]

ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


class BoardStep:
    """A clock cycle.

    All that is kept has one numbering: the module's registers, then the bits of the machine.

    Attributes:
        n_module: registers of the module.
        inputs: width of everything that a cycle is given, by name: ``bits`` (what is kept), what
            the scoreboard keeps, ``rx``, and what the network and the memory answer.
    """

    def __init__(self, product: BoardProduct) -> None:
        self._product, self._widths = product, memory(product.want)
        self.n_module = len(product.machine.registers)
        self._graph = Graph()
        symbols = Symbols(self._graph)
        given: dict[str, Vector] = {}

        def fresh(name: str, width: int) -> Vector:
            return given.setdefault(name, symbols.free(width))

        bits = fresh("bits", self.n_module + sum(self._widths.values()))
        board = {name: fresh(name, width) for name, width in scoreboard(product.want).items()}
        state = State(bits[: self.n_module], self.named(bits), board)
        cycle = product.cycle(Bits(symbols), state, fresh("rx", 1), fresh)
        kept = [cycle.after.kept[name] for name in self._widths]
        self.inputs = {name: len(value) for name, value in given.items()}
        self._given = {name: value >> 1 for name, value in given.items()}
        self._found = {
            "bits": np.concatenate([cycle.after.module, *kept]),
            **{name: cycle.after.board[name] for name in board},
            **{name: cycle.pins[name] for name in ("write_enable", "write_data")},
            **cycle.checks,
        }
        self.checks = tuple(cycle.checks)
        wanted = np.concatenate(list(self._found.values())) >> 1
        self._gates = [
            _gates(self._graph, nodes)
            for level in _levels(self._graph, wanted)
            for nodes in _by_fan_in(self._graph, level)
        ]

    def run(self, given: Mapping[str, Words]) -> dict[str, Words]:
        """What is kept for the next cycle, and whether the properties hold, by their names.

        Beside it what the module writes into the queue's memory.

        Args:
            given: values of the inputs, ``u64[width, words]``.
        """
        words = given["bits"].shape[1]
        values = np.zeros((self._graph.size, words), np.uint64)
        for name, nodes in self._given.items():
            values[nodes] = given[name]
        for level, table, pins in self._gates:
            values[level] = logic.evaluate(table, values[pins])
        return {
            name: values[literals >> 1] ^ np.where(literals & 1, ALL, np.uint64(0))[:, None]
            for name, literals in self._found.items()
        }

    def named(self, bits: Vector) -> dict[str, Vector]:
        """The machine's bits by name, out of all bits."""
        return by_name(self._widths.items(), bits[self.n_module :])

    def name(self, number: int) -> str:
        """What has a number."""
        if number < self.n_module:
            return self._product.machine.names[number]
        number -= self.n_module
        for name, width in self._widths.items():
            if number < width:
                return f"{name}[{number}]"
            number -= width
        raise IndexError(number)


def _by_fan_in(graph: Graph, nodes: Nodes) -> list[Nodes]:
    """Gates that read equally many nodes together: most read few, whose tables are short."""
    fan_in = np.count_nonzero(graph.pins[nodes], axis=1)
    return [nodes[fan_in == number] for number in np.unique(fan_in)]


def _gates(graph: Graph, nodes: Nodes) -> tuple[Nodes, logic.Words, Nodes]:
    """Gates of one fan-in, their tables, and the nodes that their pins read, pin after pin."""
    fan_in = int(np.count_nonzero(graph.pins[nodes[0]]))  # (those that are not there come last)
    table = graph.table[nodes] & np.uint64(logic.all_ones(fan_in))
    return nodes, table, np.ascontiguousarray(graph.pins[nodes, :fan_in].T)


def _levels(graph: Graph, wanted: Nodes) -> list[Nodes]:
    """The gates that some nodes depend on, in an order in which none reads a later one."""
    needed = np.zeros(graph.size, np.bool_)
    frontier = np.unique(wanted)
    while len(frontier):
        needed[frontier] = True
        frontier = np.unique(graph.pins[frontier])
        frontier = frontier[~needed[frontier]]
    known = graph.table[: graph.size] == 0
    left, levels = np.flatnonzero(needed & ~known), []
    while len(left):
        ready = known[graph.pins[left]].all(axis=1)
        levels.append(left[ready])
        known[left[ready]] = True
        left = left[~ready]
    return levels
