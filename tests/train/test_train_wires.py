"""Learned wires: values and gradients of every selection, and the resampling of candidates."""

import numpy as np
import pytest
import torch

from lgn2hdl.train.config import SELECTIONS, TrainConfig
from lgn2hdl.train.loop.distributed import Group
from lgn2hdl.train.loop.optimizer import make_optimizer
from lgn2hdl.train.loop.resampling import is_due, observe, resample
from lgn2hdl.train.network.network import RelaxedNetwork
from lgn2hdl.train.relax.layer import Sampling
from lgn2hdl.train.relax.nodes import interpolate_plainly
from lgn2hdl.train.wiring.candidates import draw_candidates
from lgn2hdl.train.wiring.wires import CandidateWires, FixedWires, MappedWires
from lgn2hdl.train.wiring.wiring import pixel_places

S, K, FAN_IN, WIDTH, N = 14, 5, 3, 6, 9
PINS = FAN_IN * WIDTH


@pytest.fixture(params=["compiled", "plain"], autouse=True)
def kernels(request, monkeypatch):
    """Everything holds with the compiled kernels and with torch's own operations."""
    if request.param == "plain":
        monkeypatch.setattr("lgn2hdl.train.kernels.cpu._library", lambda: None)


def candidate_wires(selection, seed=0):
    rng = np.random.default_rng(seed)
    source = draw_candidates(S, WIDTH, rng, fan_in=FAN_IN, count=K)
    scores = rng.standard_normal(source.shape).astype(np.float32)
    return CandidateWires(source, scores, selection)


def mapped_wires(seed=0):
    scores = np.random.default_rng(seed).standard_normal((PINS, S)).astype(np.float32)
    return MappedWires(scores, FAN_IN)


def problem(seed=1):
    """Values of the sources, and the gradient that arrives at the pins."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand((S, N), generator=generator)
    return x.requires_grad_(), torch.randn((PINS, N), generator=generator)


def values_and_gradients(wires, hard):
    x, grad = problem()
    rows, index = wires(x, hard=hard)
    assert index is None
    return rows.detach(), *torch.autograd.grad(rows, (x, wires.scores), grad)


def weighted_mean(wires):
    """The softmax form in plain operations, with autograd's gradients."""
    x, grad = problem()
    weight = torch.softmax(wires.scores, 0)
    rows = (weight[:, :, None] * x[wires.source.long()]).sum(0)
    return rows.detach(), *torch.autograd.grad(rows, (x, wires.scores), grad)


def best_rows(wires):
    """Row of the best candidate of every pin, and its gradient to the sources."""
    x, grad = problem()
    fanin = torch.from_numpy(wires.fanin()).long()
    rows = x[fanin.T.reshape(-1)]
    return rows.detach(), *torch.autograd.grad(rows, x, grad)


def test_fixed_wires_pass_rows_and_index():
    fanin = np.random.default_rng(0).integers(0, S, (WIDTH, FAN_IN)).astype(np.int32)
    wires, x = FixedWires(fanin), problem()[0]
    rows, index = wires(x, hard=False)
    assert rows is x
    np.testing.assert_array_equal(index.numpy(), fanin.T)
    np.testing.assert_array_equal(wires.fanin(), fanin)
    assert not list(wires.parameters())


def test_soft_selection_is_the_weighted_mean_with_its_gradients():
    wires = candidate_wires("softmax")
    torch.testing.assert_close(values_and_gradients(wires, hard=False), weighted_mean(wires))


@pytest.mark.parametrize("hard", [False, True])
def test_straight_through_is_the_best_with_the_scores_gradient_of_the_mean(hard):
    wires = candidate_wires("straight-through")
    rows, grad_x, grad_scores = values_and_gradients(wires, hard)
    torch.testing.assert_close((rows, grad_x), best_rows(wires))
    torch.testing.assert_close(grad_scores, weighted_mean(wires)[2])


def test_soft_selection_is_straight_through_where_the_network_is_discrete():
    soft, straight = candidate_wires("softmax"), candidate_wires("straight-through")
    torch.testing.assert_close(
        values_and_gradients(soft, hard=True), values_and_gradients(straight, hard=True)
    )


@pytest.mark.parametrize("hard", [False, True])
def test_correlation_is_the_best_and_every_score_learns_from_its_own_source(hard):
    wires = candidate_wires("correlation")
    rows, grad_x, grad_scores = values_and_gradients(wires, hard)
    torch.testing.assert_close((rows, grad_x), best_rows(wires))
    x, grad = problem()[0].detach(), problem()[1]
    for candidate in range(K):
        for pin in range(PINS):
            source = int(wires.source[candidate, pin])
            wanted = float(((2 * x[source] - 1) * grad[pin]).sum())
            assert float(grad_scores[candidate, pin]) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("hard", [False, True])
def test_mapping_is_the_best_source_and_every_source_learns(hard):
    wires = mapped_wires()
    rows, grad_x, grad_scores = values_and_gradients(wires, hard)
    torch.testing.assert_close((rows, grad_x), best_rows(wires))
    x, grad = problem()
    wanted = torch.einsum("pn,sn->ps", grad, 2 * x.detach() - 1)
    torch.testing.assert_close(grad_scores, wanted)


