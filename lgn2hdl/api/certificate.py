"""``verify --certificate``: write the proof down, checked by the independent checker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lgn2hdl.api.notes import Note
from lgn2hdl.base.errors import OptionError
from lgn2hdl.base.files import require_writable, write_atomically
from lgn2hdl.checker.check import check
from lgn2hdl.checker.graph import CheckError
from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.verify.certificate.refutation import NoCertificateError
from lgn2hdl.verify.design import Verifier
from lgn2hdl.verify.proofs.report import NotProvedError


def require_certifiable(
    path: Path | None, rtl: Path | None, recipe: Recipe, *, synthesized: bool
) -> None:
    """Check that there can be a certificate, if one is wanted, before anything is proved.

    Raises:
        OptionError: if the checker could not read the Verilog, if what is proved is not what the
            model file says, or if there are no files.
        OutputError: if the file cannot be written.
    """
    if path is None:
        return
    if synthesized:
        raise OptionError(
            "a certificate is about the Verilog that lgn2hdl writes: leave --certificate out, or "
            "--synthesized"
        )
    if recipe.needs_data:
        raise OptionError(
            "a certificate is about the model as its file says it, and --prune-head and --observe "
            "change it: leave one of them out"
        )
    if rtl is None:
        raise OptionError("a certificate is about files: give their folder with --rtl")
    require_writable(path)


def write_certificate(
    path: Path | None,
    verifier: Verifier,
    model: Path,
    verilog: Mapping[str, str | bytes],
    note: Note,
) -> None:
    """Write the certificate of what has just been proved, if one is wanted and is accepted.

    Raises:
        NotProvedError: if a step cannot be written down, or is not accepted.
        OutputError: if the file cannot be written.
    """
    if path is None:
        return
    note("writing the certificate ...")
    content = model.read_bytes()
    files = {
        name: text.encode("ascii") if isinstance(text, str) else text
        for name, text in verilog.items()
    }
    try:
        certificate = verifier.certificate(content, files)
        note("checking the certificate ...")
        check(certificate, content, files)
    except NoCertificateError as error:
        raise NotProvedError(f"proved, but there is no certificate: {error}") from None
    except CheckError as error:
        raise NotProvedError(f"proved, but the checker does not accept it: {error}") from None
    write_atomically(path, certificate)
    note(f"{path}: {len(certificate):,} bytes, accepted by python -m lgn2hdl.checker")
