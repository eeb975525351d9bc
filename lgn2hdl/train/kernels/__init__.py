"""Compiled kernels of a training step, for the CPU and for a GPU."""
