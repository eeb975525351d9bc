"""What a Python user calls, and the command line too; :mod:`lgn2hdl` hands it on.

Nothing here prints: who wants to hear what is going on gives a function for it, ``note``.
"""
