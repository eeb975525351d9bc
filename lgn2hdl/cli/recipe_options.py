"""Options of the command line that are fields of the recipe, with its names, defaults and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import click
from click.core import ParameterSource

from lgn2hdl.base.errors import OptionError
from lgn2hdl.cli.numbers import REAL, WHOLE, parse_whole
from lgn2hdl.compiler.recipe import DEFAULT_RECIPE, About, Recipe, fields_of_recipe, types_of_recipe

Command = Callable[..., Any]

RECIPE_OPTIONS = tuple(name for name in fields_of_recipe() if name != "dont_cares")
"""Fields that are options; without don't-cares designs are but larger."""

OUTPUT_OPTIONS = ("scores", "outputs")
"""Options that decide what leaves beside the class."""


def recipe_option(name: str) -> Callable[[Command], Command]:
    """Adds the option of a field of the recipe."""
    about = fields_of_recipe()[name]
    default = next(item.default for item in fields(Recipe) if item.name == name)
    if isinstance(default, tuple):
        default = ",".join(default)
    option = f"--{name.replace('_', '-')}"
    said: dict[str, Any] = {"default": default, "help": about.help.format(default=default)}
    if isinstance(default, bool):
        if default:
            return click.option(f"{option}/--no-{option[2:]}", **said)
        return click.option(option, is_flag=True, **said)
    said["show_default"] = default is not None and "[default: " not in said["help"]
    return click.option(
        option, name, type=_type(name, about), metavar=about.placeholder or None, **said
    )


def _type(name: str, about: About) -> click.ParamType[Any] | None:
    """How the text of an option is read; None keeps it."""
    if about.choices:
        return click.Choice(about.choices)
    types = types_of_recipe()[name]
    if str in types or tuple in types:
        return None
    return WHOLE if int in types else REAL


def given_options(context: click.Context) -> set[str]:
    """Names of the options that stand on the command line."""
    return {
        item.name
        for item in context.command.params
        if item.name and context.get_parameter_source(item.name) is not ParameterSource.DEFAULT
    }


def recipe_of(options: Mapping[str, Any], given: set[str], base: Recipe = DEFAULT_RECIPE) -> Recipe:
    """The recipe with what was given on the command line, and else as ``base``.

    Raises:
        OptionError: if a value is out of its range, or values contradict each other.
    """
    changes = {name: options[name] for name in RECIPE_OPTIONS if name in given}
    if "beat_bits" in changes:
        changes["beat_bits"] = _beat_bits(changes["beat_bits"])
    if "outputs" in given:
        changes["outputs"] = _outputs(options["outputs"], given, scores=options["scores"])
    elif "scores" in given:
        with_scores = ("class", *(("scores",) if options["scores"] else ()))
        changes["outputs"] = with_scores
    return replace(base, **changes)


def _beat_bits(wish: str) -> int | str:
    """A number where there is one; the recipe knows what else there can be."""
    try:
        return parse_whole(wish)
    except ValueError:
        return wish


def _outputs(wish: str, given: set[str], *, scores: bool) -> tuple[str, ...]:
    """The outputs that are listed.

    Raises:
        OptionError: if the list contradicts ``--no-scores``.
    """
    names = tuple(name.strip() for name in wish.split(","))
    if "scores" in given and not scores and "scores" in names:
        raise OptionError("--no-scores and --outputs with scores contradict each other")
    return names
