"""The container: what was written is read back, everything else is one clear error."""

import hashlib
import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from lgn2hdl.base import container
from lgn2hdl.base.errors import ModelFileError, OutputError

KIND, VERSION = "test-file", 3

DTYPES = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")

ARRAYS = {
    "weights": np.array([[1, -2], [3, 4]], np.int32),
    "empty": np.empty((0, 5), np.uint8),
    "scalar": np.array(2.5),
}
DOCUMENT = {"name": "päper", "list": [1, 2.5, None, {"nested": True}]}


def write(folder: Path, data: bytes) -> Path:
    path = folder / "file.lgn"
    path.write_bytes(data)
    return path


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return container.read(path, KIND, VERSION)


def refusal(folder: Path, data: bytes) -> str:
    """The one-line message with which the file is refused."""
    path = write(folder, data)
    with pytest.raises(ModelFileError) as caught:
        read(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def good_file() -> bytes:
    return container.to_bytes(ARRAYS, DOCUMENT, KIND, VERSION)


def split(data: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def forged(header: Any, data: bytes) -> bytes:
    """A file with any header and a checksum that matches it."""
    zeros = "0" * 64
    if isinstance(header, dict) and isinstance(header.get("__metadata__"), dict):
        header["__metadata__"]["sha256"] = zeros
    text = json.dumps(header, separators=(",", ":")).encode()
    blank = struct.pack("<Q", len(text)) + text + data
    digest = hashlib.sha256(blank).hexdigest()
    return blank.replace(f'"sha256":"{zeros}"'.encode(), f'"sha256":"{digest}"'.encode(), 1)


def forged_entry(**changes: Any) -> bytes:
    """A good file whose description of ``weights`` is changed."""
    header, data = split(good_file())
    header["weights"].update(changes)
    return forged(header, data)


def test_forging_nothing_gives_a_readable_file(tmp_path: Path) -> None:
    read(write(tmp_path, forged(*split(good_file()))))


@given(
    st.dictionaries(
        st.text(max_size=8).filter(lambda name: name != "__metadata__"),
        st.sampled_from(DTYPES).flatmap(
            lambda dtype: arrays_of.arrays(
                dtype, arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
            )
        ),
        max_size=4,
    ),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none()),
)
@settings(max_examples=60)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, Any], document: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("round") / "file.lgn"
    container.write(path, arrays, document, KIND, VERSION)
    found, found_document = read(path)
    assert found_document == document
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
        assert not found[name].flags.writeable


def test_same_input_same_bytes_in_any_order() -> None:
    turned = dict(reversed(ARRAYS.items()))
    document = dict(reversed(DOCUMENT.items()))
    assert container.to_bytes(turned, document, KIND, VERSION) == good_file()


def test_memory_order_and_byte_order_do_not_matter() -> None:
    array = np.arange(6, dtype="<i4").reshape(2, 3)
    plain = container.to_bytes({"a": array}, {}, KIND, VERSION)
    for other in (np.asfortranarray(array), array.astype(">i4")):
        assert container.to_bytes({"a": other}, {}, KIND, VERSION) == plain


def test_the_safetensors_package_reads_equal_arrays(tmp_path: Path) -> None:
    path = write(tmp_path, good_file())
    found = safetensors.numpy.load_file(path)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
    with safetensors.safe_open(path, "numpy") as file:
        assert json.loads(file.metadata()["document"]) == DOCUMENT


def test_a_document_that_quotes_a_digest_changes_nothing(tmp_path: Path) -> None:
    document = {"sha256": "0" * 64, "text": '"sha256":"' + "0" * 64 + '"'}
    data = container.to_bytes({"sha256": np.zeros(1)}, document, KIND, VERSION)
    assert read(write(tmp_path, data))[1] == document


@pytest.mark.slow
def test_every_single_bit_flip_is_found(tmp_path: Path) -> None:
    good = good_file()
    for position in range(len(good) * 8):
        bad = bytearray(good)
        bad[position // 8] ^= 1 << position % 8
        refusal(tmp_path, bytes(bad))


def test_every_truncation_is_found(tmp_path: Path) -> None:
    good = good_file()
    for length in range(len(good)):
        refusal(tmp_path, good[:length])


def test_appended_bytes_are_found(tmp_path: Path) -> None:
    assert "altered" in refusal(tmp_path, good_file() + b"\0")


def zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", bytes(20_000_000))
    return buffer.getvalue()


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.arange(4))
    return buffer.getvalue()


