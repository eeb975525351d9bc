"""From a model to a scheduled design."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lgn2hdl.arithmetic.cost import Objective
from lgn2hdl.base.errors import ModelFileError, OptionError
from lgn2hdl.base.files import read_file
from lgn2hdl.base.system_errors import explained
from lgn2hdl.compiler.accuracy import netlist_accuracy
from lgn2hdl.compiler.assemble import assemble
from lgn2hdl.compiler.check import check_circuit, check_core
from lgn2hdl.compiler.mapping import DEFAULT, Effort, MappingRecord, map_luts
from lgn2hdl.compiler.observe import ObserveReport, observe
from lgn2hdl.compiler.prune_head import PruneHeadReport, prune_head
from lgn2hdl.compiler.schedule import Design, schedule
from lgn2hdl.datasets import Dataset
from lgn2hdl.ir.circuit import lut_costs
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.features import require_same_features
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.vectors import Vectors, random_vectors
from lgn2hdl.passes import PassRecord, prune
from lgn2hdl.passes.dont_cares import prune_thermometer
from lgn2hdl.passes.lower import lower
from lgn2hdl.targets.devices import Device

DEFAULT_LEVELS = 2
"""LUT levels per stage; a carry chain counts as one."""

DEFAULT_VECTORS = 1000
"""Samples in the folder's test vectors."""


@dataclass(frozen=True)
class CompileOptions:
    """How to compile.

    Attributes:
        levels: most LUT levels between two registers.
        k: inputs of a LUT.
        wide: inputs of the widest function that the device makes of LUTs and multiplexers in one
            level, at least ``k``.
        carry: whether adders may use carry chains; those of LUT6 devices take in other logic.
        effort: how hard ABC tries to find few LUTs; None leaves the pruned gates as they are.
        objective: whether the head is made small or shallow.
        wire_levels: levels that the wires into the core count for, to have registers on them.
        scores: whether the scores leave the hardware beside the class.
        margin: whether the difference of the two highest scores does.
        dont_cares: whether what thermometer bits imply about each other is made use of.
        native: use a ``yosys`` on the PATH and not the one that pip installs.
        check: compare every step with the golden model, on random samples and on test rows.
        prune_head: part of the training rows that may be lost by dropping outputs; None drops none.
        observe: training rows in which a node may differ from what replaces it; None replaces none.
    """

    levels: int = DEFAULT_LEVELS
    k: int = 6
    wide: int = 6
    carry: bool = True
    effort: Effort | None = DEFAULT
    objective: Objective = Objective.LUTS
    wire_levels: int = 0
    scores: bool = True
    margin: bool = False
    dont_cares: bool = True
    native: bool = False
    check: bool = False
    prune_head: float | None = None
    observe: int | None = None

    @property
    def needs_data(self) -> bool:
        """Whether training rows decide about anything."""
        return self.prune_head is not None or self.observe is not None


def options_for(device: Device, **choices: Any) -> CompileOptions:
    """Options that make use of what the device has, and further choices."""
    return CompileOptions(
        k=device.lut_inputs,
        wide=device.wide_inputs,
        carry=device.has_carry_chains,
        **choices,
    )


@dataclass(frozen=True)
class Observed:
    """What observing the training rows changed.

    Attributes:
        report: what was found.
        test_accuracy_before, test_accuracy_after: hard accuracy on the test rows, which decide
            nothing.
    """

    report: ObserveReport
    test_accuracy_before: float
    test_accuracy_after: float


@dataclass(frozen=True, eq=False)
class Compiled:
    """A design and how it came about.

    Attributes:
        design: the scheduled circuit.
        lowered: the gate graph as trained, without dropped outputs.
        pruned: the gate graph after the passes, before it is mapped to LUTs.
        golden: gates that stand for the layers of ``design.network`` because observed rows changed
            what they compute; None if the network itself is the golden model.
        records: what each pass did.
        mapping: what mapping to LUTs did, if it was asked for.
        pruned_head: what dropping outputs did, if it was asked for.
        observed: what observing did, if it was asked for.
    """

    design: Design
    lowered: Netlist
    pruned: Netlist
    golden: Netlist | None
    records: tuple[PassRecord, ...]
    mapping: MappingRecord | None
    pruned_head: PruneHeadReport | None
    observed: Observed | None


