"""A network on an FPGA board, behind a UART: the protocol, the hardware, its tools, the host."""
