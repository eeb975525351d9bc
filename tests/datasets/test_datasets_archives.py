"""Archives of unknown origin: what they hold, claim and hide."""

import gzip
import io
import tarfile
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgn2hdl.base.errors import DataError
from lgn2hdl.datasets import archives
from lgn2hdl.datasets.archives import wanted_files

FILES = {"a.bin": b"first", "b.bin": b"second!"}
SIZES = {name: len(data) for name, data in FILES.items()}


def tar(entries):
    """An archive of these ``(name, bytes)``, with a folder in front."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folder = tarfile.TarInfo("set")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/", b"")
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


PACKERS = {
    "tar": tar,
    "tar.gz": lambda entries: gzip.compress(tar(entries), mtime=0),
    "zip": zipped,
}


def put(tmp_path, content):
    path = tmp_path / "set.archive"
    path.write_bytes(content)
    return path


def refused(message, path):
    with pytest.raises(DataError, match=message) as caught:
        wanted_files(path, SIZES, "the archive")
    assert str(caught.value).startswith(("the archive", "a.bin", "b.bin"))
    assert str(caught.value).endswith(": get it again")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("folder", ["", "set/", "./", "set/deeper/"])
def test_wanted_files_in_any_order_and_folder(tmp_path, kind, folder):
    entries = [(folder + name, data) for name, data in reversed(FILES.items())]
    path = put(tmp_path, PACKERS[kind]([("set/readme", b"x"), *entries, ("set/more", b"y")]))
    assert wanted_files(path, SIZES, "the archive") == FILES


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("folder", ["../../", "/", "set/../../"])
def test_nothing_is_written_wherever_names_point(tmp_path, kind, folder):
    inner = tmp_path / "inner"
    inner.mkdir()
    path = put(inner, PACKERS[kind]([(folder + name, data) for name, data in FILES.items()]))
    assert wanted_files(path, SIZES, "the archive") == FILES
    assert list(inner.iterdir()) == [path]
    assert list(tmp_path.iterdir()) == [inner]


@pytest.mark.parametrize("kind", PACKERS)
def test_other_lengths_and_absent_files(tmp_path, kind):
    pack = PACKERS[kind]
    refused("^b.bin of the archive has 8 bytes, not 7", put(tmp_path, pack([("b.bin", b"x" * 8)])))
    refused("has no file b.bin", put(tmp_path, pack([("a.bin", FILES["a.bin"])])))
    refused("has no file a.bin", put(tmp_path, pack([])))


@pytest.mark.parametrize("kind", PACKERS)
def test_truncated_archives(tmp_path, kind):
    content = PACKERS[kind]([(name, bytes(size)) for name, size in SIZES.items()])
    refused("damaged archive|has no file", put(tmp_path, content[: min(700, len(content) // 3)]))
    refused("damaged archive", put(tmp_path, content[:20]))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\3\4 no zip", b"\x1f\x8b no gzip"])
def test_what_is_no_archive(tmp_path, content):
    refused("damaged archive", put(tmp_path, content))


@pytest.mark.parametrize(
    "kind", [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_something_else_in_the_place_of_a_file(tmp_path, kind):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("a.bin")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    refused("has no file a.bin", put(tmp_path, buffer.getvalue()))


def test_a_sparse_file_that_claims_a_terabyte(tmp_path):
    info = tarfile.TarInfo("a.bin")
    info.pax_headers = {
        "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,0",
        "GNU.sparse.size": str(1 << 40),
    }  # fmt: skip
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    refused(f"has {1 << 40} bytes", put(tmp_path, buffer.getvalue()))


def test_a_zip_entry_that_is_longer_than_it_claims(tmp_path):
    content = zipped([("a.bin", bytes(1 << 20)), ("b.bin", FILES["b.bin"])])
    claimed = content.replace((1 << 20).to_bytes(4, "little"), (5).to_bytes(4, "little"))
    refused("damaged archive", put(tmp_path, claimed))


def test_a_zip_entry_without_a_name_is_one_that_nobody_asked_for(tmp_path):
    entries = [(zipfile.ZipInfo(""), b"x"), *FILES.items()]
    assert wanted_files(put(tmp_path, zipped(entries)), SIZES, "the archive") == FILES


def test_an_archive_that_expands_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_OTHERS", 1 << 20)
    entries = [("set/zeros", bytes(1 << 21)), *FILES.items()]
    refused("expands to more than", put(tmp_path, gzip.compress(tar(entries), 1)))


@pytest.mark.parametrize("kind", PACKERS)
def test_an_archive_of_too_many_entries(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(archives, "MAX_ENTRIES", 3)
    entries = [(f"set/{number}", b"") for number in range(5)]
    refused("more than 3 entries", put(tmp_path, PACKERS[kind]([*entries, *FILES.items()])))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(PACKERS)), st.integers(0, 1 << 20), st.integers(0, 255))
def test_damaged_bytes_never_end_in_another_error(tmp_path, kind, position, value):
    content = bytearray(PACKERS[kind](list(FILES.items())))
    content[position % len(content)] = value
    with suppress(DataError):
        assert set(wanted_files(put(tmp_path, bytes(content)), SIZES, "the archive")) == set(FILES)
