"""A network prepared for C: gates as functions, the head as counters, and the memory of both."""

from __future__ import annotations

from dataclasses import dataclass

from lgn2hdl.base.errors import OptionError
from lgn2hdl.c_export.gates import GateCode, gate_code
from lgn2hdl.c_export.head import Counting, counting
from lgn2hdl.c_export.inputs import Logic, needed_logic, with_head
from lgn2hdl.cpu import memory
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.network import LogicNet

WORD_BITS: tuple[int, ...] = (8, 16, 32, 64)
"""Sizes of the words that samples can be packed into."""

BYTES_PER_GATE = 2000
"""Most memory that the export takes for a gate; measured by ``benchmarks/c_export.py``."""

_GATES_OF_A_NODE = {2: 1, 3: 1, 4: 3, 5: 5, 6: 10}
"""Gates of three inputs that a node of so many pins becomes on average, at most."""

_RUN_BYTES = 6
_FIRST_COUNT_BYTES = 4


@dataclass(frozen=True, eq=False)
class CModel:
    """A network ready to be written as C.

    Attributes:
        network: the network.
        prefix: what the exported names begin with.
        word_bits: bits of a word, unless the user's compiler is told otherwise.
        model_sha256: hash of the model file.
        logic: encoder and gates.
        code: the gates in C.
        counting: how the head counts; None if its results are bits, which the gates give.
    """

    network: LogicNet
    prefix: str
    word_bits: int
    model_sha256: str
    logic: Logic
    code: GateCode
    counting: Counting | None

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each class, or for each bit of the result."""
        network = self.network
        if self.counting is not None or network.head.n_names == len(self.logic.netlist.outputs):
            return network.class_names
        results = network.head.plan(self.logic.netlist, None).results
        return tuple(f"{item.port} {bit}" for item in results for bit in range(item.bits))

    @property
    def part_outputs(self) -> int:
        """Most outputs of a function."""
        return max(part.n_outputs for part in self.code.parts)

    @property
    def n_values(self) -> int:
        """Words between functions; C has no empty arrays."""
        return max(1, self.code.n_slots)

    @property
    def state_words(self) -> int:
        """Words of working memory."""
        count = self.counting
        head = count.n_classes * count.score_bits + count.class_bits if count else 0
        return self.logic.netlist.n_inputs + self.n_values + self.part_outputs + head

    def state_bytes(self, word_bits: int) -> int:
        """Bytes of working memory with words of so many bits."""
        return self.state_words * word_bits // 8

    @property
    def index_bytes(self) -> int:
        """Bytes of the number of a feature."""
        return 2 if self.network.features.n_features <= 1 << 16 else 4

    @property
    def table_bytes(self) -> int:
        """Bytes of constants, without names and pointers."""
        feature_bytes = self.network.features.dtype.itemsize
        inputs = self.logic.netlist.n_inputs * (self.index_bytes + feature_bytes)
        count = self.counting
        if count is None:
            return inputs
        return inputs + _FIRST_COUNT_BYTES * count.n_classes + _RUN_BYTES * len(count.weight)


def c_model(network: LogicNet, prefix: str, word_bits: int, model_sha256: str) -> CModel:
    """Prepare a network.

    Args:
        network: the network.
        prefix: what the exported names begin with, see :func:`lgn2hdl.c_export.names.prefix_for`.
        word_bits: one of :data:`WORD_BITS`.
        model_sha256: hash of the model file.

    Raises:
        OptionError: if there are no such words, or scores do not fit into 32-bit numbers.
        ResourceError: if there is not enough memory.
    """
    if word_bits not in WORD_BITS:
        raise OptionError(f"words of {word_bits} bits: give 8, 16, 32 or 64")
    head = counting(network.head) if isinstance(network.head, GroupSum) else None
    memory.require(export_bytes(network), f"C of a network of {network.n_nodes} nodes")
    logic = needed_logic(network)
    if head is None:
        logic = with_head(logic, network.head)
    return CModel(
        network=network,
        prefix=prefix,
        word_bits=word_bits,
        model_sha256=model_sha256,
        logic=logic,
        code=gate_code(logic.netlist),
        counting=head,
    )


def export_bytes(network: LogicNet) -> int:
    """Bytes that an export takes at most, nearly."""
    gates = sum(_GATES_OF_A_NODE[layer.fan_in] * layer.width for layer in network.luts)
    return BYTES_PER_GATE * gates
