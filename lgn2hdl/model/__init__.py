"""What was trained: features, network, head, its file, and the golden model."""
