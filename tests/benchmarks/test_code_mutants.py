"""The benchmark of the tests: mutants are what they should be, and judged as their tests judge."""

import ast
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import code_mutants  # noqa: E402
import function_callers  # noqa: E402
from code_edits import Edit, edits  # noqa: E402
from code_mutants import (  # noqa: E402
    LEFT_OUT,
    TESTS,
    Copy,
    Mutant,
    Outcome,
    failed_test,
    importing,
    own_tests,
    rooms,
    table,
)
from function_callers import Callers, function_at, recorded  # noqa: E402


def test_rooms_and_tests_are_those_that_there_are() -> None:
    files = {path for paths in rooms().values() for path in paths}
    package = ROOT / "lgn2hdl"
    known = {path.relative_to(ROOT).as_posix() for path in package.rglob("*.py")}
    left_out = {path for path in known if path.split("/")[1] in LEFT_OUT}
    assert known - left_out <= files
    assert not left_out & files
    assert all(rooms().values())
    for name, tests in TESTS.items():
        assert list(package.glob(name)), name
        assert all((ROOT / "tests" / test).is_file() for test in tests), name


def test_tests_of_modules() -> None:
    assert own_tests("lgn2hdl/ir/netlist.py") == ["tests/ir/test_netlist.py"]
    assert own_tests("lgn2hdl/verify/proofs/argmax.py") == ["tests/verify/test_verify_argmax.py"]
    assert own_tests("lgn2hdl/c_export/inputs.py") == ["tests/c_export/test_c_inputs.py"]
    assert own_tests("lgn2hdl/train/loop/accuracy.py") == ["tests/train/test_train_loop.py"]
    assert own_tests("lgn2hdl/base/errors.py")[0] in importing("lgn2hdl/base/errors.py")
    assert len(importing("lgn2hdl/base/errors.py")) == 2
    assert importing("lgn2hdl/nothing.py") == []


def changed(text: str, path: str = "a.py") -> set[str]:
    return {edit.applied(text) for edit in edits(path, text)}


@pytest.mark.parametrize(
    ("text", "mutants"),
    [
        ("a < b", {"(a <= b)", "(a > b)"}),
        ("a != b", {"(a == b)", "(a < b)", "(a > b)"}),
        ("a and b", {"(a or b)"}),
        ("not a", {"(a)"}),
        ("a + b", {"(a - b)"}),
        ("'a' + b", set()),
        ("[a] + b", set()),
        ("a[0]", {"a[1]", "a[-1]"}),
        ("x = True", {"x = False"}),
        ("f(a, b)", {"f(b, a)", "pass"}),
        ("np.where(a, b, c)", {"np.where(a, c, b)", "pass"}),
        ("x = min(a, b)", {"x = max(a, b)"}),
        ("x = len(a)", {"x = (len(a) - 1)"}),
        ("raise ValueError(f'{a + 1}')", {"pass"}),
        ("x: Literal[1] = a", set()),
        ("SIZE = 1 << 20", set()),
        ("SIZE = 1 << 4", set()),
        ("SIZE, EFFORT = 24, 3", set()),
        ("Alias = A | B[C]", set()),
        (
            "x = len(a) == 0",
            {"x = (len(a) != 0)", "x = (len(a) >= 0)", "x = (len(a) - 1) == 0"}
            | {"x = len(a) == 1", "x = len(a) == -1"},
        ),
        (
            "x = b == 0",
            {f"x = {b}" for b in ("(b != 0)", "(b <= 0)", "(b >= 0)", "b == 1", "b == -1")},
        ),
        ("x = zip(a, a, strict=True)", set()),
        ("x = a.reshape(-1, b)", set()),
        ("SMALL = 3", {"SMALL = 4", "SMALL = 2"}),
        ("a[i] = b", {"pass"}),
        ('x = "ü", a < b', {'x = "ü", (a <= b)', 'x = "ü", (a > b)'}),
    ],
)
def test_changes_of_python(text: str, mutants: set[str]) -> None:
    assert changed(text) == mutants


