"""Registers: times, clock enables, and the shift register of valid."""

import pytest

from lgn2hdl.verify.readers.hardware import Hardware, build
from lgn2hdl.verify.readers.reader import read_text

REGISTER = "always @(posedge clk)"


def hardware_of(body: str, valid: str, *, enable: bool = False) -> Hardware:
    port = "input wire enable," if enable else ""
    text = f"""module top (input wire clk, input wire rst, {port} input wire valid_in,
        input wire [1:0] x, output wire valid_out, output wire y);
        {valid} {body} endmodule"""
    return build(read_text({"top.v": text}, "top"), 2, {"y": 1})


SHIFT = f"""reg [2:0] v; {REGISTER} v <= rst ? 3'd0 : {{v[1:0], valid_in}};
    assign valid_out = v[2];"""
PLAIN = "assign y = x[0];"


@pytest.mark.parametrize(
    ("valid", "latency"),
    [
        (SHIFT, 3),
        (SHIFT.replace("v[2]", "v[1]"), 2),
        ("assign valid_out = valid_in;", 0),
        (f"reg v; {REGISTER} v <= valid_in & ~rst; assign valid_out = v;", 1),
        (f"reg v; {REGISTER} v <= valid_in; assign valid_out = v;", None),
        (f"reg v; {REGISTER} v <= valid_in & rst; assign valid_out = v;", None),
        (f"reg v; {REGISTER} v <= rst ? 1'b1 : valid_in; assign valid_out = v;", None),
        (f"reg v; {REGISTER} v <= rst ? 1'b0 : ~valid_in; assign valid_out = v;", None),
        (f"reg v; {REGISTER} v <= rst ? 1'b0 : x[0]; assign valid_out = v;", None),
        (f"reg v; {REGISTER} if (x[0]) v <= valid_in & ~rst; assign valid_out = v;", None),
        ("assign valid_out = 1'b1;", None),
        ("assign valid_out = ~valid_in;", None),
    ],
)
def test_the_shift_register_of_valid(valid: str, latency: int | None) -> None:
    assert hardware_of(PLAIN, valid).valid_latency == latency


ENABLED = f"""reg v; {REGISTER} if (rst | enable) v <= rst ? 1'd0 : valid_in;
    assign valid_out = v;"""
HELD = f"reg r; {REGISTER} if (enable) begin r <= x[0]; end assign y = r;"


def test_a_clock_enable_holds_everything() -> None:
    hardware = hardware_of(HELD, ENABLED, enable=True)
    assert hardware.unbalanced == ()
    assert hardware.valid_latency == 1


@pytest.mark.parametrize(
    "body",
    [
        HELD.replace("if (enable)", ""),
        HELD.replace("(enable)", "(rst)"),
        HELD.replace("(enable)", "(x[1])"),
    ],
)
def test_data_that_the_clock_enable_does_not_hold(body: str) -> None:
    hardware = hardware_of(body, ENABLED, enable=True)
    assert hardware.unbalanced == ("r has another clock enable",)


def test_a_clock_enable_where_there_is_no_port() -> None:
    body = f"reg r; {REGISTER} if (x[1]) r <= x[0]; assign y = r;"
    assert hardware_of(body, SHIFT).unbalanced == ("r has another clock enable",)


@pytest.mark.parametrize("condition", ["if (enable)", "", "if (rst & enable)", "if (rst)"])
def test_valid_that_the_clock_enable_does_not_hold(condition: str) -> None:
    valid = ENABLED.replace("if (rst | enable)", condition)
    assert hardware_of(HELD, valid, enable=True).valid_latency is None


def test_paths_of_different_lengths() -> None:
    body = f"reg r; {REGISTER} r <= x[0]; wire both = r & x[1]; assign y = both;"
    hardware = hardware_of(body, SHIFT)
    assert hardware.unbalanced == ("both reads values of different clock cycles",)
    even = hardware_of(body.replace("r & x[1]", "r & r"), SHIFT)
    assert even.unbalanced == ()
    assert even.time[even.ports["", "y"]].tolist() == [1]


def test_constants_belong_to_any_cycle() -> None:
    body = f"reg r; {REGISTER} r <= 1'b1 & 1'b0; assign y = x[0] | r;"
    hardware = hardware_of(body, SHIFT)
    assert hardware.unbalanced == ()
    assert hardware.time[hardware.ports["", "y"]].tolist() == [0]
    assert hardware_of("assign y = 1'b1;", SHIFT).time[1] == -1


def constant_chain(length: int, value: str = "1'b0", *, condition: str = "") -> str:
    """A constant that passes registers, read beside ``x`` without any."""
    names = [f"r{place}" for place in range(length)]
    updates = " ".join(
        f"{name} <= {source};" for name, source in zip(names, [value, *names[:-1]], strict=True)
    )
    return (
        f"reg {', '.join(names)}; {REGISTER} {condition} begin {updates} end"
        f" assign y = x[0] | r{length - 1};"
    )


@pytest.mark.parametrize(("length", "is_settled"), [(1, True), (2, False), (100, False)])
def test_constants_must_be_there_for_the_first_sample(length: int, is_settled: bool) -> None:
    """The clock edge of the cycle of reset is one more than the sample has passed."""
    hardware = hardware_of(constant_chain(length), SHIFT)
    assert (hardware.unsettled == ()) == is_settled
    assert hardware.unbalanced == ()
    assert hardware.edges_of_reset == 1


def test_the_sample_may_take_as_long_as_the_constant() -> None:
    later = f"reg [2:0] s; {REGISTER} s <= {{s[1:0], x[0]}}; assign y = s[2] ^ "
    for length, is_settled in ((3, True), (4, True), (5, False)):
        chain = constant_chain(length).replace("assign y = x[0] |", later)
        hardware = hardware_of(chain, SHIFT)
        assert (hardware.unsettled == ()) == is_settled, length


def test_with_a_clock_enable_the_cycle_of_reset_may_have_no_edge() -> None:
    chain = constant_chain(1, condition="if (enable)")
    hardware = hardware_of(chain, ENABLED, enable=True)
    assert hardware.edges_of_reset == 0
    assert hardware.unsettled == ("y reads a constant that its registers do not hold yet",)


def test_how_long_a_constant_result_takes() -> None:
    chain = constant_chain(3).replace("x[0] | ", "")
    hardware = hardware_of(chain, SHIFT)
    assert hardware.time[hardware.ports["", "y"]].tolist() == [-1]
    assert hardware.settling[hardware.ports["", "y"]].tolist() == [3]
    assert hardware.settling[hardware.ports["", "x"]].tolist() == [0, 0]
