"""What ``benchmarks/cpu.py`` compares the engine with, and how it measures."""
