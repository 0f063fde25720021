"""The record in DVC: only stages that are wholly current, in one commit; level times."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maskbench.versioning import TIMESTAMP, level_times, record

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


KNOWN = {Path("out/one/seed0"), Path("out/one/seed1"), Path("out/two.csv")}


def test_all_current_stages_are_recorded_and_files_stay_writable(project):
    assert record(KNOWN, KNOWN) == ["one", "two"]
    assert "up to date" in dvc("status")
    assert os.access(project / "out" / "one" / "seed0" / "state", os.W_OK)
    (project / "out" / "one" / "seed0" / TIMESTAMP).write_text("")
    assert "up to date" in dvc("status")


def test_a_stage_with_a_part_missing_is_not_recorded(project):
    assert record(KNOWN - {Path("out/one/seed1")}, KNOWN) == ["two"]
    assert "one:" in dvc("status")


def test_nothing_is_recorded_inside_dvc_or_outside_a_project(
    project, tmp_path_factory, monkeypatch
):
    assert record(KNOWN, KNOWN, tmp_path_factory.mktemp("elsewhere")) == []
    monkeypatch.setenv("DVC_STAGE", "one")
    assert record(KNOWN, KNOWN) == []


def test_a_failure_costs_only_the_record(project, caplog):
    (project / "dvc.yaml").write_text("stages: [")
    assert record(KNOWN, KNOWN) == []
    assert "not recorded by DVC" in caplog.text


def test_times_are_level_and_content_is_untouched(tmp_path):
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    (folder / TIMESTAMP).write_text("")
    (folder / "inside").write_text("x")
    file.write_text("y")
    os.utime(folder / TIMESTAMP, (50, 50))
    os.utime(folder / "inside", (70, 70))
    os.utime(file, (60, 60))
    level_times([folder, file, tmp_path / "missing"])
    assert file.stat().st_mtime == (folder / TIMESTAMP).stat().st_mtime == 50
    assert (folder / "inside").stat().st_mtime == 70
    assert (folder / "inside").read_text() + file.read_text() == "xy"
    level_times([])
