"""The search around a configuration: valid options, never larger than given."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.passes.estimate import least_luts
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.sweep.search_space import SearchSpace

PLAIN = TrainConfig.of(layers=(700, 300, 200))


def change(**options):
    return PLAIN.changed(**options)


SPACES = {
    "plain": SearchSpace(PLAIN, 10),
    "given tau": SearchSpace(change(tau=3.3), 10),
    "one layer": SearchSpace(TrainConfig.of(layers=(40,)), 4),
    "tiny": SearchSpace(TrainConfig.of(layers=(12, 6, 2), fan_in=(2, 6, 2)), 2),
    "one output a class": SearchSpace(TrainConfig.of(layers=(30, 10)), 10),
    "learned wiring": SearchSpace(
        change(wiring=("candidates", "balanced", "candidates"), candidates=90), 10
    ),
    "mapping": SearchSpace(change(wiring=("mapping", "balanced")), 10),
    "size": SearchSpace(change(size_weight=0.02), 10),
    "budget": SearchSpace(change(target_luts=500), 10),
    "least budget": SearchSpace(change(target_luts=least_luts(10)), 10),
    "bits": SearchSpace(TrainConfig.of(layers=(50, 7)), 7, bits=True),
    "odd rates": SearchSpace(change(learning_rate=0.0123456, wiring=("candidates",)), 10),
}


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_the_bases_give_the_base(space):
    assert space.config({item.name: item.base for item in space.ranges()}) == space.base


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_bases_lie_in_their_ranges(space):
    for item in space.ranges():
        assert 0 < item.low <= item.base <= item.high
        assert item.low < item.high


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@given(data=st.data())
def test_any_values_give_a_valid_network_that_is_not_larger(space, data):
    values = {
        item.name: data.draw(
            st.integers(int(item.low), int(item.high))
            if item.whole
            else st.floats(item.low, item.high)
        )
        for item in space.ranges()
    }
    base, config = space.base, space.config(values)
    config.require_outputs(space.n_names, bits=space.bits)
    for layer, (spec, given_spec) in enumerate(zip(config.layers, base.layers, strict=True)):
        assert spec.width <= given_spec.width
        assert dataclasses.replace(spec, width=given_spec.width) == given_spec
        if layer:
            assert config.layers[layer - 1].width >= spec.fan_in
            if spec.wiring == "candidates":
                assert config.layers[layer - 1].width >= config.candidates
    if base.target_luts is not None:
        assert base.target_luts / 4 <= config.target_luts <= base.target_luts
        assert config.target_luts >= least_luts(space.n_names)
    searched = {"layers", "tau", "learning_rate", "wiring_learning_rate"}
    searched |= {"size_weight", "target_luts"}
    theirs, ours = config.options(), base.options()
    assert {name for name in ours if theirs[name] != ours[name]} <= searched


def widths_of(config):
    return tuple(layer.width for layer in config.layers)


def names(name):
    return {item.name for item in SPACES[name].ranges()}


def test_only_options_in_use_are_searched():
    plain = {"learning_rate", "width", "outputs_per_class", "tau_factor"}
    assert names("plain") == plain
    assert names("one layer") == plain - {"width"}
    assert names("one output a class") == plain - {"outputs_per_class"}
    assert names("learned wiring") == names("mapping") == plain | {"wiring_learning_rate"}
    assert names("size") == plain | {"size_weight"}
    assert names("budget") == plain | {"target_luts"}
    assert names("least budget") == plain
    assert names("bits") == {"learning_rate", "width"}


def test_tau_follows_the_outputs():
    config = SPACES["given tau"].config({"outputs_per_class": 5, "tau_factor": 2.0})
    assert widths_of(config) == (700, 300, 50)
    assert config.tau == pytest.approx(3.3 * (50 / 200) ** 0.5 * 2, rel=1e-3)


def ranges(space):
    return {
        item.name: (item.low, item.high, item.base, item.whole) for item in SPACES[space].ranges()
    }


def around(value, factor):
    return value / factor, value * factor, value, False


def test_how_far_parameters_go():
    rate = PLAIN.learning_rate
    plain = {
        "learning_rate": around(rate, 3.0),
        "width": (1 / 8, 1.0, 1.0, False),
        "outputs_per_class": (round(20 / 8), 20, 20, True),
        "tau_factor": around(1.0, 2.0),
    }
    assert ranges("plain") == plain
    assert ranges("size") == plain | {"size_weight": around(0.02, 10.0)}
    assert ranges("mapping") == plain | {
        "wiring_learning_rate": around(PLAIN.wiring_learning_rate, 3.0)
    }
    assert ranges("budget") == plain | {"target_luts": (125, 500, 500, True)}
    assert ranges("one layer")["outputs_per_class"] == (1, 10, 10, True)
    assert ranges("tiny").keys() == {"learning_rate", "width", "tau_factor"}
    odd = SearchSpace(change(target_luts=501), 10)
    assert odd.ranges()[-1].low == 126  # (rounded up)
    small = SearchSpace(change(target_luts=40), 10)
    assert (small.ranges()[-1].low, small.ranges()[-1].high) == (least_luts(10), 40)
    few = SearchSpace(dataclasses.replace(SPACES["bits"].base, target_luts=3), 7, bits=True)
    assert (few.ranges()[-1].low, few.ranges()[-1].high) == (1, 3)


def test_widths_are_scaled_down_to_what_is_needed():
    def widths(space, scale, outputs=None):
        values = {"width": scale} | ({} if outputs is None else {"outputs_per_class": outputs})
        return widths_of(SPACES[space].config(values))

    assert widths("plain", 0.5) == (350, 150, 200)
    assert widths("plain", 0.125) == (88, 38, 200)
    assert widths("plain", 0.001) == (2, 2, 200)
    assert widths("plain", 1.0, 3) == (700, 300, 30)
    assert widths("tiny", 0.125) == (6, 2, 2)
    assert widths("learned wiring", 0.125) == (88, 90, 200)
    assert widths("learned wiring", 0.125, 9) == (88, 90, 90)
    assert widths("bits", 0.5) == (25, 7)


def test_numbers_are_short_unless_they_are_the_given_ones():
    space = SPACES["odd rates"]
    base = space.base
    assert space.config({"learning_rate": 0.0123456}).learning_rate == 0.0123456
    changed = space.config({"learning_rate": 0.0123457, "wiring_learning_rate": 0.0876543})
    assert (changed.learning_rate, changed.wiring_learning_rate) == (0.01235, 0.08765)
    assert changed.tau == base.tau
    assert space.config({"tau_factor": 1.0}) == base
    doubled = space.config({"tau_factor": 2.0})
    assert doubled.tau == float(f"{2 * base.tau_for(10):.4g}")
    assert SPACES["budget"].config({"target_luts": 200.0}).target_luts == 200
    assert SPACES["bits"].config({"width": 0.5}).tau == SPACES["bits"].base.tau
