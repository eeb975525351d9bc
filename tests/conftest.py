"""Where the tests find data sets: the folder beside the repository, if somebody put one there."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

if SHARED_DATA.is_dir():
    os.environ.setdefault("LGN2HDL_DATA", str(SHARED_DATA))

# No test is timed: a busy machine shall not make one fail.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden``: write the golden files anew; read the difference before you commit."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture
def data_folder() -> Path:
    """The folder with the public data sets; skips the test where there is none."""
    folder = os.environ.get("LGN2HDL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no LGN2HDL_DATA folder with the public data sets")
    return Path(folder)
