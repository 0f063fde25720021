"""Trainings in tests: in a process of their own, killed, stopped, and listened to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def start(program: str, arguments: list[object]) -> subprocess.Popen[bytes]:
    """Run a Python program in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], stderr=subprocess.PIPE
    )


def finish(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()


def kill_after(process: subprocess.Popen[bytes], scratch: Path, checkpoints: int) -> bool:
    """Kill a training once it has written so many checkpoints below ``scratch``.

    Returns:
        False if it ended before that.
    """
    known = {file.stat().st_mtime_ns for file in scratch.glob("*/state.safetensors")}
    writes, deadline = 0, time.monotonic() + 300
    while process.poll() is None and writes < checkpoints:
        assert time.monotonic() < deadline
        for file in scratch.glob("*/state.safetensors"):
            try:
                stamp = file.stat().st_mtime_ns
            except FileNotFoundError:
                continue
            if stamp not in known:
                known.add(stamp)
                writes += 1
        time.sleep(0.001)
    running = process.poll() is None
    if running:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return running


class Stopped(Exception):
    pass


class Stopping:
    """A tracking run that stops the training at its first point of a curve."""

    def metrics(self, step: int, values: dict[str, float]) -> None:
        raise Stopped


class Listening:
    """A tracking run that keeps the points of the curves."""

    def __init__(self) -> None:
        self.points: list[tuple[int, dict[str, float]]] = []

    def metrics(self, step: int, values: dict[str, float]) -> None:
        self.points.append((step, dict(values)))
