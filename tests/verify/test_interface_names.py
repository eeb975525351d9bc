"""How many registers are not reset: in words, by the names of their vectors."""

from lgn2hdl.verify.interface.proof import SHOWN_NAMES, _vectors


def test_vectors_are_named_with_their_bits_in_order():
    assert _vectors([]) == "none"
    assert _vectors(["b[0]", "a", "b[1]"]) == "a (1), b (2)"
    assert _vectors([f"x[{place}]" for place in range(1234)]) == "x (1,234)"


def test_many_vectors_are_counted_alone():
    bits = [f"v{place}[{bit}]" for place in range(SHOWN_NAMES) for bit in range(200)]
    assert SHOWN_NAMES == 6
    assert _vectors(bits).count(",") == SHOWN_NAMES - 1
    assert _vectors([*bits, "w"]) == "1,201 registers"
