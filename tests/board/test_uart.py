"""The UART: baud rates that a clock can make, and every byte there and back."""

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator

from lgn2hdl.base.errors import OptionError
from lgn2hdl.board.baud import LARGEST_ERROR, cycles_per_bit
from lgn2hdl.board.uart import BITS_OF_BYTE, UartReceiver, UartTransmitter


@pytest.mark.parametrize(
    ("clock_mhz", "baud", "cycles"),
    [(12, 1_000_000, 12), (25, 1_000_000, 25), (12, 115_200, 104), (25, 115_200, 217),
     (12, 1_500_000, 8), (12, 921_600, 13), (12, 9600, 1250)],
)  # fmt: skip
def test_a_baud_rate_is_a_number_of_cycles(clock_mhz, baud, cycles):
    assert cycles_per_bit(clock_mhz * 1e6, baud) == cycles
    assert abs(clock_mhz * 1e6 / cycles / baud - 1) <= LARGEST_ERROR


@pytest.mark.parametrize(
    ("baud", "message"),
    [
        (0, "0 baud: give a positive number"),
        (2_000_000, "2,000,000 baud is too fast for a clock of 12 MHz: give at most 1,500,000"),
        (1_280_000, r"misses 1,280,000 baud by \+4.2%: give --baud 1200000 or 1333333 or 1500000"),
    ],
)
def test_a_baud_rate_that_a_clock_cannot_make(baud, message):
    with pytest.raises(OptionError, match=message):
        cycles_per_bit(12e6, baud)


@pytest.mark.parametrize(("sender", "receiver"), [(8, 8), (12, 12), (100, 103), (103, 100)])
def test_every_byte_there_and_back(sender, receiver):
    m = Module()
    m.submodules.sender = out = UartTransmitter(sender)
    m.submodules.receiver = back = UartReceiver(receiver)
    m.d.comb += back.rx.eq(out.tx)
    data = [*range(256), 0, 0, 255, 255] if sender == 8 else [0, 255, 0x55, 0xAA, 1, 128]
    found = []

    async def send(context):
        for byte in data:
            context.set(out.data, byte)
            context.set(out.valid, 1)
            await context.tick().until(out.ready)
        context.set(out.valid, 0)
        await context.tick().repeat(2 * BITS_OF_BYTE * sender)

    async def receive(context):
        async for _, _, valid, byte, broken in context.tick().sample(
            back.valid, back.data, back.broken
        ):
            if valid:
                found.append((byte, broken))

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(send)
    simulator.add_process(receive)
    simulator.run()
    assert found == [(byte, 0) for byte in data]
