"""``python -m lgn2hdl.checker CERTIFICATE MODEL FOLDER``: check a certificate."""

from __future__ import annotations

import sys

from .check import check_paths
from .graph import CheckError

USAGE = "usage: python -m lgn2hdl.checker CERTIFICATE MODEL FOLDER"


def main(arguments: list[str]) -> int:
    """Print what is proved and return 0, or say in one line why it is not and return 1."""
    if len(arguments) != 3:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        lines = check_paths(*arguments)
    except CheckError as error:
        print(f"not accepted: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
