"""Verilog text: its words, and a cursor that reads them.

Every character has to be understood. Comments cannot hold what a tool may obey.
"""

from __future__ import annotations

import re

from .graph import CheckError
from .nets import MOST_NETS

_TOKEN = re.compile(
    r"[ \t\n]+|//(?P<comment>[^\n]*)"
    r"|(?P<token>[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:'[bdh][0-9a-f]+)?|<=|[()\[\]{},;:?~&|^+\-=.@])"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[0-9]{1,8}")
_SIZED = re.compile(r"([0-9]{1,8})'([bdh])([0-9a-f]+)")
_COMMENT = re.compile(r"[ A-Za-z0-9_.,:;/()=+#-]*")
_LINT = re.compile(r" verilator lint_(off|on) UNUSEDSIGNAL")
_DIRECTIVE = re.compile(
    r"synthesis|synopsys|translate|pragma|verilator|verilint|vivado|xilinx|altera|intel|quartus|"
    r"lattice|synplify|exemplar|cadence|ambit|mentor|surelog|yosys|parallel_case|full_case|coverage",
    re.IGNORECASE,
)
_WORDS = frozenset(
    (
        *("always", "assign", "begin", "else", "end", "endmodule", "if", "initial", "input"),
        *("localparam", "module", "output", "posedge", "reg", "wire"),
    )
)
END = ""
"""What follows the last word of a module."""


def is_name(word: str) -> bool:
    """Whether something may have this name."""
    return _NAME.fullmatch(word) is not None and word not in _WORDS


def words_of(data: bytes) -> list[str]:
    """The words of a file.

    Raises:
        CheckError: if a part of it is none, or a comment may be more.
    """
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise CheckError("a character that is not ASCII") from None
    tokens, place = [], 0
    for match in _TOKEN.finditer(text):
        if match.start() != place:
            break
        place = match.end()
        if match["token"]:
            tokens.append(match["token"])
        elif match["comment"] is not None:
            _check_comment(match["comment"])
    if place != len(text):
        raise CheckError(f"line {text.count(chr(10), 0, place) + 1} is not understood")
    return tokens


def _check_comment(text: str) -> None:
    if _LINT.fullmatch(text):
        return
    if not _COMMENT.fullmatch(text) or _DIRECTIVE.search(text):
        raise CheckError(f"a comment that a tool may obey: {text[:60]!r}")


def first_module(tokens: list[str]) -> tuple[str, list[str], list[str]]:
    """Name and tokens of the first module, and the tokens behind it."""
    if tokens[:1] != ["module"] or "endmodule" not in tokens[2:]:
        raise CheckError("text outside of a module, or a module without an end")
    end = tokens.index("endmodule", 2)
    return tokens[1], [*tokens[2:end], END], tokens[end + 1 :]


class Cursor:
    """A place in the words of a module.

    Attributes:
        module: its name.
    """

    def __init__(self, module: str, words: list[str]) -> None:
        self.module, self._words, self._place = module, words, 0

    def error(self, text: str) -> CheckError:
        """An error that says where it is."""
        near = " ".join(self._words[max(0, self._place - 5) : self._place + 1])[-120:]
        return CheckError(f"module {self.module}: {text}, near {near!r}")

    def take(self) -> str:
        """Go on behind the next word, and return it."""
        token = self._words[self._place]
        self._place += token != END
        return token

    def accept(self, token: str) -> bool:
        """Go on behind this word, if it is the next one."""
        found = self._words[self._place] == token
        self._place += found
        return found

    def expect(self, *tokens: str) -> None:
        """Go on behind these words, which must be the next ones."""
        for token in tokens:
            if not self.accept(token):
                raise self.error(f"{token!r} is expected")

    def name(self) -> str:
        """A name."""
        name = self.take()
        if not is_name(name):
            raise self.error(f"{name!r} is no name")
        return name

    def number(self) -> int:
        """A number without a width."""
        token = self.take()
        if not _NUMBER.fullmatch(token):
            raise self.error(f"{token!r} is no number")
        return int(token)

    def sized(self, token: str) -> tuple[int, int]:
        """Width and value of a number."""
        match = _SIZED.fullmatch(token)
        if match is None:
            raise self.error(f"{token!r} is no number with a width")
        width = int(match[1])
        if not 1 <= width <= MOST_NETS or len(match[3]) > width:
            raise self.error("a number does not fit into its width")
        digits, base = match[3], {"b": 2, "d": 10, "h": 16}[match[2]]
        if len(digits) > 4000 or not all(digit in "0123456789abcdef"[:base] for digit in digits):
            raise self.error(f"{token[:40]!r} is no number")
        value = int(digits, base)
        if value >> width:
            raise self.error("a number does not fit into its width")
        return width, value

    def width(self) -> int:
        """The width that ``[high:0]`` says; 1 without it."""
        if not self.accept("["):
            return 1
        high = self.number()
        self.expect(":", "0", "]")
        return high + 1
