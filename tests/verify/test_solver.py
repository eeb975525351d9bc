import numpy as np
from hypothesis import given, settings
from networks import netlists, truth

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.verify.sat.deadline import Deadline
from lgn2hdl.verify.sat.graph import Graph, levels_of
from lgn2hdl.verify.sat.solver import NodeSolver


def loaded(netlist: Netlist) -> tuple[Graph, NodeSolver, np.ndarray, np.ndarray]:
    """A netlist in a graph, with its inputs' and all its nodes' literals."""
    graph = Graph()
    inputs = graph.add_inputs(netlist.n_inputs)
    literals = np.zeros(netlist.n_nodes, np.int64)
    literals[1 : netlist.first_gate] = inputs
    for level in levels_of(netlist):
        made, _ = graph.add_gates(literals[netlist.fanin[level]], netlist.table[level])
        literals[netlist.first_gate + level] = made
    solver = NodeSolver(graph, Deadline())
    solver.load(literals >> 1)
    return graph, solver, inputs, literals


@given(netlists(max_gates=15, max_inputs=5))
@settings(max_examples=60)
def test_answers_are_those_of_the_truth_table(netlist: Netlist) -> None:
    _, solver, inputs, literals = loaded(netlist)
    values = truth(netlist)
    outputs = literals[netlist.outputs].tolist()
    for literal, column in zip(outputs, values, strict=True):
        if literal < 2:
            assert (column == bool(literal)).all()
            continue
        answer = solver.satisfiable([literal])
        assert answer == column.any()
        if answer:
            given_bits = solver.values(inputs >> 1)
            assert column[int(given_bits @ (1 << np.arange(len(given_bits))))]
    solver.close()


def xor_chain(n_bits: int, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pins and tables of a chain of exclusive ors over inputs in an order; gate by gate."""
    pins = [(2 * (1 + order[0]), 2 * (1 + order[1]))]
    return np.array(pins), np.full(n_bits - 1, 0b0110, np.uint8)


def parity(graph: Graph, inputs: np.ndarray) -> int:
    literal = int(inputs[0])
    for other in inputs[1:].tolist():
        made, _ = graph.add_gates(np.array([[literal, other]]), np.array([0b0110], np.uint8))
        literal = int(made[0])
    return literal


def test_a_hard_question_is_given_up() -> None:
    graph = Graph()
    inputs = graph.add_inputs(40)
    one = parity(graph, inputs)
    other = parity(graph, np.random.default_rng(0).permutation(inputs))
    solver = NodeSolver(graph, Deadline())
    solver.load(np.array([one, other]) >> 1)
    assert solver.satisfiable([one, other ^ 1], conflicts=20) is None
    solver.close()


def test_after_the_deadline_nothing_is_known() -> None:
    graph = Graph()
    inputs = graph.add_inputs(2)
    solver = NodeSolver(graph, Deadline(0.0))
    solver.load(inputs >> 1)
    assert solver.satisfiable([int(inputs[0])]) is None
    solver.close()


def test_what_is_required_holds() -> None:
    graph = Graph()
    a, b = graph.add_inputs(2).tolist()
    solver = NodeSolver(graph, Deadline())
    solver.require([a ^ 1, b])  # a implies b
    assert solver.satisfiable([a, b ^ 1]) is False
    assert solver.satisfiable([a ^ 1, b]) is True
    assert solver.values(np.array([a >> 1, b >> 1])).tolist() == [False, True]
    solver.close()
