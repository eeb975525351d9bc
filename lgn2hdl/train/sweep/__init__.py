"""Sweeps: accuracy against size, by any number of workers on one storage."""
