"""URLs of databases: what may be shown of one, what is wrong with one, and what it needs.

A password may stand before the host or in the query. Neither is ever shown, nor are messages of
other libraries that repeat one.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_plus

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from lgn2hdl.base.errors import OptionError

_EXAMPLE = "give a URL such as sqlite:///sweep.db"

_HARMLESS = frozenset(
    {
        "application_name", "charset", "client_encoding", "connect_timeout", "driver", "host",
        "mode", "options", "port", "ssl_mode", "sslmode", "timeout", "unix_socket", "uri",
    }
)  # fmt: skip
"""Keys of a query that have no secret."""

_PACKAGES = {
    "MySQLdb": "mysqlclient",
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
}
"""What pip installs for a module that a database needs, where the names differ."""


class _Parts(NamedTuple):
    """A URL by its punctuation alone: ``scheme://user:password@place?query``."""

    scheme: str
    user: str
    password: str
    place: str
    query: str


def _parts(url: str) -> _Parts | None:
    """The parts; None if there is no scheme. An unescaped ``@`` counts to the password."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return None
    if scheme.partition("+")[0] == "sqlite" and rest.startswith("/"):  # a path, which may have an @
        path, _, query = rest.partition("?")
        return _Parts(scheme, "", "", path, query)
    question = rest.find("?", max(0, rest.find("@")))  # (a password may have a question mark)
    rest, query = (rest, "") if question < 0 else (rest[:question], rest[question + 1 :])
    login, mark, place = rest.rpartition("@")
    user, _, password = login.partition(":")
    return _Parts(scheme, user, password, place, query)


def shown(url: str) -> str:
    """A database's URL without its password and its query."""
    parts = _parts(url)
    if parts is None:  # a word, or something that may hold a password
        return url if url.replace("_", "").isalnum() else "of --storage"
    password = ":***" if parts.password else ""
    login = f"{parts.user}{password}@" if parts.user or password else ""
    return f"{parts.scheme}://{login}{parts.place}"


def require_url(url: str) -> None:
    """Check a URL as far as that is possible without the database.

    Raises:
        OptionError: if it is none, has characters that stand for others, or names no regular file.
    """
    parts = _parts(url)
    if parts is None:
        raise OptionError(f"cannot open the storage {shown(url)}: it is no URL; {_EXAMPLE}")
    pairs = [pair for pair in parts.query.split("&") if pair]
    if "@" in parts.password or not all("=" in pair for pair in pairs):
        raise OptionError(
            f"cannot open the storage {parts.scheme}://...: an '@' or '?' ends the password too "
            "early; write @ as %40, ? as %3F, / as %2F and % as %25 in it"
        )
    try:
        parsed = sqlalchemy.make_url(url)
    except (SQLAlchemyError, ValueError):
        raise OptionError(
            f"cannot open the storage {shown(url)}: it is no URL; {_EXAMPLE}"
        ) from None
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        _require_file(Path(parsed.database))


def _require_file(path: Path) -> None:
    """Check that SQLite would not read a pipe or a device, which does not end."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # new, or SQLite says what is wrong
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OptionError(f"cannot open the storage {path}: it is no file; {_EXAMPLE}")


def reason(error: BaseException, url: str) -> str:
    """What a library says of a failure, in one line and without the secrets of the URL."""
    text = str(error.__cause__ or error).strip().partition("\n")[0]
    found = any(secret in text for secret in _secrets(url))
    return type(error.__cause__ or error).__name__ if found or not text else text


def _secrets(url: str) -> set[str]:
    parts = _parts(url)
    if parts is None:
        return {url}
    values = [parts.password]
    for pair in parts.query.split("&"):
        key, _, value = pair.partition("=")
        if key.lower() not in _HARMLESS:
            values.append(value)
    return {text for value in values for text in (value, unquote_plus(value)) if text}


def missing_driver(error: BaseException) -> str | None:
    """What to do if the failure is that a Python package is not installed; None if it is not."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            return (
                f"needs the Python package {cause.name}: run 'pip install {_package(cause.name)}'"
            )
        cause = cause.__cause__ or cause.__context__
    return None


def _package(module: str) -> str:
    name = module.partition(".")[0]
    return _PACKAGES.get(name, name)
