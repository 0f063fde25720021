"""Trainings in tests: in a process of their own, killed, stopped, and listened to."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

# A server that has imported the network library makes each process in no time; it also makes those
# of maskbench.faces.runs.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "maskbench.faces.locate",
        "maskbench.synthesis.train_synthesis",
        "maskbench.restoration.train_restorer",
        "maskbench.recognition.train_recogniser",
        "torch._dynamo",
    ]
)


def start(function: Callable[..., None], *args: Any, **kwargs: Any) -> BaseProcess:
    """Call a function in a process of its own."""
    process = CONTEXT.Process(target=function, args=args, kwargs=kwargs)
    process.start()
    return process


def finish(process: BaseProcess) -> None:
    process.join(timeout=300)
    assert process.exitcode == 0


def kill_after(process: BaseProcess, scratch: Path, checkpoints: int) -> bool:
    """Kill a training once it has written so many checkpoints below ``scratch``.

    Returns:
        False if it ended before that.
    """
    known = {file.stat().st_mtime_ns for file in scratch.glob("*/state.safetensors")}
    writes, deadline = 0, time.monotonic() + 300
    while process.is_alive() and writes < checkpoints:
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
    running = process.is_alive()
    process.kill()
    process.join()
    return running


DYING = """
import os, signal
from maskbench.training import loop
advance, steps = loop.Training.advance, 0
def dying(self):
    global steps
    found = advance(self)
    steps += 1
    if steps == step:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
loop.Training.advance = dying
"""


def killed_in(step: int, code: str, **known: Any) -> None:
    """Run code whose training dies by SIGKILL inside its given step, counted from 1 and from where
    it goes on, whatever it has written by then.

    Args:
        known: names that the code finds.
    """
    process = start(exec, DYING + code, {"step": step, **known})
    process.join(timeout=300)
    assert process.exitcode == -signal.SIGKILL


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
