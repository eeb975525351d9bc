"""The certificate of a finished proof."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.verify.certificate.draft import draft_of
from lgn2hdl.verify.certificate.text import FIRST_LINE, Document
from lgn2hdl.verify.proofs.head_proof import Implementation
from lgn2hdl.verify.proofs.session import Session


def certificate_of(
    session: Session,
    circuit: Implementation,
    verilog: Netlist,
    model: bytes,
    files: Mapping[str, bytes],
) -> bytes:
    """The certificate that Verilog computes what a model does; the same input gives the same bytes.

    Args:
        session: the finished proof, all of which was proved.
        circuit: the compiler's circuit in the session's graph.
        verilog: the gates of the Verilog over the bits of ``x``.
        model: the model file.
        files: the Verilog files by name, the top module's first.

    Raises:
        NoCertificateError: if a step cannot be written down, or the time is over.
    """
    document = Document(draft_of(session, circuit, verilog), session.deadline)
    lines = [FIRST_LINE, f"model {hashlib.sha256(model).hexdigest()}"]
    lines += [f"verilog {name} {hashlib.sha256(data).hexdigest()}" for name, data in files.items()]
    return "\n".join([*lines, *document.lines(), "end", ""]).encode()
