"""The recipe: it survives JSON, refuses what is wrong in one line, and has the only defaults."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgn2hdl.arithmetic.cost import Objective
from lgn2hdl.base.errors import OptionError
from lgn2hdl.cli.compare import compare_command
from lgn2hdl.cli.recipe_options import RECIPE_OPTIONS
from lgn2hdl.cli.synth import synth
from lgn2hdl.cli.verify import verify
from lgn2hdl.compiler.interface_choice import DEFAULT_BEAT_BITS, Interface, Kind
from lgn2hdl.compiler.mapping import DEFAULT, FAST
from lgn2hdl.compiler.recipe import OUTPUTS, Recipe, fields_of_recipe
from lgn2hdl.targets.devices import DEVICES, MOST_LEVELS, find_device


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Any recipe that there can be."""
    choices = {name: about.choices for name, about in fields_of_recipe().items()}
    interface = draw(st.sampled_from(choices["interface"]))
    beats = st.one_of(st.none(), st.just("whole"), st.integers(1, 8192).map(lambda n: 8 * n))
    return Recipe(
        name=draw(st.none() | st.from_regex(r"n_[A-Za-z0-9_]{0,20}", fullmatch=True)),
        device=draw(st.sampled_from([device.name for device in DEVICES])),
        levels=draw(st.integers(1, MOST_LEVELS)),
        effort=draw(st.sampled_from(choices["effort"])),
        head=draw(st.sampled_from(choices["head"])),
        wire_levels=draw(st.integers(0, MOST_LEVELS)),
        wide=draw(st.booleans()),
        interface=interface,
        beat_bits=draw(beats) if interface == "stream" else None,
        clock_enable=draw(st.booleans()),
        outputs=("class", *draw(st.permutations(OUTPUTS[1:]).map(lambda o: o[: len(o)]))),
        prune_head=draw(st.none() | st.floats(0, 1, exclude_max=True)),
        observe=draw(st.none() | st.integers(0, 10**9)),
        emitter=draw(st.sampled_from(choices["emitter"])),
        dont_cares=draw(st.booleans()),
    )


@given(recipes())
def test_it_survives_json(recipe: Recipe) -> None:
    text = json.dumps(recipe.to_json())
    again = Recipe.from_json(json.loads(text))
    assert again == recipe
    assert json.dumps(again.to_json()) == text
    assert hash(again) == hash(recipe)


def one_line(make: Any) -> str:
    with pytest.raises(OptionError) as caught:
        make()
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 400
    return message


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.sampled_from(list(fields_of_recipe())), ANYTHING)
def test_any_value_is_taken_or_refused_in_one_line(name: str, value: Any) -> None:
    values = {**Recipe().to_json(), name: value}
    try:
        recipe = Recipe.from_json(values)
    except OptionError:
        one_line(lambda: Recipe.from_json(values))
    else:
        assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"levels": 0}, "0 levels per pipeline stage: give at least 1"),
        ({"levels": MOST_LEVELS + 1}, "more than 1,000 levels: give fewer"),
        ({"levels": True}, "levels is True: give a whole number"),
        ({"levels": 2.0}, "levels is 2.0: give a whole number"),
        ({"levels": -(10**5000)}, "a number of thousands of digits levels per pipeline stage"),
        ({"wire_levels": -1}, "-1 levels for the wires into the core: give at least 0"),
        ({"wire_levels": 10**6}, "more than 1,000 levels: give fewer"),
        ({"device": "abacus"}, "no device 'abacus'"),
        ({"device": None}, "device is None: give a text"),
        ({"effort": "some"}, 'effort is "some": choose one of fast, default, max, none'),
        ({"head": "flat"}, 'head is "flat": choose one of small, shallow'),
        ({"interface": "bus"}, "choose one of parallel, handshake, stream"),
        ({"emitter": "vhdl"}, "choose one of auto, text, amaranth"),
        ({"wide": 1}, "wide is 1: give true or false"),
        ({"beat_bits": 8}, "--beat-bits is for --interface stream, not parallel"),
        ({"beat_bits": "whole"}, "--beat-bits is for --interface stream, not parallel"),
        ({"interface": "stream", "beat_bits": 12}, "give a multiple of 8"),
        ({"interface": "stream", "beat_bits": "all"}, "give a multiple of 8, or 'whole'"),
        ({"interface": "stream", "beat_bits": False}, "give a whole number or a text or nothing"),
        ({"outputs": ("scores",)}, "give class"),
        ({"outputs": ("class", "class")}, "give class"),
        ({"outputs": ("class", "logits")}, "give class"),
        ({"outputs": ()}, "give class"),
        ({"outputs": "class"}, "give a list of texts"),
        ({"outputs": ("class", 1)}, "give a list of texts"),
        ({"prune_head": 1.0}, "a budget of 1.0 is not 0 to less than 1"),
        ({"prune_head": -0.1}, "a budget of -0.1"),
        ({"prune_head": float("nan")}, "a budget of nan"),
        ({"prune_head": "0.1"}, "give a number or nothing"),
        ({"observe": -1}, "-1 samples of tolerance: give at least 0"),
        ({"observe": 0.5}, "observe is 0.5: give a whole number or nothing"),
        ({"name": "module"}, "is not a legal Verilog module name"),
        ({"name": "a b; rm"}, "is not a legal Verilog module name"),
        ({"name": 3}, "name is 3: give a text or nothing"),
    ],
)
def test_a_wrong_value_is_one_line(values: dict[str, Any], words: str) -> None:
    assert words in one_line(lambda: Recipe(**values))
    assert words in one_line(lambda: Recipe.from_json({**Recipe().to_json(), **values}))


