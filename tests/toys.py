"""A layer kind, a head, a pass, a device and a board that the package does not know.

The pages docs/extend-*.md show pieces of this file, to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from lgn2hdl.arithmetic.builder import FALSE, Builder
from lgn2hdl.base.errors import OptionError
from lgn2hdl.board.boards import BOARDS, ICE40, Board
from lgn2hdl.ir import logic
from lgn2hdl.ir.circuit import CARRY, SUM
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Netlist, frozen
from lgn2hdl.model import heads, layers
from lgn2hdl.model.layers import AddGates
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.results import Result, number_bits
from lgn2hdl.passes.pipeline import InputFacts, Pass
from lgn2hdl.targets.devices import DEVICES, find_device

OR = 0b1110


@dataclass(frozen=True, eq=False)
class OrPool:
    """Every value is the OR of ``size`` neighbours; what is left over at the end is not read."""

    kind: ClassVar[str] = "toy-or-pool"

    size: np.ndarray
    n_values: np.ndarray

    def __post_init__(self) -> None:
        for name in ("size", "n_values"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int32))
        if self.size.shape != (1,) or self.n_values.shape != (1,):
            raise ValueError("a pool has one size and one number of values")
        if not 2 <= self.fan_in <= 6 or not 1 <= self.width <= 1000:
            raise ValueError("a pool of 2 to 6 neighbours gives 1 to 1000 values")

    @property
    def width(self) -> int:
        return int(self.n_values[0])

    @property
    def fan_in(self) -> int:
        return int(self.size[0])

    @property
    def reads(self) -> int:
        return self.width * self.fan_in

    def evaluate(self, values: np.ndarray) -> np.ndarray:
        return np.bitwise_or.reduce(values[: self.reads].reshape(self.width, self.fan_in, -1), 1)

    def unrolled(self) -> tuple[Lut, ...]:
        fanin = np.arange(self.reads, dtype=np.int32).reshape(self.width, self.fan_in)
        table = logic.all_ones(self.fan_in) ^ 1
        return (Lut(fanin, np.full(self.width, table, logic.table_dtype(self.fan_in))),)

    def reference(self, add: AddGates, literals: np.ndarray) -> np.ndarray:
        pins = literals[: self.reads].reshape(self.width, self.fan_in)
        result = pins[:, 0]
        for pin in range(1, self.fan_in):
            pair = np.stack([result, pins[:, pin]], axis=1)
            result = add(pair, np.full(self.width, OR, np.uint8))
        return result

    def arrays(self) -> dict[str, np.ndarray]:
        return {"size": self.size, "n_values": self.n_values}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> OrPool:
        return cls(arrays["size"], arrays["n_values"])


layers.KINDS.register(OrPool.kind, OrPool)


@dataclass(frozen=True)
class CountPlan:
    """The number of bits that are set, in binary."""

    n: int

    @property
    def results(self) -> tuple[Result, ...]:
        width = self.n.bit_length()
        return (Result("ones", width, "outputs that are set", Count.value_name, several=True),)

    def result_bits(self, head: Count, outputs: np.ndarray) -> dict[str, np.ndarray]:
        return {"ones": number_bits(outputs.sum(axis=0), self.n.bit_length())}

    def gates(self) -> Netlist:
        builder = Builder(self.n, 3)
        total = [FALSE] * self.n.bit_length()
        for carry in builder.inputs():
            for place, bit in enumerate(total):
                pins = (bit, carry, FALSE)
                total[place], carry = builder.lut(pins, SUM), builder.lut(pins, CARRY)
        return builder.block(total).netlist

    def document(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {"head": Count.kind, "counts": list(names)}


@dataclass(frozen=True)
class Count:
    """The result is how many bits of the last layer are set."""

    kind: ClassVar[str] = "toy-count"
    decides_class: ClassVar[bool] = False
    value_name: ClassVar[str] = "count"
    since_version: ClassVar[int] = 4

    n: int

    @property
    def n_outputs(self) -> int:
        return self.n

    @property
    def n_names(self) -> int:
        return 1

    def decisions(self, outputs: np.ndarray) -> np.ndarray:
        return outputs.sum(axis=0, dtype=np.int64)[:, None]

    def values(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        return {self.value_name: self.decisions(outputs)}

    def signals(self, netlist: Netlist, *, scores: bool = True) -> np.ndarray:
        return np.unique(netlist.outputs)

    def plan(
        self, netlist: Netlist, signals: Any, *, scores: bool = True, margin: bool = False
    ) -> CountPlan:
        if margin:
            raise OptionError("a count has no margin: leave it out")
        return CountPlan(self.n)

    def describe(self, names: tuple[str, ...]) -> str:
        return f"a count of {self.n} bits"

    def arrays(self) -> dict[str, np.ndarray]:
        return {}

    def document(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_file(cls, arrays: Any, document: Any, n_outputs: int) -> Count:
        return cls(n_outputs)


heads.KINDS.register(Count.kind, Count)


def sorted_pins(most: int) -> Pass:
    """A pass with a parameter: gates of at most so many pins read the highest node first."""

    def run(netlist: Netlist, facts: InputFacts | None) -> Netlist:
        connected = netlist.fanin != CONSTANT_ZERO
        order = np.argsort(-netlist.fanin, axis=1, kind="stable")
        narrow = connected.sum(axis=1) <= most
        order[~narrow] = np.arange(netlist.n_pins)
        if (order == np.arange(netlist.n_pins)).all():
            return netlist
        fanin = np.take_along_axis(netlist.fanin, order, axis=1)
        return replace(netlist, fanin=fanin, table=logic.permute(netlist.table, order))

    return Pass(f"toy_sorted_pins_{most}", run)


DEVICES.register(
    "toy-lut5",
    replace(
        find_device("xcup"),
        name="toy-lut5",
        title="a device of LUT5 whose chains add two bits",
        lut_inputs=5,
        wide_inputs=5,
        absorbs_addend=False,
    ),
)


BOARDS.register(
    "toy-board",
    Board(
        name="toy-board",
        title="a board with iCE40 HX8K",
        platform=("toy_platform", "ToyPlatform"),
        device="ice40-hx8k",
        router_arguments=("--hx8k", "--package", "ct256"),
        tools=ICE40,
        load=("openFPGALoader -b toy {file}",),
        flash=("openFPGALoader -b toy -f {file}",),
    ),
)
