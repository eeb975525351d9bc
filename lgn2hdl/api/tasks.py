"""What is done for a design besides making it; how it is made is in its recipe."""

from __future__ import annotations

from dataclasses import dataclass

from lgn2hdl.board.build import BoardOptions
from lgn2hdl.compiler.flow import DEFAULT_VECTORS
from lgn2hdl.tools.place_route import DEFAULT_SECONDS


@dataclass(frozen=True)
class Tasks:
    """What is done besides.

    Attributes:
        target_mhz: clock to choose the LUT levels per stage for, by the device's estimate, and with
            ``pnr`` until it is reached; None takes those of the recipe.
        native: whether to optimize with a ``yosys`` on the PATH.
        check: whether to compare each step of compiling with the golden model.
        area: whether to count cells with Yosys.
        pnr: whether to place and route.
        pnr_seconds: time limit of placing and routing once.
        vectors: number of test vectors in the folder.
        board: board to build a bitstream for.
    """

    target_mhz: float | None = None
    native: bool = False
    check: bool = False
    area: bool = True
    pnr: bool = False
    pnr_seconds: float = DEFAULT_SECONDS
    vectors: int = DEFAULT_VECTORS
    board: BoardOptions | None = None


NOTHING_MORE = Tasks()
"""The default."""
