"""The small process between a program and the one that started it; see :mod:`leash`.

Usage: python -I -S leash_keeper.py LEASH REPORT PROGRAM [ARGUMENT ...]

It starts the program in its own process group, writes to the file descriptor REPORT how that went
and how the program ended, and ends the group as soon as nobody holds the other end of LEASH. It
imports next to nothing, because it is started for every call of every tool.
"""

import _thread
import os
import signal
import sys

STARTED, FAILED, ENDED = "started", "failed", "ended"
"""First word of a line of the report; after the last two comes the error or the wait status."""


def start(program: list[str], leash: int, report: int) -> int:
    """Start the program; its process id, or 0 if it cannot be started, which is then reported."""
    news, trouble = os.pipe()  # (both ends close when the program starts)
    process = os.fork()
    if process == 0:
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)  # Python ignores them, and that is inherited
        try:
            os.close(leash)
            os.close(report)
            os.execvp(program[0], program)
        except OSError as error:
            os.write(trouble, str(error.errno).encode())
        os._exit(127)
    os.close(trouble)
    failed = os.read(news, 16)
    os.close(news)
    if failed:
        os.waitpid(process, 0)
        os.write(report, f"{FAILED} {failed.decode()}\n".encode())
        return 0
    os.write(report, f"{STARTED}\n".encode())
    return process


def tell_the_end(process: int, report: int) -> None:
    """Wait for the program and report how it ended."""
    _, status = os.waitpid(process, 0)
    os.write(report, f"{ENDED} {status}\n".encode())


def main() -> None:
    """Hold the program until the leash is let go of."""
    leash, report = int(sys.argv[1]), int(sys.argv[2])
    process = start(sys.argv[3:], leash, report)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the end of the leash ends the keeper
    for standard in (0, 1, 2):
        os.close(standard)  # who reads them shall not wait for the keeper
    if process:
        _thread.start_new_thread(tell_the_end, (process, report))
    while os.read(leash, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
