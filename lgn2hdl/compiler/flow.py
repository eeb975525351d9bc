"""From a model to a scheduled design."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lgn2hdl.arithmetic.resources import Resources
from lgn2hdl.base.errors import ModelFileError, OptionError
from lgn2hdl.base.files import read_file
from lgn2hdl.base.system_errors import explained
from lgn2hdl.compiler.accuracy import netlist_accuracy
from lgn2hdl.compiler.assemble import assemble
from lgn2hdl.compiler.check import check_circuit, check_core
from lgn2hdl.compiler.mapping import Effort, MappingRecord, map_luts
from lgn2hdl.compiler.observe import ObserveReport, observe
from lgn2hdl.compiler.prune_head import PruneHeadReport, prune_head
from lgn2hdl.compiler.recipe import DEFAULT_RECIPE, Recipe
from lgn2hdl.compiler.schedule import Design, schedule
from lgn2hdl.datasets import Dataset
from lgn2hdl.ir.circuit import lut_costs
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.features import require_same_features
from lgn2hdl.model.network import LogicNet
from lgn2hdl.model.vectors import Vectors, random_vectors
from lgn2hdl.passes import PRUNING, InputFacts, PassRecord, Pipeline, facts_of, prune
from lgn2hdl.passes.lower import lower
from lgn2hdl.passes.pipeline import Checks
from lgn2hdl.targets.devices import Device

DEFAULT_VECTORS = 1000
"""Samples in the folder's test vectors."""


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
    recipe: Recipe = DEFAULT_RECIPE,
    data: Dataset | None = None,
    *,
    device: Device | None = None,
    native: bool = False,
    check: bool = False,
    pipeline: Pipeline = PRUNING,
) -> Compiled:
    """Prune, map to LUTs, add encoder and head, schedule.

    Args:
        network: the trained network.
        recipe: how.
        data: rows for ``recipe.prune_head`` and ``recipe.observe``, and for ``check``.
        device: a device that is not among those with a name; None takes that of the recipe.
        native: use a ``yosys`` on the PATH and not the one that pip installs.
        check: compare every step with the golden model, on random samples and on test rows.
        pipeline: the passes that prune the gates.

    Raises:
        OptionError: if the recipe does not suit the network.
        DataError: if ``data`` is needed and is not that of the network.
        ToolError: if mapping fails.
        MismatchError: if a check finds a difference.
    """
    target = recipe.target if device is None else device
    rows = _rows(network, recipe, data)
    pruned_head = None
    if recipe.prune_head is not None and rows is not None:
        train = (rows.x_train, rows.y_train)
        network, pruned_head = prune_head(
            network, train, recipe.prune_head, (rows.x_test, rows.y_test)
        )
    lowered = lower(network)
    pruned, records = _pruned(network, lowered, recipe, pipeline)
    golden, observed = None, None
    if recipe.observe is not None and rows is not None:
        golden, observed = _observed(network, pruned, recipe.observe, rows)
        pruned, more = _pruned(network, golden, recipe, pipeline)
        records += more
    core, mapping = pruned, None
    if recipe.search is not None:
        wide = target.wide_inputs if recipe.wide else target.lut_inputs
        core, mapping = _mapped(core, (target.lut_inputs, wide), recipe.search, native=native)
    circuit, head = assemble(
        network,
        core,
        Resources(
            target.lut_inputs, target.has_carry_chains, target.absorbs_addend, recipe.objective
        ),
        scores=recipe.scores,
        margin=recipe.margin,
        wire_levels=recipe.wire_levels,
    )
    design = schedule(network, circuit, head, levels_per_stage=recipe.levels)
    compiled = Compiled(design, lowered, pruned, golden, records, mapping, pruned_head, observed)
    if check:
        _check(compiled, core, rows, pipeline.checks(_facts(network, recipe)))
    return compiled


def _check(compiled: Compiled, core: Netlist, rows: Dataset | None, checks: Checks) -> None:
    """Compare every step with the golden model, on random samples and on test rows."""
    network = compiled.design.network
    samples = random_vectors(network.features, DEFAULT_VECTORS).integers
    if rows is not None:
        samples = np.concatenate([samples, rows.x_test])
    reference = compiled.lowered if compiled.golden is None else compiled.golden
    steps = {"pruning": compiled.pruned, "mapping": core}
    check_core(network, reference, steps, samples, checks)
    check_circuit(compiled.design, reference, samples)


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


def _rows(network: LogicNet, recipe: Recipe, data: Dataset | None) -> Dataset | None:
    if data is None:
        if recipe.needs_data:
            raise OptionError("dropping outputs or observing needs training rows: give --dataset")
        return None
    require_same_features(network.features, data.features, data.name)
    return data


def _pruned(
    network: LogicNet, netlist: Netlist, recipe: Recipe, pipeline: Pipeline
) -> tuple[Netlist, tuple[PassRecord, ...]]:
    return prune(netlist, _facts(network, recipe), pipeline=pipeline)


def _facts(network: LogicNet, recipe: Recipe) -> InputFacts | None:
    """What the passes may know of the inputs."""
    return facts_of(network) if recipe.dont_cares else None


def _mapped(
    netlist: Netlist, inputs: tuple[int, int], effort: Effort, *, native: bool
) -> tuple[Netlist, MappingRecord]:
    """The netlist as LUTs, or as wide functions where these take fewer LUTs.

    Args:
        netlist: pruned gates.
        inputs: of a LUT, and of the widest function that LUTs joined in one level compute.
        effort: how hard to look.
        native: whether to use a ``yosys`` on the PATH.
    """
    k, wide = inputs
    widths = (k, wide) if wide > k else (k,)
    results = [map_luts(netlist, width, effort, native=native) for width in widths]
    return min(results, key=lambda item: int(lut_costs(item[0], k).sum()))


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
