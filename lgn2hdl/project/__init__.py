"""The output folder: what stands beside the Verilog of a design."""
