"""Verilog text as tokens, and what is expected of them."""

from __future__ import annotations

import re

from lgn2hdl.verify.cells import MOST_NETS, HardwareError

_TOKEN = re.compile(
    r"\s+|//[^\n]*"
    r"|(?P<token>[A-Za-z_][A-Za-z0-9_]*|[0-9]+'[bdh][0-9a-f]+|[0-9]+|<=|[()\[\]{},;:?~&|^+\-=.@])"
)
_NAME = re.compile(r"[A-Za-z_]")
END = "end of file"

LONGEST_NEAR = 200
"""Characters of the text that an error shows."""

KEYWORDS = frozenset(
    (
        *("always", "assign", "begin", "else", "end", "endmodule", "if", "input"),
        *("localparam", "module", "output", "posedge", "reg", "wire"),
    )
)
"""Words of the subset that are no names."""


class Tokens:
    """Tokens of a file or of a module's text."""

    def __init__(self, file: str, text: str, tokens: list[str] | None = None) -> None:
        self.file, self._text = file, text
        self._tokens = self._split() if tokens is None else tokens
        self._place = 0

    def _split(self) -> list[str]:
        tokens, place = [], 0
        for match in _TOKEN.finditer(self._text):
            if match.start() != place:
                break
            place = match.end()
            if match.group("token"):
                tokens.append(match.group("token"))
        if place != len(self._text):
            line = self._text.count("\n", 0, place) + 1
            text = self._text[place : place + 20]
            raise HardwareError(f"{self.file}, line {line}: {text!r} is not understood")
        return [*tokens, END]

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
        if not _NAME.match(token) or token in KEYWORDS or token == END:
            raise self.error(f"{token!r} is no name")
        return token

    def number(self) -> int:
        """A number without a width.

        Raises:
            HardwareError: if the next token is none.
        """
        token = self.take()
        if not token.isdigit():
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
        part = [*self._tokens[self._place : end], END]
        self._place = end + 1
        return Tokens(self.file, "", part)

    def error(self, text: str) -> HardwareError:
        """An error that says where the tokens are."""
        near = " ".join(self._tokens[max(0, self._place - 4) : self._place + 1])[-LONGEST_NEAR:]
        return HardwareError(f"{self.file}: {text}, near {near!r}")
