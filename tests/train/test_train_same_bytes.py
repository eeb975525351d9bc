"""The same seed and data give the same bytes on every x86-64 processor and number of threads."""

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from same_bytes_run import CASES

from lgn2hdl.tools import native
from lgn2hdl.train import config
from lgn2hdl.train.relax.kinds import RELAXATIONS

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="about x86-64")

GOLDEN = "3baca0fc017bd764"
"""Digest of what all runs print: another machine that finds another one shows a difference."""

OLD_NUMPY = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"
OLD_LIBRARY = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F"

CHOICES = {
    "relaxation": RELAXATIONS.names,
    "sampling": config.SAMPLINGS,
    "selection": config.SELECTIONS,
    "encoder": config.ENCODER_NAMES,
    "resampling": config.RESAMPLINGS,
    "initialization": config.INITIALIZATIONS,
}

MACHINES = {
    "this one": ({}, "native"),
    "without AVX": ({"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE",
                     "NPY_DISABLE_CPU_FEATURES": OLD_NUMPY, "GLIBC_TUNABLES": OLD_LIBRARY},
                    "x86-64"),
    "AVX2, two threads": ({"ATEN_CPU_CAPABILITY": "avx2", "OMP_NUM_THREADS": "2"}, "x86-64-v3"),
    "AVX-512, two threads": ({"ATEN_CPU_CAPABILITY": "avx512", "OMP_NUM_THREADS": "2"}, "native"),
}  # fmt: skip
"""Settings of torch, MKL, NumPy and the C library, and the instruction set of our own kernels."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What every machine prints."""
    if native.load(Path(native.__file__).parents[1] / "train" / "kernels" / "exact.c") is None:
        pytest.skip("no C compiler: training depends on the processor, and says so")
    found = {}
    script = Path(__file__).with_name("same_bytes_run.py")
    usual = {"OMP_NUM_THREADS": "1", **os.environ}
    for name, (settings, instructions) in MACHINES.items():
        command = [sys.executable, str(script), str(tmp_path_factory.mktemp("run")), instructions]
        done = subprocess.run(
            command, env={**usual, **settings}, capture_output=True, text=True, check=False
        )
        if done.returncode == -4:
            continue  # an instruction that this machine lacks
        assert not done.returncode, done.stderr
        found[name] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
def test_every_machine_trains_the_same_network(runs):
    reached = {name: run.pop("capability") for name, run in runs.items()}
    assert reached["without AVX"] == "DEFAULT"
    expected = runs["this one"]
    assert len(set(expected.values())) == len(expected) > len(CASES)
    for name, run in runs.items():
        assert run == expected, f"{name} ({reached[name]})"
    text = json.dumps(expected, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN


def test_the_runs_cover_every_choice():
    seen = {option: {getattr(case, option) for case in CASES.values()} for option in CHOICES}
    assert {option: set(names) - seen[option] for option, names in CHOICES.items()} == {
        option: set() for option in CHOICES
    }
    wiring = {layer.wiring for case in CASES.values() for layer in case.layers}
    assert wiring >= {"balanced", "local", "candidates", "local-candidates", "mapping"}
