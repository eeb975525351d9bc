"""Certificates: the proof, written down so that :mod:`lgn2hdl.checker` can check it.

Nothing of the checker is imported here, and it imports nothing from here; the format that they
share is ``docs/certificate.md``. What is written may be wrong as far as the checker is concerned.
"""
