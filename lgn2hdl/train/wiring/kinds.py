"""The kinds of wiring that there are, by name; torch is imported when one of them makes wires."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.registry import Registry
from lgn2hdl.train import checks
from lgn2hdl.train.seeds import standard_normal
from lgn2hdl.train.wiring.candidates import draw_candidates
from lgn2hdl.train.wiring.wiring import Fanin, Places, balanced, local, neighbours

if TYPE_CHECKING:
    from lgn2hdl.train.wiring.wires import Wires

SCORE_SPREAD = 0.1
"""Standard deviation of the first scores of learned wiring: enough to begin at a random source."""


@dataclass(frozen=True, eq=False)
class WiringTask:
    """A layer that is to be wired.

    Attributes:
        number: of the layer, 1 for the first.
        n_sources: positions of the layer below.
        width: nodes of the layer.
        fan_in: pins of a node, not more than sources.
        rng: where random wiring comes from.
        scores_rng: where the first scores of learned wiring come from.
        places: where the sources lie in the image, if there are images.
        radius: how far local wiring reaches, in pixels.
        candidates: sources that a pin chooses from, where it chooses among some.
        selection: how it chooses (:data:`lgn2hdl.train.config.SELECTIONS`).
    """

    number: int
    n_sources: int
    width: int
    fan_in: int
    rng: np.random.Generator
    scores_rng: np.random.Generator
    places: Places | None
    radius: int
    candidates: int
    selection: str

    def first_scores(self, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """Small random scores, so that every pin begins at a random one of its sources."""
        return np.float32(SCORE_SPREAD) * standard_normal(self.scores_rng, shape)


class Wiring(ABC):
    """A kind of wiring.

    Attributes:
        learned: whether pins choose what they read while the network trains.
        needs_places: whether it has to know where sources lie in an image.
    """

    learned: bool = False
    needs_places: bool = False

    def least_sources(self, fan_in: int, candidates: int) -> int:
        """Fewest nodes that the layer below may have."""
        return fan_in

    @abstractmethod
    def wires(self, task: WiringTask) -> Wires:
        """Wires for a layer, as the network trains them.

        Raises:
            OptionError: if the options do not fit the layer.
        """


@dataclass(frozen=True)
class FixedWiring(Wiring):
    """Wiring that is drawn once.

    Attributes:
        draw: gives ``i32[width, fan_in]``; no node reads the same source twice.
        needs_places: see :class:`Wiring`.
    """

    draw: Callable[[WiringTask], Fanin]
    needs_places: bool = False

    def wires(self, task: WiringTask) -> Wires:
        """Wires that stay as they are."""
        from lgn2hdl.train.wiring.wires import FixedWires

        return FixedWires(self.draw(task))


@dataclass(frozen=True)
class CandidateWiring(Wiring):
    """Every pin chooses among some sources, of all or, with ``needs_places``, of those near it."""

    needs_places: bool = False
    learned: bool = True

    def least_sources(self, fan_in: int, candidates: int) -> int:
        """As many as a pin has candidates."""
        return max(fan_in, candidates)

    def wires(self, task: WiringTask) -> Wires:
        """Wires with scores ``f32[candidates, fan_in, width]``."""
        from lgn2hdl.train.wiring.wires import CandidateWires

        source = draw_candidates(
            task.n_sources,
            task.width,
            task.rng,
            fan_in=task.fan_in,
            count=task.candidates,
            places=task.places if self.needs_places else None,
            radius=task.radius,
        )
        return CandidateWires(source, task.first_scores(source.shape), task.selection)


@dataclass(frozen=True)
class MappingWiring(Wiring):
    """Every pin chooses among all sources (DWN, ICML 2024)."""

    learned: bool = True

    def wires(self, task: WiringTask) -> Wires:
        """Wires with scores ``f32[fan_in * width, n_sources]``."""
        from lgn2hdl.train.wiring.wires import MappedWires

        scores = task.first_scores((task.fan_in * task.width, task.n_sources))
        return MappedWires(scores, task.fan_in)


WIRINGS: Registry[Wiring] = Registry("wiring")
"""All kinds of wiring; another one is added by ``WIRINGS.register(name, kind)``."""


def make_wires(name: str, task: WiringTask) -> Wires:
    """Wires of the kind ``name`` for a layer.

    Raises:
        OptionError: if there are too few sources, no image where one is needed, or the options do
            not fit the layer.
    """
    kind = WIRINGS.find(name)
    if task.n_sources < task.fan_in:
        raise OptionError(
            f"layer {task.number} has {task.n_sources} inputs: nodes with {task.fan_in} pins need "
            f"at least {task.fan_in}; choose a smaller fan-in, more input bits or a wider layer "
            "below"
        )
    if kind.needs_places and task.places is None:
        others = [
            other
            for other in WIRINGS.names
            if not WIRINGS.find(other).needs_places and WIRINGS.find(other).learned == kind.learned
        ]
        raise OptionError(f"wiring {name!r} needs images: choose {checks.alternatives(others)}")
    return kind.wires(task)


def _neighbours(task: WiringTask) -> Fanin:
    return neighbours(task.n_sources, task.width, task.rng, task.fan_in)


def _balanced(task: WiringTask) -> Fanin:
    return balanced(task.n_sources, task.width, task.rng, task.fan_in)


def _local(task: WiringTask) -> Fanin:
    assert task.places is not None
    return local(task.places, task.width, task.radius, task.rng, task.fan_in)


WIRINGS.register("neighbour", FixedWiring(_neighbours))
WIRINGS.register("balanced", FixedWiring(_balanced))
WIRINGS.register("local", FixedWiring(_local, needs_places=True))
WIRINGS.register("candidates", CandidateWiring())
WIRINGS.register("local-candidates", CandidateWiring(needs_places=True))
WIRINGS.register("mapping", MappingWiring())
