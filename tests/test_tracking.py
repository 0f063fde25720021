"""Tracking runs: parent and children, failures, many processes at once, no store."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from maskbench import tracking, tracking_store
from maskbench.artifacts import sha256_of
from maskbench.config import TrackingConfig
from maskbench.errors import MaskbenchError
from maskbench.synthesis.specs import METHODS

ON = TrackingConfig(enabled=True, experiment="trial")
ONE_STEP = """
import sys
from pathlib import Path
from maskbench import tracking
from maskbench.config import TrackingConfig
number = sys.argv[1]
config = TrackingConfig(enabled=True, experiment="trial")
with tracking.step("train", config, {"number": number}, [], {"seed": number}) as run:
    for step in range(200):
        run.metrics(step, {"loss": float(step)})
    assert run.id
"""
WORKFLOW = """
import os, time
from maskbench import tracking_store
class Own(tracking_store.Store):
    def __init__(self): pass
    def start(self, *args): return "its run"
tracking_store.serve(Own())
print(os.environ[tracking_store.DESK], flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(tracking_store.URI, raising=False)
    monkeypatch.delenv(tracking.PARENT, raising=False)
    yield tmp_path
    os.environ.pop(tracking_store.DESK, None)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """An empty store, which takes MLflow two seconds to make."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv(tracking_store.URI, raising=False)
        tracking_store.Store()
    return folder / tracking_store.DATABASE


@pytest.fixture
def stored(place, database):
    shutil.copy(database, place)
    return place


def runs(name="trial"):
    client = tracking_store.client()
    experiment = client.get_experiment_by_name(name).experiment_id
    return {run.info.run_name: run for run in client.search_runs([experiment])}


def test_disabled_tracks_nothing(place):
    with tracking.step("split", TrackingConfig(enabled=False), {}, [], {}) as run:
        run.metrics(0, {"loss": 1.0})
    assert run.id == ""
    assert list(place.iterdir()) == []


def test_each_value_of_a_block_is_a_parameter_of_its_own(stored):
    block = METHODS.parse("small", {"use": "pywgan_div", "steps": 7}, others={})
    with tracking.step("train", ON, {"method": block, "config": ON, "styles": ["a"]}, [], {}):
        pass
    params = runs()["train"].data.params
    assert params["method"] == "small" and params["method.steps"] == "7"
    assert params["method.reach.scale"] == str(block.params.reach.scale)
    assert params["config.experiment"] == "trial" and params["styles"] == "['a']"
    wide = {f"key{number}": number for number in range(150)}  # more than a store takes at once
    with tracking.step("wide", ON, wide, [], {}):
        pass
    assert len(runs()["wide"].data.params) == 150


def test_child_of_the_workflow_with_everything_about_it(stored):
    data = stored / "faces.bin"
    data.write_bytes(b"faces")
    note = stored / "note.txt"
    note.write_text("a curve")
    parent = tracking.start_workflow(ON, "workflow orl", note)
    tags = {"dataset": "orl", "method": "wgan_stn", "seed": "1"}
    with tracking.step(
        "train", ON, {"steps": 3, "reach": {"scale": 0.3}}, [Path("faces.bin")], tags
    ) as run:
        run.metrics(0, {"loss": 2.0, "nothing": float("nan")})
        run.metrics(1, {"loss": 1.0})
        run.artifact(note)
    tracking.end_workflow("FINISHED", [data])
    found = runs()
    child = found["train orl wgan_stn seed1"]
    assert child.info.run_id == run.id
    assert child.data.tags["mlflow.parentRunId"] == parent == found["workflow orl"].info.run_id
    assert child.data.params == {"steps": "3", "reach.scale": "0.3"}
    assert child.data.tags["input/faces.bin"] == sha256_of(data)
    assert len(child.data.tags["mlflow.source.git.commit"]) == 40
    assert child.info.status == found["workflow orl"].info.status == "FINISHED"
    client = tracking_store.client()
    history = client.get_metric_history(run.id, "loss")
    assert [(point.step, point.value) for point in history] == [(0, 2.0), (1, 1.0)]
    assert "nothing" not in child.data.metrics
    assert [item.path for item in client.list_artifacts(run.id)] == ["note.txt"]
    assert {item.path for item in client.list_artifacts(parent)} == {"note.txt", "faces.bin"}
    assert tracking.PARENT not in os.environ


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("no"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_a_step_that_fails_is_closed_as_such(stored, error, status):
    with (
        pytest.raises(type(error)),
        tracking.step("train", ON, {}, [], {}),
    ):
        raise error
    assert runs()["train"].info.status == status


def test_killed_children_are_closed_with_the_workflow(stored):
    tracking.start_workflow(ON, "workflow", stored / "missing")
    child = tracking._start(ON, "train", {}, {}, parent=os.environ[tracking.PARENT])
    assert runs()["train"].info.status == "RUNNING"
    tracking.end_workflow("FAILED")
    found = runs()
    assert found["train"].info.run_id == child.id
    assert (found["train"].info.status, found["workflow"].info.status) == ("KILLED", "FAILED")


def test_a_killed_workflow_is_closed_by_the_next_one_in_its_folder(stored, monkeypatch):
    def start(name):
        run_id = tracking.start_workflow(ON, name, stored / "missing")
        monkeypatch.delenv(tracking.PARENT)
        return run_id

    one_for_two_folders = tracking_store.default_uri()
    monkeypatch.setenv(tracking_store.URI, one_for_two_folders)
    killed = start("killed")
    tracking._start(ON, "its step", {}, {}, parent=killed)
    (stored / "other folder").mkdir()
    monkeypatch.chdir(stored / "other folder")
    start("elsewhere")
    assert runs()["killed"].info.status == "RUNNING"
    monkeypatch.chdir(stored)
    start("next")
    assert {name: run.info.status for name, run in runs().items()} == {
        "killed": "KILLED", "its step": "KILLED", "elsewhere": "RUNNING", "next": "RUNNING",
    }  # fmt: skip


def test_steps_need_no_mlflow_of_their_own_beside_their_workflow_s(stored):
    parent = tracking.start_workflow(ON, "workflow", stored / "missing")
    note = "run.artifact(Path('note.txt'))\nassert 'mlflow' not in sys.modules\n"
    Path("note.txt").write_text("a curve")
    code = ONE_STEP + "    " + note.replace("\n", "\n    ")
    end = subprocess.run([sys.executable, "-c", code, "7"], capture_output=True, text=True)
    assert end.returncode == 0 and end.stderr == "", end.stderr
    tracking.end_workflow("FINISHED")
    found = runs()["train seed7"]
    assert found.data.tags["mlflow.parentRunId"] == parent
    assert (found.data.params, found.info.status) == ({"number": "7"}, "FINISHED")
    client = tracking_store.client()
    assert len(client.get_metric_history(found.info.run_id, "loss")) == 200
    assert [item.path for item in client.list_artifacts(found.info.run_id)] == ["note.txt"]


def test_a_killed_workflow_costs_its_steps_nothing(stored, monkeypatch, caplog):
    command = [sys.executable, "-c", WORKFLOW]
    workflow = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    monkeypatch.setenv(tracking_store.DESK, workflow.stdout.readline().strip())
    with tracking.step("train", ON, {}, [], {}) as run:
        assert run.id == "its run"
        workflow.kill()
        workflow.communicate()
        run.metrics(0, {"loss": 1.0})
    assert "the step goes on" in caplog.text
    with tracking.step("next", ON, {}, [], {}):  # has a store of its own
        pass
    assert runs()["next"].info.status == "FINISHED"


def test_processes_side_by_side_on_a_new_database(place):
    """Nobody has made the database: three processes do so at once, and none loses its run."""

    def one(number):
        return subprocess.run(
            [sys.executable, "-c", ONE_STEP, str(number)],
            capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    with ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(one, range(3)))
    assert all(end.returncode == 0 for end in ends), [end.stderr for end in ends]
    found = runs()
    assert sorted(found) == [f"train seed{number}" for number in range(3)]
    client = tracking_store.client()
    for run in found.values():
        assert run.info.status == "FINISHED"
        assert len(client.get_metric_history(run.info.run_id, "loss")) == 200


def test_artifacts_follow_a_checkout_that_was_moved_or_copied(place, monkeypatch):
    def run(name):
        Path("note.txt").write_text(name)
        with tracking.step(name, ON, {}, [], {}) as made:
            made.artifact(Path("note.txt"))

    first, second, third = (place / name for name in ("first", "it's 2", "third"))
    first.mkdir()
    monkeypatch.chdir(first)
    run("one")
    first.rename(second)
    monkeypatch.chdir(second)
    run("two")
    assert not first.exists()
    shutil.copytree(second, third)
    monkeypatch.chdir(third)
    run("three")
    for name, found in runs().items():
        kept = Path("mlruns", found.info.run_id, "artifacts", "note.txt")
        assert kept.read_text() == name
        assert [
            file.path for file in tracking_store.client().list_artifacts(found.info.run_id)
        ] == ["note.txt"]
    assert len(list(third.joinpath("mlruns").iterdir())) == 3
    assert len(list(second.joinpath("mlruns").iterdir())) == 2


def test_artifacts_stay_in_a_place_of_the_users_own(stored):
    own = (stored / "own").as_uri()
    tracking_store.client().create_experiment("trial", artifact_location=own)
    with tracking.step("train", ON, {}, [], {}):
        pass
    assert runs()["train"].info.artifact_uri.startswith(own + "/")


def test_the_uri_of_the_environment_wins(place, monkeypatch):
    elsewhere = place / "elsewhere" / "runs.db"
    elsewhere.parent.mkdir()
    monkeypatch.setenv(tracking_store.URI, f"sqlite:///{elsewhere}")
    with tracking.step("split", ON, {}, [], {}):
        pass
    assert elsewhere.exists()
    assert not (place / tracking_store.DATABASE).exists()


def test_several_machines_need_a_server(place, monkeypatch):
    with pytest.raises(
        MaskbenchError, match=rf"{place}/mlflow\.db.*{tracking_store.URI}.*sqlite_on"
    ):
        tracking.refuse_sqlite(ON)
    tracking.refuse_sqlite(TrackingConfig(enabled=False))
    tracking.refuse_sqlite(TrackingConfig(sqlite_on_cluster=True))
    monkeypatch.setenv(tracking_store.URI, "http://login-node:5000")
    tracking.refuse_sqlite(ON)


RETRIES, PATIENCE = "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"


def test_a_server_that_is_away_costs_seconds(place, monkeypatch, caplog):
    """Connections are refused at once here; what takes minutes are MLflow's own retries."""
    for name in (RETRIES, PATIENCE):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    monkeypatch.setenv(tracking_store.URI, "http://127.0.0.1:9")
    began = time.perf_counter()
    with tracking.step("split", ON, {}, [], {}) as run:
        pass
    assert time.perf_counter() - began < 20
    assert run.id == "" and "tracking is off" in caplog.text
    assert (os.environ[RETRIES], os.environ[PATIENCE]) == ("1", "10")


def test_the_users_own_patience_stays(stored, monkeypatch):
    monkeypatch.setenv(RETRIES, "3")
    monkeypatch.setenv(PATIENCE, "45")
    tracking_store.client()
    assert (os.environ[RETRIES], os.environ[PATIENCE]) == ("3", "45")


def test_a_store_that_is_not_there_costs_no_result(place, monkeypatch, caplog):
    monkeypatch.setenv(tracking_store.URI, f"sqlite:///{place}/missing/folder/runs.db")
    with tracking.step("split", ON, {}, [], {}) as run:
        Path("result").write_text("made")
    assert run.id == ""
    assert Path("result").exists()
    assert "tracking is off" in caplog.text
