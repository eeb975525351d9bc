"""Graphs of gates, and ways to decide whether two nodes are equal: SAT, sweeping, polynomials."""
