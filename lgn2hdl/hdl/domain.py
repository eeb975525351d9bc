"""The clock domain that every data path uses."""

from __future__ import annotations

from amaranth.hdl import ClockDomain, Module, Signal


def data_path_module(clk: Signal) -> Module:
    """A module whose ``sync`` domain is clocked by ``clk`` and has no reset at all."""
    m = Module()
    m.domains.sync = domain = ClockDomain("sync", reset_less=True)
    domain.clk = clk
    return m
