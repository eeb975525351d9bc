"""What Yosys makes of the Verilog for a device, as plain Verilog again."""

from __future__ import annotations

from collections.abc import Mapping

from lgn2hdl.base.files import temporary_folder
from lgn2hdl.compiler.mapping import yosys_tool
from lgn2hdl.targets.devices import Device
from lgn2hdl.tools.runner import run_tool
from lgn2hdl.verify.readers.one_meaning import checked
from lgn2hdl.verify.readers.reader import BoxPorts
from lgn2hdl.verify.readers.yosys_reader import stubs

TIMEOUT = 3600.0
"""Seconds for Yosys."""

NO_MEMORIES = "-D EQUIV"
"""Leaves the inside of iCE40's memory of 256 Kbit out of the models, which no command of ours maps
to, and which takes Yosys a minute to read as registers."""


def synthesized(
    verilog: Mapping[str, bytes | str],
    top: str,
    device: Device,
    name: str,
    boxes: Mapping[str, BoxPorts] | None = None,
) -> str:
    """The design after synthesis: one module of the device's cells, each as Yosys models it.

    Args:
        verilog: bytes, or texts, by file name, as emitted.
        top: name of the top module.
        device: what to map to.
        name: name of the resulting module.
        boxes: ports of the modules that stay instances, by their names; none is in a file.

    Raises:
        HardwareError: if simulation may see something else than synthesis in the text.
        OptionError: if no tool maps to the device.
        ToolError: if Yosys is missing or fails.
    """
    command = device.synthesis_command(top, flat=True)
    models = command.split()[0].removeprefix("synth_")  # Yosys names the folder after the command
    texts = checked({**verilog, **stubs(boxes or {})}, top)
    # Our own file names: nothing of the caller's reaches the script.
    numbered = [f"file{index}.v" for index in range(len(texts))]
    script = "; ".join([
        f"read_verilog {' '.join(numbered)}",
        command,
        f"techmap -autoproc {NO_MEMORIES} -map +/{models}/cells_sim.v",
        "opt_clean -purge",
        f"rename {top} {name}",
        "write_verilog -noattr out.v",
    ])  # fmt: skip
    with temporary_folder() as folder:
        for own, text in zip(numbered, texts.values(), strict=True):
            (folder / own).write_bytes(text.encode("ascii"))
        arguments = ["-q", "-p", script]
        run_tool(yosys_tool(), arguments, folder=folder, outputs=["out.v"], timeout=TIMEOUT)
        return (folder / "out.v").read_text()
