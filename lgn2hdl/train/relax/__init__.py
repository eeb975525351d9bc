"""The relaxed network: trainable truth tables, layers, heads, as torch modules."""
