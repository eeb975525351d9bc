import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lgn2hdl.ir import packed
from lgn2hdl.verify.proofs.scores import Linear
from lgn2hdl.verify.proofs.sums import add_sums
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.sweep import Sweeper

N_BITS = 6

weights = st.dictionaries(st.integers(1, N_BITS), st.integers(-9, 9).filter(bool))


@given(st.lists(st.tuples(st.integers(-20, 20), weights), min_size=1, max_size=4))
@settings(max_examples=40)
def test_sums_are_right_for_all_bits(items: list[tuple[int, dict[int, int]]]) -> None:
    rows = (np.arange(1 << N_BITS) >> np.arange(N_BITS)[:, None] & 1).astype(np.bool_)
    sweeper = Sweeper(packed.pack(rows), Deadline())
    width = 7
    literals = add_sums(sweeper, [Linear(*item) for item in items], width)
    assert literals.shape == (len(items), width)
    pins = sweeper.inputs[None, :]
    for row, (constant, coefficients) in zip(literals.tolist(), items, strict=True):
        value = constant + sum(rows[node - 1] * weight for node, weight in coefficients.items())
        for place, literal in enumerate(row):
            table = packed.pack(np.broadcast_to(value >> place & 1 == 1, (1, len(rows[0]))))
            right = sweeper.add(pins, table[:, 0])
            assert sweeper.equal(literal, int(right[0])) is True
    sweeper.close()