def test_a_step_along_the_correlation_chooses_the_source_that_helps():
    """The pin shall be source 3: after one step its score is the highest."""
    torch.manual_seed(0)
    x = torch.randint(0, 2, (S, 400)).float()
    for wires in (mapped_wires(), candidate_wires("correlation")):
        if isinstance(wires, CandidateWires):
            wires.source[2] = 3
        optimizer = torch.optim.SGD(wires.parameters(), lr=1.0)
        rows, _ = wires(x, hard=True)
        ((rows - x[3]) ** 2).sum().backward()
        optimizer.step()
        assert not torch.equal(rows[0], x[3])
        assert (wires.fanin() == 3).all()


@pytest.mark.parametrize("selection", SELECTIONS)
def test_fanin_is_that_of_the_highest_scores(selection):
    wires = candidate_wires(selection)
    best = wires.scores.argmax(0).tolist()
    wanted = [int(wires.source[c, pin]) for pin, c in enumerate(best)]
    np.testing.assert_array_equal(wires.fanin().T.reshape(-1), wanted)
    assert wires.fanin().shape == (WIDTH, FAN_IN)


def test_no_gradient_for_sources_that_are_data():
    for wires in (*map(candidate_wires, SELECTIONS), mapped_wires()):
        x = problem()[0].detach()
        wires(x, hard=False)[0].sum().backward()
        assert x.grad is None
        assert wires.scores.grad is not None


class TestResampling:
    """The worse half of the candidates is drawn anew; what was chosen stays chosen."""

    @pytest.fixture
    def adam(self):
        generator = torch.Generator().manual_seed(4)
        return {
            "exp_avg": torch.randn((K, PINS), generator=generator),
            "exp_avg_sq": torch.rand((K, PINS), generator=generator),
        }

    def resampled(self, wires, adam, seed=0):
        wires.resample(S, np.random.default_rng(seed), adam, None, 1)
        return wires

    def test_winners_stay_and_losers_go(self, adam):
        old = candidate_wires("correlation")
        new = self.resampled(candidate_wires("correlation"), adam)
        np.testing.assert_array_equal(new.fanin(), old.fanin())
        rank = old.scores.argsort(0).argsort(0)
        lost = rank < K // 2
        assert torch.equal(new.source[~lost], old.source[~lost])
        assert torch.equal(new.scores[~lost], old.scores[~lost])
        assert (new.source[lost] != old.source[lost]).float().mean() > 0.7
        sorted_sources = new.source.sort(0).values
        assert (sorted_sources[1:] != sorted_sources[:-1]).all()  # a pin's candidates differ

    def test_new_candidates_begin_at_the_mean_without_momentum(self, adam):
        old = candidate_wires("correlation")
        before = {name: value.clone() for name, value in adam.items()}
        new = self.resampled(candidate_wires("correlation"), adam)
        lost = old.scores.argsort(0).argsort(0) < K // 2
        mean = old.scores.detach().mean(0, keepdim=True).expand(K, -1)
        torch.testing.assert_close(new.scores[lost], mean[lost])
        assert (adam["exp_avg"][lost] == 0).all()
        usual = before["exp_avg_sq"].mean(0, keepdim=True).expand(K, -1)
        torch.testing.assert_close(adam["exp_avg_sq"][lost], usual[lost])
        for name in before:
            assert torch.equal(adam[name][~lost], before[name][~lost])

    def test_the_seed_decides(self, adam):
        one, same, other = (
            self.resampled(candidate_wires("correlation"), dict(adam), seed) for seed in (1, 1, 2)
        )
        assert torch.equal(one.source, same.source)
        assert not torch.equal(one.source, other.source)

    def test_works_before_the_first_step(self):
        self.resampled(candidate_wires("correlation"), {})

    def test_the_first_of_equal_scores_stays(self, adam):
        wires = candidate_wires("correlation")
        with torch.no_grad():
            wires.scores.fill_(0.5)
        chosen = wires.fanin()
        np.testing.assert_array_equal(self.resampled(wires, adam).fanin(), chosen)

    @pytest.mark.parametrize("count", [1, S])
    def test_nothing_to_exchange_changes_nothing(self, count):
        rng = np.random.default_rng(0)
        source = draw_candidates(S, WIDTH, rng, fan_in=FAN_IN, count=count)
        wires = CandidateWires(source, np.ones(source.shape, np.float32), "correlation")
        self.resampled(wires, {})
        np.testing.assert_array_equal(wires.source.numpy(), source.reshape(count, PINS))


