"""An independent checker of certificates: that Verilog computes what a model file says.

``python -m lgn2hdl.checker CERTIFICATE MODEL FOLDER`` reads three things: a certificate that
``lgn2hdl verify --certificate`` wrote, the model file, and the folder with the Verilog. It makes of
the model file what has to be computed, reads the Verilog with a parser of its own, and believes
nothing that the certificate says without checking it. It needs Python's standard library alone and
imports nothing of lgn2hdl, so that this folder may be copied elsewhere and read on its own.

Reading order: :mod:`~lgn2hdl.checker.graph` (functions), :mod:`~lgn2hdl.checker.clauses` and
:mod:`~lgn2hdl.checker.polynomial` (the two kinds of proof), :mod:`~lgn2hdl.checker.model` and
:mod:`~lgn2hdl.checker.meaning` (what has to be computed), :mod:`~lgn2hdl.checker.verilog` and
:mod:`~lgn2hdl.checker.pipeline` (what is computed), :mod:`~lgn2hdl.checker.replay` (the
certificate, line by line), :mod:`~lgn2hdl.checker.__main__`. ``docs/certificate.md`` describes the
format and says what a positive answer means.
"""
