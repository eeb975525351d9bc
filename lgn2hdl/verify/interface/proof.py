"""The module around the pipeline: proved for ever, or a fault of it in a few clock cycles.

It is read like the pipeline, which is a box here: what the box does is what the proof of the
pipeline says. See docs/verify.md.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lgn2hdl.compiler.interface_choice import Interface
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.hdl.interface import pipeline_name
from lgn2hdl.targets.devices import Device
from lgn2hdl.verify.interface.induction import prove_by_induction
from lgn2hdl.verify.interface.product import Product, product_of
from lgn2hdl.verify.interface.replay import replay_trace
from lgn2hdl.verify.interface.search import find_fault
from lgn2hdl.verify.interface.spec import wanted
from lgn2hdl.verify.proofs.interface_trace import Trace
from lgn2hdl.verify.proofs.report import Part, Report, Verdict
from lgn2hdl.verify.readers.cells import Cells
from lgn2hdl.verify.readers.reader import BoxPorts, read_text
from lgn2hdl.verify.readers.synthesized import synthesized
from lgn2hdl.verify.readers.yosys_reader import read_with_yosys
from lgn2hdl.verify.sat.deadline import Deadline

BoxReader = Callable[[Mapping[str, str], str, Mapping[str, BoxPorts]], Cells]
"""Reads Verilog in which some modules are not looked into."""


SHOWN_NAMES = 6
"""Vectors that a detail names."""


@dataclass(frozen=True)
class Proved:
    """The verdict on an interface, and what shows a fault.

    Attributes:
        part: the verdict.
        trace: clock cycles that show a fault.
        product: the module as it was read.
    """

    part: Part
    trace: Trace | None
    product: Product


def prove_interface(
    design: Design,
    interface: Interface,
    verilog: Mapping[str, str],
    top: str,
    *,
    deadline: Deadline | None = None,
    latency: int | None = None,
    reader: BoxReader = read_text,
) -> Proved:
    """Prove the module around a pipeline, or find clock cycles in which it is wrong.

    Args:
        design: the pipeline.
        interface: what is around it; not the parallel one, which has no module.
        verilog: text of the module by file name.
        top: name of the module.
        deadline: when to give up; None for never.
        latency: clock cycles of the pipeline; None for those of the design.
        reader: what reads the Verilog.

    Raises:
        HardwareError: if the Verilog cannot be read, has other ports or is no sound hardware.
    """
    since = time.perf_counter()
    want = wanted(design, interface, latency)
    boxes = {pipeline_name(top, interface): want.pipeline_ports}
    product = product_of(reader(verilog, top, boxes), want)
    verdict, detail, trace = _judged(product, deadline or Deadline())
    name = f"interface: {interface.kind.value}"
    part = Part(name, verdict, detail, time.perf_counter() - since)
    return Proved(part, trace, product)


def _judged(product: Product, deadline: Deadline) -> tuple[Verdict, str, Trace | None]:
    if product.want.latency < 1:
        return Verdict.NOT_PROVED, "the pipeline has no register", None
    known = prove_by_induction(product, deadline)
    if not known.failed:
        detail = (
            f"{known.properties} properties, from any state after a cycle of rst, by "
            f"{known.invariants:,} invariants; not reset: {_vectors(known.not_reset)}"
        )
        return Verdict.PROVED, detail, None
    trace = find_fault(product, deadline)
    if trace is None:
        return Verdict.NOT_PROVED, f"no fault found, no proof that {known.failed[0]}", None
    return Verdict.DIFFERENT, f"not so in cycle {len(trace.ports) - 1}: {trace.violated}", trace


def _vectors(bits: Sequence[str]) -> str:
    """Names of vectors with the number of their bits, for the names of bits."""
    count = Counter(bit.partition("[")[0] for bit in bits)
    if len(count) > SHOWN_NAMES:
        return f"{len(bits):,} registers"
    return ", ".join(f"{name} ({number:,})" for name, number in sorted(count.items())) or "none"


def with_interface(
    report: Report,
    design: Design,
    interface: Interface,
    verilog: Mapping[str, str],
    top: str,
    *,
    time_limit: float | None = None,
    by_yosys: bool = False,
    device: Device | None = None,
) -> Report:
    """The report on a pipeline, with the part for the module around it, if there is one.

    Args:
        report: what is known of the pipeline.
        design, interface, verilog, top: see :func:`prove_interface`.
        time_limit: seconds for all of the report's parts; None for none.
        by_yosys: whether Yosys reads the Verilog.
        device: what Yosys maps the module to before it is read; None for the module as it is.

    Raises:
        HardwareError: as :func:`prove_interface` does.
    """
    if not interface.can_stall:
        return report
    left = None if time_limit is None else max(time_limit - report.seconds, 0.0)
    reader: BoxReader = read_with_yosys if by_yosys else read_text
    if device is not None:
        reader = _after_synthesis(device)
    known = prove_interface(design, interface, verilog, top, deadline=Deadline(left), reader=reader)
    report = report.joined(known.part, known.trace)
    if known.trace is None or device is not None:
        return report
    names = (top, pipeline_name(top, interface), known.product.instance)
    return report.joined(replay_trace(known.product.want, known.trace, verilog, *names))


def _after_synthesis(device: Device) -> BoxReader:
    """Reads what Yosys makes of a module for a device."""

    def read(files: Mapping[str, str], top: str, boxes: Mapping[str, BoxPorts]) -> Cells:
        name = f"{top}_synthesized"
        netlist = synthesized(files, top, device, name, boxes)
        return read_with_yosys({f"{name}.v": netlist}, name, boxes)

    return read