class TestAdoption:
    """Another source takes the place of a pin's worst candidate."""

    def adopted(self, found, count=K):
        rng = np.random.default_rng(0)
        source = draw_candidates(S, WIDTH, rng, fan_in=FAN_IN, count=count)
        scores = rng.standard_normal(source.shape).astype(np.float32)
        wires = [CandidateWires(source, scores.copy(), "correlation") for _ in range(2)]
        adam = [{name: torch.rand((count, PINS), generator=torch.Generator().manual_seed(1))
                 for name in ("exp_avg", "exp_avg_sq")} for _ in range(2)]  # fmt: skip
        wires[1].adopt(found, adam[1])
        return *wires, *adam

    def test_only_the_worst_candidate_goes_and_only_where_the_source_is_new(self):
        found = torch.arange(PINS) % S
        old, new, before, after = self.adopted(found)
        np.testing.assert_array_equal(new.fanin(), old.fanin())
        had = (old.source == found).any(0)
        assert had.any()
        assert not had.all()
        changed = new.source != old.source
        assert torch.equal(changed.any(0), ~had)
        assert torch.equal(changed[:, ~had].int().argmax(0), old.scores[:, ~had].argmin(0))
        assert torch.equal(new.source[changed].long(), found.expand(K, -1)[changed])
        mean = old.scores.detach().mean(0).expand(K, -1)
        torch.testing.assert_close(new.scores[changed], mean[changed])
        assert torch.equal(new.scores[~changed], old.scores[~changed])
        assert (after["exp_avg"][changed] == 0).all()
        usual = before["exp_avg_sq"].mean(0).expand(K, -1)
        torch.testing.assert_close(after["exp_avg_sq"][changed], usual[changed])
        for name in before:
            assert torch.equal(after[name][~changed], before[name][~changed])

    def test_a_pin_with_one_candidate_keeps_it(self):
        old, new, *_ = self.adopted(torch.arange(PINS) % S, count=1)
        assert torch.equal(new.source, old.source)


def reach(wires, places):
    """Pixels from one end of a node's candidates to the other, the largest of all nodes."""
    pixel = places[wires.source.numpy().reshape(len(wires.source), wires.fan_in, -1)].astype(int)
    spread = pixel.max(axis=(0, 1)) - pixel.min(axis=(0, 1))
    return spread.max()


def test_resampling_of_a_network_keeps_local_candidates_local_and_stops_in_time():
    config = TrainConfig.of(
        layers=(50, 40), wiring=("local-candidates", "candidates"), candidates=6, local_radius=1,
        steps=100, resample_every=10, resampling="random",
    )  # fmt: skip
    places = pixel_places(np.arange(144), (12, 12))
    network = RelaxedNetwork(144, 2, config, places)
    optimizer = make_optimizer(network, config)
    first, second = (layer.wires for layer in network.relaxed_layers)
    assert reach(first, places) <= 2
    for step in range(10, 100, 10):
        before = [wires.source.clone() for wires in (first, second)]
        chosen = [wires.fanin() for wires in (first, second)]
        resample(network, optimizer, config, step, Group())
        changed = [
            not torch.equal(a, w.source) for a, w in zip(before, (first, second), strict=True)
        ]
        assert changed == [step < 70] * 2
        for wires, fanin in zip((first, second), chosen, strict=True):
            np.testing.assert_array_equal(wires.fanin(), fanin)
        assert reach(first, places) <= 2
    assert second.source.max() >= 40  # of all 50 nodes below, not of the 40 beside
    assert second.source.max() < 50


@pytest.mark.parametrize("selection", SELECTIONS)
def test_guided_resampling_adopts_the_source_that_would_have_helped_most(selection):
    config = TrainConfig.of(
        layers=(12, 10), wiring=("candidates",), candidates=4, steps=100, resample_every=10,
        selection=selection, initialization="gaussian",
    )  # fmt: skip
    network = RelaxedNetwork(20, 2, config)
    optimizer = make_optimizer(network, config)
    generator = torch.Generator().manual_seed(0)
    bits = torch.randint(0, 2, (20, 50), generator=generator).float()
    first, second = network.relaxed_layers
    old = [layer.wires.source.clone() for layer in (first, second)]
    observe(network, config, 10)
    network(bits, Sampling("soft"))[:, 0].sum().backward()
    with torch.no_grad():
        below = first(bits, Sampling("soft"))
    second.wires.observing = False
    # The gradient of the second layer's pins, by hand.
    rows = second.wires(below, hard=False)[0].detach().requires_grad_()
    tables = second.relaxation.rows(second.logits, 1.0)
    interpolate_plainly(rows, tables)[:5].sum().backward()
    gradients = rows.grad / network.head.tau
    best = (gradients @ (2 * below - 1).T).argmin(1)
    resample(network, optimizer, config, 10, Group())
    assert (second.wires.source.long() == best).any(0).all()
    assert not torch.equal(second.wires.source, old[1])
    assert not torch.equal(first.wires.source, old[0])


def test_only_due_steps_are_observed():
    config = TrainConfig.of(layers=(12, 10), wiring=("candidates",), candidates=4, steps=100,
                         resample_every=10)  # fmt: skip
    assert [step for step in range(1, 101) if is_due(config, step)] == list(range(10, 70, 10))
    network = RelaxedNetwork(20, 2, config)
    for step in (9, 10, 11):
        observe(network, config, step)
        network(torch.zeros((20, 3)), Sampling("soft")).sum().backward()
        seen = [len(layer.wires.observed) for layer in network.relaxed_layers]
        assert seen == ([2, 2] if step == 10 else [0, 0])
