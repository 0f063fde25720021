"""The record in DVC: stages in one commit, files and their times as they were."""

import os
import subprocess
import sys

import pytest
import yaml

from maskbench.versioning import make_folders, record

TIMESTAMP = ".snakemake_timestamp"

STAGES = """
stages:
  one:
    cmd: echo
    outs:
      - out/one:
          persist: true
  two:
    cmd: echo
    deps:
      - out/one
    outs:
      - out/two.csv:
          persist: true
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A DVC project with two stages whose outputs exist; the first is larger than 5 MB."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    subprocess.run(["git", "init", "-q", "."], check=True)
    dvc("init", "-q")
    dvc("config", "core.analytics", "false")
    (tmp_path / ".dvcignore").write_text(TIMESTAMP + "\n")
    (tmp_path / "dvc.yaml").write_text(STAGES)
    for seed in ("seed0", "seed1"):
        (tmp_path / "out" / "one" / seed).mkdir(parents=True)
        (tmp_path / "out" / "one" / seed / "state").write_bytes(os.urandom(3_000_000))
    (tmp_path / "out" / "two.csv").write_text("a\n")
    return tmp_path


def dvc(*arguments):
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_stages_are_recorded_and_files_stay_as_they_were(project):
    state = project / "out" / "one" / "seed0" / "state"
    os.utime(state, (50, 50))
    assert record(["one"]) == ["one"]
    assert state.stat().st_mtime == 50
    assert os.access(state, os.W_OK)
    assert "one:" not in dvc("status")
    assert "two:" in dvc("status")
    assert record(["one", "two"]) == ["one", "two"]
    (project / "out" / "one" / "seed0" / TIMESTAMP).write_text("")
    assert "up to date" in dvc("status")


def test_nothing_is_recorded_inside_dvc_or_outside_a_project(
    project, tmp_path_factory, monkeypatch
):
    assert record(["one"], tmp_path_factory.mktemp("elsewhere")) == []
    monkeypatch.setenv("DVC_STAGE", "one")
    assert record(["one"]) == []


def test_a_failure_costs_only_the_record(project, caplog):
    (project / "dvc.yaml").write_text("stages: [")
    assert record(["one"]) == []
    assert "not recorded by DVC" in caplog.text


def test_a_stage_of_which_a_run_makes_nothing_is_recorded(project):
    text = STAGES.replace("out/one", "out/none")
    (project / "dvc.yaml").write_text(text)
    assert record(["one"]) == []
    make_folders(yaml.safe_load(text.replace("out/", "${output}/"))["stages"], "out")
    assert {path.name for path in (project / "out").iterdir()} == {"one", "none", "two.csv"}
    assert record(["one"]) == ["one"]
    assert "one:" not in dvc("status")
