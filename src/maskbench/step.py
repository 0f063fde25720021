"""Between a rule and its function: :func:`run` calls one by what the other declares, by name.

A rule's ``params`` are ``step`` (a module of this package; its function has the module's name),
``settings`` (keyword arguments) and ``code`` (only looked at by the scheduler). Inputs and outputs
become keyword arguments as well: a path, or a list of them; an empty input is left out, and one
called ``after`` is only waited for; a function that takes ``inputs`` gets them as one mapping of
lists. Wildcards, ``workers``, ``scratch``, ``run`` and ``run_id`` are given to a function that
takes them.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from maskbench import tracking
from maskbench.config import TrackingConfig
from maskbench.errors import one_line_errors


def run(job: Any) -> None:
    """Run a job's step; all that it writes to the screen goes to the job's log.

    Args:
        job: the object ``snakemake`` of a script.
    """
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    with open(job.log[0], "wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    start_logging()
    with one_line_errors("a training goes on from its last checkpoint, where it has one"):
        function = function_of(job.params.step)
        given = arguments(function, job)
        if {"run", "run_id"} & set(inspect.signature(function).parameters):
            _tracked(function, given, job)
        else:
            function(**given)


def function_of(step: str) -> Callable[..., None]:
    """The function of a step, named as its module below this package."""
    module = importlib.import_module(f"maskbench.{step}")
    found: Callable[..., None] = getattr(module, step.rpartition(".")[2])
    return found


def arguments(function: Callable[..., None], job: Any) -> dict[str, Any]:
    """The keyword arguments of a job's function, but for those of tracking."""
    takes = inspect.signature(function).parameters
    inputs: dict[str, Any] = {name: _paths(value) for name, value in job.input.items() if value}
    inputs.pop("after", None)
    if "inputs" in takes:  # many kinds of them, each a list
        every = {
            name: found if isinstance(found, list) else [found] for name, found in inputs.items()
        }
        inputs = {"inputs": every}
    # Where `out` is a setting it is a folder, and the files in it are what is declared.
    declared = {} if "out" in job.params.settings else dict(job.output.items())
    outputs = {name: Path(path) for name, path in declared.items()}
    offered: dict[str, Any] = dict(job.wildcards.items()) | {"workers": job.threads}
    offered |= {name: int(offered[name]) for name in ("seed", "fold") if name in offered}
    if "scratch" in takes:
        root = Path(job.config["output"])
        offered["scratch"] = root / "scratch" / outputs["out"].relative_to(root)
    offered = {name: value for name, value in offered.items() if name in takes}
    return offered | inputs | outputs | job.params.settings


def _paths(value: Any) -> Path | list[Path]:
    return Path(value) if isinstance(value, str) else [Path(path) for path in value]


def _tracked(function: Callable[..., None], given: dict[str, Any], job: Any) -> None:
    """Call a function inside a tracking run, which keeps its settings, inputs and results."""
    config = TrackingConfig(**job.config.get("tracking", {}))
    tags = dict(job.wildcards.items()) | {"output": str(given["out"])}
    inputs = [Path(path) for path in job.input]
    with tracking.step(job.rule, config, job.params.settings, inputs, tags) as run:
        takes = inspect.signature(function).parameters
        known = {"run": run, "run_id": run.id}
        function(**given, **{name: value for name, value in known.items() if name in takes})
        run.results(given["out"])


def start_logging(verbose: bool = False) -> None:
    """Log to standard error, one plain line a message."""
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, datefmt="%H:%M:%S", force=True)
    logging.getLogger("maskbench").setLevel(logging.DEBUG if verbose else logging.INFO)
