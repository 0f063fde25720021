"""Where a checkout lies and what a run leaves out: a folder with an unusual name, a whole page."""

import os
import subprocess
import sys
import sysconfig

import pytest
import yaml

from maskbench.config import read_layers

from .test_rules import ROOT, jobs


@pytest.fixture
def checkout(tmp_path):
    """A tree whose name means something to shells, to Snakemake's patterns and to URIs."""
    path = tmp_path / "it's a{b} & 50% c"
    path.mkdir()
    for name in ("Snakefile", "workflow", "profiles", "environment.yml", "params.yaml", "dvc.yaml"):
        (path / name).symlink_to(ROOT / name)
    return path


def run(folder, *command, **environment):
    """A command's exit code and what it printed."""
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_a_checkout_and_its_environment_may_lie_anywhere(checkout):
    venv = checkout / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "all.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT / 'src'}\n")
    python = str(venv / "bin" / "python")
    code, text = run(checkout, python, "-m", "snakemake", "draw_masks")
    assert code == 0, text
    assert len(list(checkout.glob("mlruns/*/artifacts/*.yaml"))) == 1
    assert (checkout / "results" / "mask_pictures").is_dir()
    assert list(checkout.parent.iterdir()) == [checkout]


def test_the_report_is_of_the_run_alone_and_says_why_it_fails(checkout):
    """A configuration without most blocks, which params.yaml has."""
    values = read_layers([ROOT / "params.yaml"])
    values["synthesis"]["methods"] = {"keypoint": {}}
    values["recognition"]["recognisers"] = {"own": {"use": "pretrained", "network": "dlib_resnet"}}
    (checkout / "params.yaml").unlink()
    (checkout / "params.yaml").write_text(yaml.safe_dump(values))
    (checkout / "whole.yaml").write_text(yaml.safe_dump(values))
    ((job, _),) = jobs(checkout)["make_report"]
    (checkout / "params.yaml").unlink()
    (checkout / "params.yaml").symlink_to(ROOT / "params.yaml")
    log = checkout / str(job.log[0])
    log.parent.mkdir(parents=True)
    render = ("bash", "-c", job.shellcmd)
    own = {"MASKBENCH_SETTINGS": "whole.yaml", "MASKBENCH_PYTHON": sys.executable}
    assert run(checkout, *render, **own)[0] != 0
    assert "results/measurements.csv marked for report but does not exist" in log.read_text()
    for path in map(checkout.joinpath, map(str, job.input)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n1\n")
    code, _ = run(checkout, *render, **own)
    assert code == 0, log.read_text()
    assert "measurements.csv" in (checkout / str(job.output[0])).read_text("utf-8")