@pytest.mark.parametrize("values", [None, 3, "text", [], [1], True])
def test_what_is_no_object_is_no_recipe(values: object) -> None:
    assert "a recipe is no" in one_line(lambda: Recipe.from_json(values))


def test_entries_that_are_missing_or_unknown() -> None:
    whole = Recipe().to_json()
    assert 'no entry "colour"' in one_line(lambda: Recipe.from_json({**whole, "colour": 1}))
    for name in whole:
        rest = {other: value for other, value in whole.items() if other != name}
        assert f"says nothing of {name}" in one_line(lambda rest=rest: Recipe.from_json(rest))


def test_what_is_as_good_as_the_right_type() -> None:
    assert Recipe(outputs=["class"]) == Recipe(outputs=("class",))  # type: ignore[arg-type]
    assert type(Recipe(prune_head=0).prune_head) is float


def test_what_a_recipe_means() -> None:
    recipe = Recipe(device="ecp5-25k", effort="fast", head="shallow", outputs=("class", "margin"))
    assert recipe.target is find_device("ecp5-25k")
    assert (recipe.search, recipe.objective) == (FAST, Objective.DEPTH)
    assert (recipe.scores, recipe.margin, recipe.needs_data) == (False, True, False)
    assert replace(recipe, effort="none").search is None
    assert Recipe().search is DEFAULT
    assert Recipe(observe=0).needs_data
    assert Recipe(prune_head=0.0).needs_data


@pytest.mark.parametrize(
    ("beat_bits", "wanted"), [(None, DEFAULT_BEAT_BITS), (8, 8), ("whole", None)]
)
def test_the_beats_of_a_stream(beat_bits: Any, wanted: int | None) -> None:
    recipe = Recipe(interface="stream", beat_bits=beat_bits, clock_enable=True)
    assert recipe.around == Interface(Kind.STREAM, wanted, clock_enable=True)
    assert Recipe(interface="handshake").around == Interface(Kind.HANDSHAKE)


@pytest.mark.parametrize("command", [synth, verify], ids=lambda command: command.name)
def test_the_options_have_the_defaults_of_the_recipe(command: Any) -> None:
    parameters = {item.name: item for item in command.params}
    assert set(RECIPE_OPTIONS) <= set(parameters)
    for item in fields(Recipe):
        assert item.default is not MISSING
        if item.name in RECIPE_OPTIONS:
            given = parameters[item.name].default
            wanted = item.default
            assert given == (",".join(wanted) if isinstance(wanted, tuple) else wanted), item.name
            assert type(given) is type(wanted) or isinstance(wanted, tuple)


def test_other_commands_have_the_same_device() -> None:
    device = next(item for item in compare_command.params if item.name == "device")
    assert device.default == Recipe().device
