"""A module around a pipeline, the pipeline, and the scoreboard beside them, as one machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lgn2hdl.verify.interface.spec import PATH, Vectors, Wanted, by_name, memory, watch
from lgn2hdl.verify.readers.cells import Cells, HardwareError
from lgn2hdl.verify.sat.algebra import Bits, Vector
from lgn2hdl.verify.sat.machine import Machine, machine_of

Fresh = Callable[[str, int], Vector]
"""Gives the value of an input of this name and width."""


@dataclass(frozen=True)
class State:
    """What registers hold: the module's, the pipeline's, the scoreboard's."""

    module: Vector
    pipeline: Mapping[str, Vector]
    kept: Mapping[str, Vector]


@dataclass(frozen=True)
class Cycle:
    """One clock cycle.

    Attributes:
        checks: whether each property holds.
        after: what registers hold in the next cycle.
        ports: values of the module's ports.
        pipeline: values of the pipeline's ports.
    """

    checks: Mapping[str, Vector]
    after: State
    ports: Mapping[str, Vector]
    pipeline: Mapping[str, Vector]


@dataclass(frozen=True, eq=False)
class Product:
    """The machine.

    Attributes:
        machine: the module around the pipeline.
        instance: name of the pipeline in it.
        want: what it has to be.
    """

    machine: Machine
    instance: str
    want: Wanted

    def module_inputs(self) -> dict[str, int]:
        """Name and width of the inputs beside the clock."""
        return {
            name: width
            for name, (way, width) in self.want.ports.items()
            if way == "input" and name != "clk"
        }

    def cycle(
        self, b: Bits, state: State, pipeline: Pipeline, ports: Vectors, others: Vectors | None
    ) -> Cycle:
        """One clock cycle.

        Args:
            b: gates.
            state: what registers hold.
            pipeline: the pipeline.
            ports: values of the inputs.
            others: other values of the inputs, for which outputs must be the same; None if that is
                not to be looked at.
        """
        nets = self._nets(b, state, pipeline, ports)
        given = {name: nets[self.machine.sinks["", name]] for name in self._outputs()}
        seen = dict(ports) | given
        inner = pipeline.outputs(state.pipeline) | {
            name: nets[self.machine.sinks[self.instance, name]]
            for way, name, _ in self.want.pipeline_ports
            if way == "input" and name != "clk"
        }
        checks, kept = watch(b, self.want, state.kept, seen, inner)
        if others is not None:
            again = self._nets(b, state, pipeline, others)
            one = np.concatenate([given[name] for name in self._outputs()])
            other = np.concatenate([
                again[self.machine.sinks["", name]] for name in self._outputs()
            ])  # fmt: skip
            checks[PATH] = b.equal(one, other)
        after = State(
            self.machine.next_state(b.algebra, state.module, nets),
            pipeline.after(b, state.pipeline, inner, kept["used"]),
            kept,
        )
        return Cycle(checks, after, seen, inner)

    def _outputs(self) -> list[str]:
        return [name for name, (way, _) in self.want.ports.items() if way == "output"]

    def _nets(self, b: Bits, state: State, pipeline: Pipeline, ports: Vectors) -> Vector:
        sources = {("", name): value for name, value in ports.items()} | {("", "clk"): b.false}
        inner = pipeline.outputs(state.pipeline)
        for name, value in by_name(self.want.results, inner["result"]).items():
            sources[self.instance, name] = value
        sources[self.instance, "valid_out"] = inner["valid_out"]
        return self.machine.nets(b.algebra, state.module, sources)


class Pipeline:
    """The pipeline, as it is proved to be: a row of stages that move together.

    A stage holds ``valid``, which a reset clears, and a result. What the result is, is decided as
    its sample enters, by ``fresh``: the proof of the pipeline says which it is, here it may be any.

    With no stages it is the last one of any number of stages: as it moves, it takes any result and
    any ``valid``, but none is valid before a sample has entered.
    """

    def __init__(self, want: Wanted, stages: int | None, fresh: Fresh) -> None:
        self._want, self._stages, self._fresh = want, stages, fresh

    def widths(self) -> dict[str, int]:
        """Width of everything that it holds."""
        stages = self._stages or 1
        return {"valid": stages, "result": stages * self._want.result_bits}

    def outputs(self, state: Vectors) -> dict[str, Vector]:
        """What leaves it."""
        bits = self._want.result_bits
        return {"valid_out": state["valid"][-1:], "result": state["result"][-bits:]}

    def after(self, b: Bits, state: Vectors, pins: Vectors, used: Vector) -> dict[str, Vector]:
        """What it holds in the next cycle."""
        result = self._fresh("result", self._want.result_bits)
        if self._stages is None:
            valid = b.both(used, self._fresh("valid", 1))
        else:
            valid = np.concatenate([pins["valid_in"], state["valid"][:-1]])
            result = np.concatenate([result, state["result"][: -self._want.result_bits]])
        valid = b.choose(pins["enable"], valid, state["valid"])
        return {
            "valid": b.both(b.negated(pins["rst"]), valid),
            "result": b.choose(pins["enable"], result, state["result"]),
        }


def product_of(cells: Cells, want: Wanted) -> Product:
    """The machine of a module that was read.

    Raises:
        HardwareError: if the module has other ports, or is no sound hardware.
    """
    ports = {name: (cells.directions[name], len(nets)) for name, nets in cells.ports.items()}
    if ports != want.ports:
        raise HardwareError(f"the top module's ports are {_listed(ports)}, not those of the design")
    instance = instance_of(cells, {name for _, name, _ in want.pipeline_ports}, "the pipeline")
    directions = {(instance, name): way for way, name, _ in want.pipeline_ports}
    boxes = {key: nets for key, nets in cells.instance_ports.items() if key in directions}
    return Product(machine_of(replace(cells, instance_ports=boxes), directions), instance, want)


def instance_of(cells: Cells, ports: set[str], what: str) -> str:
    """Name of the only instance that has these ports.

    Raises:
        HardwareError: if there is none, or more than one.
    """
    found: dict[str, set[str]] = {}
    for instance, port in cells.instance_ports:
        found.setdefault(instance, set()).add(port)
    instances = [instance for instance, names in found.items() if names == ports]
    if len(instances) != 1:
        raise HardwareError(f"the top module has {len(instances)} instances of {what}, not one")
    return instances[0]


def _listed(ports: Mapping[str, tuple[str, int]]) -> str:
    return ", ".join(f"{way} {name} of {width}" for name, (way, width) in ports.items())


def new_state(product: Product, pipeline: Pipeline, fresh: Fresh) -> State:
    """Registers that hold whatever ``fresh`` gives."""
    kept = {name: fresh(f"kept {name}", bits) for name, bits in memory(product.want).items()}
    inner = {name: fresh(f"stage {name}", bits) for name, bits in pipeline.widths().items()}
    return State(fresh("registers", len(product.machine.registers)), inner, kept)
