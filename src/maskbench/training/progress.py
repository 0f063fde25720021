"""The screen of a training: losses, pictures a second, what is done and how long is left."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

log = logging.getLogger(__name__)


class TrainingProgress:
    """A bar on stderr; plain log lines every ``seconds`` where stderr is no terminal.

    Args:
        title: what is trained.
        total: steps.
        pictures: pictures that a step shows the networks.
        done: steps already done (a resumed training).
        seconds: least time between two log lines.
    """

    def __init__(
        self, title: str, total: int, pictures: int, done: int = 0, seconds: float = 20.0
    ) -> None:
        self.title, self.total, self.pictures, self.done = title, total, pictures, done
        self.seconds = seconds
        self._first, self._start = done, time.monotonic()
        self._last_line = self._start
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> TrainingProgress:
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
                TextColumn("{task.fields[rate]:.0f} pictures/s"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[losses]}"),
                console=Console(stderr=True),
            )
            self._bar.start()
            self._task = self._bar.add_task(
                self.title, total=self.total, completed=self.done, rate=0.0, losses=""
            )
        elif self.done:
            log.info("%s: goes on from step %d of %d", self.title, self.done, self.total)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, losses: Mapping[str, float]) -> None:
        """One step is done; ``losses`` are shown."""
        self.done += 1
        now = time.monotonic()
        steps = self.done - self._first
        rate = steps / max(now - self._start, 1e-9)
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task, advance=1, rate=rate * self.pictures, losses=_shown(losses)
            )
        elif now - self._last_line >= self.seconds or self.done == self.total:
            self._last_line = now
            left = (self.total - self.done) / rate
            log.info(
                "%s: step %d of %d, %s, %.0f pictures/s, %d s left",
                self.title, self.done, self.total, _shown(losses), rate * self.pictures, left,
            )  # fmt: skip


def _shown(losses: Mapping[str, float]) -> str:
    return " ".join(f"{name} {value:.3g}" for name, value in losses.items())
