"""Relaxations and wirings by name, for the tests that train."""

import numpy as np

from lgn2hdl.train.layer_spec import LayerSpec
from lgn2hdl.train.relax.kinds import RELAXATIONS
from lgn2hdl.train.wiring.kinds import WiringTask, make_wires


def loaded(name):
    """The relaxation of that name."""
    return RELAXATIONS.find(name).load()


def wires_of(layer, n_sources, rng, *, places=None, radius=1, count=2):
    """Wires of a layer by itself."""
    task = WiringTask(
        number=1, n_sources=n_sources, width=layer.width, fan_in=layer.fan_in, rng=rng,
        scores_rng=np.random.default_rng(0), places=places, radius=radius, candidates=count,
        selection="correlation",
    )  # fmt: skip
    return make_wires(layer.wiring, task)


def fixed_wiring(kind, n_sources, width, rng, *, fan_in=2, places=None, radius=1):
    """Wiring ``i32[width, fan_in]`` of the kind of that name."""
    layer = LayerSpec(width, fan_in, kind)
    return wires_of(layer, n_sources, rng, places=places, radius=radius).fanin()


def candidates_of(kind, n_sources, width, rng, *, fan_in, count, places=None, radius=1):
    """Candidates ``i32[count, fan_in, width]`` of the kind of that name."""
    wires = wires_of(
        LayerSpec(width, fan_in, kind), n_sources, rng, places=places, radius=radius, count=count
    )
    return wires.source.numpy().reshape(count, fan_in, width)
