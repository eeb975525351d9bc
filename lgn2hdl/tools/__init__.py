"""External tools: one way to run them, and a thin module for each."""
