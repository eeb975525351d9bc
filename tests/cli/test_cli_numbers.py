"""Numbers of options: what is read, and that every option reads them so."""

import math

import click
import pytest

from lgn2hdl.cli import cli
from lgn2hdl.cli.numbers import REAL, WHOLE, RealRange, WholeRange, parse_real, parse_whole

OPTIONS = [
    (name, parameter)
    for name, command in cli.commands.items()
    for parameter in command.params
    if isinstance(parameter.type, (click.types.IntParamType, click.types.FloatParamType))
]


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-12", -12), ("+7", 7), ("007", 7)])
def test_whole_numbers(text, value):
    assert parse_whole(text) == value
    assert WHOLE.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1), ("-1.5", -1.5), (".5", 0.5), ("2.", 2), ("1e-3", 0.001)]
)
def test_real_numbers(text, value):
    assert parse_real(text) == value
    assert REAL.convert(text, None, None) == value


def test_a_negative_zero_is_a_zero():
    assert math.copysign(1, parse_real("-0.0")) == 1


NO_NUMBERS = ["", " ", "x", "1_000", "\uff11", "\u0661", "1 ", " 1", "\u00bd", "0x10", "1,5", "--1"]
NO_NUMBERS += ["nan", "NaN", "inf", "-infinity", "1" * 101, "1" * 9999]


@pytest.mark.parametrize("text", NO_NUMBERS, ids=ascii)
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="is not a"):
        parse_whole(text)
    with pytest.raises(ValueError, match="is not a"):
        parse_real(text)


def test_what_is_no_whole_number_or_too_large():
    for text in ("1.0", "1e3", ".5"):
        with pytest.raises(ValueError, match="is not a whole number"):
            parse_whole(text)
    with pytest.raises(ValueError, match="is too large"):
        parse_real("1e999")


@pytest.mark.parametrize(("command", "parameter"), OPTIONS, ids=lambda item: str(item))
def test_every_option_with_a_number_reads_it_so(command, parameter):
    assert parameter.type in (WHOLE, REAL) or isinstance(parameter.type, (WholeRange, RealRange))
    for text in ("\uff11", "nan", "1_0", "9" * 5000):
        with pytest.raises(click.BadParameter) as caught:
            parameter.type_cast_value(click.Context(cli), text)
        assert len(caught.value.message) < 200
    for values in ("1,\uff12", "1_0", "x"):
        command_parameters = {item.name: item for item in cli.commands["train"].params}
        with pytest.raises(click.BadParameter, match="whole numbers with commas"):
            command_parameters["layers"].process_value(click.Context(cli), values)


def test_there_are_options_with_numbers():
    assert len(OPTIONS) > 40
