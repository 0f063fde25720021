"""The experiment through a real Slurm of one node: a job cancelled, one killed, the run resumed.

One method by default; the whole of config/smoke.yaml where MASKBENCH_WHOLE is set.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pytest

from maskbench.artifacts import read_json, sha256_of

from ..workflow.conftest import ROOT, Project, copy_tree

SCRIPT = Path(__file__).with_name("slurm.sh")
PLUGIN = "snakemake_executor_plugin_slurm"
PATH = f"{os.environ['PATH']}:/usr/sbin"
MISSING = [name for name in ("munged", "slurmctld", "slurmd") if not shutil.which(name, path=PATH)]
MISSING += [] if importlib.util.find_spec(PLUGIN) else [PLUGIN.replace("_", "-")]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"no Slurm here: {', '.join(MISSING)} not installed"),
]
WHOLE = "MASKBENCH_WHOLE" in os.environ
TARGETS = ["--configfile", "config/smoke.yaml"] if WHOLE else ["synthesis_pywgan_div"]
SNAKEMAKE = (sys.executable, "-m", "snakemake")
SUBMIT = (
    *SNAKEMAKE, "--workflow-profile", "workflow/profiles/slurm",
    "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3",
)  # fmt: skip
TRAINING = Path("models", "orl", "pywgan_div", "seed0")
Found = TypeVar("Found")


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    folder = tmp_path / "slurm"
    subprocess.run([SCRIPT, "start", folder], check=True, stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    monkeypatch.setenv("PATH", f"{folder}/bin:{PATH}")
    yield
    subprocess.run([SCRIPT, "stop", folder], check=True)


def copy(path: Path) -> Project:
    project = copy_tree(path)
    if WHOLE:
        shutil.copy(ROOT / "params.yaml", path)
    else:  # time to stop it between two checkpoints
        project.params({"synthesis": {"override": {"steps": 200}}})
    project.params({"tracking": {"sqlite_on_cluster": True}})  # all jobs run on this machine
    return project


def asked(*command: str) -> list[list[str]]:
    """The words of each line that a command prints."""
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [line.split() for line in text.splitlines()]


def wait_for(question: Callable[[], Found]) -> Found:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if found := question():
            return found
        time.sleep(0.05)
    pytest.fail("waited ten minutes")


def training_job() -> str:
    """Slurm's number of the running training; "" while there is none."""
    for number, comment in asked("squeue", "--states=running", "--noheader", "--format=%i %k"):
        if "train_synthesis" in comment and "pywgan_div" in comment:
            return number
    return ""


def training_process(job: str) -> int:
    """The process that trains; 0 while there is none."""
    for line in asked("scontrol", "listpids", job):
        with suppress(OSError):  # the headline, and what has just ended
            if b".step.py" in Path("/proc", line[0], "cmdline").read_bytes():
                return int(line[0])
    return 0


def interrupted(project: Project, stop: Callable[[str], None]) -> None:
    """Submit the run, stop its training once it has a checkpoint; the run fails for that reason."""
    results = results_of(project)
    with (project.path / "run.log").open("a") as log:
        run = subprocess.Popen(
            [*SUBMIT, *TARGETS], cwd=project.path, env=project.environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        job = wait_for(training_job)
        if not WHOLE:  # its steps are too few to be interrupted between them
            state = results / "scratch" / TRAINING
            wait_for(lambda: list(state.rglob("state.safetensors")))
        stop(job)
        assert run.wait(1200) == 1, (project.path / "run.log").read_text()[-6000:]
    assert not (results / TRAINING).exists()


def test_cancelled_killed_and_resumed_the_numbers_are_those_of_a_local_run(tmp_path, slurm):
    here, there = copy(tmp_path / "here"), copy(tmp_path / "there")
    here.run(*SNAKEMAKE, "--cores", "2", *TARGETS)

    interrupted(there, lambda job: subprocess.run(["scancel", job], check=True))

    interrupted(there, lambda job: os.kill(wait_for(lambda: training_process(job)), signal.SIGKILL))
    there.run(*SUBMIT, *TARGETS)

    trained = files(here, "state.safetensors")
    assert TRAINING / "state.safetensors" in trained
    assert files(there, "state.safetensors") == trained
    for path in trained:
        assert sha256_of(results_of(there) / path) == sha256_of(results_of(here) / path), path
    measured = files(here, "metrics.json")
    assert files(there, "metrics.json") == measured
    for path in measured:
        one, other = (frame(results_of(project) / path) for project in (here, there))
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert "Nothing to be done" in there.run(*SUBMIT, "-n", *TARGETS).text


def results_of(project: Project) -> Path:
    return project.path / "results" / ("smoke" if WHOLE else "")


def files(project: Project, name: str) -> set[Path]:
    root = results_of(project)
    paths = {path.relative_to(root) for path in root.rglob(name)}
    return {path for path in paths if path.parts[0] != "scratch"}


def frame(path: Path) -> pd.DataFrame:
    return pd.DataFrame(read_json(path)).drop(columns="mlflow_run_id")
