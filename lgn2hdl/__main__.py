"""``python -m lgn2hdl``: the same as the command ``lgn2hdl``."""

from lgn2hdl.cli import main

main()
