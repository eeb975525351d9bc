"""Sweeps on a real PostgreSQL server: restarted and killed in the middle, with workers that die.

A server of its own is started in a folder of its own, on an address of this machine alone, with a
password that has every character which is escaped in a URL. Three workers sweep together. The
server is restarted and killed under them, one of them is killed, and others begin while the server
is away. Then every trial has ended, none is lost or counted twice, and no password was printed.

Needs the programs of PostgreSQL (Debian: ``apt install postgresql``) and psycopg:

    pip install 'psycopg[binary]'
    python benchmarks/database_server.py [--trials 8] [--programs /usr/lib/postgresql/17/bin]
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from cpu_baseline.report import markdown

USER, PASSWORD, DATABASE = "me", "s3cr3t@a?b/c%d:e", "sweeps"
SECRETS = (PASSWORD, quote_plus(PASSWORD), "s3cr3t")
TINY = ("--layers", "60", "--steps", "150", "--evaluate-every", "50", "--threads", "1")
WORKERS = 3

AWAY = 6.0
"""Seconds that the server is away."""

OLDER = "interval '11 minutes'"
"""By how much the signs of life of a killed worker are made older, instead of waiting so long."""

LIMIT = 900.0
"""Longest time of a step."""


@dataclass
class Server:
    """A PostgreSQL server in a folder.

    Attributes:
        programs: folder of its programs.
        folder: its own.
        port: where it listens.
    """

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """As ``--storage`` has it."""
        return (
            f"postgresql+psycopg://{USER}:{quote_plus(PASSWORD)}@127.0.0.1:{self.port}/{DATABASE}"
        )

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs, as somebody who is not root."""
        command = [str(self.programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        result = subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode:
            raise SystemExit(f"{program} failed: {result.stdout}")

    def create(self) -> None:
        """Make its files, with a user who has a password."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self.folder, secret):
                os.chown(path, 65534, 65534)
        data = str(self.folder / "data")
        self.run("initdb", "-D", data, "-U", USER, f"--pwfile={secret}", "-A", "scram-sha-256")

    def start(self) -> None:
        """Start it, and wait until it listens."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-w", "-o", options, "start")

    def stop(self, how: str) -> None:
        """Stop it: ``fast`` ends connections, ``immediate`` is as if it crashed."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", how, "stop")

    def query(self, text: str, database: str = DATABASE) -> list[Any]:
        """Rows of a query; none if it gives none."""
        import psycopg

        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
            client_encoding="utf8",
        ) as connection:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []

    def states(self) -> dict[str, int]:
        """How many trials are in which state."""
        try:
            return dict(self.query("select state::text, count(*) from trials group by 1"))
        except Exception:  # (no tables yet, or it is just starting)
            return {}

    def wait_for(self, state: str, number: int) -> None:
        """Wait until so many trials are in a state."""
        end = time.monotonic() + LIMIT
        while self.states().get(state, 0) < number:
            if time.monotonic() > end:
                raise SystemExit(f"no {number} trials {state} within {LIMIT:.0f} s")
            time.sleep(0.2)


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """A server with an empty database."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = Server(programs, Path(name), port)
        server.create()
        server.start()
        try:
            server.query(f"create database {DATABASE}", "postgres")
            yield server
        finally:
            server.stop("immediate")


class Worker:
    """A process that takes part in the sweep.

    Args:
        folder: where its files are.
        name: of its files.
        url: the storage.
        trials: how many it trains.
    """

    def __init__(self, folder: Path, name: str, url: str, trials: int) -> None:
        self._printed = folder / f"{name}.txt"
        options = ["--out", str(folder / f"{name}.lgn"), "--sweep", str(trials), "--storage", url]
        with self._printed.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lgn2hdl", "train", "--dataset", "digits", *TINY, *options],
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ended(self) -> int:
        """Its exit code."""
        return self.process.wait(LIMIT)

    @property
    def printed(self) -> str:
        """What it has printed."""
        return self._printed.read_text()

    @property
    def last(self) -> str:
        """Its last line."""
        return self.printed.strip().splitlines()[-1]


def restarted(server: Server, folder: Path, trials: int) -> list[str]:
    """Workers go on when the server is restarted, and when it crashes and comes again."""
    workers = [Worker(folder, f"w{number}", server.url, trials) for number in range(WORKERS)]
    for done, how in ((2, "fast"), (4, "immediate"), (6, "immediate")):
        server.wait_for("COMPLETE", done)
        server.stop(how)
        time.sleep(AWAY)
        server.start()
    codes = [worker.ended() for worker in workers]
    faults = [
        f"exit code {code}: {worker.last}"
        for code, worker in zip(codes, workers, strict=True)
        if code
    ]
    states = server.states()
    if states.get("COMPLETE") != WORKERS * trials:
        faults.append(f"trials: {states}")
    return faults + _printed_secrets(workers)


def killed(server: Server, folder: Path, rounds: Sequence[Sequence[str]]) -> list[str]:
    """The trial of a killed worker is ended and tried again, whenever it was killed.

    Args:
        server: the server.
        folder: of the workers.
        rounds: what is changed in the database before another worker trains one network.
    """
    others = server.states().get("RUNNING", 0)  # (taken just when the server crashed)
    worker = Worker(folder, "killed", server.url, 50)
    server.wait_for("RUNNING", others + 1)
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.ended()
    before = server.states()
    faults, workers = [], [worker]
    for number, texts in enumerate(rounds):
        for text in texts:
            server.query(text)
        workers.append(Worker(folder, f"other{number}", server.url, 1))
        if workers[-1].ended():
            faults.append(workers[-1].last)
    states = server.states()
    is_left = before.get("RUNNING", 0) > others
    expected = before.get("COMPLETE", 0) + len(rounds)
    if not is_left or states.get("RUNNING", 0) > others or states.get("COMPLETE") != expected:
        faults.append(f"trials: {before}, then {states}")
    return faults + _printed_secrets(workers)


def begun_while_away(server: Server, folder: Path) -> list[str]:
    """A worker that begins while the server is away says what is wrong in one line."""
    server.stop("fast")
    worker = Worker(folder, "begun", server.url, 1)
    code = worker.ended()
    server.start()
    lines = worker.printed.strip().splitlines()
    faults = [] if code == 1 and len(lines) == 1 else [f"exit code {code}: {lines}"]
    return faults + _printed_secrets([worker])


def wrong_urls(server: Server, folder: Path) -> list[str]:
    """URLs that are wrong end in one line without the password."""
    place = f"127.0.0.1:{server.port}/{DATABASE}"
    urls = [
        f"postgresql+psycopg://{USER}:{PASSWORD}@{place}",
        f"postgresql+psycopg://{USER}:wr0ng-s3cr3t@{place}",
        f"postgresql+psycopg://{USER}@{place}?password=s3cr3t-in-query",
        f"postgresql+psycopg://{USER}:s3cr3t@{place}_absent",
        f"postgresql+nodriver://{USER}:s3cr3t@{place}",
    ]
    faults = []
    for number, url in enumerate(urls):
        worker = Worker(folder, f"url{number}", url, 1)
        code = worker.ended()
        if code != 1 or len(worker.printed.strip().splitlines()) != 1:
            faults.append(f"URL {number}: exit code {code}: {worker.printed}")
        faults += _printed_secrets([worker])
    return faults


def _printed_secrets(workers: Sequence[Worker]) -> list[str]:
    texts = [worker.printed for worker in workers]
    return ["a password was printed" for text in texts if any(part in text for part in SECRETS)]


def main() -> None:
    """Run the steps, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trials", type=int, default=8, help="of every worker")
    parser.add_argument("--programs", type=Path, help="folder of initdb and pg_ctl")
    options = parser.parse_args()
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if options.programs is None and not found:
        raise SystemExit("no PostgreSQL is here: name the folder of its initdb with --programs")
    older = f"update trial_heartbeats set heartbeat = heartbeat - {OLDER}"
    never = [
        "delete from trial_heartbeats",
        f"update trials set datetime_start = datetime_start - {OLDER}",
    ]
    rows, wrong = [], 0
    with (
        running_server(options.programs or found[-1]) as server,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        steps = {
            f"{WORKERS} workers, a restart and two crashes": lambda: restarted(
                server, folder, options.trials
            ),
            "a worker killed in its trial": lambda: killed(server, folder, [[older]]),
            "a worker killed before its first sign of life": lambda: killed(
                server, folder, [never, [older]]
            ),
            "a worker that begins while the server is away": lambda: begun_while_away(
                server, folder
            ),
            "URLs that are wrong": lambda: wrong_urls(server, folder),
        }
        for what, step in steps.items():
            begun = time.monotonic()
            faults = step()
            wrong += len(faults)
            end = "as it should be" if not faults else "; ".join(faults)
            rows.append([what, end, f"{time.monotonic() - begun:.0f}"])
            print(f"{what}: {end}", file=sys.stderr)
    print(markdown(["what happens", "what comes of it", "s"], rows))
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
