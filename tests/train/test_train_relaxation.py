import numpy as np
import pytest
import torch

from lgn2hdl import logic
from lgn2hdl.errors import OptionError
from lgn2hdl.train.config import INITIALIZATIONS, RELAXATION_NAMES
from lgn2hdl.train.relaxation import RELAXATIONS, coefficients


def test_the_names_are_those_of_the_configuration():
    assert tuple(RELAXATIONS) == RELAXATION_NAMES


@pytest.mark.parametrize("fan_in", [1, 2, 3, 6])
def test_coefficients_give_back_the_table_at_every_corner(fan_in):
    tables = torch.rand((logic.rows(fan_in), 5), dtype=torch.float64)
    c = coefficients(tables)
    pins = torch.as_tensor(logic.address_bits(fan_in).astype(np.float64))
    for address in range(logic.rows(fan_in)):
        monomials = torch.stack(
            [torch.prod(pins[address][pins[subset] == 1]) for subset in range(logic.rows(fan_in))]
        )
        torch.testing.assert_close(monomials @ c, tables[address])


def test_two_pin_coefficients_in_words():
    and_gate = coefficients(torch.tensor([[0.0], [0.0], [0.0], [1.0]]))
    pass_a = coefficients(torch.tensor([[0.0], [1.0], [0.0], [1.0]]))
    assert and_gate.ravel().tolist() == [0, 0, 0, 1]
    assert pass_a.ravel().tolist() == [0, 1, 0, 0]


def test_softmax_is_the_mean_of_the_sixteen_gates():
    logits = torch.randn((16, 7), dtype=torch.float64)
    weights = torch.softmax(logits, 0)
    rows = torch.as_tensor(logic.table_to_bits(np.arange(16, dtype=np.uint8), 2))
    wanted = sum(weights[t] * rows[t][:, None] for t in range(16))
    torch.testing.assert_close(RELAXATIONS["softmax16"].expected_table(logits), wanted)


@pytest.mark.parametrize("name", RELAXATIONS)
def test_every_sure_parameter_discretizes_to_its_table(name):
    relaxation = RELAXATIONS[name]
    every = np.arange(16, dtype=np.uint8)
    bits = logic.table_to_bits(every, 2).T.astype(np.float32)
    sure = 20 * (np.eye(16, dtype=np.float32) if name == "softmax16" else 2 * bits - 1)
    logits = torch.from_numpy(sure)
    np.testing.assert_array_equal(relaxation.discretize(logits), every)
    torch.testing.assert_close(
        relaxation.expected_table(logits), torch.from_numpy(bits), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("name", RELAXATIONS)
def test_residual_start_passes_pin_0_with_probability_0_9(name):
    relaxation = RELAXATIONS[name]
    logits = torch.from_numpy(relaxation.initial(3, 2, "residual", np.random.default_rng(0)))
    assert (relaxation.discretize(logits) == logic.pin_table(2, 0)).all()
    if name == "softmax16":
        chosen = torch.softmax(logits, 0)[logic.pin_table(2, 0)]
    else:
        chosen = relaxation.expected_table(logits)[1]
    torch.testing.assert_close(chosen, torch.full((3,), 0.9))


@pytest.mark.parametrize("name", RELAXATIONS)
def test_gaussian_start_is_normal_and_seeded(name):
    one, same = (
        RELAXATIONS[name].initial(2000, 2, "gaussian", np.random.default_rng(3)) for _ in range(2)
    )
    np.testing.assert_array_equal(one, same)
    assert abs(one.mean()) < 0.05
    assert abs(one.std() - 1) < 0.05


@pytest.mark.parametrize("name", RELAXATIONS)
def test_unknown_initialization_is_refused(name):
    assert "zero" not in INITIALIZATIONS
    with pytest.raises(OptionError, match="'zero' is unknown"):
        RELAXATIONS[name].initial(2, 2, "zero", np.random.default_rng(0))
