"""The whole proof: network, passes, circuit, Verilog."""

from __future__ import annotations

from collections.abc import Mapping

from lgn2hdl.compiler.schedule import Design
from lgn2hdl.ir.netlist import Netlist
from lgn2hdl.model.network import LogicNet
from lgn2hdl.passes import PRUNING, Pipeline
from lgn2hdl.verify.certificate.certify import certificate_of
from lgn2hdl.verify.proofs.circuit_proof import prove_circuit
from lgn2hdl.verify.proofs.core_proof import prove_steps
from lgn2hdl.verify.proofs.report import Report, Verdict
from lgn2hdl.verify.proofs.session import Progress, Session
from lgn2hdl.verify.proofs.verilog_proof import Reader, prove_verilog
from lgn2hdl.verify.readers.hardware import Hardware
from lgn2hdl.verify.readers.reader import read_text


class Verifier:
    """A network and a design that are proved equal once, to prove Verilog after Verilog."""

    def __init__(
        self,
        network: LogicNet,
        design: Design,
        *,
        golden: Netlist | None = None,
        dont_cares: bool = True,
        pipeline: Pipeline = PRUNING,
        time_limit: float | None = None,
        progress: Progress = lambda text: None,
    ) -> None:
        """Arguments as for :func:`verify_design`; the time limit is that of this part alone."""
        self._session = Session(network, design, golden, time_limit=time_limit, progress=progress)
        prove_steps(self._session, dont_cares=dont_cares, pipeline=pipeline)
        self._circuit = prove_circuit(self._session)
        self._known = self._session.state()
        self._hardware: Hardware | None = None

    def verify(
        self,
        verilog: Mapping[str, str],
        *,
        reader: Reader = read_text,
        latency: int | None = None,
    ) -> Report:
        """The proof of some Verilog, in what is left of the time; see :func:`verify_design`."""
        self._session.restore(self._known)
        self._hardware = prove_verilog(self._session, self._circuit, verilog, reader, latency)
        self._session.sweeper.require_possible()
        return self._session.report()

    def certificate(self, model: bytes, files: Mapping[str, bytes]) -> bytes:
        """The certificate of the last proof, all of which was proved.

        Args:
            model: the model file.
            files: the Verilog that was proved, the top module's file first.

        Raises:
            NoCertificateError: if a step cannot be written down, or the time is over.
            ValueError: if nothing has been proved.
        """
        if self._hardware is None or self._session.report().verdict is not Verdict.PROVED:
            raise ValueError("nothing has been proved yet")
        netlist = self._hardware.netlist
        return certificate_of(self._session, self._circuit, netlist, model, files)

    def restart(self, time_limit: float | None) -> None:
        """Give what follows a time limit of its own."""
        self._session.deadline.restart(time_limit)


def verify_design(
    network: LogicNet,
    design: Design,
    verilog: Mapping[str, str],
    *,
    time_limit: float | None = None,
    golden: Netlist | None = None,
    dont_cares: bool = True,
    pipeline: Pipeline = PRUNING,
    reader: Reader = read_text,
    latency: int | None = None,
    progress: Progress = lambda text: None,
) -> Report:
    """Prove that Verilog computes what a network does, or find where it does not.

    Args:
        network: what the design must compute.
        design: the compiler's circuit and schedule, which the proof goes through.
        verilog: texts by file name; the first one holds the top module and is named after it.
        time_limit: seconds, after which the rest is not proved; None for none.
        golden: gates that stand for the network's layers, if not they themselves.
        dont_cares: whether the compiler used what thermometer bits imply about each other.
        pipeline: the compiler's passes.
        reader: what reads the Verilog.
        latency: clock cycles that it is said to have; None for those of the design.
        progress: called with the name of every part before it begins.

    Raises:
        HardwareError: if the Verilog cannot be read, or is no sound hardware.
    """
    verifier = Verifier(
        network,
        design,
        golden=golden,
        dont_cares=dont_cares,
        pipeline=pipeline,
        time_limit=time_limit,
        progress=progress,
    )
    return verifier.verify(verilog, reader=reader, latency=latency)
