"""How long a workflow still takes: a line on the screen after each job and every half minute.

A job is expected to take what its last run took (its benchmark file), else the mean of its rule's
jobs in this run. While neither is known of some jobs, the line says so instead of guessing.
"""

from __future__ import annotations

import logging
import statistics
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HEARTBEAT = 30.0  # seconds between lines while no job ends


class Screen(logging.Handler):
    """Listens to the scheduler's events and prints the line to standard error.

    Args:
        jobs: the scheduler's planned jobs.
        cores: that the workflow may use.
    """

    def __init__(self, jobs: Iterable[Any], cores: int) -> None:
        super().__init__(logging.INFO)
        self.jobs = {job.jobid: job for job in jobs if not job.rule.norun}
        self.cores, self.began = max(1, cores), time.monotonic()
        self.expected = {id: _seconds(Path(str(job.benchmark))) for id, job in self.jobs.items()}
        self.started: dict[int, float] = {}
        self.took: dict[int, float] = {}
        self._over = threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        event = str(getattr(record, "event", "") or "")
        if event == "job_started":
            self.started |= dict.fromkeys(getattr(record, "jobs", ()), time.monotonic())
        elif event == "job_finished" and (done := int(getattr(record, "job_id", -1))) in self.jobs:
            self.took[done] = time.monotonic() - self.started.get(done, self.began)
            self._say()

    def close(self) -> None:
        self._over.set()
        super().close()

    def left(self) -> tuple[float, int]:
        """Seconds left, and the number of jobs that nothing is known about (not counted)."""
        work, longest, unknown = 0.0, 0.0, 0
        for id in self.jobs.keys() - self.took.keys():
            rule = self.jobs[id].rule.name
            same = [took for other, took in self.took.items() if self.jobs[other].rule.name == rule]
            guess = self.expected[id] or (statistics.mean(same) if same else None)
            if guess is None:
                unknown += 1
                continue
            if id in self.started:
                guess = max(guess - (time.monotonic() - self.started[id]), 1.0)
            work += guess * min(self.jobs[id].threads, self.cores)
            longest = max(longest, guess)
        return max(work / self.cores, longest), unknown

    def line(self) -> str:
        """«17 of 63 jobs done in 4 min; about 11 min left»."""
        seconds, unknown = self.left()
        text = f"{len(self.took)} of {len(self.jobs)} jobs done in "
        text += f"{span(time.monotonic() - self.began)}; "
        if not unknown:
            return text + f"about {span(seconds)} left"
        return text + f"at least {span(seconds)} left ({unknown} jobs never timed before)"

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT):
            self._say()

    def _say(self) -> None:
        print(f"==> {self.line()}", file=sys.stderr, flush=True)


def _seconds(benchmark: Path) -> float | None:
    """Wall seconds of a benchmark file (the first column); None when there is none."""
    try:
        return float(benchmark.read_text("utf-8").splitlines()[-1].split("\t")[0])
    except (OSError, ValueError, IndexError):
        return None


def span(seconds: float) -> str:
    """«45 s», «4 min», «2 h 10 min»."""
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