def compile_network(
    network: LogicNet,
    options: CompileOptions = CompileOptions(),
    data: Dataset | None = None,
) -> Compiled:
    """Prune, map to LUTs, add encoder and head, schedule.

    Args:
        network: the trained network.
        options: how.
        data: rows for ``options.prune_head`` and ``options.observe``, and for ``options.check``.

    Raises:
        OptionError: if an option is out of range.
        DataError: if ``data`` is needed and is not that of the network.
        ToolError: if mapping fails.
        MismatchError: if a check finds a difference.
    """
    rows = _rows(network, options, data)
    pruned_head = None
    if options.prune_head is not None and rows is not None:
        train = (rows.x_train, rows.y_train)
        network, pruned_head = prune_head(
            network, train, options.prune_head, (rows.x_test, rows.y_test)
        )
    lowered = lower(network)
    pruned, records = _pruned(network, lowered, options)
    golden, observed = None, None
    if options.observe is not None and rows is not None:
        golden, observed = _observed(network, pruned, options.observe, rows)
        pruned, more = _pruned(network, golden, options)
        records += more
    core, mapping = pruned, None
    if options.effort is not None:
        core, mapping = _mapped(core, options, options.effort)
    circuit, head = assemble(
        network,
        core,
        k=options.k,
        carry=options.carry,
        scores=options.scores,
        margin=options.margin,
        objective=options.objective,
        wire_levels=options.wire_levels,
    )
    design = schedule(network, circuit, head, levels_per_stage=options.levels)
    if options.check:
        samples = random_vectors(network.features, DEFAULT_VECTORS).integers
        if rows is not None:
            samples = np.concatenate([samples, rows.x_test])
        reference = lowered if golden is None else golden
        check_core(network, reference, {"pruning": pruned, "mapping": core}, samples)
        check_circuit(design, reference, samples)
    return Compiled(design, lowered, pruned, golden, records, mapping, pruned_head, observed)


def rescheduled(compiled: Compiled, levels: int) -> Compiled:
    """The same circuit with so many LUT levels per stage; ``compiled`` itself if it has them.

    Raises:
        OptionError: if ``levels`` is below 1.
    """
    old = compiled.design
    if levels == old.levels_per_stage:
        return compiled
    design = schedule(old.network, old.circuit, old.head, levels_per_stage=levels)
    return replace(compiled, design=design)


def _rows(network: LogicNet, options: CompileOptions, data: Dataset | None) -> Dataset | None:
    if data is None:
        if options.needs_data:
            raise OptionError("dropping outputs or observing needs training rows: give --dataset")
        return None
    require_same_features(network.features, data.features, data.name)
    return data


def _pruned(
    network: LogicNet, netlist: Netlist, options: CompileOptions
) -> tuple[Netlist, tuple[PassRecord, ...]]:
    if not options.dont_cares:
        return prune(netlist)
    encoder, features = network.encoder, network.features
    return prune_thermometer(netlist, encoder.feature, encoder.threshold, features.highest)


def _mapped(
    netlist: Netlist, options: CompileOptions, effort: Effort
) -> tuple[Netlist, MappingRecord]:
    """The netlist as LUTs, or as wide functions where these take fewer LUTs."""
    widths = (options.k, options.wide) if options.wide > options.k else (options.k,)
    results = [map_luts(netlist, k, effort, native=options.native) for k in widths]
    return min(results, key=lambda item: int(lut_costs(item[0], options.k).sum()))


def _observed(
    network: LogicNet, netlist: Netlist, tolerance: int, rows: Dataset
) -> tuple[Netlist, Observed]:
    inputs = network.encoder.encode(rows.x_train)
    changed, report = observe(netlist, inputs, len(rows.x_train), tolerance)
    before, after = (
        netlist_accuracy(network, item, rows.x_test, rows.y_test) for item in (netlist, changed)
    )
    return changed, Observed(report, before, after)


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal.

    Raises:
        ModelFileError: if it cannot be read.
    """
    try:
        return hashlib.sha256(read_file(path)).hexdigest()
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {explained(error, 'check the path')}") from None


def dataset_vectors(network: LogicNet, dataset: Dataset, number: int) -> Vectors:
    """The first test rows of a data set; training rows follow where there are too few.

    Raises:
        DataError: if the model was trained on other features.
        OptionError: if ``number`` is below 1.
    """
    if number < 1:
        raise OptionError(f"{number} test vectors: give at least 1")
    require_same_features(network.features, dataset.features, dataset.name)
    test = dataset.x_test[:number]
    extra = dataset.x_train[: number - len(test)]
    source = f"{dataset.name}: {len(test)} test rows"
    if not len(extra):
        return Vectors(test, source)
    joined = np.concatenate([test, extra])
    return Vectors(joined, f"{source} and {len(extra)} training rows")
