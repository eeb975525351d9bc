"""Where things of one kind are registered: objects under their names, each name once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from lgn2hdl.base.errors import OptionError

T = TypeVar("T")


class Registry(Generic[T]):
    """Objects by name, in the order in which they were registered.

    Args:
        what: what they are, for messages, such as ``layer kind``.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._known: dict[str, T] = {}

    def register(self, name: str, item: T) -> T:
        """Add an object.

        Returns:
            The object.

        Raises:
            ValueError: if another one has this name, or the name is not plain text.
        """
        if not name.isascii() or not name.replace("_", "").replace("-", "").isalnum():
            raise ValueError(f"{name!r} is no name for a {self.what}: use letters, digits, - and _")
        if self._known.setdefault(name, item) is not item:
            raise ValueError(f"there is another {self.what} called {name!r}")
        return item

    def find(self, name: str) -> T:
        """The object of this name.

        Raises:
            KeyError: if there is none.
        """
        return self._known[name]

    def choose(self, name: str) -> T:
        """The object that a user names.

        Raises:
            OptionError: if there is none; the message lists those that there are.
        """
        if name not in self:
            raise OptionError(f"no {self.what} {name!r}: choose one of {', '.join(self.names)}")
        return self.find(name)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[T]:
        return iter(self._known.values())

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._known)
