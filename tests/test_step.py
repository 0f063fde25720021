"""What a rule declares reaches its function; failures that a user can mend are one line."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from maskbench import step, tracking, tracking_store
from maskbench.errors import one_line_errors
from maskbench.masks.artwork import MaskPictures

DRAW = """
import sys
from pathlib import Path
from types import SimpleNamespace
from maskbench.step import run
run(SimpleNamespace(
    rule="draw_masks", log=["log"], input={}, output={"out": sys.argv[1]}, wildcards={}, threads=1,
    params=SimpleNamespace(step="masks.draw_masks", settings={"size": int(sys.argv[2])}),
    config={"output": "results"},
))
"""


def job(**changes):
    usual = {
        "rule": "rule", "log": ["log"], "input": {}, "output": {"out": "results/made/orl"},
        "wildcards": {}, "threads": 2, "config": {"output": "results"},
    }  # fmt: skip
    params = SimpleNamespace(step="masks.draw_masks", settings=changes.pop("settings", {}))
    return SimpleNamespace(**(usual | changes), params=params)


def test_inputs_outputs_settings_and_wildcards_are_arguments():
    def function(faces, many, out, size, seed, scratch, workers=1, absent=None): ...

    given = step.arguments(
        function,
        job(
            input={"faces": "a", "many": ["b"], "absent": [], "after": "first"},
            wildcards={"seed": "3", "dataset": "orl"},
            settings={"size": 5},
        ),
    )
    assert given == {
        "faces": Path("a"), "many": [Path("b")], "out": Path("results/made/orl"), "size": 5,
        "seed": 3, "scratch": Path("results/scratch/made/orl"), "workers": 2,
    }  # fmt: skip


def test_a_folder_among_the_settings_stands_for_the_files_in_it():
    def function(out): ...

    made = job(output={"html": ["t/a.html"]}, settings={"out": Path("t")})
    assert step.arguments(function, made) == {"out": Path("t")}


def draw(cwd, out="made/masks", size=40, prefix=(), **options):
    run = subprocess.run(
        [*prefix, sys.executable, "-c", DRAW, out, str(size)],
        cwd=cwd, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        **options,
    )  # fmt: skip
    assert run.stdout + run.stderr == ""  # all is in the log
    return run.returncode, (cwd / "log").read_text().strip().splitlines()


def one_line(found, *words):
    code, lines = found
    assert code == 1
    assert len(lines) == 1, lines
    for word in words:
        assert word in lines[0]


def test_a_light_step_starts_quickly_without_torch_and_mlflow(tmp_path):
    code = DRAW + "assert not {'torch', 'mlflow'} & set(sys.modules)\n"
    run = subprocess.run([sys.executable, "-c", code, "made/masks", "40"], cwd=tmp_path)
    assert run.returncode == 0, (tmp_path / "log").read_text()
    assert MaskPictures.open(tmp_path / "made" / "masks").rgba.shape[1:] == (40, 40, 4)


def test_processes_of_a_step_do_not_run_it_again():
    """multiprocessing runs the script of their parent under another name first."""
    script = Path(step.__file__).parents[2] / "workflow" / "scripts" / "step.py"
    runpy.run_path(str(script), run_name="__mp_main__")


def test_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs privileges that are not here")
    try:
        one_line(draw(tmp_path, "disk/masks", 144), "disk/", "no space left", "free some space")
        assert os.listdir(disk) == []  # noqa: PTH208 (names are compared)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_file_size_limit(tmp_path):
    import resource

    found = draw(
        tmp_path, size=144,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )  # fmt: skip
    one_line(found, "masks", "no space left", "free some space")
    assert list((tmp_path / "made").iterdir()) == []


def test_unwritable_folder(tmp_path, unprivileged):
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    tmp_path.chmod(0o777)
    found = draw(tmp_path, "locked/masks", prefix=unprivileged)
    one_line(found, "locked", "permission denied", "choose a folder that you may write")
    assert list(locked.iterdir()) == []


def test_interrupt_is_one_line(capsys):
    with pytest.raises(SystemExit) as left, one_line_errors():
        raise KeyboardInterrupt
    assert left.value.code == 130
    assert "interrupted; nothing of it is kept, what was there before is" in capsys.readouterr().err


def test_a_tracked_step_gets_its_run_and_keeps_its_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(tracking_store.URI, raising=False)
    monkeypatch.delenv(tracking.PARENT, raising=False)
    (tmp_path / "faces").write_bytes(b"faces")

    def function(faces, out, steps, run, run_id):
        assert run.id == run_id != ""
        run.metrics(0, {"loss": 2.0})
        out.mkdir(parents=True)
        (out / "metrics.json").write_text(
            '[{"step": "synthesis", "protocol": "standard", "subset": "all", "checkpoint": "final",'
            ' "styles": "unseen", "metric": "ssim", "value": 0.5}]'
        )

    made = job(
        rule="train", input={"faces": "faces"}, wildcards={"method": "m", "seed": "1"},
        settings={"steps": 3},
    )  # fmt: skip
    step._tracked(function, step.arguments(function, made), made)
    client = tracking_store.client()
    experiment = client.get_experiment_by_name("maskbench").experiment_id
    (run,) = client.search_runs([experiment])
    assert run.info.run_name == "train m seed1"
    assert run.data.metrics == {"loss": 2.0, "unseen/ssim": 0.5}
    assert run.data.params == {"steps": "3"}
    assert "input/faces" in run.data.tags
