"""Tokens of the subset of Verilog that our reader takes, and what is expected of them."""

from __future__ import annotations

import re

from lgn2hdl.verify.readers.cells import MOST_NETS, HardwareError
from lgn2hdl.verify.readers.keywords import RESERVED
from lgn2hdl.verify.readers.lexer import LONGEST_NAME, line_of, plain_text, split

_SUBSET = re.compile(
    r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+'(?:b[01]+|d[0-9]+|h[0-9a-f]+)|[0-9]+|<=|==|"
    r"[()\[\]{},;:?~&|^+\-=.@]"
)
_NAME = re.compile(r"[A-Za-z_]")
END = "end of file"

LONGEST_NEAR = 200
"""Characters of the text that an error shows."""


class Tokens:
    """Tokens of a file or of a module's text, all of which are of the subset."""

    def __init__(self, file: str, text: str, tokens: list[str], places: list[int]) -> None:
        self.file, self._text = file, text
        self._tokens, self._places = tokens, places
        self._place = 0

    @classmethod
    def of_file(cls, file: str, content: bytes | str) -> Tokens:
        """The tokens of a whole file.

        Raises:
            HardwareError: if some tools may split it in another way, or a token is not known here.
        """
        text = plain_text(file, content)
        tokens, places = split(file, text)
        wrong = {token for token in set(tokens) if not _SUBSET.fullmatch(token)}
        if wrong:
            first = next(number for number, token in enumerate(tokens) if token in wrong)
            line = line_of(text, places[first])
            raise HardwareError(f"{file}, line {line}: {tokens[first][:20]!r} is not understood")
        return cls(file, text, [*tokens, END], [*places, len(text)])

    @property
    def next(self) -> str:
        """The next token, :data:`END` behind the last one."""
        return self._tokens[self._place]

    def take(self) -> str:
        """Go on behind the next token, and return it."""
        token = self._tokens[self._place]
        self._place += token != END
        return token

    def accept(self, token: str) -> bool:
        """Go on behind this token, if it is the next one."""
        if self._tokens[self._place] != token:
            return False
        self._place += 1
        return True

    def expect(self, *tokens: str) -> None:
        """Go on behind these tokens.

        Raises:
            HardwareError: if they are not the next ones.
        """
        for token in tokens:
            if not self.accept(token):
                raise self.error(f"{self.next!r} where {token!r} is expected")

    def name(self) -> str:
        """A name.

        Raises:
            HardwareError: if the next token is none.
        """
        token = self.take()
        if not _NAME.match(token) or token in RESERVED or token == END:
            raise self.error(f"{token[:LONGEST_NEAR]!r} is no name")
        if len(token) > LONGEST_NAME:
            raise self.error(f"a name of {len(token)} characters is too long")
        return token

    def number(self) -> int:
        """A number without a width.

        Raises:
            HardwareError: if the next token is none.
        """
        token = self.take()
        if not (token.isascii() and token.isdigit()):
            raise self.error(f"{token!r} is no number")
        return self.small(token)

    def small(self, digits: str) -> int:
        """The number of bits, or of a bit, that digits say.

        Raises:
            HardwareError: if no vector can have so many.
        """
        if len(digits) > len(str(MOST_NETS)) or int(digits) > MOST_NETS:
            raise self.error(f"a number of {len(digits)} digits is too large")
        return int(digits)

    def until(self, token: str) -> Tokens:
        """The tokens up to this one, which is taken.

        Raises:
            HardwareError: if it does not come.
        """
        try:
            end = self._tokens.index(token, self._place)
        except ValueError:
            raise self.error(f"{token!r} is missing") from None
        part = slice(self._place, end)
        self._place = end + 1
        places = [*self._places[part], self._places[end]]
        return Tokens(self.file, self._text, [*self._tokens[part], END], places)

    def error(self, text: str) -> HardwareError:
        """An error that says where the tokens are."""
        line = line_of(self._text, self._places[max(0, self._place - 1)])
        near = " ".join(self._tokens[max(0, self._place - 4) : self._place + 1])[-LONGEST_NEAR:]
        return HardwareError(f"{self.file}, line {line}: {text}, near {near!r}")
