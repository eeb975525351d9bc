"""The command ``lgn2hdl``, which is ``python -m lgn2hdl`` too.

Interrupts are taken care of before anything else is imported, which takes most of a second.
"""

from lgn2hdl.base.interrupts import INTERRUPTS


def main() -> None:
    """Run the command line, and end the process."""
    INTERRUPTS.install()
    from lgn2hdl.cli import main as run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
