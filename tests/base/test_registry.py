"""Objects under their names: each name once, in the order of registration."""

import pytest

from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.registry import Registry


def test_objects_are_found_under_their_names_in_order():
    registry = Registry("fruit")
    assert registry.register("plum", 3) == 3
    registry.register("star-fruit_2", 1)
    assert registry.names == ("plum", "star-fruit_2")
    assert list(registry) == [3, 1]
    assert registry.find("plum") == 3
    assert "plum" in registry
    assert "pear" not in registry
    with pytest.raises(KeyError, match="pear"):
        registry.find("pear")


def test_a_name_is_given_once():
    registry, one = Registry("fruit"), object()
    registry.register("plum", one)
    registry.register("plum", one)  # (a module that is run again)
    with pytest.raises(ValueError, match="there is another fruit called 'plum'"):
        registry.register("plum", object())
    assert registry.find("plum") is one


@pytest.mark.parametrize("name", ["", "a b", "plüm", "a,b", "a/b", "--"])
def test_names_are_plain(name):
    with pytest.raises(ValueError, match="is no name for a fruit"):
        Registry("fruit").register(name, 1)


def test_what_a_user_names_is_found_or_the_names_are_listed():
    registry = Registry("fruit")
    registry.register("plum", 3)
    registry.register("pear", 4)
    assert registry.choose("pear") == 4
    with pytest.raises(OptionError) as caught:
        registry.choose("fig")
    assert str(caught.value) == "no fruit 'fig': choose one of plum, pear"
