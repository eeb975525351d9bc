"""Every relaxation against its formula, and the noise against the distribution it samples."""

import itertools
import math

import numpy as np
import pytest
import torch
from training_kinds import loaded

from lgn2hdl.base.errors import OptionError
from lgn2hdl.ir import logic
from lgn2hdl.train.config import INITIALIZATIONS
from lgn2hdl.train.relax.kinds import RELAXATIONS, require_fan_ins
from lgn2hdl.train.relax.nodes import interpolate_plainly
from lgn2hdl.train.relax.relaxation import tables_of

FORMS = [(name, 2) for name in RELAXATIONS.names] + [
    (name, fan_in) for name in ("light", "walsh", "binary") for fan_in in (3, 4, 5, 6)
]
"""Every relaxation with every fan-in that it allows."""


def start(name, fan_in, initialization, width=7, seed=0):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(loaded(name).initial(width, fan_in, initialization, rng))


def probabilities(name, parameters, temperature=1.0):
    rows = loaded(name).rows(parameters, temperature)
    return torch.sigmoid(rows) if loaded(name).sigmoid_output else rows


def test_every_name_gives_another_relaxation():
    assert RELAXATIONS.names == ("softmax16", "light", "walsh", "binary")
    assert len({type(loaded(name)) for name in RELAXATIONS.names}) == 4


def test_fan_ins_that_a_relaxation_lacks_are_refused():
    require_fan_ins("light", range(2, 7))
    require_fan_ins("softmax16", [2])
    with pytest.raises(OptionError, match=r"not fan-in 6: choose light, walsh or binary$"):
        require_fan_ins("softmax16", [2, 6, 3])


@pytest.mark.parametrize(("name", "fan_in"), FORMS)
def test_residual_start_passes_pin_0_with_probability_0_9(name, fan_in):
    parameters = start(name, fan_in, "residual")
    passes = logic.pin_table(fan_in, 0)
    assert (tables_of(loaded(name), parameters) == passes).all()
    if name == "softmax16":
        torch.testing.assert_close(torch.softmax(parameters, 0)[passes], torch.full((7,), 0.9))
    elif name == "binary":
        assert parameters.abs().min() > 0.5  # far from the other value, but not out of reach
        assert parameters.abs().max() < 1
    else:
        rows = torch.tensor(logic.address_bits(fan_in)[:, 0]) * 0.8 + 0.1
        wanted = rows[:, None].expand(-1, 7).float()
        torch.testing.assert_close(probabilities(name, parameters), wanted)


