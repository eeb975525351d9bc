"""One-line changes of source code that make a difference: the mutants of ``code_mutants.py``.

Python is changed by its syntax tree, so that every mutant compiles; C by its tokens. Left alone is
what no test should pin down: annotations, the text of messages, and sizes at the top of a module
that only say how much work is done at once or how hard is tried. So is what cannot differ: whether
a length is 0 or at most 0, the ``copy`` of an array that may be shared, the ``strict`` of a
``zip``, which checks lengths that are equal by construction, and which negative number asks
``reshape`` for what is left.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt,), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE), ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.FloorDiv: ast.Mod,
    ast.Mod: ast.FloorDiv,
}  # fmt: skip

OPPOSITES = {"min": "max", "any": "all", "minimum": "maximum", "ceil": "floor", "argmin": "argmax",
             "logical_and": "logical_or", "zeros": "ones", "zeros_like": "ones_like"}  # fmt: skip
OPPOSITES |= {value: key for key, value in OPPOSITES.items()}

LENGTHS = ("len", "bit_length", "bit_count")
SYMMETRIC = {*OPPOSITES, "array_equal", "isinstance", "getattr", "hasattr", "setattr", "isin"}

ALIAS = (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.BitOr, ast.Load, ast.Tuple)
"""What a type alias is made of."""

LARGE = 16
"""Numbers at the top of a module from here on are sizes and efforts, not part of a result."""

UNSEEN_KEYWORDS = ("copy", "strict")
"""Arguments that change no result."""

C_OPPOSITES = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||",
               "||": "&&", "+": "-", "-": "+", "<<": ">>", ">>": "<<", "&": "|", "|": "&",
               "^": "|", "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|="}  # fmt: skip

_C_TOKEN = re.compile(
    r"""
    (?P<skip>/\*.*?\*/ | //[^\n]* | ^[ \t]*\#(?:[^\n]*\\\n)*[^\n]* | \s+
        | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\])+')
    | (?P<number>0[xX][0-9a-fA-F]+[uUlL]* | \d+\.\d*f? | \d+[uUlL]*)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<operator><<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--|->|[-+*/%&|^]=|[^\w\s])
    """,
    re.S | re.M | re.X,
)


@dataclass(frozen=True)
class Edit:
    """A piece of a text that is replaced.

    Attributes:
        start, end: characters of the text that go.
        new: what comes instead.
        line: number of the line, from 1.
        kind: what sort of change it is, for people.
    """

    start: int
    end: int
    new: str
    line: int
    kind: str

    def applied(self, text: str) -> str:
        """The text with the change."""
        return text[: self.start] + self.new + text[self.end :]

    def diff(self, text: str) -> str:
        """The changed lines, as ``-`` and ``+``."""
        lines = unified_diff(text.splitlines(), self.applied(text).splitlines(), n=0, lineterm="")
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def edits(path: str, text: str) -> list[Edit]:
    """Every change that is made in a file, by its ending; in order of lines, no two the same."""
    found = python_edits(text) if path.endswith(".py") else c_edits(text)
    unique = {edit.applied(text): edit for edit in found}
    return sorted(unique.values(), key=lambda edit: (edit.start, edit.new))


# Python


def python_edits(text: str) -> Iterator[Edit]:
    """Changes of Python's expressions and statements."""
    tree = ast.parse(text)
    place = _Places(text)
    skipped = {id(node) for root in _left_alone(tree) for node in ast.walk(root)}
    for node in ast.walk(tree):
        if id(node) not in skipped and isinstance(node, ast.expr | ast.stmt):
            for kind, new in _changes(node):
                yield Edit(*place.span(node), new, node.lineno, kind)


class _Places:
    """From lines and columns of bytes to characters of the whole text."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """First character of a node, and the one behind it."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._at(node.lineno, node.col_offset),
            self._at(node.end_lineno, node.end_col_offset),
        )

    def _at(self, line: int, column: int) -> int:
        own = self.lines[line - 1].encode()[:column].decode()
        return self.starts[line - 1] + len(own)


def _left_alone(tree: ast.Module) -> Iterator[ast.AST]:
    """Annotations, decorators, messages, and what only names a type or a size."""
    yield from (item for item in tree.body if _is_size_or_alias(item))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node
        for field in ("annotation", "returns", "exc"):
            inner = getattr(node, field, None)
            if inner is not None:
                yield inner
        for field in ("decorator_list", "bases"):
            yield from getattr(node, field, [])
        if isinstance(node, ast.keyword) and node.arg in UNSEEN_KEYWORDS:
            yield node.value
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "reshape":
            yield from (item for item in node.args if isinstance(item, ast.UnaryOp))


def _is_size_or_alias(item: ast.stmt) -> bool:
    """Whether a statement at the top gives a name to a type or to a large number."""
    if not isinstance(item, ast.Assign) or not isinstance(item.targets[0], ast.Name | ast.Tuple):
        return False
    inside = list(ast.walk(item.value))
    alias = all(isinstance(node, ALIAS) for node in inside)
    return alias or any(number >= LARGE for number in map(_number, inside))


