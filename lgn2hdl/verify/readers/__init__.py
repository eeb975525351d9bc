"""Verilog as gates and registers: two readers that share nothing but what they hand over."""