@pytest.mark.parametrize(("name", "fan_in"), FORMS)
def test_gaussian_start_is_normal_and_seeded(name, fan_in):
    one, same, other = (start(name, fan_in, "gaussian", 2000, seed) for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    if name == "walsh":  # the logits of its rows are normal
        one = loaded(name).rows(one, 1.0)
    elif name == "binary":
        one = one / (1 - one.abs())
    assert abs(one.mean()) < 0.05
    assert abs(one.std() - 1) < 0.05


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
@pytest.mark.parametrize("fan_in", range(2, 7))
def test_walsh_starts_where_light_does(fan_in, initialization):
    walsh, light = (
        probabilities(name, start(name, fan_in, initialization)) for name in ("walsh", "light")
    )
    torch.testing.assert_close(walsh, light)


def test_softmax_is_the_mixture_of_the_sixteen_gates():
    logits, temperature = torch.randn((16, 7), dtype=torch.float64), 0.7
    weights = torch.softmax(logits / temperature, 0)
    rows = torch.as_tensor(logic.table_to_bits(np.arange(16, dtype=np.uint8), 2))
    wanted = sum(weights[t] * rows[t][:, None] for t in range(16))
    torch.testing.assert_close(loaded("softmax16").rows(logits, temperature), wanted)


def test_softmax_keeps_the_likeliest_gate():
    logits = torch.randn((16, 500))
    expected = logits.argmax(dim=0).numpy()
    np.testing.assert_array_equal(tables_of(loaded("softmax16"), logits), expected)


@pytest.mark.parametrize("fan_in", range(2, 7))
def test_light_rows_are_sigmoids_of_their_logits(fan_in):
    logits = torch.randn((1 << fan_in, 5), dtype=torch.float64)
    for row, address in itertools.product(range(5), range(1 << fan_in)):
        wanted = 1 / (1 + math.exp(-float(logits[address, row]) / 0.4))
        got = float(loaded("light").rows(logits, 0.4)[address, row])
        assert got == pytest.approx(wanted)


@pytest.mark.parametrize("fan_in", range(2, 7))
def test_walsh_is_the_formula_at_soft_inputs(fan_in):
    """``sigmoid(-1/T sum_S c_S prod_{j in S} (1 - 2 x_j))``, bit j of S's index for pin j."""
    torch.manual_seed(fan_in)
    c = torch.randn((1 << fan_in, 3), dtype=torch.float64)
    x = torch.rand((fan_in, 3, 8), dtype=torch.float64)
    total = torch.zeros((3, 8), dtype=torch.float64)
    for subset in range(1 << fan_in):
        pins = [pin for pin in range(fan_in) if subset >> pin & 1]
        total = total + c[subset][:, None] * torch.prod(1 - 2 * x[pins], dim=0)
    rows = loaded("walsh").rows(c, 0.6)
    got = torch.sigmoid(interpolate_plainly(x.reshape(-1, 8), rows))
    torch.testing.assert_close(got, torch.sigmoid(-total / 0.6))


@pytest.mark.parametrize("name", ["light", "binary"])
def test_parameters_around_zero_and_the_order_of_rows(name):
    """Row r is bit r of the table; 0 itself and the smallest numbers fall on the right side."""
    tiny = np.float32(1e-30)
    for fan_in in (2, 3, 6):
        rows = logic.rows(fan_in)
        parameters = torch.full((rows, rows + 2), -float(tiny))
        parameters[range(rows), range(rows)] = float(tiny)
        parameters[:, rows] = 0.0
        parameters[:, rows + 1] = float(tiny)
        tables = tables_of(loaded(name), parameters)
        assert [int(t) for t in tables] == [1 << r for r in range(rows)] + [
            0, logic.all_ones(fan_in),
        ]  # fmt: skip


def test_walsh_around_zero():
    c = torch.zeros((4, 3))
    c[0] = torch.tensor([0.0, 1e-30, -1e-30])
    assert tables_of(loaded("walsh"), c).tolist() == [0, 0, 15]
    c = torch.zeros((4, 4))
    c[1] = torch.tensor([1, -1, 1, 1])  # pin 0
    c[2] = torch.tensor([0, 0, 2, 0.5])  # pin 1
    assert tables_of(loaded("walsh"), c).tolist() == [0b1010, 0b0101, 0b1100, 0b1010]


@pytest.mark.parametrize(("name", "fan_in"), FORMS)
def test_rows_sharpen_to_the_hard_rows(name, fan_in):
    torch.manual_seed(1)
    parameters = start(name, fan_in, "gaussian", width=300)
    hard = loaded(name).hard_rows(parameters)
    assert set(hard.unique().tolist()) <= {0.0, 1.0}
    sharp = probabilities(name, parameters, 1e-5)
    assert ((sharp - hard).abs() < 0.01).float().mean() > 0.999


@pytest.mark.parametrize("fan_in", [2, 3, 6])
def test_binary_rows_are_bits_with_the_gradient_of_a_clamp(fan_in):
    parameters = torch.linspace(-2, 2, (1 << fan_in) * 9).reshape(1 << fan_in, 9)
    parameters.requires_grad_()
    rows = loaded("binary").rows(parameters, 1.0)
    assert torch.equal(rows, (parameters > 0).float())
    rows.sum().backward()
    assert torch.equal(parameters.grad, (parameters.abs() <= 1).float())


SAMPLES = 40_000
MARGIN = 4 / math.sqrt(SAMPLES)
"""Eight standard deviations of a frequency, at least."""


def noisy_tables(name, parameters):
    """Tables of many noisy copies of one node's parameters ``[P]``."""
    torch.manual_seed(5)
    copies = parameters[:, None].expand(-1, SAMPLES)
    uniform = torch.rand(copies.shape).clamp(1e-6, 1 - 1e-6)
    return RELAXATIONS.find(name).load().hard_rows(loaded(name).noise(copies, uniform))


def test_gumbel_noise_draws_gates_by_their_softmax():
    logits = torch.randn(16, generator=torch.Generator().manual_seed(2)) * 1.5
    rows = noisy_tables("softmax16", logits)
    gate = logic.table_from_bits(rows.T.numpy() > 0.5)
    frequency = np.bincount(gate, minlength=16) / SAMPLES
    np.testing.assert_allclose(frequency, torch.softmax(logits, 0), atol=MARGIN)


@pytest.mark.parametrize("name", ["light", "walsh", "binary"])
@pytest.mark.parametrize("fan_in", [2, 3])
def test_noise_draws_rows_by_their_probabilities(name, fan_in):
    generator = torch.Generator().manual_seed(fan_in)
    parameters = torch.randn(1 << fan_in, generator=generator)
    rows = noisy_tables(name, parameters)
    if name == "binary":
        wanted = (1 + parameters.clamp(-1, 1)) / 2
    else:
        wanted = probabilities(name, parameters[:, None])[:, 0]
    torch.testing.assert_close(rows.mean(1), wanted, atol=MARGIN, rtol=0)
    others = rows - rows.mean(1, keepdim=True)
    covariance = (others @ others.T) / SAMPLES
    assert (covariance - covariance.diag().diag()).abs().max() < MARGIN  # rows independently
