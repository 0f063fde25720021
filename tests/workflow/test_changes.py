"""What a change reaches; a killed run; the same numbers again; a new method."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

import maskbench
from maskbench.artifacts import read_json, sha256_of
from maskbench.masks.artwork import MaskPictures

from .conftest import NO_TRACKING

ROOT = Path(maskbench.__file__).parents[2]
NEW = "average_place"
CHAIN = {"train_synthesis": 1, "synthesise": 1, "evaluate_synthesis": 1}
# What else hangs on mfgan: measured at its stages, looked at by its photographs and detections.
OWN = dict.fromkeys(
    (
        "evaluate_checkpoints", "evaluate_style", "synthesise_by_reference", "evaluate_correction",
        "measure_costs",
    ),
    1,
)  # fmt: skip
# What hangs on the numbers of any method, and on its pictures and curves.
AFTER = {
    "collect_measurements", "judge_claims", "make_tables", "summarise", "make_index",
    "make_figures_sheet", "make_figures_curves", "make_report", "all",
}  # fmt: skip


def test_a_method_s_parameters_reach_that_method_alone(project):
    old = (project.path / "params.yaml").read_text("utf-8")
    project.params({"synthesis": {"methods": {"mfgan": {"cycle": 2}}}})
    try:
        plan = project.plan()
        changed = project.run("dvc", "status").text
    finally:
        (project.path / "params.yaml").write_text(old, "utf-8")
    assert plan == CHAIN | OWN | dict.fromkeys(AFTER, 1)
    assert "synthesis:" in changed
    assert "restoration:" not in changed
    assert project.plan() == {}


def test_the_code_of_a_method_reaches_that_method_alone(project):
    """A comment reaches nothing."""
    package = project.path / "src" / "maskbench" / "synthesis"
    changes = {"painted/mfgan.py": "NEW = 1", "placed/pywgan_div.py": "# only a comment"}
    old = {name: (package / name).read_text("utf-8") for name in changes}
    try:
        for name, change in changes.items():
            (package / name).write_text(f"{old[name]}\n{change}\n", "utf-8")
        plan = project.plan("synthesis_mfgan", "synthesis_pywgan_div")
    finally:
        for name, text in old.items():
            (package / name).write_text(text, "utf-8")
    assert plan == CHAIN | {"evaluate_checkpoints": 1, "evaluate_style": 1, "synthesis_mfgan": 1}


def test_weights_to_start_from_are_made_first(project, tmp_path):
    start = "results/recognisers/orl/arcface/bare/seed0/state.safetensors"
    tuned = {"use": "network", "backbone": "iresnet18", "loss": "softmax", "size": 32, "width": 8}
    blocks = {"tuned": {**tuned, "training": "bare", "start": start}}
    run = {"recognisers": ["arcface", "tuned"]}
    target = ["--", "results/recognisers/orl/tuned/bare/seed0"]

    def planned() -> dict[str, int]:
        overlay = tmp_path / "tuned.yaml"
        values = {"run": run, "recognition": {"recognisers": blocks}}
        overlay.write_text(yaml.safe_dump(values), "utf-8")
        return project.plan("--configfile", str(overlay), *target)

    assert planned() == {"train_recogniser": 1}
    blocks["arcface"] = {"lr": 0.5}
    assert planned() == {"train_recogniser": 2}


def test_overlays_lie_in_a_folder_of_their_own(project):
    plan = project.plan("--configfile", "config/smoke.yaml", "--", "synthesis_keypoint")
    assert plan["crop_faces"] == 1


def test_settings_given_on_the_command_line_reach_the_steps(project):
    out = "results/other_size"
    own = ("--config", f"output={out}", "masks={'size': 40}", NO_TRACKING)
    project.run("snakemake", "draw_masks", *own)
    assert MaskPictures.open(project.path / out / "mask_pictures").size == 40


def test_killed_started_again_and_run_twice_the_numbers_are_the_same(project):
    """All again in another folder, with SIGKILL after the first checkpoint of the training."""
    first, second = project.path / "results", project.path / "results" / "again"
    model = Path("models", "orl", "pywgan_div", "seed0", "state.safetensors")
    scratch = second / "scratch" / model.parent
    numbers = Path("metrics", "synthesis", "orl", "pywgan_div", "seed0", "metrics.json")
    target = f"results/again/{numbers.parent}"
    again = ["snakemake", target, "--config", "output=results/again"]
    run = subprocess.Popen(
        again, cwd=project.path, env=project.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and run.poll() is None:
        if list(scratch.rglob(model.name)):
            break
        time.sleep(0.005)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert list(scratch.rglob(model.name))
    assert not (second / model).exists()
    project.run(*again)
    assert sha256_of(second / model) == sha256_of(first / model)
    old, new = (pd.DataFrame(read_json(folder / numbers)) for folder in (first, second))
    assert (old["mlflow_run_id"] != new["mlflow_run_id"]).all()
    own = "mlflow_run_id"
    pd.testing.assert_frame_equal(old.drop(columns=own), new.drop(columns=own), check_exact=True)
    assert project.plan(*again[1:]) == {}


@pytest.fixture
def with_new_method(project):
    """The method of docs/adding_a_method.md: a spec, a module and a block in params.yaml."""
    text = ROOT.joinpath("docs", "adding_a_method.md").read_text("utf-8")
    package = project.path / "src" / "maskbench" / "synthesis"
    old = (project.path / "params.yaml").read_text("utf-8")
    modules = [package / "specs" / f"{NEW}.py", package / "placed" / f"{NEW}.py"]
    for module, part in zip(modules, text.split("```python\n")[1:], strict=False):
        module.write_text(part.split("```")[0], "utf-8")
    methods = [*yaml.safe_load(old)["run"]["methods"], NEW]
    project.params({"run": {"methods": methods}, "synthesis": {"methods": {NEW: {}}}})
    yield project
    for module in modules:
        module.unlink()
    (project.path / "params.yaml").write_text(old, "utf-8")


def test_a_new_method_appears_everywhere(with_new_method):
    project = with_new_method
    plan = project.plan()
    assert {name: plan[name] for name in CHAIN} == CHAIN
    assert not {"fetch", "crop_faces", "masked_domain"} & set(plan)
    assert NEW in project.run("maskbench", "methods").text
    assert f"synthesis_{NEW}" in project.run("snakemake", "--list").text.split()
    project.run("snakemake", "synthesis_quality", "mfgan_fig7")
    frame = pd.read_csv(project.path / "results" / "measurements.csv")
    assert NEW in set(frame["method"])
    assert "Average place" in (
        project.path / "results" / "tables" / "synthesis_quality.md"
    ).read_text("utf-8")
