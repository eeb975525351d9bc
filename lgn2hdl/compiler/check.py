"""``--check``: the golden model on the same vectors before and after a pass."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import MismatchError
from lgn2hdl.compiler.schedule import Design
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist, evaluate
from lgn2hdl.model.features import Integers
from lgn2hdl.model.golden import feature_bits, layer_outputs, result_bits
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes.pipeline import Checks

DEFAULT_WORDS = 64
"""Words of random vectors, 64 vectors each."""


def require_equal(
    before: Netlist,
    after: Netlist,
    *,
    vectors_words: int = DEFAULT_WORDS,
    seed: int = 0,
    real: npt.NDArray[np.uint64] | None = None,
    n_real: int | None = None,
    random: bool = True,
    what: str = "a pass",
) -> int:
    """Require equal outputs for random vectors and for real ones.

    Args:
        before, after: netlists with the same ports.
        vectors_words: number of words of random vectors, 64 vectors each.
        seed: of the random vectors.
        real: packed vectors of real samples, ``u64[n_inputs, words]``, tried first.
        n_real: number of real samples; without it every bit of the words counts.
        random: False after a pass that may use what cannot occur at the inputs (thermometer codes);
            then only the real vectors count.
        what: what made ``after`` of ``before``, for the message.

    Returns:
        The number of vectors that were compared.

    Raises:
        MismatchError: if an output differs.
        ValueError: if the ports differ.
    """
    ports = [(netlist.n_inputs, len(netlist.outputs)) for netlist in (before, after)]
    if ports[0] != ports[1]:
        raise ValueError(f"{ports[0]} inputs and outputs before, {ports[1]} after")
    blocks = []
    if real is not None:
        limit = real.shape[1] * packed.WORD_BITS
        blocks.append(("real", real, limit if n_real is None else n_real))
    if random:
        drawn = np.random.default_rng(seed).integers(
            0, 1 << 64, (before.n_inputs, vectors_words), dtype=np.uint64
        )
        blocks.append((f"random (seed {seed})", drawn, vectors_words * packed.WORD_BITS))
    for kind, inputs, count in blocks:
        differs = evaluate(before, inputs) ^ evaluate(after, inputs)
        wrong = packed.unpack(differs, count)
        if wrong.any():
            raise MismatchError(f"{what} changes {_first_difference(wrong)}, {kind} vectors")
    return sum(count for _, _, count in blocks)


def _first_difference(wrong: npt.NDArray[np.bool_]) -> str:
    """Lowest output that differs, its lowest vector, and how much differs in all."""
    output = int(np.flatnonzero(wrong.any(axis=1))[0])
    vector = int(np.flatnonzero(wrong[output])[0])
    return (
        f"output {output} for vector {vector} (in all {int(wrong.any(axis=1).sum())} outputs and "
        f"{int(wrong.any(axis=0).sum())} of {wrong.shape[1]} vectors differ)"
    )


def check_core(
    network: LogicNet,
    reference: Netlist,
    steps: Mapping[str, Netlist],
    samples: Integers,
    checks: Checks,
) -> None:
    """Require that each step computes what the reference does, behind the network's encoder.

    Args:
        network: whose encoder makes the inputs.
        reference: the gates to compare with.
        steps: gates after each step, by its name.
        samples: integer features, ``[N, F]``.
        checks: for which inputs the passes leave the outputs as they are: random ones are tried as
            well if it is for all, not only for what the encoder can give.

    Raises:
        MismatchError: if an output differs.
    """
    real, random = network.encoder.encode(samples), checks is Checks.EVERY_INPUT
    for name, netlist in steps.items():
        require_equal(reference, netlist, real=real, n_real=len(samples), random=random, what=name)


def check_circuit(design: Design, reference: Netlist, samples: Integers) -> None:
    """Require that the whole circuit gives the results of the gates and the network's head.

    Args:
        design: the design whose circuit is evaluated, from packed bits of x to the result ports.
        reference: the gates that stand for the network's layers.
        samples: integer features, ``[N, F]``.

    Raises:
        MismatchError: if a result differs.
    """
    network = design.network
    given = evaluate(design.circuit.netlist, packed.pack(feature_bits(network.features, samples)))
    outputs = layer_outputs(network, samples, reference)
    expected = np.concatenate(list(result_bits(network, design.head, outputs).values()))
    wrong = packed.unpack(given, len(samples)) != expected
    if wrong.any():
        raise MismatchError(f"the circuit differs from the network: {_first_difference(wrong)}")
