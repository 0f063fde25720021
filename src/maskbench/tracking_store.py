"""Where tracking runs are kept: MLflow's store, in this process or in that of the workflow."""

from __future__ import annotations

import copy
import fcntl
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from multiprocessing import AuthenticationError
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

URI = "MLFLOW_TRACKING_URI"
DATABASE, ARTIFACTS = "mlflow.db", "mlruns"
MOST_PARAMS = 100  # that a store takes at once
DESK = "MASKBENCH_TRACKING"  # environment variable: key and address of the workflow's store


class Store:
    """What runs ask of MLflow, in plain values, so that they may be in another process."""

    def __init__(self) -> None:
        with _one_at_a_time():
            self.client = client()

    def start(
        self,
        experiment: str,
        name: str,
        tags: Mapping[str, str],
        params: Sequence[tuple[str, str]],
    ) -> str:
        """Open a run; its id."""
        from mlflow.entities import Param

        with _one_at_a_time():
            number = _experiment(self.client, experiment)
        run_id = str(self.client.create_run(number, run_name=name, tags=dict(tags)).info.run_id)
        for start in range(0, len(params), MOST_PARAMS):
            part = [Param(*param) for param in params[start : start + MOST_PARAMS]]
            attempt(self.client.log_batch, run_id, params=part)
        return run_id

    def points(self, run_id: str, points: Sequence[tuple[str, float, int, int]]) -> None:
        """Keep metrics: name, value, milliseconds since 1970, step."""
        from mlflow.entities import Metric

        self.client.log_batch(run_id, metrics=[Metric(*point) for point in points])

    def artifact(self, run_id: str, path: str, folder: str) -> None:
        """Keep a copy of a file."""
        self.client.log_artifact(run_id, path, folder)

    def end(self, run_id: str, status: str) -> None:
        """Close a run."""
        self.client.set_terminated(run_id, status)


class _Desk(BaseManager):
    """Where steps find the store of their workflow."""


_Desk.register("store")


def serve(own: Store) -> None:
    """Let this process do for its steps what they ask of a store, until it ends; the environment
    tells them where."""
    key = secrets.token_bytes()
    _Desk.register("store", lambda: copy.copy(own))  # one object would be shared and counted
    server = _Desk(authkey=key).get_server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address: Any = server.address  # a path
    os.environ[DESK] = f"{key.hex()} {address}"


def store() -> Any:
    """The workflow's store, or one of this process's own."""
    if told := os.environ.get(DESK):
        key, _, address = told.partition(" ")
        desk = _Desk(address, bytes.fromhex(key))
        with suppress(OSError, EOFError, AuthenticationError):
            desk.connect()
            return desk.store()  # type: ignore[attr-defined]
    return Store()


def default_uri() -> str:
    """Where runs go: MLFLOW_TRACKING_URI, else the SQLite file of the working folder."""
    return os.environ.get(URI) or f"sqlite:///{Path(DATABASE).resolve()}"


def client() -> Any:
    """MLflow's."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    # By default MLflow waits minutes for a server that is away: seven retries of two minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    for noisy in ("alembic", "mlflow"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    from mlflow import MlflowClient

    return MlflowClient(default_uri())


def _experiment(client: Any, name: str) -> str:
    from mlflow import MlflowException

    found = client.get_experiment_by_name(name)
    place = None if os.environ.get(URI) else Path(ARTIFACTS).resolve().as_uri()
    if found is None:
        try:
            return str(client.create_experiment(name, artifact_location=place))
        except MlflowException:  # another machine has just made it on the same server
            if (found := client.get_experiment_by_name(name)) is None:
                raise
    old = found.artifact_location
    if place and old != place and old.endswith(f"/{ARTIFACTS}"):
        _follow(old, place)
    return str(found.experiment_id)


def _follow(old: str, new: str) -> None:
    """Artifacts lie beside their database, also after the folder was moved or copied; the database
    holds whole paths, which MLflow never changes."""
    with closing(sqlite3.connect(DATABASE)) as database, database:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            database.execute(
                f"UPDATE {table} SET {column} = :new || substr({column}, length(:old) + 1)"
                f" WHERE substr({column} || '/', 1, length(:old) + 1) = :old || '/'",
                {"old": old, "new": new},
            )


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one process at a time make the database and the experiment."""
    uri = default_uri()
    if not uri.startswith("sqlite:///"):
        yield
        return
    path = Path(uri.removeprefix("sqlite:///").split("?")[0])
    with open(path.with_name(path.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def attempt(action: Callable[..., object], *args: Any, **named: Any) -> None:
    """Do it, or log why not."""
    try:
        action(*args, **named)
    except Exception as error:  # whatever the store raises, results come first
        log.warning("tracking: %s; the step goes on", first_line(error))


def first_line(error: Exception) -> str:
    """What an error says in short."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
