"""Failures that a user can mend: one clear line, no half output, no traceback."""

import os
import shutil
import subprocess
import sys

import pytest

import maskbench
from maskbench.cli import app


def cli(*arguments, cwd, **options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    return subprocess.run(
        [sys.executable, "-m", "maskbench", *arguments],
        cwd=cwd, capture_output=True, text=True, env=environment, **options,
    )  # fmt: skip


@pytest.fixture
def params(tmp_path):
    """The default configuration without tracking, in an empty folder."""
    from pathlib import Path

    import yaml

    from maskbench.config import read_layers

    values = read_layers([Path(maskbench.__file__).parents[2] / "params.yaml"])
    values["tracking"]["enabled"] = False
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(values), "utf-8")
    return path


def one_line(run, *words):
    """Exit code 1 and a single line on standard error, with these words in it."""
    assert run.returncode == 1, run.stderr
    lines = run.stderr.strip().splitlines()
    assert len(lines) == 1, run.stderr
    for word in words:
        assert word in lines[0]


def test_full_disk(params, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs privileges that are not here")
    try:
        run = cli("draw_masks", "--out", "disk/masks", cwd=tmp_path)
        one_line(run, "disk/", "no space left", "free some space")
        assert os.listdir(disk) == []  # noqa: PTH208 (names are compared)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_file_size_limit(params, tmp_path):
    import resource

    run = cli(
        "draw_masks", "--out", "masks", cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )  # fmt: skip
    one_line(run, "masks", "no space left", "free some space")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["params.yaml"]


def test_unwritable_folder(params, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    prefix = []
    if os.geteuid() == 0:  # root may write anywhere unless it gives that right up
        if shutil.which("setpriv") is None:
            pytest.skip("as root this needs setpriv")
        prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    run = subprocess.run(
        [*prefix, sys.executable, "-m", "maskbench", "draw_masks", "--out", "locked/masks"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    one_line(run, "locked", "permission denied", "choose a folder that you may write")
    assert list(locked.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["crop_faces"], ["results/pictures/orl: does not exist", "maskbench fetch"]),
        (["fetch", "--dataset", "orll"], ["orll: unknown data set", "did you mean orl?"]),
        (["make_table", "table1_pywgan"], ["measurements.csv", "maskbench collect_measurements"]),
        (
            ["train_synthesis", "--method", "pywgan"],
            ["pywgan: unknown method", "did you mean pywgan_div?"],
        ),
        (["split", "--params", "none.yaml"], ["none.yaml: no such file or directory"]),
    ],
)
def test_what_is_missing_or_unknown_is_one_line(params, tmp_path, arguments, words):
    one_line(cli(*arguments, cwd=tmp_path), *words)


def test_wrong_key_in_an_overlay(params, tmp_path):
    (tmp_path / "mine.yaml").write_text("faces: {sise: 100}\n")
    run = cli("draw_masks", "--params", "params.yaml", "--params", "mine.yaml", cwd=tmp_path)
    one_line(run, "mine.yaml: faces.sise: unknown key; did you mean size?")


def test_the_workflow_names_a_wrong_key(project):
    overlay = project.path / "mine.yaml"
    overlay.write_text("synthesis: {methods: {wgan_stn: {stepps: 3}}}\n")
    done = project.run("snakemake", "-n", "--configfile", "mine.yaml", code=1)
    overlay.unlink()
    assert "synthesis.methods.wgan_stn: stepps: unknown key; did you mean steps?" in done.text
    assert "Traceback" not in done.text


def test_a_failing_step_shows_its_reason_and_spares_the_others(project):
    """A data set that is not there: the reason stands on the screen."""
    overlay = project.path / "mine.yaml"
    overlay.write_text(
        "output: results/none\nsynthesis: {dataset: mine}\n"
        "datasets: {mine: {adapter: folder, path: not/here}}\n"
    )
    done = project.run("snakemake", "faces", "draw_masks", "--configfile", "mine.yaml", code=1)
    overlay.unlink()
    assert "not/here" in done.text
    assert "Traceback" not in done.text
    assert (project.path / "results" / "none" / "mask_pictures").exists()
    assert not (project.path / "results" / "none" / "pictures" / "mine").exists()


def test_every_command_teaches_by_an_example():
    for command in app.registered_commands:
        assert f"Example: maskbench {command.name}" in command.callback.__doc__
