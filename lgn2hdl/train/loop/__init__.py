"""A training run: steps, evaluation, checkpoints, budget, the result."""
