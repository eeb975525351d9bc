"""Public files that are known one by one: folders, archives, cache and download."""

import hashlib
from dataclasses import replace

import pytest
from test_datasets_archives import FILES, PACKERS
from test_datasets_sources import names_three_ways, server

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets.members import Known, PublicMembers, fetch_members
from lgn2hdl.datasets.sources import Places

ENTRIES = [(f"inside/{name}", data) for name, data in FILES.items()]
SET = PublicMembers(
    "set/packed.tar.gz",
    "http://127.0.0.1:9/x",
    1 << 16,
    {name: Known(hashlib.sha256(data).hexdigest(), len(data)) for name, data in FILES.items()},
    names=("inside", "packed"),
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def places(tmp_path, *, download=False):
    return Places(tmp_path / "folder", tmp_path / "cache", download)


@pytest.mark.parametrize("base", ["folder", "folder/set", "cache", "cache/set"])
@pytest.mark.parametrize("name", ["inside/", "inside.zip", "packed.tar", "packed.tar.gz"])
def test_folders_and_archives_that_are_looked_for(tmp_path, base, name):
    if name.endswith("/"):
        for file, data in FILES.items():
            put(tmp_path / base / name / file, data)
    else:
        put(tmp_path / base / name, PACKERS[name.partition(".")[2]](ENTRIES))
    before = sorted(tmp_path.rglob("*"))
    assert fetch_members(SET, places(tmp_path)) == FILES
    assert sorted(tmp_path.rglob("*")) == before  # nothing is unpacked


def test_what_an_archive_is_does_not_depend_on_its_name(tmp_path):
    put(tmp_path / "folder" / SET.path, PACKERS["zip"](ENTRIES))
    assert fetch_members(SET, places(tmp_path)) == FILES


def refused(message, tmp_path, **options):
    with pytest.raises(DataError, match=message) as caught:
        fetch_members(SET, places(tmp_path, **options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


WRONG = [("a.bin", b"FIRST"), *ENTRIES[1:]]


def test_a_wrong_file_in_an_archive(tmp_path):
    path = tmp_path / "folder" / SET.path
    put(path, PACKERS["tar.gz"](WRONG))
    message = refused(r"sha256 is [0-9a-f]{12}\.\.\., not [0-9a-f]{12}\.\.\.", tmp_path)
    assert message.startswith(f"a.bin of {path} is not the public file")
    assert message.endswith("get it again")


def test_wrong_files_in_a_folder(tmp_path):
    folder = tmp_path / "folder" / "inside"
    put(folder / "b.bin", FILES["b.bin"])
    assert str(folder / "a.bin") in refused("no file", tmp_path)
    put(folder / "a.bin", b"FIRST")
    assert f"a.bin of {folder}" in refused("is not the public file", tmp_path)
    put(folder / "a.bin", b"longer")
    message = refused("has 6 bytes, not 5", tmp_path)
    assert message.startswith(str(folder / "a.bin"))


def test_the_folder_comes_before_the_cache(tmp_path):
    put(tmp_path / "folder" / SET.path, PACKERS["tar.gz"](WRONG))
    put(tmp_path / "cache" / SET.path, PACKERS["tar.gz"](ENTRIES))
    refused("not the public file", tmp_path)
    assert fetch_members(SET, Places(None, tmp_path / "cache", download=False)) == FILES


def test_nowhere(tmp_path):
    assert names_three_ways(refused("^set/packed.tar.gz is not in .*switched off", tmp_path))


def test_any_archive_of_the_files_is_downloaded_once(tmp_path):
    with server(PACKERS["tar.gz"](ENTRIES)) as (url, requests):
        files = replace(SET, url=url)
        for _ in range(2):
            assert fetch_members(files, places(tmp_path, download=True)) == FILES
        assert len(requests) == 1
    assert [path.name for path in (tmp_path / "cache/set").iterdir()] == ["packed.tar.gz"]


def test_a_damaged_cache_is_downloaded_anew(tmp_path):
    put(tmp_path / "cache" / SET.path, PACKERS["tar.gz"](WRONG))
    refused("a.bin of .*cache.* is not the public file", tmp_path)
    with server(PACKERS["tar.gz"](ENTRIES)) as (url, _):
        assert fetch_members(replace(SET, url=url), places(tmp_path, download=True)) == FILES
    assert fetch_members(SET, places(tmp_path)) == FILES


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PACKERS["tar.gz"](WRONG), "a.bin of {url} is not the public file"),
        (b"<html>a log-in page</html>", "{url} is a damaged archive: get it again"),
        (PACKERS["tar.gz"](ENTRIES[:1]), "{url} has no file b.bin"),
        (bytes(1 << 20), "sends more than that has"),
    ],
)
def test_a_wrong_download_leaves_nothing(tmp_path, content, message):
    with server(content) as (url, _), pytest.raises(DataError) as error:
        fetch_members(replace(SET, url=url), places(tmp_path, download=True))
    assert message.format(url=url) in str(error.value)
    assert "\n" not in str(error.value)
    assert not list((tmp_path / "cache/set").iterdir())


def test_a_home_that_cannot_be_reached(tmp_path):
    assert names_three_ways(refused("downloading .* failed", tmp_path, download=True))
