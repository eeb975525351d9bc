"""The intermediate forms: truth tables, packed samples, netlists, circuits, and their levels.

Only :mod:`~lgn2hdl.ir.logic` knows the order of the bits in a truth table.
"""
