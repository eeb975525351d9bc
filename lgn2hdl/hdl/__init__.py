"""Hardware: Amaranth components, and the Verilog emitted from them. The only user of Amaranth.

Each component has one clock domain without reset on its data path; its latency in clock cycles is
given as a formula, and its software model is the part of :mod:`lgn2hdl.model.network` that it
names.
"""
