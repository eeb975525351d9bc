"""The state of a training run: one step, one evaluation, saving and going on, the result."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from lgn2hdl.datasets import Dataset
from lgn2hdl.model.features import Integers
from lgn2hdl.model.heads import Head
from lgn2hdl.model.network import LogicNet, Thermometer
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.data.problem import Batch, Problem, Targets
from lgn2hdl.train.data.teacher import Teacher, logits_of, require_fit
from lgn2hdl.train.encoder.learned_thresholds import LearnedThresholds
from lgn2hdl.train.kernels.arithmetic import warn_if_inexact
from lgn2hdl.train.loop import checkpoint as checkpoints
from lgn2hdl.train.loop.accuracy import accuracy, test_metrics
from lgn2hdl.train.loop.budget import Budget
from lgn2hdl.train.loop.card import make_card
from lgn2hdl.train.loop.checkpoint import Best, Checkpoint
from lgn2hdl.train.loop.distributed import Group
from lgn2hdl.train.loop.interrupt import TrainingStoppedError
from lgn2hdl.train.loop.optimizer import (
    is_finetuning,
    make_optimizer,
    rate_factor,
    sampling_kind,
    set_rates,
)
from lgn2hdl.train.loop.tidy import tidy
from lgn2hdl.train.network.network import EVALUATION_ROWS, RelaxedNetwork, encode
from lgn2hdl.train.network.size import size_penalty
from lgn2hdl.train.relax.hard import Values, encoded, flipped, is_possible
from lgn2hdl.train.relax.layer import Sampling
from lgn2hdl.train.seeds import Purpose, generator, torch_seed


@dataclass(frozen=True)
class Progress:
    """What the progress callback is told after every step.

    Attributes:
        step: steps done, 1 to ``steps``.
        steps: steps of the whole run.
        loss: loss of the step's batch.
        seconds: time spent in training so far, earlier parts of a resumed run included.
        soft_accuracy: latest validation accuracy of the network as it computes in training;
            ``None`` before the first.
        hard_accuracy: latest validation accuracy of the discretized network.
        best_hard_accuracy: the highest so far.
        luts: estimated LUTs at the latest evaluation, if there is a budget.
    """

    step: int
    steps: int
    loss: float
    seconds: float
    soft_accuracy: float | None
    hard_accuracy: float | None
    best_hard_accuracy: float | None
    luts: int | None = None


class Run:
    """The moving parts of one training run."""

    def __init__(
        self,
        dataset: Dataset,
        config: TrainConfig,
        teacher: Teacher | None,
        group: Group,
        command: str,
    ) -> None:
        warn_if_inexact(group.device)
        self.config, self.teacher, self.group, self.command = config, teacher, group, command
        self.problem = problem = Problem(dataset, config)
        n_names = len(dataset.class_names)
        if teacher is not None:
            require_fit(teacher, dataset.x_train, n_names, group.device)
        self.network = RelaxedNetwork(
            problem.encoder.n_bits,
            n_names,
            config,
            problem.places,
            bits=dataset.has_bit_targets,
        )
        self.modules = nn.ModuleDict({"network": self.network})
        self.thresholds: LearnedThresholds | None = None
        if config.encoder == "learned":
            self.thresholds = LearnedThresholds(problem.encoder, problem.x, dataset.features)
            self.modules["thresholds"] = self.thresholds
        self.modules.to(group.device)
        if group.size > 1:
            for layer in self.network.relaxed_layers:
                layer.wires.agree = group.highest
        self.parameters = list(self.modules.parameters())
        self.optimizer = make_optimizer(self.modules, config)
        self.budget = Budget(config, problem)
        self.step, self.seconds, self.loss = 0, 0.0, math.nan
        self.latest: tuple[float, float, int | None] | None = None
        self.best: Best | None = None
        self.saved: Path | None = None

    def advance(self, stop: bool) -> bool:
        """One optimizer step; whether any process of the group is to stop."""
        started = time.perf_counter()
        set_rates(self.optimizer, rate_factor(self.config, self.step))
        whole = self.problem.batch(self.step)
        mine = whole.part(self.group.part(len(whole.rows)))
        loss = self._loss(mine, len(whole.rows))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        # What a process has to tell travels with its gradients.
        message = torch.stack([loss.detach(), loss.new_tensor(float(stop))])
        self.group.add_up([message, *map(_gradient, self.parameters)])
        self.loss, stopping = message.tolist()
        self.step += 1
        if not math.isfinite(self.loss):
            self._diverged(f"the loss is {self.loss}")
        self.optimizer.step()
        self.seconds += time.perf_counter() - started
        return bool(stopping)

    def _loss(self, batch: Batch, n_rows: int) -> Tensor:
        """This process's part of the loss of a batch of ``n_rows``."""
        config, head, device = self.config, self.network.head, self.group.device
        if not len(batch.rows):  # the others wait for this process in the backward pass
            row = np.zeros((1, self.problem.x.shape[1]), self.problem.x.dtype)
            return self.network(self.bits(row), self._sampling()).sum() * 0
        logits = self.network(self._inputs(batch.x, n_rows), self._sampling())
        loss = head.loss(logits, batch.targets(device), config.label_smoothing)
        if self.teacher is not None and config.distill_weight:
            theirs = logits_of(self.teacher, batch.rows, batch.x, device)
            divergence = head.divergence(logits, theirs, config.distill_temperature)
            weight = config.distill_weight
            loss = (1 - weight) * loss + weight * divergence
        if config.size_weight:
            loss = loss + config.size_weight * size_penalty(self.network)
        return loss * (len(batch.rows) / n_rows)

    def _inputs(self, x: Integers, n_rows: int) -> Values:
        """Input bits of this process's part ``x`` of the ``n_rows`` of a batch, some flipped."""
        by_bits = self._computes_with_bits
        bits: Values = encoded(self.problem.encoder, x) if by_bits else self.bits(x)
        if not self.config.input_noise:
            return bits
        rng = generator(self.config.seed, Purpose.INPUT_NOISE, self.step)
        shape = (n_rows, self.problem.encoder.n_bits)
        flips = rng.random(shape, np.float32) < self.config.input_noise
        mine = np.ascontiguousarray(flips[self.group.part(n_rows)].T)
        return flipped(bits, torch.from_numpy(mine))

    @property
    def _computes_with_bits(self) -> bool:
        """Whether input bits are fixed, and the first layer takes them packed."""
        hard = sampling_kind(self.config, self.step) == "hard"
        return hard and self.thresholds is None and is_possible(*self.parameters)

    def _sampling(self) -> Sampling:
        config = self.config
        kind = sampling_kind(config, self.step)
        noise = None
        if kind == "gumbel":
            noise = torch.Generator().manual_seed(torch_seed(config.seed, Purpose.NOISE, self.step))
        return Sampling(kind, config.temperature, noise)

    def bits(self, x: Integers) -> Tensor:
        """Input bits ``f32[B, N]`` of rows ``[N, F]``."""
        if self.thresholds is not None:
            bits: Tensor = self.thresholds(x)
            return bits
        return encode(self.problem.encoder, x).to(self.group.device)

    def _diverged(self, what: str) -> NoReturn:
        kept = "" if self.saved is None else f"; {self.saved} has the last good state"
        raise TrainingStoppedError(
            f"training diverged at step {self.step} ({what}): lower the learning rate "
            f"{self.config.learning_rate} or raise tau {self.network.head.tau:g}{kept}"
        )

    def evaluate(self) -> None:
        """Measure the validation accuracies; keep the state if it is the best within budget."""
        started = time.perf_counter()
        problem = self.problem
        if not all(bool(p.isfinite().all()) for p in self.modules.parameters()):
            self._diverged("a parameter is not finite")
        luts = self.budget.enforce(self.network, self.bits, self.step)
        encoder = None if self.thresholds is None else self.thresholds.thermometer()
        layers = self.network.discrete_layers()
        network = self._logic_net({}, layers, encoder)
        hard = accuracy(network, problem.x_validation, problem.y_validation)
        soft = self._soft_accuracy(problem.x_validation, problem.y_validation, hard)
        self.latest = (soft, hard, luts)
        if self.budget.allows(luts) and (self.best is None or hard >= self.best.hard_accuracy):
            tau, head = self.network.head.tau, network.head
            self.best = Best(self.step, soft, hard, layers, encoder, luts, tau, head)
        self.seconds += time.perf_counter() - started

    @torch.no_grad()
    def _soft_accuracy(self, x: Integers, y: Targets, hard: float) -> float:
        """Accuracy of the network as it computes in training, without noise."""
        if self.config.sampling != "soft" or is_finetuning(self.config, self.step - 1):
            return hard
        right = 0.0
        for start in range(0, len(x), EVALUATION_ROWS):
            part = slice(start, start + EVALUATION_ROWS)
            logits = self.network(self.bits(x[part]), Sampling("soft", self.config.temperature))
            decided = logits > 0 if y.ndim == 2 else logits.argmax(dim=1)
            right += float((decided.cpu().numpy() == y[part]).mean() * len(y[part]))
        return right / len(x)

    def progress(self) -> Progress:
        """The latest figures."""
        soft, hard, luts = self.latest or (None, None, None)
        best = None if self.best is None else self.best.hard_accuracy
        return Progress(
            self.step, self.config.steps, self.loss, self.seconds, soft, hard, best, luts
        )

    def state(self) -> Checkpoint:
        """Everything that :meth:`restore` needs."""
        state, adam = checkpoints.collect(self.modules, self.optimizer)
        return Checkpoint(
            config=self.config,
            dataset_sha256=self.problem.dataset.sha256,
            command=self.command,
            step=self.step,
            seconds=self.seconds,
            state=state,
            adam=adam,
            best=self.best,
        )

    def save(self, path: Path) -> None:
        """Write a checkpoint, but never one that holds NaN or infinity."""
        state = self.state()
        arrays = (*state.state.values(), *state.adam.values())
        if not all(np.isfinite(array).all() for array in arrays):
            self._diverged("a parameter is not finite")
        if self.group.leads:
            checkpoints.save(state, path)
        self.saved = path

    def restore(self, saved: Checkpoint) -> None:
        """Go back to a saved state."""
        self.step, self.seconds = saved.step, saved.seconds
        self.best, self.command = saved.best, saved.command
        device = self.group.device
        checkpoints.restore(
            saved,
            self.modules,
            self.optimizer,
            lambda array: torch.from_numpy(array.copy()).to(device),
        )

    def result(self, *, test: bool) -> LogicNet:
        """The best state with its card; this is where the test rows are used."""
        if self.best is None:
            raise TrainingStoppedError(
                f"no state needed at most {self.config.target_luts} LUTs: raise target_luts, "
                "narrow the layers or train longer"
            )
        best, problem = self.best, self.problem
        network = self._logic_net({}, best.layers, best.encoder, best.head)
        if best.encoder is not None:
            network = tidy(network, problem.x)
            hard = accuracy(network, problem.x_validation, problem.y_validation)
            best = replace(best, hard_accuracy=hard)
        rows = problem.dataset.x_test, problem.dataset.y_test
        card = make_card(
            problem,
            best,
            command=self.command,
            test=test_metrics(network, *rows) if test else {},
            seconds=self.seconds,
            processes=self.group.size,
            device=self.group.device,
        )
        card["input_bits"] = network.encoder.n_bits
        return replace(network, card=card)

    def _logic_net(
        self,
        card: dict[str, Any],
        layers: tuple[Any, ...],
        encoder: Thermometer | None,
        head: Head | None = None,
    ) -> LogicNet:
        dataset = self.problem.dataset
        return self.network.to_logic_net(
            dataset.features,
            encoder or self.problem.encoder,
            tuple(dataset.class_names),
            card,
            layers,
            head,
        )


def _gradient(parameter: nn.Parameter) -> Tensor:
    """Its gradient; zeros in a process that had no row."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad
