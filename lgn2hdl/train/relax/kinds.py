"""The relaxations that there are, by name; torch is imported when one of them is loaded."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.registry import Registry
from lgn2hdl.train import checks

if TYPE_CHECKING:
    from lgn2hdl.train.relax.relaxation import Relaxation

_WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


@dataclass(frozen=True)
class RelaxationKind:
    """A relaxation of truth tables, as options name it.

    Attributes:
        load: gives the relaxation itself, and imports torch only then.
        fan_ins: how many pins its nodes can have.
    """

    load: Callable[[], Relaxation]
    fan_ins: tuple[int, ...] = tuple(_WORDS)


RELAXATIONS: Registry[RelaxationKind] = Registry("relaxation")
"""All relaxations; another one is added by ``RELAXATIONS.register(name, kind)``."""


def require_fan_ins(name: str, fan_ins: Collection[int]) -> None:
    """Check that nodes of the relaxation ``name`` can have so many pins.

    Raises:
        OptionError: if they cannot; names the relaxations that can.
    """
    wanted, able = set(fan_ins), RELAXATIONS.find(name).fan_ins
    if wanted <= set(able):
        return
    others = [item for item in RELAXATIONS.names if wanted <= set(RELAXATIONS.find(item).fan_ins)]
    sizes = checks.alternatives([_WORDS[fan_in] for fan_in in able])
    raise OptionError(
        f"relaxation {name!r} has {sizes}-input gates only, not "
        f"fan-in {max(wanted - set(able))}: choose {checks.alternatives(others)}"
    )


def _softmax16() -> Relaxation:
    from lgn2hdl.train.relax.relaxation import Softmax16

    return Softmax16()


def _light() -> Relaxation:
    from lgn2hdl.train.relax.relaxation import Light

    return Light()


def _walsh() -> Relaxation:
    from lgn2hdl.train.relax.relaxation import Walsh

    return Walsh()


def _binary() -> Relaxation:
    from lgn2hdl.train.relax.relaxation import Binary

    return Binary()


RELAXATIONS.register("softmax16", RelaxationKind(_softmax16, fan_ins=(2,)))
RELAXATIONS.register("light", RelaxationKind(_light))
RELAXATIONS.register("walsh", RelaxationKind(_walsh))
RELAXATIONS.register("binary", RelaxationKind(_binary))
