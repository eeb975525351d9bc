"""The Verilog: its modules are the circuit's parts, and its registers are as many as it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lgn2hdl.hdl.part import RESULT, PartPlan, plan_parts
from lgn2hdl.hdl.ports import result_ports
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Ids, evaluate
from lgn2hdl.model.golden import feature_bits
from lgn2hdl.verify.proofs.head_proof import Implementation, inside_nodes
from lgn2hdl.verify.proofs.heads import find_scores, prove_head
from lgn2hdl.verify.proofs.latency_proof import prove_latency
from lgn2hdl.verify.proofs.replay import with_every_node
from lgn2hdl.verify.proofs.report import Verdict, proved
from lgn2hdl.verify.proofs.session import Session, named
from lgn2hdl.verify.readers.cells import Cells
from lgn2hdl.verify.readers.hardware import CONTROL, Hardware, build
from lgn2hdl.verify.sat.sweep import SWEEP, Effort

HEAD_EFFORT = Effort(300, constants=False)
"""For adders that are not those of the circuit: few are, and SAT is slow there."""

RESULTS = "Verilog: results"
"""The part that says whether the whole is right."""

Reader = Callable[[Mapping[str, str], str], Cells]


def prove_verilog(
    session: Session,
    circuit: Implementation,
    verilog: Mapping[str, str],
    reader: Reader,
    latency: int | None = None,
) -> Hardware:
    """Prove that Verilog is the circuit, with the latency that it should have.

    Args:
        session: gets a part for the latency, for every module and for the results.
        circuit: the circuit in the session's graph.
        verilog: texts by file name, the top module's first.
        reader: what reads them.
        latency: clock cycles; None for those of the schedule.

    Returns:
        What was read.

    Raises:
        HardwareError: if the text cannot be read, or is no sound hardware.
    """
    widths = {port.name: port.width for port in result_ports(session.design.head)}
    top = next(iter(verilog)).removesuffix(".v")
    session.progress("Verilog: reading")
    cells = reader(verilog, top)
    hardware = build(cells, session.design.circuit.netlist.n_inputs, widths)
    prove_latency(session, hardware, list(widths), latency or session.design.latency)
    if session.search(RESULTS, hardware.netlist):
        _note_where(session, circuit, hardware)
        return hardware
    given = _swept(session, hardware)
    for plan in _modules(session, hardware):
        _prove_module(session, circuit, hardware, given, plan)
    _prove_results(session, circuit, given)
    return hardware


def _modules(session: Session, hardware: Hardware) -> tuple[PartPlan, ...]:
    """The parts that have a module: none where synthesis has made one of all."""
    plans = plan_parts(session.design)
    ports = [nodes for plan in plans for _, nodes, _ in _outputs(hardware, plan)]
    flat = bool(ports) and all(nodes is None for nodes in ports)
    return () if flat else plans


def _note_where(session: Session, circuit: Implementation, hardware: Hardware) -> None:
    """Results differ: note the modules that hand on something else for the same sample."""
    example = session.counterexample
    assert example is not None
    features = session.network.features
    sample = np.array([example.features], features.dtype)
    bits = packed.pack(feature_bits(features, sample))
    one = packed.unpack(evaluate(with_every_node(hardware.netlist), bits), 1)[:, 0]
    other = packed.unpack(evaluate(with_every_node(circuit.netlist), bits), 1)[:, 0]
    for plan in _modules(session, hardware):
        with session.part(f"Verilog: {plan.name}") as found:
            wrong = []
            for port, nodes, expected in _outputs(hardware, plan):
                if nodes is None:
                    wrong.append(f"port {port}")
                    continue
                places = np.flatnonzero(one[nodes] != other[expected])
                wrong += [f"{port}[{place}]" for place in places.tolist()]
            if wrong:
                found.append((Verdict.DIFFERENT, f"{named(wrong)} for the counterexample"))
            else:
                detail = "not looked into: the results differ, but not because of it alone"
                found.append((Verdict.NOT_PROVED, detail))
    with session.part(RESULTS) as found:
        found.append((Verdict.DIFFERENT, example.what))


def _swept(session: Session, hardware: Hardware) -> Implementation:
    """The Verilog's gates in the session's graph."""
    parts = {part.name for part in session.design.circuit.parts if part.in_head}
    heads = [name for name in hardware.instances if name.split(".")[0] in parts]
    is_head = np.isin(np.array(hardware.instances), heads)[hardware.instance]
    literals = session.sweeper.add_parts(
        hardware.netlist, session.sweeper.inputs, is_head.astype(np.int64), (SWEEP, HEAD_EFFORT)
    )
    scores = find_scores(session.design.head, hardware.netlist)
    inside = inside_nodes(hardware.netlist, is_head)
    return Implementation(hardware.netlist, literals, inside, scores)


def _outputs(hardware: Hardware, plan: PartPlan) -> list[tuple[str, Ids | None, Ids]]:
    """Output ports of a module: name, the Verilog's nodes, and the circuit's.

    There are no nodes where the module has no such port of data.
    """
    found: list[tuple[str, Ids | None, Ids]] = []
    for part, rows in plan.outputs.items():
        port = part if part == RESULT else f"to_{part}"
        nets = hardware.ports.get((plan.name, port), np.empty(0, np.int64))
        nodes = hardware.node[nets].astype(np.int32)
        sound = len(nets) == len(rows) and not (nodes == CONTROL).any()
        found.append((port, nodes if sound else None, rows[:, 0]))
    return found


def _prove_module(
    session: Session,
    circuit: Implementation,
    hardware: Hardware,
    given: Implementation,
    plan: PartPlan,
) -> None:
    """What a module hands on are the values of the circuit that the plan says."""
    with session.part(f"Verilog: {plan.name}") as found:
        wrong, total = [], 0
        for port, nodes, expected in _outputs(hardware, plan):
            total += len(expected)
            if nodes is None:
                wrong.append(f"port {port}")
                continue
            pair = given.literals[nodes], circuit.literals[expected]
            places, _ = session.unequal(*pair, conflicts=HEAD_EFFORT.conflicts)
            wrong += [f"{port}[{place}]" for place in places.tolist()]
        if wrong:
            found.append((Verdict.NOT_PROVED, f"{named(wrong)}: not the circuit's"))
        else:
            found.append(proved(total, f"{total:,} bits that leave the module"))


def _prove_results(session: Session, circuit: Implementation, given: Implementation) -> None:
    """The result ports; what the modules alone do not prove, the whole may."""
    with session.part(RESULTS) as found:
        one = given.literals[given.netlist.outputs]
        if np.array_equal(one, circuit.literals[circuit.netlist.outputs]):
            found.append((Verdict.PROVED, f"{len(one):,} bits"))
        else:
            found.append(_results_by_head(session, circuit, given))
    _settle_modules(session, session.verdict_of(RESULTS))


def _results_by_head(
    session: Session, circuit: Implementation, given: Implementation
) -> tuple[Verdict, str]:
    """By SAT where that is easy; else prove the head anew on the Verilog's own adders."""
    one = given.literals[given.netlist.outputs]
    other = circuit.literals[circuit.netlist.outputs]
    if not len(session.unequal(one, other, HEAD_EFFORT.conflicts)[0]):
        return Verdict.PROVED, f"{len(one):,} bits, by SAT"
    if given.scores:
        verdict = _head_anew(session, given)
        if verdict is Verdict.PROVED:
            return verdict, "by sums and decision of its own"
        if verdict is Verdict.DIFFERENT:
            return verdict, "another result"
    wrong, pattern = session.unequal(one, other)
    if pattern is not None and session.search(RESULTS, given.netlist, pattern):
        return Verdict.DIFFERENT, "another result"
    if not len(wrong):
        return Verdict.PROVED, f"{len(one):,} bits, by SAT"
    return Verdict.NOT_PROVED, f"{len(wrong)} of {len(one)} bits: {session.why_not()}"


def _head_anew(session: Session, given: Implementation) -> Verdict:
    """The verdict on the head of the Verilog, as if it were the circuit's; no part is noted."""
    known = list(session.parts)
    prove_head(session.design.head, session, given, RESULTS)
    verdicts = {part.verdict for part in session.parts[len(known) :]}
    session.parts = known
    for verdict in (Verdict.DIFFERENT, Verdict.NOT_PROVED):
        if verdict in verdicts:
            return verdict
    return Verdict.PROVED


def _settle_modules(session: Session, verdict: Verdict) -> None:
    """A module that is not the circuit's part is right if the results are, and wrong if not."""
    for part in list(session.parts):
        is_module = part.name.startswith("Verilog: ") and part.name != RESULTS
        if not is_module or part.verdict is not Verdict.NOT_PROVED:
            continue
        if verdict is Verdict.PROVED:
            session.settle(part.name, verdict, f"with the whole; {part.detail}")
        elif verdict is Verdict.DIFFERENT:
            session.settle(part.name, verdict, part.detail)
