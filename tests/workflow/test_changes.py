"""What a change reaches; killed runs; a new method; the same numbers again."""

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

ROOT = Path(maskbench.__file__).parents[2]
NEW = "average_place"
CHAIN = {"train_synthesis": 1, "synthesise": 1, "evaluate_synthesis": 1}
# What hangs on the numbers of any method, and on its pictures and curves.
AFTER = {
    "collect_measurements", "judge_claims", "make_tables", "summarise", "make_index",
    "make_figures_sheet", "make_figures_curves", "make_report", "all",
}  # fmt: skip


def test_a_method_s_parameters_reach_that_method_alone(project):
    old = (project.path / "params.yaml").read_text("utf-8")
    project.params({"synthesis": {"methods": {"wgan_stn": {"clip": 0.2}}}})
    try:
        plan = project.plan()
        changed = project.run("dvc", "status").text
    finally:
        (project.path / "params.yaml").write_text(old, "utf-8")
    assert plan == CHAIN | dict.fromkeys(AFTER, 1)
    assert "synthesis:" in changed
    assert "restoration:" not in changed
    assert project.plan() == {}


def test_the_code_of_a_method_reaches_that_method_alone(project):
    spec = project.path / "src" / "maskbench" / "synthesis"
    module = spec / "placed" / "wgan_stn.py"
    old = module.read_text("utf-8")
    targets = ["synthesis_wgan_stn", "synthesis_pywgan_div"]
    try:
        module.write_text(old + "\nNEW = 1\n", "utf-8")
        plan = project.plan(*targets)
        module.write_text(old + "\n# only a comment\n", "utf-8")
        untouched = project.plan(*targets)
    finally:
        module.write_text(old, "utf-8")
    assert plan == CHAIN | {"synthesis_wgan_stn": 1}
    assert untouched == {}


def test_weights_to_start_from_are_made_first(project, tmp_path):
    start = "results/recognisers/orl/arcface/bare/seed0/state.safetensors"
    tuned = {"kind": "network", "backbone": "iresnet18", "loss": "softmax", "size": 32, "width": 8}
    blocks = {"tuned": {**tuned, "training": "bare", "start": start}}
    target = ["--", "results/recognisers/orl/tuned/bare/seed0"]

    def planned() -> dict[str, int]:
        overlay = tmp_path / "tuned.yaml"
        overlay.write_text(yaml.safe_dump({"recognition": {"recognisers": blocks}}), "utf-8")
        return project.plan("--configfile", str(overlay), *target)

    assert planned() == {"train_recogniser": 1}
    blocks["arcface"] = {"lr": 0.5}
    assert planned() == {"train_recogniser": 2}


def test_overlays_lie_in_a_folder_of_their_own(project):
    plan = project.plan("--configfile", "config/smoke.yaml", "--", "synthesis_keypoint")
    assert plan["crop_faces"] == 1


def test_settings_given_on_the_command_line_reach_the_steps(project):
    out = "results/other_size"
    project.run("snakemake", "draw_masks", "--config", f"output={out}", "masks={'size': 40}")
    assert MaskPictures.open(project.path / out / "mask_pictures").size == 40
    assert project.plan() == {}


TARGET = Path("results", "models", "orl", "dcgan_stn", "seed0")


def test_killed_and_started_again_ends_the_same(project):
    """SIGKILL for the scheduler and its job while a training runs."""
    model = project.path / TARGET
    scratch = project.path / "results" / "scratch" / "models" / "orl" / "dcgan_stn" / "seed0"
    log = project.path / "results" / "logs" / "train_synthesis" / "orl" / "dcgan_stn" / "0.log"
    whole = sha256_of(model / "state.safetensors")
    for path in (*model.rglob("*"), *scratch.rglob("*")):
        if path.is_file():
            path.unlink()
    project.run("rm", "-rf", str(model), str(scratch))
    run = subprocess.Popen(
        ["snakemake", str(TARGET)], cwd=project.path, env=project.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    started = log.stat().st_mtime_ns if log.exists() else 0
    while time.monotonic() < deadline and run.poll() is None:
        if scratch.exists() or (log.exists() and log.stat().st_mtime_ns != started):
            break
        time.sleep(0.05)
    time.sleep(1)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert not model.exists()
    project.run("snakemake", str(TARGET))
    assert sha256_of(model / "state.safetensors") == whole
    assert project.plan(str(TARGET)) == {}


def test_a_second_run_has_the_same_numbers(project):
    """Everything again in another folder, up to the numbers of one trained method."""
    project.run("snakemake", "synthesis_pywgan_div", "--config", "output=results/again")
    first, second = (
        pd.DataFrame(
            read_json(
                project.path / folder / "metrics" / "synthesis" / "orl" / "pywgan_div" / "seed0"
                / "metrics.json"
            )
        )
        for folder in ("results", "results/again")
    )  # fmt: skip
    assert (first["mlflow_run_id"] != second["mlflow_run_id"]).all()
    pd.testing.assert_frame_equal(
        first.drop(columns="mlflow_run_id"), second.drop(columns="mlflow_run_id"), check_exact=True
    )


@pytest.fixture
def with_new_method(project):
    """The method of docs/adding_a_method.md: a spec, a module and a block in params.yaml."""
    text = ROOT.joinpath("docs", "adding_a_method.md").read_text("utf-8")
    package = project.path / "src" / "maskbench" / "synthesis"
    old = (project.path / "params.yaml").read_text("utf-8")
    modules = [package / "specs" / f"{NEW}.py", package / "placed" / f"{NEW}.py"]
    for module, part in zip(modules, text.split("```python\n")[1:], strict=False):
        module.write_text(part.split("```")[0], "utf-8")
    project.params({"synthesis": {"methods": {NEW: {}}}})
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
    project.run("snakemake", "synthesis_quality", "fig5", "loss_curves")
    frame = pd.read_csv(project.path / "results" / "measurements.csv")
    assert NEW in set(frame["method"])
    assert "Average place" in (
        project.path / "results" / "tables" / "synthesis_quality.md"
    ).read_text("utf-8")
