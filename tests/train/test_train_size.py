"""The size penalty: zero exactly for wires, inverters and constants, and its way down."""

import itertools

import numpy as np
import pytest
import torch
from runs import CONFIG, make_dataset

from lgn2hdl.ir import logic
from lgn2hdl.passes.estimate import estimate_luts
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.loop.loop import train
from lgn2hdl.train.network.network import RelaxedNetwork
from lgn2hdl.train.network.size import interactions, size_penalty
from lgn2hdl.train.relax.kinds import RELAXATIONS
from lgn2hdl.train.relax.layer import RelaxedLayer, Sampling


def rows_of(tables, fan_in):
    """``f64[2**fan_in, W]``."""
    bits = logic.table_to_bits(np.array(tables, logic.table_dtype(fan_in)), fan_in)
    return torch.from_numpy(bits.T.astype(np.float64))


def is_free(table, fan_in):
    """A constant, a wire or an inverter: at most one pin matters."""
    support = logic.support(np.array([table], logic.table_dtype(fan_in)), fan_in)
    return int(support.sum()) <= 1


def test_all_sixteen_gates():
    found = interactions(rows_of(range(16), 2)).tolist()
    xor = (0b0110, 0b1001)
    wanted = [0 if is_free(t, 2) else 2 if t in xor else 1 for t in range(16)]
    assert found == wanted
    assert wanted.count(0) == 6


def test_all_tables_of_three_pins():
    found = interactions(rows_of(range(256), 3))
    assert [value == 0 for value in found.tolist()] == [is_free(t, 3) for t in range(256)]


@pytest.mark.parametrize("fan_in", range(2, 7))
def test_random_tables_and_all_free_ones(fan_in):
    rng = np.random.default_rng(fan_in)
    ones = logic.all_ones(fan_in)
    wires = [logic.pin_table(fan_in, pin) for pin in range(fan_in)]
    free = [0, ones, *wires, *(ones ^ wire for wire in wires)]
    assert interactions(rows_of(free, fan_in)).abs().max() == 0
    tables = rng.integers(0, ones, 200, np.uint64, endpoint=True)
    found = interactions(rows_of(tables, fan_in)).tolist()
    assert [value > 0 for value in found] == [not is_free(t, fan_in) for t in tables]


@pytest.mark.parametrize("fan_in", range(2, 7))
def test_the_formula_of_a_pair_of_pins(fan_in):
    rows = torch.rand((1 << fan_in, 4), dtype=torch.float64)
    total = torch.zeros(4, dtype=torch.float64)
    for i, j in itertools.combinations(range(fan_in), 2):
        others = [a for a in range(1 << fan_in) if not a >> i & 1 and not a >> j & 1]
        sizes = [(rows[a | 1 << i | 1 << j] - rows[a | 1 << i] - rows[a | 1 << j] + rows[a]).abs()
                 for a in others]  # fmt: skip
        total += torch.stack(sizes).mean(0)
    torch.testing.assert_close(interactions(rows), total)


@pytest.mark.parametrize("relaxation", RELAXATIONS.names)
def test_its_gradient_leads_to_wires(relaxation):
    """From random tables, the penalty alone leaves less and less logic."""
    fan_in = 2 if relaxation == "softmax16" else 3
    config = TrainConfig.of(
        layers=(40, 20), fan_in=(fan_in,), relaxation=relaxation, initialization="gaussian"
    )
    network = RelaxedNetwork(30, 2, config)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    values = []
    for _ in range(150):
        optimizer.zero_grad()
        penalty = size_penalty(network)
        penalty.backward()
        optimizer.step()
        values.append(penalty.item())
    assert values[-1] < 0.5 * values[0]
    free = [is_free(t, fan_in) for layer in network.layers for t in layer.tables()]
    assert np.mean(free) > 0.3  # of random tables of three pins 8 in 256 are free


def test_it_is_the_mean_over_all_nodes():
    config = TrainConfig.of(layers=(6, 2), fan_in=(2, 4), initialization="gaussian")
    network = RelaxedNetwork(12, 2, config)
    parts = []
    for layer in network.layers:
        assert isinstance(layer, RelaxedLayer)
        parts += interactions(torch.sigmoid(layer.logits)).tolist()
    assert size_penalty(network).item() == pytest.approx(np.mean(parts))
    assert network(torch.zeros((12, 1)), Sampling("hard")).shape == (1, 2)


def test_a_weight_makes_the_result_smaller():
    config = CONFIG.changed(steps=200, layers=(80, 60), validation_fraction=0)
    sizes = [
        estimate_luts(train(make_dataset(), config.changed(size_weight=w))).core for w in (0.0, 3.0)
    ]
    assert sizes[1] < 0.7 * sizes[0]
