"""MLflow: a parent run for a workflow, a child run for each step.

Runs go to the SQLite file ``mlflow.db`` of the working folder (where a plain ``mlflow ui`` finds
them), artifacts to ``mlruns`` beside it; the environment variable MLFLOW_TRACKING_URI sends them
elsewhere. MLflow takes three seconds to import, so a workflow's process does it for all its steps.
They call its :class:`.tracking_store.Store` through a socket, and import MLflow only where they
cannot reach it: on another machine of a cluster. It is told not to report usage.

Tracking never costs a result: when the tracking store cannot be reached, a warning is logged and
the step goes on untracked.
"""

from __future__ import annotations

import logging
import math
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from maskbench import tracking_store
from maskbench.artifacts import read_json, sha256_of
from maskbench.config import TrackingConfig
from maskbench.errors import MaskbenchError
from maskbench.measurements import PLAIN, STUDY
from maskbench.registry import Block
from maskbench.tracking_store import attempt, first_line

log = logging.getLogger(__name__)
NAMING = ("dataset", "method", "guide", "restorer", "recogniser", "training_set")

PARENT = "MASKBENCH_PARENT_RUN"  # environment variable: the workflow's run id
FLUSH_EVERY = 5.0  # seconds between writes of curves
MAX_VALUE = 500  # characters of a parameter; every MLflow store accepts these


class Run:
    """One tracking run; all methods do nothing when tracking is off.

    Attributes:
        id: MLflow's run id, "" when tracking is off.
    """

    def __init__(self, store: Any = None, run_id: str = "") -> None:
        self._store, self.id = store, run_id
        self._waiting: list[tuple[str, float, int, int]] = []
        self._flushed = time.monotonic()

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Log numbers of one training step; written in batches, at the latest when the run ends."""
        if not self.id:
            return
        now = int(time.time() * 1000)
        self._waiting += [
            (_key(name), float(value), now, int(step))
            for name, value in values.items()
            if math.isfinite(value)
        ]
        if len(self._waiting) > 900 or time.monotonic() - self._flushed > FLUSH_EVERY:
            self.flush()

    def results(self, out: Path) -> None:
        """Log what a step left in its folder: final numbers, curves, the last sheet, the model."""
        if not self.id:
            return
        for path in sorted(out.rglob("metrics.json")):
            inside = path.parent.relative_to(out)  # empty where one thing was measured
            rows = [row for row in read_json(path) if row["value"] is not None]
            self.metrics(0, {str(inside / _name_of(row)): row["value"] for row in rows})
            self.artifact(path, inside)
        sheets = sorted(out.glob("sheets/*.png"))[-1:]
        for path in (out / "curves.parquet", out / "model.safetensors", *sheets):
            if path.exists():
                self.artifact(path)

    def artifact(self, path: Path, folder: Path = Path()) -> None:
        """Store a copy of a file, in a folder of the run's artifacts."""
        if self.id:
            place = "" if folder == Path() else folder.as_posix()
            attempt(self._store.artifact, self.id, str(path), place)

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        self._flushed = time.monotonic()
        for start in range(0, len(waiting), 900):
            part = waiting[start : start + 900]
            attempt(self._store.points, self.id, part)

    def end(self, status: str) -> None:
        """Close the run as FINISHED, FAILED or KILLED."""
        if self.id:
            self.flush()
            attempt(self._store.end, self.id, status)


@contextmanager
def step(
    name: str,
    config: TrackingConfig,
    params: Mapping[str, Any],
    inputs: Sequence[Path],
    tags: Mapping[str, str],
) -> Iterator[Run]:
    """A run around one step: child of the workflow's run where there is one.

    Args:
        name: the step's name.
        config: section ``tracking``.
        params: what the step is configured by; blocks, models and mappings are flattened.
        inputs: files and folders; their sha256 become tags ``input/<path>``.
        tags: further tags; those of ``NAMING`` and seed also form the run's display name.

    Yields:
        the run, closed as FINISHED, or as FAILED/KILLED when the block raises.
    """
    if not config.enabled:
        yield Run()
        return
    words = [name, *(tags[key] for key in NAMING if key in tags)]
    words += [f"seed{tags['seed']}"] if "seed" in tags else []
    checksums = {f"input/{path}": sha256_of(path) for path in inputs if path.exists()}
    run = _start(
        config,
        " ".join(words),
        {**tags, **checksums, "step": name},
        params,
        parent=os.environ.get(PARENT, ""),
    )
    try:
        yield run
    except KeyboardInterrupt:
        run.end("KILLED")
        raise
    except BaseException:
        run.end("FAILED")
        raise
    run.end("FINISHED")


