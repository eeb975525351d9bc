"""Engines that must agree bit for bit, compared on one table of vectors; planted faults."""
