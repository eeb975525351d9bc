"""Errors of the operating system: what happened, and what to do next."""

import errno
import os

import pytest

from lgn2hdl.base import container, files
from lgn2hdl.base.errors import Lgn2HdlError
from lgn2hdl.base.system_errors import NotAFileError, explained, reason
from lgn2hdl.compiler.flow import file_sha256
from lgn2hdl.datasets import limits
from lgn2hdl.train.data.teacher import load_logits
from lgn2hdl.verify.differential.vectors import table_of_file

ADVICE = {
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOSPC: "free space there",
    errno.EDQUOT: "remove files of yours there",
    errno.EROFS: "choose another place",
    errno.EACCES: "change the permissions",
    errno.EPERM: "change the permissions",
    errno.ELOOP: "mend the link",
    errno.EISDIR: "give a file",
    errno.EMFILE: "ulimit -n",
    errno.ENFILE: "close other programs",
    errno.EFBIG: "ulimit -f",
    errno.EIO: "check the disk",
    errno.ENOMEM: "close other programs",
}


@pytest.mark.parametrize("number", ADVICE, ids=errno.errorcode.get)
def test_every_kind_says_what_and_what_next(number):
    text = explained(OSError(number, os.strerror(number), "some/where"), "pray")
    assert text.startswith(f"{os.strerror(number)}; ")
    assert ADVICE[number] in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOENT, "No such file"), "No such file; check the path"),
        (OSError("the disk is tired"), "the disk is tired; check the path"),
        (NotAFileError("a pipe"), "it is a pipe, not a file: copy the data to a file"),
    ],
    ids=["another kind", "no number", "no file"],
)
def test_what_says_nothing_better_or_has_said_it(error, expected):
    assert explained(error, "check the path") == expected
    assert expected.startswith(reason(error))


READERS = {
    "model": lambda path: container.read(path, kind="x", version=1, what="model"),
    "data": limits.open_file,
    "logits": load_logits,
    "hash": file_sha256,
    "vectors": lambda path: table_of_file(path, None),
}
WRITERS = {
    "file": lambda path: files.write_atomically(path, b"new"),
    "trial": files.require_writable,
    "folder": lambda path: files.require_replaceable(path, "manifest.json"),
}


@pytest.mark.parametrize("use", [*READERS.values(), *WRITERS.values()], ids=[*READERS, *WRITERS])
@pytest.mark.parametrize("length", [300, 5000])
def test_names_that_are_too_long(tmp_path, use, length):
    path = tmp_path / ("n" * length)
    with pytest.raises(Lgn2HdlError) as caught:
        use(path)
    assert str(caught.value).endswith(f"{path}: File name too long; choose a shorter name")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("use", READERS.values(), ids=READERS)
def test_paths_that_lead_nowhere(tmp_path, use):
    (tmp_path / "file").write_text("x")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(Lgn2HdlError, match="Not a directory; check the path"):
        use(tmp_path / "file" / "x")
    with pytest.raises(Lgn2HdlError, match="symbolic links; mend the link"):
        use(tmp_path / "circle")
