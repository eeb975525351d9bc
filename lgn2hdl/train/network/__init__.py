"""The relaxed network: layers, heads and losses, as torch modules, and its forward pass."""