def _number(node: ast.AST) -> float:
    """A number, or a power of two that is written as a shift; else 0."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift):
        left, right = _number(node.left), _number(node.right)
        return float(int(left) << int(right))
    value = getattr(node, "value", None)
    return value if isinstance(node, ast.Constant) and isinstance(value, int | float) else 0


def _changes(node: ast.expr | ast.stmt) -> Iterator[tuple[str, str]]:
    """Kind and new text of every change of one node."""
    if isinstance(node, ast.stmt):
        yield from _stated(node)
    elif isinstance(node, ast.Compare):
        yield from _compared(node)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and, or", f"({ast.unparse(ast.BoolOp(other, node.values))})"
    elif isinstance(node, ast.UnaryOp):
        yield "dropped sign", f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.BinOp):
        yield from _calculated(node)
    elif isinstance(node, ast.Constant):
        yield from _counted(node)
    elif isinstance(node, ast.Call):
        yield from _called(node)


def _calculated(node: ast.BinOp) -> Iterator[tuple[str, str]]:
    """Another operator, but not on what is no number at first sight."""
    no_number = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)
    other_types = any(
        isinstance(item, no_number) or isinstance(getattr(item, "value", None), str)
        for item in (node.left, node.right)
    )
    if type(node.op) in OPERATORS and not other_types:
        other = ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
        yield "operator", f"({ast.unparse(other)})"


def _counted(node: ast.Constant) -> Iterator[tuple[str, str]]:
    """Truth values turned round, whole numbers one more and one less."""
    if isinstance(node.value, bool):
        yield "constant", str(not node.value)
    elif isinstance(node.value, int):
        yield "constant", str(node.value + 1)
        yield "constant", str(node.value - 1)


def _compared(node: ast.Compare) -> Iterator[tuple[str, str]]:
    for index, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            if _is_same(node, operator, other):
                continue
            ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield "comparison", f"({ast.unparse(ast.Compare(node.left, ops, node.comparators))})"


def _is_same(node: ast.Compare, operator: ast.cmpop, other: type[ast.cmpop]) -> bool:
    """Whether a length, which is never below 0, compares with 0 as before."""
    length = getattr(getattr(node.left, "func", None), "id", "") == "len"
    zero = isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value == 0
    same = {ast.Eq: ast.LtE, ast.NotEq: ast.Gt}
    return length and zero and same.get(type(operator)) is other


def _called(node: ast.Call) -> Iterator[tuple[str, str]]:
    """The opposite function; a length that is one short; two arguments exchanged."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in OPPOSITES:
        other: ast.expr = ast.Name(OPPOSITES[name])
        if isinstance(node.func, ast.Attribute):
            other = ast.Attribute(node.func.value, OPPOSITES[name])
        yield "opposite function", ast.unparse(ast.Call(other, node.args, node.keywords))
    if name in LENGTHS:
        yield "off by one", f"({ast.unparse(node)} - 1)"
    first = 1 if name == "where" else 0
    both = node.args[first : first + 2]
    alike = all(isinstance(item, ast.Name | ast.Attribute | ast.Subscript) for item in both)
    if (
        len(both) == 2
        and alike
        and name not in SYMMETRIC
        and ast.dump(both[0]) != ast.dump(both[1])
    ):
        args = [*node.args[:first], both[1], both[0], *node.args[first + 2 :]]
        yield "swapped arguments", ast.unparse(ast.Call(node.func, args, node.keywords))


def _stated(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Statements that leave no name undefined are dropped; conditions are turned round."""
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    stored = isinstance(node, ast.Assign) and isinstance(
        node.targets[0], ast.Subscript | ast.Attribute
    )
    if called or stored or isinstance(node, ast.AugAssign | ast.Continue | ast.Raise):
        yield "dropped statement", "pass"


# C


def c_edits(text: str) -> Iterator[Edit]:
    """Changes of C's operators and numbers."""
    before = ";"
    for match in _C_TOKEN.finditer(text):
        token, kind = match[0], match.lastgroup
        if kind == "skip":
            continue
        line = text.count("\n", 0, match.start()) + 1
        # After these an operator has two operands: no sign, no address, no type of a cast.
        binary = before[-1].isalnum() or before[-1] in "_)]"
        if kind == "operator" and token in C_OPPOSITES and binary:
            yield Edit(*match.span(), C_OPPOSITES[token], line, "operator")
        if kind == "number" and "." not in token:
            digits = token.rstrip("uUlL")
            for other in (int(digits, 0) + 1, int(digits, 0) - 1):
                if other >= 0:
                    new = f"{other}{token[len(digits) :]}"
                    yield Edit(*match.span(), new, line, "constant")
        before = token
