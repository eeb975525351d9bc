"""Folder, cache and download of public files; the download runs against a local server."""

import gzip
import hashlib
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lgn2hdl.datasets import load_dataset, sources
from lgn2hdl.datasets.sources import Places, PublicFile, fetch
from lgn2hdl.errors import DataError

CONTENT = b"a public file\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def public_file(url="http://127.0.0.1:9/x"):
    return PublicFile("set/file.data", url, SHA256, len(CONTENT))


def put(folder, content, name="set/file.data"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return folder


@contextmanager
def server(content, status=200):
    """A web server on this machine; yields its address and the list of requests."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(OSError):  # the client hung up
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{web.server_port}/file.data", requests
        finally:
            web.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def closed_port():
    with server(b"") as (url, _):
        pass
    return url


def names_three_ways(message):
    return all(word in message for word in ("--data-dir", "LGN2HDL_DATA", "connect once"))


@pytest.mark.parametrize("compressed", [False, True])
def test_folder_comes_first(tmp_path, compressed):
    if compressed:
        folder = put(tmp_path / "folder", gzip.compress(CONTENT), "set/file.data.gz")
    else:
        folder = put(tmp_path / "folder", CONTENT)
    cache = put(tmp_path / "cache", b"not looked at")
    assert fetch(public_file(), Places(folder, cache, download=False)) == CONTENT


def test_cache_comes_second(tmp_path):
    cache = put(tmp_path / "cache", CONTENT)
    assert fetch(public_file(), Places(tmp_path / "none", cache, download=False)) == CONTENT
    assert fetch(public_file(), Places(None, cache, download=False)) == CONTENT


def test_download_fills_the_cache(tmp_path, capfd):
    with server(CONTENT) as (url, requests):
        places = Places(None, tmp_path / "cache")
        assert fetch(public_file(url), places) == CONTENT
        assert (tmp_path / "cache/set/file.data").read_bytes() == CONTENT
        assert fetch(public_file(url), places) == CONTENT
        assert len(requests) == 1
    assert capfd.readouterr().out == ""  # progress goes to standard error


def test_damaged_cache_is_downloaded_anew(tmp_path):
    cache = put(tmp_path / "cache", b"half a fi")
    with server(CONTENT) as (url, _):
        assert fetch(public_file(url), Places(None, cache)) == CONTENT
    assert (cache / "set/file.data").read_bytes() == CONTENT


def test_wrong_file_in_the_folder(tmp_path):
    folder = put(tmp_path / "folder", b"something else")
    with pytest.raises(DataError, match="not the public file"):
        fetch(public_file(), Places(folder, tmp_path / "cache", download=False))


def test_bombs_in_the_folder(tmp_path):
    folder = put(tmp_path / "folder", gzip.compress(bytes(1 << 24)), "set/file.data.gz")
    with pytest.raises(DataError, match="expands to more than"):
        fetch(public_file(), Places(folder, tmp_path / "cache", download=False))


def test_damaged_gzip_in_the_folder(tmp_path):
    folder = put(tmp_path / "folder", gzip.compress(CONTENT)[:-9], "set/file.data.gz")
    with pytest.raises(DataError, match="damaged"):
        fetch(public_file(), Places(folder, tmp_path / "cache", download=False))


def test_wrong_download_leaves_nothing(tmp_path):
    page = b"<html>a log-in page</html>"
    with server(page) as (url, _), pytest.raises(DataError, match="sha256") as error:
        fetch(public_file(url), Places(None, tmp_path / "cache"))
    assert "\n" not in str(error.value)
    assert not list((tmp_path / "cache/set").iterdir())


def test_endless_download_is_stopped(tmp_path):
    with server(bytes(1 << 23)) as (url, _), pytest.raises(DataError, match="known file"):
        fetch(public_file(url), Places(None, tmp_path / "cache"))
    assert not list((tmp_path / "cache/set").iterdir())


@pytest.mark.parametrize("folder", [None, "empty"])
def test_refused_connection_names_the_three_ways(tmp_path, folder, closed_port):
    places = Places(tmp_path / folder if folder else None, tmp_path / "cache")
    with pytest.raises(DataError) as error:
        fetch(public_file(closed_port), places)
    message = str(error.value)
    assert "\n" not in message
    assert names_three_ways(message)
    assert "refused" in message
    assert str(tmp_path / "cache") in message
    assert folder is None or str(tmp_path / "empty") in message


def test_server_error_names_the_three_ways(tmp_path):
    with server(b"", status=404) as (url, _), pytest.raises(DataError, match="404") as error:
        fetch(public_file(url), Places(None, tmp_path / "cache"))
    assert names_three_ways(str(error.value))


def test_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with server(CONTENT) as (url, _), pytest.raises(DataError) as error:
        fetch(public_file(url), Places(None, tmp_path / "cache"))
    assert "\n" not in str(error.value)


def test_without_download(tmp_path, monkeypatch):
    monkeypatch.setattr("lgn2hdl.datasets.public.default_cache", lambda: tmp_path / "cache")
    with pytest.raises(DataError, match="switched off") as error:
        load_dataset("mnist", data_dir=tmp_path / "folder", download=False)
    assert names_three_ways(str(error.value))
    assert str(tmp_path / "folder") in str(error.value)


def test_environment_names_the_folder(data_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("lgn2hdl.datasets.public.default_cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("LGN2HDL_DATA", str(data_folder))
    assert len(load_dataset("monk1", download=False).x_test) == 432
    with pytest.raises(DataError):  # the argument goes before the environment
        load_dataset("monk1", data_dir=tmp_path, download=False)
    monkeypatch.setenv("LGN2HDL_DATA", "")
    with pytest.raises(DataError, match="not in the cache"):
        load_dataset("monk1", download=False)


def test_default_cache_is_the_users():
    assert sources.default_cache().name == "lgn2hdl"
