"""One layer: three samplings, their values and their gradients."""

import numpy as np
import pytest
import torch
from training_kinds import fixed_wiring, loaded

from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.train.relax.kinds import RELAXATIONS
from lgn2hdl.train.relax.layer import RelaxedLayer, Sampling
from lgn2hdl.train.relax.nodes import interpolate_plainly
from lgn2hdl.train.wiring.wires import FixedWires

pytestmark = pytest.mark.slow

WIDTH, SOURCES, ROWS = 30, 12, 40


def make_layer(relaxation, fan_in, seed=0, dtype=torch.float32):
    rng = np.random.default_rng(seed)
    fanin = fixed_wiring("balanced", SOURCES, WIDTH, rng, fan_in=fan_in)
    start = loaded(relaxation).initial(WIDTH, fan_in, "gaussian", rng)
    layer = RelaxedLayer(FixedWires(fanin), loaded(relaxation), torch.from_numpy(start))
    return layer.to(dtype)


def random_bits(dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 2, (SOURCES, ROWS), generator=generator).to(dtype)


def noise(seed=3):
    return Sampling("gumbel", 1.0, torch.Generator().manual_seed(seed))


FORMS = [(name, fan_in) for name in RELAXATIONS.names for fan_in in (2, 3, 6)
         if name != "softmax16" or fan_in == 2]  # fmt: skip


@pytest.mark.parametrize(("name", "fan_in"), FORMS)
def test_soft_outputs_are_the_interpolated_rows(name, fan_in):
    layer, x = make_layer(name, fan_in), torch.rand((SOURCES, ROWS))
    rows = layer.relaxation.rows(layer.logits, 0.5)
    wanted = interpolate_plainly(x, rows, layer.wires.index)
    if name == "walsh":
        wanted = torch.sigmoid(wanted)
    torch.testing.assert_close(layer(x, Sampling("soft", 0.5)), wanted)


@pytest.mark.parametrize("temperature", [0.3, 1.0])
@pytest.mark.parametrize(("name", "fan_in"), FORMS)
def test_hard_outputs_are_those_of_the_discrete_layer(name, fan_in, temperature):
    layer, x = make_layer(name, fan_in), random_bits()
    lut = Lut(layer.wires.fanin(), layer.tables())
    pins = x.numpy().astype(int)[lut.fanin]  # [W, k, N]
    address = (pins << np.arange(fan_in)[:, None]).sum(axis=1)
    wanted = lut.table[:, None] >> address.astype(lut.table.dtype) & lut.table.dtype.type(1)
    np.testing.assert_array_equal(layer(x, Sampling("hard", temperature)).detach(), wanted)
    np.testing.assert_array_equal(layer.hard(x), wanted)


@pytest.mark.parametrize(("name", "fan_in"), FORMS)
def test_hard_gradients_are_those_of_the_relaxed_rows_at_the_same_pins(name, fan_in):
    layer, weight = make_layer(name, fan_in), torch.randn((WIDTH, ROWS))
    gradients = []
    for kind in ("soft", "hard"):
        x = random_bits().requires_grad_()
        loss = (layer(x, Sampling(kind, 0.8)) * weight).sum()
        gradients.append(torch.autograd.grad(loss, (x, layer.logits)))
    torch.testing.assert_close(gradients[1], gradients[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("name", "fan_in"), FORMS)
def test_gumbel_outputs_are_bits_of_noisy_tables(name, fan_in):
    layer, x = make_layer(name, fan_in), random_bits()
    one, same, other = (layer(x, noise(seed)).detach() for seed in (3, 3, 4))
    assert set(one.unique().tolist()) <= {0.0, 1.0}
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert not torch.equal(one, layer.hard(x))


@pytest.mark.parametrize(("name", "fan_in"), FORMS)
def test_gumbel_gradients_are_those_at_the_noisy_parameters(name, fan_in):
    layer, weight = make_layer(name, fan_in), torch.randn((WIDTH, ROWS))
    (layer(random_bits(), noise()) * weight).sum().backward()
    uniform = torch.rand(layer.logits.shape, generator=torch.Generator().manual_seed(3))
    noisy = make_layer(name, fan_in)
    with torch.no_grad():
        noisy.logits.copy_(layer.relaxation.noise(layer.logits, uniform.clamp(1e-6, 1 - 1e-6)))
    (noisy(random_bits(), Sampling("hard")) * weight).sum().backward()
    torch.testing.assert_close(layer.logits.grad, noisy.logits.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["softmax16", "light", "walsh"])
def test_soft_gradients_equal_finite_differences(name):
    layer = make_layer(name, 2, dtype=torch.float64)
    x = torch.rand((SOURCES, 5), dtype=torch.float64, requires_grad=True)

    def run(values, parameters):
        layer.logits = torch.nn.Parameter(parameters)
        del layer._parameters["logits"]
        layer.logits = parameters
        return layer(values, Sampling("soft", 0.7))

    parameters = layer.logits.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(run, (x, parameters))
