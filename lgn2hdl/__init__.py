"""lgn2hdl compiles trained logic gate networks into pipelined Verilog, checked bit for bit.

Reading order follows the data: :mod:`~lgn2hdl.model.network` (what was trained),
:mod:`~lgn2hdl.passes.lower` and :mod:`~lgn2hdl.ir.netlist` (the gate graph),
:mod:`~lgn2hdl.passes` (pruning), :mod:`~lgn2hdl.compiler.schedule` (pipeline stages),
:mod:`~lgn2hdl.hdl` (Verilog).
"""

__version__ = "0.1.0"
