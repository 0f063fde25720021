"""How long a workflow still takes: a line on the screen after each step and every half minute.

Expected durations come from the benchmark files of earlier runs; for a first run from durations
measured once for the shipped configurations (``workflow/durations.yaml``), scaled by how this
machine compares on the steps already done. A step that neither knows counts as the mean of its
rule's finished jobs; while there is none, the line says so instead of guessing.
"""

from __future__ import annotations

import contextlib
import logging
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

HEARTBEAT = 30.0  # seconds between lines while no step ends


@dataclass
class Job:
    """One planned job.

    Attributes:
        key: ``rule`` or ``rule/method``.
        name: how the line calls it.
        expected: seconds that it took before, None when unknown.
        cores: how many it occupies.
    """

    key: str
    name: str
    expected: float | None = None
    cores: int = 1
    started: float | None = field(default=None, compare=False)
    seconds: float | None = field(default=None, compare=False)


class TimeLeft:
    """Bookkeeping of planned, running and finished jobs.

    Args:
        jobs: planned jobs by the scheduler's job id.
        cores: of the machine, or that the workflow may use.
        clock: the time in seconds.
    """

    def __init__(
        self,
        jobs: Mapping[int, Job],
        cores: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.jobs, self.cores, self.clock = dict(jobs), max(1, cores), clock
        self.began = clock()

    def start(self, job_id: int) -> None:
        if job_id in self.jobs:
            self.jobs[job_id].started = self.clock()

    def finish(self, job_id: int) -> None:
        job = self.jobs.get(job_id)
        if job is not None and job.seconds is None:
            job.seconds = self.clock() - (self.began if job.started is None else job.started)

    def left(self) -> tuple[float, int]:
        """Seconds left, and the number of jobs that nothing is known about (not counted)."""
        done = [job for job in self.jobs.values() if job.seconds is not None]
        pairs = [(job.seconds, job.expected) for job in done if job.expected]
        speed = sum(s or 0 for s, _ in pairs) / sum(e for _, e in pairs) if pairs else 1.0
        work, longest, unknown = 0.0, 0.0, 0
        for job in self.jobs.values():
            if job.seconds is not None:
                continue
            same = [other.seconds for other in done if other.key == job.key and other.seconds]
            if same:
                guess = statistics.mean(same)
            elif job.expected is not None:
                guess = job.expected * speed
            else:
                unknown += 1
                continue
            if job.started is not None:
                guess = max(guess - (self.clock() - job.started), 1.0)
            work += guess * min(job.cores, self.cores)
            longest = max(longest, guess)
        return max(work / self.cores, longest), unknown

    def line(self) -> str:
        """«17 of 63 steps done in 4 min; about 11 min left; running: ...»."""
        done = sum(job.seconds is not None for job in self.jobs.values())
        seconds, unknown = self.left()
        text = f"{done} of {len(self.jobs)} steps done in {span(self.clock() - self.began)}"
        if done < len(self.jobs):
            if unknown == 0:
                text += f"; about {span(seconds)} left"
            elif seconds > 0:
                text += f"; at least {span(seconds)} left ({unknown} steps never timed before)"
            else:
                text += "; time left: known once each kind of step has run"
        running = [
            f"{job.name} ({span(self.clock() - job.started)})"
            for job in self.jobs.values()
            if job.started is not None and job.seconds is None
        ]
        return text + (f"; running: {', '.join(running)}" if running else "")


class Screen(logging.Handler):
    """Listen to the scheduler's events and print the line to standard error."""

    def __init__(self, times: TimeLeft) -> None:
        super().__init__(logging.INFO)
        self.times = times
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        event = str(getattr(record, "event", "") or "")
        if event == "job_started":
            for job_id in _ids(record, "jobs") + _ids(record, "job_ids"):
                self.times.start(job_id)
        elif event == "job_finished":
            for job_id in _ids(record, "job_id") + _ids(record, "jobid"):
                self.times.finish(job_id)
            self._say()

    def close(self) -> None:
        self._over.set()
        super().close()

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT):
            self._say()

    def _say(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            print(f"==> {self.times.line()}", file=sys.stderr, flush=True)


def planned(
    rule: str,
    wildcards: Mapping[str, str],
    benchmark: object,
    cores: int,
    shipped: Mapping[str, float],
) -> Job:
    """A planned job with what is known about its duration.

    Args:
        rule, wildcards: which job.
        benchmark: its benchmark file; a job without one takes no time.
        cores: how many it occupies.
        shipped: durations by job key, for jobs that never ran here.
    """
    key = "/".join(filter(None, (rule, wildcards.get("method"))))
    seed = wildcards.get("seed")
    known = seconds_of(Path(str(benchmark))) if benchmark else 0.0
    return Job(
        key=key,
        name=key.replace("/", " ") + (f" seed {seed}" if seed else ""),
        expected=shipped.get(key) if known is None else known,
        cores=cores,
    )


def _ids(record: logging.LogRecord, name: str) -> list[int]:
    value = getattr(record, name, None)
    if value is None:
        return []
    return [int(item) for item in (value if isinstance(value, list | tuple | set) else [value])]


def seconds_of(benchmark: Path) -> float | None:
    """Wall seconds of a benchmark file (the first column); None when there is none."""
    try:
        return float(benchmark.read_text("utf-8").splitlines()[-1].split("\t")[0])
    except (OSError, ValueError, IndexError):
        return None


def typical(path: Path, output: str) -> dict[str, float]:
    """The shipped durations of one configuration (by its results folder), seconds by job key."""
    if not path.exists():
        return {}
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get(output, {})


def measured(benchmarks: Iterable[tuple[str, Path]]) -> dict[str, float]:
    """Mean seconds by job key, from (key, benchmark file) pairs; the content of ``typical``."""
    found: dict[str, list[float]] = {}
    for key, path in benchmarks:
        seconds = seconds_of(path)
        if seconds is not None:
            found.setdefault(key, []).append(seconds)
    return {key: round(statistics.mean(values), 1) for key, values in sorted(found.items())}


def span(seconds: float) -> str:
    """«45 s», «4 min», «2 h 10 min»."""
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
