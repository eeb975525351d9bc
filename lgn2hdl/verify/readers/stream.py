"""Hardware clock cycle by clock cycle: what a stream of samples gives, registers and all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lgn2hdl.ir import logic
from lgn2hdl.verify.readers.cells import ONE
from lgn2hdl.verify.readers.hardware import Hardware
from lgn2hdl.verify.readers.items import groups

Words = npt.NDArray[np.uint64]


def simulate(
    hardware: Hardware, results: list[str], x: Words, power_up: Words | None = None
) -> Words:
    """Result ports in every clock cycle.

    Args:
        hardware: what was read.
        results: names of the result ports.
        x: bits of port ``x`` in every cycle, packed streams, ``u64[cycles, bits, words]``.
        power_up: what the registers hold before the first cycle, in the order of the items,
            ``u64[registers, words]``; None for 0.

    Returns:
        Bits of the result ports in every cycle, ``u64[cycles, bits, words]``.
    """
    items, ports = hardware.items, hardware.ports
    values = np.zeros((len(hardware.node), x.shape[2]), np.uint64)
    values[ONE] = ~np.uint64(0)
    outputs = np.concatenate([ports["", name] for name in results])
    registers = np.flatnonzero(items.delay == 1)
    gates = [np.arange(group.start, group.stop)[items.delay[group] == 0] for group in groups(items)]
    if power_up is not None:
        values[items.out[registers]] = power_up
    given = []
    for bits in x:
        values[ports["", "x"]] = bits
        for chosen in gates:
            pins = values[items.pins[chosen].T]
            values[items.out[chosen]] = logic.evaluate(items.table[chosen], pins)
        given.append(values[outputs])
        values[items.out[registers]] = values[items.pins[registers, 0]]
    return np.array(given)
