"""Formal equivalence: the emitted Verilog computes what the trained network computes.

The proof goes in steps, so that it finishes (``docs/verify.md``):

* :mod:`reference`: the network itself, comparisons and layers, as a graph over the bits of ``x``,
* :mod:`steps`: every netlist from lowering to pruning, replayed,
* :mod:`sweep`: nodes of two netlists that compute the same are merged, by a SAT solver,
* :mod:`scores`: the popcount, by rewriting sums of gates as polynomials,
* :mod:`argmax`: the decision, against knockouts of two,
* :mod:`reader` and :mod:`hardware`: the Verilog text, its registers and its latency.
"""
