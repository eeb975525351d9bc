"""A board as amaranth-boards would describe it."""

from amaranth.build import Attrs, Clock, Pins, Resource
from amaranth_boards.resources import UARTResource


class ToyPlatform:
    default_clk = "clk16"
    resources: tuple = (
        Resource("clk16", 0, Pins("44", dir="i"), Clock(16e6), Attrs(GLOBAL=True)),
        UARTResource(0, rx="2", tx="3", attrs=Attrs(PULLUP=1)),
    )
