"""Relaxations: trainable stand-ins for truth tables, and layers of them."""