FOREIGN = {
    "empty": b"",
    "one byte": b"x",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "text": b"hello world, this is text\n" * 5,
    "pickle": pickle.dumps({"weights": [1, 2, 3]}),
    "zip bomb": zip_bomb(),
    "npz": npz(),
    "safetensors": safetensors.numpy.save({"weights": np.arange(4)}),
    "safetensors with metadata": safetensors.numpy.save({"a": np.arange(4)}, {"format": "pt"}),
    "another kind": container.to_bytes(ARRAYS, DOCUMENT, "another-kind", VERSION),
    "metadata null": forged({"__metadata__": None}, b""),
    "metadata a list": forged({"__metadata__": ["format"]}, b""),
    "huge header": struct.pack("<Q", 2**63) + b"{" + bytes(20),
    "hugest header": struct.pack("<Q", 2**64 - 1) + b"{" + bytes(20),
}


@pytest.mark.parametrize(
    "data",
    list(FOREIGN.values()),
    ids=list(FOREIGN),
)
def test_foreign_files(tmp_path: Path, data: bytes) -> None:
    assert "is not an lgn2hdl model file" in refusal(tmp_path, data)


@pytest.mark.parametrize(
    "text", [b"{ ", b"{]", b'{"a":NaN', b'{"a":' * 50_000, b"{\xff\xff}", b'{"a":' + b"1" * 5000]
)
def test_a_header_that_is_not_json(tmp_path: Path, text: bytes) -> None:
    assert "header is not JSON" in refusal(tmp_path, struct.pack("<Q", len(text)) + text)


def test_the_word_for_the_file_is_used(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="not an lgn2hdl checkpoint file"):
        container.read(write(tmp_path, b""), KIND, VERSION, what="checkpoint")


def test_a_newer_version_says_upgrade_and_an_older_one_is_read(tmp_path: Path) -> None:
    newer = container.to_bytes(ARRAYS, DOCUMENT, KIND, VERSION + 1)
    assert "format version 4, this lgn2hdl reads up to 3: upgrade" in refusal(tmp_path, newer)
    read(write(tmp_path, container.to_bytes(ARRAYS, DOCUMENT, KIND, VERSION - 1)))


@pytest.mark.parametrize("version", ["9" * 5000, "10", "000000000004"])
def test_versions_of_any_length(tmp_path: Path, version: str) -> None:
    header, data = split(good_file())
    header["__metadata__"]["version"] = version
    assert "upgrade" in refusal(tmp_path, forged(header, data))


@pytest.mark.parametrize("version", ["", "-1", "1.0", "\u0663", "one", None, 3, [3]])
def test_versions_that_are_none(tmp_path: Path, version: object) -> None:
    header, data = split(good_file())
    header["__metadata__"]["version"] = version
    assert "no version" in refusal(tmp_path, forged(header, data))


@pytest.mark.parametrize("digest", [None, 5, "", "0" * 63, "\ud800" * 64, "G" * 64])
def test_digests_that_are_none(tmp_path: Path, digest: object) -> None:
    header, data = split(good_file())
    header["__metadata__"]["sha256"] = digest
    text = json.dumps(header).encode()
    message = refusal(tmp_path, struct.pack("<Q", len(text)) + text + data)
    assert "no checksum" in message


@pytest.mark.parametrize("document", [None, 5, "", "{", "[]", "5", "[" * 50_000])
def test_documents_that_are_none(tmp_path: Path, document: object) -> None:
    header, data = split(good_file())
    header["__metadata__"]["document"] = document
    assert "its document is not" in refusal(tmp_path, forged(header, data))


BEGIN, END = split(good_file())[0]["weights"]["data_offsets"]


