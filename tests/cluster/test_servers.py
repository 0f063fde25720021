"""Many writers at once on a PostgreSQL of their own: MLflow's server, and the study's votes."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from maskbench import tracking_store
from maskbench.errors import MaskbenchError
from maskbench.study.store import State, Store

from ..study.studies import a_plan

SCRIPT = Path(__file__).with_name("postgresql.sh")
JOBS, STEPS, PARAMS = 8, 500, 150
LOGGING = """
import multiprocessing, sys
from pathlib import Path
import mlflow  # once for all
from maskbench import tracking
from maskbench.config import TrackingConfig

def job(number, start):
    params = {f"key{key}": number * key for key in range(params_each)}
    start.wait()
    config = TrackingConfig(experiment="trial")
    with tracking.step("train", config, params, [], {"seed": str(number)}) as run:
        for step in range(steps):
            run.metrics(step, {"loss": number + step / 1000, "gap": -step})
        run.artifact(Path(sys.argv[1]))

jobs, steps, params_each = map(int, sys.argv[2:])
context = multiprocessing.get_context("fork")
start = context.Barrier(jobs)
started = [context.Process(target=job, args=(number, start)) for number in range(jobs)]
for process in started:
    process.start()
for process in started:
    process.join()
raise SystemExit(sum(process.exitcode for process in started))
"""


class Addresses(NamedTuple):
    tracking: str
    database: str


@pytest.fixture(scope="module")
def servers() -> Iterator[Addresses]:
    debian = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not debian and shutil.which("initdb") is None:
        pytest.skip("PostgreSQL is not installed (Debian's package: postgresql)")
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed (pip install 'maskbench[postgres]')")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    script = subprocess.Popen(
        ["bash", SCRIPT, "2"], stdout=subprocess.PIPE, text=True, env={**os.environ, "PATH": path}
    )
    try:
        assert script.stdout is not None
        lines = [script.stdout.readline().strip() for _ in Addresses._fields]
        assert all(lines), "the servers did not start; their log is above"
        yield Addresses(*lines)
    finally:
        script.terminate()
        script.wait(60)


def test_eight_jobs_log_at_once_and_nothing_is_lost(servers, tmp_path, monkeypatch):
    """The experiment is new: all of them want to make it."""
    monkeypatch.setenv(tracking_store.URI, servers.tracking)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "120")  # as docs/cluster.md says
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")
    note = tmp_path / "note.txt"
    note.write_text("a curve")
    command = [sys.executable, "-c", LOGGING, str(note), *map(str, (JOBS, STEPS, PARAMS))]
    end = subprocess.run(command, capture_output=True, text=True)
    assert end.returncode == 0, end.stderr
    assert "tracking" not in end.stderr
    client = tracking_store.client()
    (experiment,) = client.search_experiments(filter_string="name = 'trial'")
    runs = {run.data.tags["seed"]: run for run in client.search_runs([experiment.experiment_id])}
    assert sorted(runs) == [str(number) for number in range(JOBS)]
    for name, run in runs.items():
        number = int(name)
        assert run.info.status == "FINISHED"
        assert run.data.params == {f"key{key}": str(number * key) for key in range(PARAMS)}
        found = {
            metric: [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, metric)]
            for metric in ("loss", "gap")
        }
        assert sorted(found["loss"]) == [(step, number + step / 1000) for step in range(STEPS)]
        assert sorted(found["gap"]) == [(step, -step) for step in range(STEPS)]
        assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["note.txt"]


def test_votes_through_several_servers_are_kept_once(servers):
    """Eight servers start at once on an empty database; each is sent every answer, always another
    one. Meanwhile a rater withdraws."""
    plan = a_plan(groups=12, raters=4, catches=0)
    start = threading.Barrier(8)
    acknowledged: dict[tuple[int, int], list[tuple[bool, bool]]] = {}
    failed: list[BaseException] = []

    def server(number: int) -> None:
        try:
            start.wait()
            store = Store(servers.database, plan)
            said = (bool(number & 1), bool(number & 2))
            for rater, turns in enumerate(plan.raters):
                store.consent(rater)
                for page in range(len(turns)):
                    if store.vote(rater, page, *said):
                        acknowledged.setdefault((rater, page), []).append(said)
                    if (number, rater, page) == (0, 3, len(turns) // 2):
                        store.withdraw(rater)
            store.close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=server, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    store = Store(servers.database, plan)
    exported = store.export()
    votes = {(vote.rater, vote.trial): vote.real for vote in exported.votes}
    assert len(votes) == len(exported.votes) == sum(map(len, plan.raters[:3]))
    for rater, turns in enumerate(plan.raters[:3]):
        for page, (trial, _) in enumerate(turns):
            assert acknowledged[rater, page] == [votes[rater, trial]]
    assert exported.withdrawn == (3,)
    assert store.state(3) == State(consented=True, withdrawn=True, answered=0)
    store.close()
    with pytest.raises(MaskbenchError, match=r"maskbench:\*\*\*@127.* holds votes on another plan"):
        Store(servers.database, a_plan(seed=1))