def refuse_sqlite(config: TrackingConfig) -> None:
    """For a workflow whose jobs run on several machines.

    Raises:
        MaskbenchError: their runs would go to a SQLite file.
    """
    uri = tracking_store.default_uri()
    if not config.enabled or config.sqlite_on_cluster or not uri.startswith("sqlite:"):
        return
    what = f"several machines would write to {uri}, which many network file systems damage"
    way_out = (
        f"start an MLflow server and set {tracking_store.URI} to its address (docs/cluster.md), or "
        "set tracking.sqlite_on_cluster: true, or tracking.enabled: false"
    )
    raise MaskbenchError("tracking", what, way_out)


def start_workflow(config: TrackingConfig, name: str, settings: Path) -> str:
    """Open the parent run of a workflow and hand it to its steps by the environment.

    The store and the experiment are made here, before steps run side by side. One workflow at a
    time runs in a folder, so what an earlier one left running here was killed: it is closed so.

    Args:
        config: section ``tracking``.
        name: display name.
        settings: file of the effective configuration, kept as an artifact.

    Returns:
        the run id, "" when tracking is off.
    """
    os.environ.pop(tracking_store.DESK, None)  # of a workflow that started this one
    if not config.enabled:
        return ""
    here = {"host": socket.gethostname(), "folder": str(Path.cwd())[:MAX_VALUE]}
    run = _start(config, name, {"step": "workflow", **here}, {}, parent="")
    run.artifact(settings)
    if run.id:
        attempt(_close_earlier, run, here)
        attempt(tracking_store.serve, run._store)
    os.environ[PARENT] = run.id
    return run.id


def end_workflow(status: str, artifacts: Iterable[Path] = (), numbers: Iterable[Path] = ()) -> None:
    """Close the parent run with files that the workflow made and its headline numbers
    (``{row}.json``, each number is named ``column/row``); steps that were killed and could not
    close theirs are closed as KILLED."""
    run_id = os.environ.pop(PARENT, "")
    os.environ.pop(tracking_store.DESK, None)
    if not run_id:
        return
    try:
        store = tracking_store.Store()
        client, run = store.client, Run(store, run_id)
        for path in artifacts:
            if path.exists():
                run.artifact(path)
        for path in numbers:
            run.metrics(0, {f"{column}/{path.stem}": v for column, v in read_json(path).items()})
        _close_children(client, client.get_run(run_id).info)
        run.end(status)
    except Exception as error:
        log.warning("tracking: %s", first_line(error))


def _close_children(client: Any, parent: Any) -> None:
    for child in _running(client, parent, f"tags.`mlflow.parentRunId` = '{parent.run_id}'"):
        client.set_terminated(child.info.run_id, "KILLED")


def _close_earlier(run: Run, here: Mapping[str, str]) -> None:
    """Close what other workflows of this folder left running, with their steps."""
    client = run._store.client
    for other in _running(client, client.get_run(run.id).info, "tags.step = 'workflow'"):
        tags = other.data.tags
        if other.info.run_id != run.id and here.items() <= tags.items():
            _close_children(client, other.info)
            client.set_terminated(other.info.run_id, "KILLED")


def _running(client: Any, like: Any, condition: str) -> list[Any]:
    """The running runs of the same experiment that fulfil a condition."""
    condition += " and attributes.status = 'RUNNING'"
    return list(client.search_runs([like.experiment_id], condition))


def _start(
    config: TrackingConfig,
    name: str,
    tags: Mapping[str, Any],
    params: Mapping[str, Any],
    parent: str,
) -> Run:
    try:
        store = tracking_store.store()
        labels = {_key(key): str(value)[:MAX_VALUE] for key, value in tags.items()}
        labels |= {"mlflow.source.name": "maskbench", **_git()}
        if parent:
            labels["mlflow.parentRunId"] = parent
        flat = [(_key(key), value) for key, value in _flatten(params)]
        return Run(store, store.start(config.experiment, name, labels, flat))
    except Exception as error:
        log.warning("tracking is off, %s: %s", tracking_store.default_uri(), first_line(error))
        return Run()


def _git() -> dict[str, str]:
    """The commit of the code that runs, and whether the tree differs from it."""
    here = Path(__file__).parent
    with suppress(OSError, subprocess.CalledProcessError):
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"],
            cwd=here, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        return {"mlflow.source.git.commit": commit, "git_dirty": str(bool(changed)).lower()}
    return {}


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Block):
            yield f"{prefix}{key}", value.name
            value = value.params
        if isinstance(value, BaseModel):
            value = value.model_dump()
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)[:MAX_VALUE]


def _name_of(row: Mapping[str, Any]) -> str:
    """A metric's name in MLflow, after what makes it another quantity than the plain one."""
    parts = [str(row[key]) for key, usual in PLAIN.items() if row[key] != usual]
    if row["step"] == STUDY:  # of several methods, folds and seeds
        parts = [row["method"], *(f"{key}{row[key]}" for key in ("fold", "seed")), *parts]
    return "/".join([*parts, row["metric"]])


def _key(text: str) -> str:
    """A name that MLflow accepts: letters, digits, and _ - . / and space."""
    return re.sub(r"[^\w\-./ ]", "_", text).strip("/")[:250]
