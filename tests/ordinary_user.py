"""Python code that runs as a user whom permissions bind."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lgn2hdl

_PACKAGE = Path(lgn2hdl.__file__).parents[1]
_DROP = 24  # PR_CAPBSET_DROP of Linux
_OVERRIDES = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: by these root may do everything
_IMPOSSIBLE = 77


def _without_overrides():
    """Lets permissions bind root, too: in the process that replaces this one."""
    prctl = ctypes.CDLL(None).prctl
    if any(prctl(_DROP, number, 0, 0, 0) for number in _OVERRIDES):
        os._exit(_IMPOSSIBLE)


def as_ordinary_user(code, *arguments):
    """What the code prints; skips the test where permissions cannot be made to bind."""
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(_PACKAGE)},
        preexec_fn=_without_overrides if os.geteuid() == 0 else None,
    )
    if result.returncode == _IMPOSSIBLE:
        pytest.skip("permissions do not bind root here")
    assert result.returncode == 0, result.stderr
    return result.stdout
