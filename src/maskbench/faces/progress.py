"""A progress bar over pictures on stderr: count, share, pictures/s, time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    """Pictures a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f} pictures/s")


@contextmanager
def pictures_progress(title: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """Show a bar while the block runs; yields ``advance(pictures, note)``."""
    bar = Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
    )
    with bar:
        shown = bar.add_task(title, total=total, note="")

        def advance(pictures: int, note: str = "") -> None:
            bar.update(shown, advance=pictures, note=note)

        yield advance
