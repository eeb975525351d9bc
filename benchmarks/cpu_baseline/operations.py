"""What the engine's program does for 512 samples, in the operations of an instruction set.

AVX-512 computes any function of three vectors in one instruction (``vpternlog``). Elsewhere a node
is made of operations of two vectors: and, or, xor, and-not. How many it takes at least is found
here for every function of three bits, sharing of partial results included, so that the count is a
bound for every compiler.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
import numpy.typing as npt

from cpu_baseline.machine import Work
from lgn2hdl.cpu.instructions import AT_ONCE, COUNT
from lgn2hdl.cpu.program import Program

PINS = (0xAA, 0xCC, 0xF0)
"""Tables of the three pins."""

N_ZERO_PRESERVING = 128
"""Functions of three bits that are 0 where all bits are 0; the engine's tables are such ones."""

ADDERS = 7
"""Full adders that count eight bits."""

HEADER_WORDS, WIDE, N_INSTRUCTIONS, N_OPERANDS = 17, 3, 15, 16
"""Words of a program's header, and where some numbers are in it; see ``engine.h``."""

ADDER_OPERATIONS = {True: 2, False: 5}
"""Operations of a full adder, with and without those of three vectors."""


def gates(first: int, second: int) -> tuple[int, ...]:
    """All that one operation of two vectors makes of two functions."""
    both = first & second
    return both, first | second, first ^ second, first ^ both, second ^ both


@functools.cache
def least_operations() -> dict[int, int]:
    """Fewest two-vector operations of each of the :data:`N_ZERO_PRESERVING` tables.

    Breadth first over what can be known after some operations. An operation that is 1 for zeros
    is never needed: its complement serves as well, since and-not and xor take up the inversion.
    """
    found = dict.fromkeys((0, *PINS), 0)
    known = {frozenset(PINS)}
    operations = 0
    while len(found) < N_ZERO_PRESERVING:
        operations += 1
        following = set()
        for functions in known:
            for pair in itertools.combinations(sorted(functions), 2):
                for result in gates(*pair):
                    found.setdefault(result, operations)
                    if result and result not in functions:
                        following.add(functions | {result})
        known = following
    return found


def instructions(program: Program) -> npt.NDArray[np.int64]:
    """Operation, count, sum and plane of every instruction, ``i64[I, 4]``, read from the tables."""
    words = program.words
    n_operands = int(words[N_OPERANDS])
    end = len(words) - (n_operands if words[WIDE] else -(-n_operands // 2))
    begin = end - 4 * int(words[N_INSTRUCTIONS])
    return words[begin:end].astype(np.int64).reshape(-1, 4)


def work(program: Program, *, three_inputs: bool) -> Work:
    """What a program does for 512 samples.

    Args:
        program: the tables of an engine.
        three_inputs: whether one operation computes any function of three vectors.
    """
    code = instructions(program)
    is_count = code[:, 0] == COUNT
    nodes = code[~is_count]
    if three_inputs:
        operations = int(nodes[:, 1].sum())
    else:
        least = least_operations()
        operations = sum(least[table] * count for table, count in nodes[:, :2].tolist())
    padded = code[is_count, 1]
    eights = sum(int((padded // power).sum()) for power in _powers(int(padded.max(initial=0))))
    operations += eights * ADDERS * ADDER_OPERATIONS[three_inputs]
    return Work(operations, program.n_loads, program.n_stores, program.value_bytes)


def _powers(largest: int) -> list[int]:
    """8, 64, 512 and so on, up to the largest count: carries are counted like the bits."""
    powers = [AT_ONCE]
    while powers[-1] * AT_ONCE <= largest:
        powers.append(powers[-1] * AT_ONCE)
    return powers
