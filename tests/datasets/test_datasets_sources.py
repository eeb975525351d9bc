"""Folder, cache and download of public files; the download runs against a local server."""

import gzip
import hashlib
import itertools
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from processes import wait_until

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import load_dataset, sources
from lgn2hdl.datasets.download import Downloader, Limits, limits_for
from lgn2hdl.datasets.sources import Places, PublicFile, fetch

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


def test_longer_file_in_the_folder(tmp_path):
    folder = put(tmp_path / "folder", CONTENT + b"and more")
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
    with server(bytes(1 << 23)) as (url, _), pytest.raises(DataError, match="sends more than"):
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


@contextmanager
def raw_server(answer):
    """A server that does with each connection whatever ``answer`` does."""

    def serve():
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    def serve_one(connection):
        with connection, suppress(OSError):
            connection.recv(1 << 16)
            answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/file.data"
        listener.shutdown(socket.SHUT_RDWR)


def redirect(address):
    """An answer that leads elsewhere."""
    header = f"HTTP/1.1 302 Found\r\nLocation: {address}\r\nContent-Length: 0\r\nConnection: close"
    return f"{header}\r\n\r\n".encode()


def drip(connection, data, pause=0.01):
    """A byte at a time, for ever."""
    for byte in itertools.cycle(data):
        connection.sendall(bytes([byte]))
        time.sleep(pause)


HEADER = b"HTTP/1.1 200 OK\r\nContent-Length: 14000\r\n\r\n"
SLOW_SERVERS = {
    "silent": lambda connection: time.sleep(60),
    "endless header": lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\nX: 1\r\n"),
    "dripping": lambda connection: (connection.sendall(HEADER), drip(connection, b"x")),
    "stopping": lambda connection: (connection.sendall(HEADER + b"x" * 99), time.sleep(60)),
}


@pytest.mark.parametrize("kind", SLOW_SERVERS)
@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(1 << 20, seconds=0.3, window=60, window_bytes=1), "took more than 0 seconds"),
        (Limits(1 << 20, seconds=60, window=0.3, window_bytes=10**6), "fewer than 1,000,000 bytes"),
    ],
    ids=["time", "rate"],
)
def test_slow_servers_are_given_up(tmp_path, monkeypatch, kind, limits, words):
    monkeypatch.setattr(sources, "limits_for", lambda size: limits)
    with raw_server(SLOW_SERVERS[kind]) as url, pytest.raises(DataError, match=words) as error:
        fetch(public_file(url), Places(None, tmp_path / "cache"))
    assert "\n" not in str(error.value)
    assert names_three_ways(str(error.value))
    assert not list((tmp_path / "cache/set").iterdir())


def test_limits_of_known_files():
    small, large = limits_for(3_000), limits_for(170_000_000)
    assert small.seconds < 61
    assert 8_000 < large.seconds < 9_000
    for size, given in ((3_000, small), (170_000_000, large)):
        assert size < given.size < size + 100_000
        assert given.window_bytes / given.window == 1000


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://host/x", "data:text/plain,x"])
def test_a_server_that_leads_elsewhere_than_to_the_web(tmp_path, address):
    answer = redirect(address)
    with (
        raw_server(lambda connection: connection.sendall(answer)) as url,
        pytest.raises(DataError, match="neither http nor https") as error,
    ):
        fetch(public_file(url), Places(None, tmp_path / "cache"))
    assert address in str(error.value)
    assert "sha256" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_server_that_leads_to_itself(tmp_path):
    answer = (
        b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    with (
        raw_server(lambda connection: connection.sendall(answer)) as url,
        pytest.raises(DataError, match="redirects"),
    ):
        fetch(public_file(url), Places(None, tmp_path / "cache"))


def test_a_redirect_within_the_web_is_followed(tmp_path):
    with server(CONTENT) as (home, requests):
        answer = redirect(home)
        with raw_server(lambda connection: connection.sendall(answer)) as url:
            assert fetch(public_file(url), Places(None, tmp_path / "cache")) == CONTENT
    assert len(requests) == 1


DOWNLOAD = """
import sys
from pathlib import Path
from lgn2hdl.datasets.sources import Places, PublicFile, fetch
fetch(PublicFile("set/file.data", sys.argv[1], "0" * 64, 1 << 20), Places(None, Path(sys.argv[2])))
"""


def test_half_of_a_file_that_a_killed_process_left_is_swept(tmp_path, start):
    cache = tmp_path / "cache"
    killed = threading.Event()

    def send_half(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + b"x" * 100_000)
        killed.wait()

    with raw_server(send_half) as url:
        process = start([sys.executable, "-c", DOWNLOAD, url, cache], stderr=subprocess.DEVNULL)
        wait_until(lambda: any(path.is_file() for path in cache.rglob("*")), "the first bytes")
        process.kill()
        process.wait()
        killed.set()
    assert list((cache / "set").iterdir())
    with server(CONTENT) as (url, _):
        fetch(public_file(url), Places(None, cache))
    assert [path.name for path in (cache / "set").iterdir()] == ["file.data"]


def test_how_far_a_download_is(tmp_path):
    seen: list[int] = []
    with server(bytes(1 << 16)) as (url, _):
        Downloader(limits_for(1 << 16), seen.append)(url, str(tmp_path / "file"), None)
    assert seen == sorted(seen)
    assert seen[-1] == 1 << 16 == (tmp_path / "file").stat().st_size