@pytest.mark.parametrize(
    "changes",
    [
        {"dtype": "F16"},
        {"dtype": None},
        {"dtype": []},
        {"dtype": "I64"},
        {"shape": None},
        {"shape": 4},
        {"shape": [2]},
        {"shape": [-2, -2]},
        {"shape": [2, 2, -1]},
        {"shape": [1 << 62, 1 << 62]},
        {"shape": [10**4000, 2]},
        {"shape": [float("inf")]},
        {"shape": [float("nan")]},
        {"shape": [1] * 100 + [2, 2]},
        {"shape": [[2], 2]},
        {"data_offsets": None},
        {"data_offsets": []},
        {"data_offsets": [BEGIN]},
        {"data_offsets": [BEGIN, END, END]},
        {"data_offsets": [BEGIN - 16, END - 16]},
        {"data_offsets": [BEGIN + 1, END + 1]},
        {"data_offsets": [END, BEGIN]},
        {"data_offsets": [-16, 0]},
        {"data_offsets": [1 << 63, (1 << 63) + 16]},
        {"data_offsets": [0, 0], "shape": [0]},
        {"data_offsets": [0, 16]},
        {"data_offsets": [0, 8], "shape": [2]},
    ],
    ids=str,
)
def test_hostile_descriptions_of_an_array(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert "is damaged" in refusal(tmp_path, forged_entry(**changes))


def test_hostile_descriptions_of_an_empty_array(tmp_path: Path) -> None:
    header, data = split(good_file())
    header["empty"]["shape"] = [0, 1 << 62, 1 << 62]
    assert "impossible shape" in refusal(tmp_path, forged(header, data))


def test_two_arrays_on_the_same_bytes(tmp_path: Path) -> None:
    header, data = split(good_file())
    header["again"] = header["weights"]
    assert "do not follow each other" in refusal(tmp_path, forged(header, data))


@pytest.mark.parametrize("place", range(3))
def test_bytes_that_no_array_describes(tmp_path: Path, place: int) -> None:
    """Before the first array, between two, and behind the last one."""
    header, data = split(good_file())
    offsets = [entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"]
    start = sorted({begin for begin, end in offsets if begin < end} | {len(data)})[place]
    for pair in offsets:
        pair[:] = [offset + 8 * (pair[0] >= start) for offset in pair]
    message = refusal(tmp_path, forged(header, data[:start] + bytes(8) + data[start:]))
    assert ("do not fill" if start == len(data) else "do not follow each other") in message


@pytest.mark.parametrize("entry", [None, 5, "text", [], {}])
def test_entries_that_describe_nothing(tmp_path: Path, entry: object) -> None:
    header, data = split(good_file())
    header["weights"] = entry
    assert "is not described" in refusal(tmp_path, forged(header, data))


def test_names_cannot_break_the_line(tmp_path: Path) -> None:
    header, data = split(good_file())
    header["a\nb"] = {}
    refusal(tmp_path, forged(header, data))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no model file at .*: check the path"):
        read(tmp_path / "absent.lgn")
    with pytest.raises(ModelFileError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(ModelFileError, match="cannot read"):
        read(write(tmp_path, b"") / "below-a-file.lgn")


def test_a_name_that_cannot_be_a_path(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot read"):
        read(tmp_path / ("long" * 1000))


def test_folders_are_made_and_files_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.lgn"
    for value in (1, 2):
        container.write(path, {"a": np.array([value])}, {}, KIND, VERSION)
        assert read(path)[0]["a"].tolist() == [value]
    assert [each.name for each in path.parent.iterdir()] == ["file.lgn"]


def test_a_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        container.write(tmp_path / "file.lgn", {}, {}, KIND, VERSION)
    finally:
        os.umask(old)
    assert (tmp_path / "file.lgn").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("failing", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_midway_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: BaseException
) -> None:
    path = write(tmp_path, b"old")

    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(os if failing == "fsync" else Path, failing, fail)
    expected = OutputError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        container.write(path, ARRAYS, DOCUMENT, KIND, VERSION)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file.lgn"]
    if expected is OutputError:
        assert str(path) in str(caught.value)
        assert "No space left on device" in str(caught.value)


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    file = write(tmp_path, b"a file")
    for path in (file / "below.lgn", file / "further" / "below.lgn"):
        with pytest.raises(OutputError, match=r"cannot write .*; choose another place"):
            container.write(path, ARRAYS, DOCUMENT, KIND, VERSION)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        container.write(folder, ARRAYS, DOCUMENT, KIND, VERSION)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file.lgn", "folder"]
