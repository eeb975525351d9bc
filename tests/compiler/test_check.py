from dataclasses import replace

import numpy as np
import pytest
from hardware import mixed_network
from networks import exhaustive_inputs

from lgn2hdl.base.errors import MismatchError
from lgn2hdl.compiler import flow
from lgn2hdl.compiler.check import check_core, require_equal
from lgn2hdl.compiler.flow import compile_network
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.bits import Bits
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.passes import PRUNING, facts_of
from lgn2hdl.passes.pipeline import Checks


def and_of_all(n_inputs: int, table: int = 0b1000) -> Netlist:
    """Output 0 is input 0, output 1 a chain of gates; the last gate has the given table."""
    fanin = [[1 if gate == 0 else n_inputs + gate, 2 + gate] for gate in range(n_inputs - 1)]
    tables = [0b1000] * (n_inputs - 2) + [table]
    return Netlist(n_inputs, np.array(fanin), np.array(tables), np.array([1, 2 * n_inputs - 1]))


def message(before: Netlist, after: Netlist, **options) -> str:
    with pytest.raises(MismatchError) as caught:
        require_equal(before, after, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_equal_netlists_pass_and_the_vectors_are_counted():
    net = and_of_all(4)
    assert require_equal(net, net, vectors_words=3) == 192
    assert require_equal(net, net, vectors_words=3, real=exhaustive_inputs(4), n_real=16) == 208
    assert require_equal(net, net, real=exhaustive_inputs(4), random=False) == 64


def test_a_difference_is_named():
    text = message(and_of_all(2), and_of_all(2, 0b0110), what="mapping", real=exhaustive_inputs(2))
    assert text.startswith("mapping changes output 1 for vector 1 (in all 1 outputs and 3 of 64 ")
    assert text.endswith("real vectors")


def test_random_vectors_find_what_real_ones_do_not():
    zeros = np.zeros((2, 1), np.uint64)
    assert "random (seed 7)" in message(and_of_all(2), and_of_all(2, 0b0110), real=zeros, seed=7)
    assert require_equal(and_of_all(2), and_of_all(2, 0b0110), real=zeros, random=False) == 64


def test_real_vectors_find_what_random_ones_do_not():
    net, other = and_of_all(40), and_of_all(40, 0b0000)
    require_equal(net, other)
    ones = packed.pack(np.ones((40, 1), np.bool_))
    assert "output 1 for vector 0 " in message(net, other, real=ones, n_real=1)


def test_padding_of_the_last_word_does_not_count():
    nor = Netlist(2, np.array([[1, 2]]), np.array([0b0001]), np.array([3]))
    zero = Netlist(2, np.array([[1, 2]]), np.array([0b0000]), np.array([3]))
    ones = packed.pack(np.ones((2, 5), np.bool_))
    assert require_equal(nor, zero, real=ones, n_real=5, random=False) == 5
    assert "59 of 64 vectors" in message(nor, zero, real=ones, random=False)


def test_the_same_seed_gives_the_same_message():
    texts = {message(and_of_all(3), and_of_all(3, 0b1001), seed=1) for _ in range(2)}
    assert len(texts) == 1


def test_other_ports_are_refused():
    with pytest.raises(ValueError, match="inputs and outputs"):
        require_equal(and_of_all(2), and_of_all(3))


def test_what_no_sample_causes_counts_if_the_passes_keep_every_input():
    """Both bits are ``x >= 1``: they differ for no sample, and then alone the gates do."""
    encoder = Thermometer(np.zeros(2, np.int32), np.ones(2, np.int32))
    both = Lut(np.array([[0, 1]]), np.array([0b1000], np.uint8))
    network = LogicNet(integer_features(1, 1), encoder, (both,), Bits(1), ("y",), {})
    gates, samples = and_of_all(2), np.array([[0], [1]], network.features.dtype)
    one = replace(gates, outputs=gates.outputs[-1:])
    first = replace(gates, outputs=gates.outputs[:1])
    check_core(network, one, {"pruning": first}, samples, Checks.EVERY_SAMPLE)
    with pytest.raises(MismatchError, match=r"pruning changes output 0 .* random"):
        check_core(network, one, {"pruning": first}, samples, Checks.EVERY_INPUT)


def test_a_pipeline_keeps_what_all_its_passes_keep():
    network = mixed_network(2)
    assert PRUNING.checks(None) is Checks.EVERY_INPUT
    assert PRUNING.checks(facts_of(network)) is Checks.EVERY_SAMPLE
    assert replace(PRUNING, deeper=()).checks(facts_of(network)) is Checks.EVERY_INPUT


@pytest.mark.parametrize("dont_cares", [False, True])
def test_a_compilation_is_checked_for_what_its_passes_keep(monkeypatch, dont_cares):
    seen = []
    monkeypatch.setattr(flow, "check_core", lambda *arguments: seen.append(arguments[-1]))
    recipe = Recipe(effort="none", dont_cares=dont_cares)
    compile_network(mixed_network(2), recipe, check=True)
    assert seen == [Checks.EVERY_SAMPLE if dont_cares else Checks.EVERY_INPUT]


def test_passes_without_dont_cares_keep_every_input():
    compile_network(mixed_network(4), Recipe(effort="none", dont_cares=False), check=True)
