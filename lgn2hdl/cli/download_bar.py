"""How a download goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def download_bar(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; is told how many bytes there are.

    Args:
        name: of the file.
        size: its bytes.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns, TransferSpeedColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(name, total=size)
        yield lambda received: bar.update(task, completed=min(received, size))
