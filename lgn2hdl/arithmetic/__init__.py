"""Encoder, popcount and argmax as netlists of LUTs and carry chains.

Each of them becomes a :class:`lgn2hdl.ir.circuit.Block`, built for LUTs of ``k`` inputs.
"""