@pytest.mark.parametrize(
    ("text", "mutants"),
    [
        ("if (a < b) c;", {"if (a <= b) c;"}),
        ("x = -a;", set()),
        ("x = a - b;", {"x = a + b;"}),
        ("f(&a, *b); /* a < b */ // a + b", set()),
        ("x = a[1u];", {"x = a[2u];", "x = a[0u];"}),
        ("#define A (b + 1)\nx = a;", set()),
        ("x = '<' + \"a < b\";", set()),
        ("x = 0x10;", {"x = 17;", "x = 15;"}),
    ],
)
def test_changes_of_c(text: str, mutants: set[str]) -> None:
    assert changed(text, "a.c") == mutants


@pytest.mark.parametrize("path", ["lgn2hdl/passes/sharing.py", "lgn2hdl/verify/proofs/scores.py"])
def test_every_mutant_compiles_and_differs(path: str) -> None:
    text = (ROOT / path).read_text()
    for edit in edits(path, text):
        mutant = edit.applied(text)
        assert ast.dump(ast.parse(mutant)) != ast.dump(ast.parse(text))
        assert edit.diff(text).startswith("-")


@pytest.fixture
def small_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copy]:
    """A package of one module and its test, copied."""
    root = tmp_path / "root"
    files = {
        "lgn2hdl/__init__.py": "",
        "lgn2hdl/ir/__init__.py": "",
        "lgn2hdl/ir/logic.py": "def f(a, b):\n"
        "    while a > b:\n        a = a - 1\n    return a + 0\n",
        "tests/ir/test_logic.py": "from lgn2hdl.ir.logic import f\n\n\ndef test():\n"
        "    assert f(3, 1) == 1\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(code_mutants, "ROOT", root)
    monkeypatch.setattr(code_mutants, "tree", lambda: list(files))
    monkeypatch.setattr(code_mutants, "LIBRARIES", ())
    (tmp_path / "copy").mkdir()
    with closing(Copy(tmp_path / "copy")) as copy:
        yield copy


def test_mutants_are_judged_by_the_tests_of_their_module(
    small_tree: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "lgn2hdl/ir/logic.py"
    original = (small_tree.root / path).read_text()
    mutants = {
        edit.applied(original).partition("\n")[2]: Mutant("room", path, edit)
        for edit in edits(path, original)
    }
    wrong = mutants[original.replace("a > b", "(a >= b)").partition("\n")[2]]
    same = mutants[original.replace("a + 0", "(a - 0)").partition("\n")[2]]
    assert small_tree.judged(same, 100) == (Outcome.ALIVE, "")
    assert small_tree.judged(wrong, 100) == (Outcome.KILLED, "tests/ir/test_logic.py::test")
    endless = mutants[original.replace("a - 1", "(a + 1)").partition("\n")[2]]
    assert small_tree.judged(endless, 4)[0] is Outcome.TIMED_OUT
    assert (small_tree.root / path).read_text() == original


def test_tests_that_take_long_on_unchanged_code_tell_nothing_of_an_endless_mutant(
    small_tree: Copy,
) -> None:
    path = "lgn2hdl/ir/logic.py"
    slow = "import time\n\ndef test():\n    while time.process_time() < 60:\n        pass\n"
    (small_tree.root / "tests" / "ir" / "test_logic.py").write_text(slow)
    edit = edits(path, (small_tree.root / path).read_text())[0]
    assert small_tree.judged(Mutant("room", path, edit), 4) == (Outcome.VOID, "after 4 s")


def test_a_test_that_fails_on_unchanged_code_kills_nothing(small_tree: Copy) -> None:
    path = "lgn2hdl/ir/logic.py"
    (small_tree.root / "tests" / "ir" / "test_logic.py").write_text("def test():\n    assert 0\n")
    edit = edits(path, (small_tree.root / path).read_text())[0]
    verdict = small_tree.judged(Mutant("room", path, edit), 100)
    assert verdict == (Outcome.VOID, "tests/ir/test_logic.py::test")


def test_lines_are_drawn_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line with many mutants comes as often as one with few; each mutant of it does."""
    monkeypatch.setattr(code_mutants, "rooms", lambda: {"room": ["a.py"]})
    mutants = [Mutant("room", "a.py", Edit(0, 0, str(n), 1 + (n > 0), "")) for n in range(10)]
    monkeypatch.setattr(code_mutants, "mutants_of", lambda _room, _path: mutants)
    drawn = [code_mutants.drawn(["room"], 1, seed)[0].edit for seed in range(300)]
    assert 110 < sum(edit.line == 1 for edit in drawn) < 190
    assert {edit.new for edit in drawn} == set("0123456789")
    both = code_mutants.drawn(["room"], 5, 0)
    assert sorted(mutant.edit.line for mutant in both) == [1, 2]


def test_the_first_test_that_failed() -> None:
    assert failed_test("F\nFAILED tests/a.py::b[x-1] - ValueError: - c\n") == "tests/a.py::b[x-1]"
    assert failed_test("ERROR tests/a.py - SyntaxError\nFAILED tests/b.py::c") == "tests/a.py"
    assert failed_test("1 passed") is None


def test_the_table_counts_every_room() -> None:
    edit = edits("a.py", "a < b")[0]
    results = [
        (Mutant("passes", "a.py", edit), Outcome.KILLED),
        (Mutant("passes", "a.py", edit), Outcome.ALIVE),
        (Mutant("verify", "a.py", edit), Outcome.TIMED_OUT),
    ]
    rows = [row.split("|")[1:-1] for row in table(results).splitlines()[2:]]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["passes", "2", "1", "0", "1", "0"],
        ["verify", "1", "0", "1", "0", "0"],
        ["all", "3", "1", "1", "1", "0"],
    ]


def test_the_function_of_a_line() -> None:
    text = "A = 1\n\ndef f(\n    a=2,\n):\n    def g():\n        return 1\n    return g\n"
    names = [function_at(text, line) for line in range(1, 9)]
    assert names == ["<module>"] * 5 + ["f", "g", "f"]


def test_tests_that_call_a_function_the_quickest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    called = {"lgn2hdl/a.py": ["f"], "lgn2hdl/b.py": ["<module>", "g"]}
    callers = Callers(
        json.dumps(line)
        for line in [
            ["tests/x.py::slow", 9.0, 0.0, called],
            ["tests/y.py::other", 2.0, 2.5, {"lgn2hdl/b.py": ["h"]}],
            ["tests/y.py::quick", 1.0, 2.5, called],
            ["tests/x.py::middle", 3.0, 0.0, called],
            ["tests/own.py::own", 0.1, 0.0, called],
        ]
    )
    text = "def f():\n    return 1\n"
    arguments = ("lgn2hdl/a.py", text, 2, ["tests/own.py"])
    order = ["tests/y.py::quick", "tests/x.py::middle", "tests/x.py::slow"]
    assert callers.of(*arguments) == order
    monkeypatch.setattr(function_callers, "SECONDS", 1 + 2.5 + 3 + 1.0 + 8.9)
    assert callers.of(*arguments) == order[:2]
    monkeypatch.setattr(function_callers, "SECONDS", 3.4)
    assert callers.of(*arguments) == []
    assert callers.of("lgn2hdl/c.py", text, 2, []) == []
    assert callers.of("lgn2hdl/a.c", "x", 1, []) == []
    assert recorded(None).of(*arguments) == []


def test_what_its_own_tests_do_not_see_is_shown_to_those_that_call_it(
    small_tree: Copy, tmp_path: Path
) -> None:
    other = "from lgn2hdl.ir.logic import f\n\ndef test_more():\n    assert f(1, 1) == 1\n"
    (small_tree.root / "tests" / "test_more.py").write_text(other)
    path, file = "lgn2hdl/ir/logic.py", tmp_path / "calls"
    small_tree.record(file, 100)
    names = [json.loads(line)[0] for line in file.read_text().splitlines()]
    assert names == ["tests/ir/test_logic.py::test", "tests/test_more.py::test_more"]
    small_tree.callers = recorded(file)
    original = (small_tree.root / path).read_text()
    (edit,) = [
        edit for edit in edits(path, original) if "a = a - 2" in edit.applied(original)
    ]  # 3 - 2 is 1 as well
    assert small_tree.judged(Mutant("room", path, edit), 100)[0] is Outcome.ALIVE
    other = other.replace("f(1, 1) == 1", "f(4, 1) == 1")
    (small_tree.root / "tests" / "test_more.py").write_text(other)
    verdict = small_tree.judged(Mutant("room", path, edit), 100)
    assert verdict == (Outcome.KILLED, "tests/test_more.py::test_more")
