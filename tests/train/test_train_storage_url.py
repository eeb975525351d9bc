"""URLs of databases: passwords are never shown, and what is wrong is one line."""

import os

import pytest

from lgn2hdl.base.errors import OptionError
from lgn2hdl.train.sweep.storage_url import missing_driver, reason, require_url, shown

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///sweep.db", "sqlite:///sweep.db"),
        ("sqlite:////home/a@b/c:d/sweep.db", "sqlite:////home/a@b/c:d/sweep.db"),
        ("sqlite:///sweep.db?timeout=3", "sqlite:///sweep.db"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("postgresql://me@host:5432/db", "postgresql://me@host:5432/db"),
        (f"postgresql://me:{SECRET}@host/db", "postgresql://me:***@host/db"),
        (f"postgresql://me:{SECRET}@host/db?sslmode=off", "postgresql://me:***@host/db"),
        (f"postgresql://me:p@{SECRET}@host/db", "postgresql://me:***@host/db"),
        (f"postgresql://me:{SECRET}@@host/db", "postgresql://me:***@host/db"),
        (f"postgresql://me:p/{SECRET}?x@host/db", "postgresql://me:***@host/db"),
        (f"postgresql://me:p%40{SECRET}@host/db", "postgresql://me:***@host/db"),
        (f"postgresql://host/db?password={SECRET}&user=me", "postgresql://host/db"),
        (f"mysql+pymysql://:{SECRET}@host/db", "mysql+pymysql://:***@host/db"),
        (f"sqlite+pysqlcipher://:{SECRET}@/db", "sqlite+pysqlcipher://:***@/db"),
        (f"me:{SECRET}@host", "of --storage"),
        (f"password={SECRET}", "of --storage"),
    ],
)
def test_what_is_shown(url, expected):
    assert shown(url) == expected
    assert SECRET not in reason(ValueError(f"cannot parse {url!r}"), url)
    message = ""
    try:
        require_url(url)
    except OptionError as error:
        message = str(error)
    assert SECRET not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "url", [f"postgresql://me:p@{SECRET}@host/db", f"mysql://me:p@{SECRET}?x@host/db"]
)
def test_a_password_that_is_cut_short(url):
    with pytest.raises(OptionError, match="write @ as %40") as caught:
        require_url(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", ["", "nowhere", "://", "postgresql://host:port/db"])
def test_no_url(url):
    with pytest.raises(OptionError, match="is no URL"):
        require_url(url)


def test_good_ones():
    for url in ("sqlite:///new.db", "sqlite://", "postgresql+psycopg://me:p%40q@host/db?a=b&c=d"):
        require_url(url)


def test_a_pipe_is_no_database(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OptionError, match="is no file"):
        require_url(f"sqlite:///{tmp_path / 'pipe'}")
    with pytest.raises(OptionError, match="is no file"):
        require_url("sqlite:////dev/zero")


def test_messages_of_libraries_are_shown_unless_they_have_a_secret():
    url = f"postgresql://me:{SECRET}@host/db?sslmode=require&key=k3y"
    assert reason(ValueError("connection refused\nmore"), url) == "connection refused"
    assert reason(ValueError(f"bad {SECRET}"), url) == "ValueError"
    assert reason(ValueError("bad k3y"), url) == "ValueError"
    assert reason(ValueError("require"), url) == "require"
    assert reason(ValueError("x"), f"postgresql://me:{SECRET}%20x@h/d") == "x"
    assert reason(ValueError(f"{SECRET} x"), f"postgresql://me:{SECRET}%20x@h/d") == "ValueError"
    assert reason(ValueError(""), url) == "ValueError"


@pytest.mark.parametrize(
    ("module", "package"),
    [("psycopg2", "psycopg2-binary"), ("psycopg", "'psycopg[binary]'"), ("other", "other")],
)
def test_a_driver_that_is_missing(module, package):
    try:
        try:
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
        except ModuleNotFoundError as cause:
            raise ImportError("Failed to import DB access module") from cause
    except ImportError as error:
        text = missing_driver(error)
    assert text == f"needs the Python package {module}: run 'pip install {package}'"
    assert missing_driver(ValueError("x")) is None
