"""The UART around a network on a board: proved for models, and faults that the proof has to find.

Usage: python benchmarks/boards.py [--faults N] [--seed S]

The first table is of models on the boards that docs/boards.md names, as ``lgn2hdl synth --board``
makes them; no bitstream is built. For the second, one thing is changed in the Verilog of the first
model's board, at random: an operator, a bit of a constant, the sides of a choice, a wire. None of
these may be proved but where nothing is wrong: of such, random hosts have to find no fault either.
Ends with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lgn2hdl.base.errors import ToolError
from lgn2hdl.board.baud import DEFAULT_BAUD, cycles_per_bit
from lgn2hdl.board.boards import find_board, read_pins
from lgn2hdl.board.build import board_levels, gap_cycles
from lgn2hdl.board.identity import describe
from lgn2hdl.board.top import UartTiming, board_verilog
from lgn2hdl.compiler.flow import compile_network, file_sha256
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.model import file as model_file
from lgn2hdl.verify.board.induction import prove_board
from lgn2hdl.verify.board.product import BoardProduct, board_product
from lgn2hdl.verify.board.proof import board_wanted
from lgn2hdl.verify.board.search import find_fault
from lgn2hdl.verify.board.wanted import BoardWanted
from lgn2hdl.verify.readers.yosys_reader import read_with_yosys
from lgn2hdl.verify.sat.deadline import Deadline

MODELS = Path(__file__).resolve().parents[1] / "models"
BUILDS = (("monk3", "icebreaker"), ("digits", "icebreaker"), ("mnist-420lut6", "ulx3s"))
HEADER = ("model", "board", "bytes of a sample", "registers", "properties", "invariants",
          "verdict", "CPU seconds")  # fmt: skip
TOP = "network_board"

EDITS = (
    (re.compile(r" & "), " | "),
    (re.compile(r" \| "), " & "),
    (re.compile(r" \^ "), " | "),
    (re.compile(r"= ~ "), "= "),
    (re.compile(r" \+ "), " - "),
    (re.compile(r" - "), " + "),
    (re.compile(r" \? (\S+(?: \[[0-9:]+\])?) +: (\S+);"), r" ? \2 : \1;"),
    (re.compile(r" == "), " != "),
    (re.compile(r"'h([0-9a-f]*)([0-9a-f])\b"), None),
)
"""What is changed, and to what; None for a bit of the number."""


@dataclass(frozen=True)
class Built:
    """A board: what it has to be, and its Verilog."""

    want: BoardWanted
    text: str

    def product(self, text: str) -> BoardProduct:
        """The machine of another text for the board."""
        boxes = {"network": self.want.network_ports}
        return board_product(read_with_yosys({"board.v": text}, TOP, boxes), self.want)


def built(model: str, board: str) -> Built:
    """The board of a model, as ``synth`` makes it."""
    path, chosen = MODELS / f"{model}.lgn", find_board(board)
    recipe = Recipe(device=chosen.device, levels=board_levels(chosen))
    design = compile_network(model_file.load(path), recipe).design
    clock = read_pins(chosen).clock_hz
    timing = UartTiming(cycles_per_bit(clock, DEFAULT_BAUD), gap_cycles(clock))
    identity = describe(design, file_sha256(path), changed=False)
    want = board_wanted(
        design,
        bit_cycles=timing.bit_cycles,
        gap_cycles=timing.gap_cycles,
        identity=identity.to_bytes(),
    )
    return Built(want, board_verilog(design, "network", TOP, identity, timing))


def row(model: str, board: str) -> list[str]:
    """One line of the table."""
    made, since = built(model, board), time.process_time()
    known = prove_board(made.product(made.text), Deadline())
    seconds = time.process_time() - since
    verdict = "not proved" if known.failed else "proved"
    numbers = (made.want.sample_bytes, known.registers, known.properties, known.invariants)
    return [model, board, *(f"{number:,}" for number in numbers), verdict, f"{seconds:.1f}"]


def edited(text: str, rng: random.Random) -> str:
    """The text with one thing changed that is not a declaration."""
    while True:
        pattern, new = rng.choice(EDITS)
        lines = text.splitlines(keepends=True)
        places = [
            (number, found)
            for number, line in enumerate(lines)
            if line.startswith("  assign ") or (new is None and line.startswith("  reg "))
            for found in pattern.finditer(line)
        ]
        if not places:
            continue
        number, found = rng.choice(places)
        changed = found.expand(new) if new is not None else _other_number(found, rng)
        line = lines[number]
        lines[number] = line[: found.start()] + changed + line[found.end() :]
        return "".join(lines)


def _other_number(found: re.Match[str], rng: random.Random) -> str:
    """Another digit at the end of a hexadecimal number."""
    return f"'h{found[1]}{int(found[2], 16) ^ rng.choice((1, 2, 4, 8)):x}"


def verdict(made: Built, text: str) -> str:
    """What the proof says of a changed text."""
    try:
        product = made.product(text)
    except ToolError:
        return "refused"
    if prove_board(product, Deadline(120)).failed:
        return "not proved"
    fault = find_fault(product, Deadline(20))
    return "proved, no fault found" if fault is None else f"PROVED, BUT {fault}"


def main() -> None:
    """Prove, print, change, judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--faults", type=int, default=60, help="changes of the Verilog")
    parser.add_argument("--seed", type=int, default=1, help="of the changes")
    options = parser.parse_args()
    rows = [row(*build) for build in BUILDS]
    for cells in (HEADER, ["---"] * len(HEADER), *rows):
        print("| " + " | ".join(cells) + " |", flush=True)
    made, rng, verdicts = built(*BUILDS[0]), random.Random(options.seed), Counter[str]()
    for number in range(options.faults):
        found = verdict(made, edited(made.text, rng))
        verdicts[found] += 1
        print(f"{number + 1} of {options.faults}: {found}", file=sys.stderr)
    told = ", ".join(f"{count} {name}" for name, count in verdicts.most_common())
    print(f"\n{options.faults} changes at random: {told}")
    if any(name.startswith("PROVED") for name in verdicts) or any("not" in r[-2] for r in rows):
        sys.exit("FAIL: something wrong was proved, or something right was not")


if __name__ == "__main__":
    main()
