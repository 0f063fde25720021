"""What a change reaches, in both tools; killed runs; a new method; the same numbers again."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

import maskbench
from maskbench.artifacts import read_json, sha256_of
from maskbench.reporting.papers import tables as table_names

ROOT = Path(maskbench.__file__).parents[2]
NEW = "average_place"
# What hangs on the numbers of any method.
AFTER = {"collect_measurements", "judge_claims", "summarise", "report", "all", *table_names()}
FIGURES = {"fig5", "loss_curves"}


def test_a_method_s_parameters_reach_that_method_alone(project):
    old = (project.path / "params.yaml").read_text("utf-8")
    project.params({"synthesis": {"methods": {"wgan_stn": {"steps": 5}}}})
    try:
        plan = project.plan()
        changed = project.run("dvc", "status").text
        repro = project.run("dvc", "repro", "--dry").text
    finally:
        (project.path / "params.yaml").write_text(old, "utf-8")
    chain = {"train_synthesis": 1, "synthesise": 1, "evaluate_synthesis": 1}
    assert plan == chain | dict.fromkeys(AFTER | FIGURES, 1)
    stages = set(re.findall(r"^(\w+@\w+):", changed, re.M))
    assert stages == {"train_synthesis@wgan_stn", "synthesise@wgan_stn"}
    running = set(re.findall(r"Running stage '([\w@]+)'", repro))
    chain = {name for name in running if "@" in name}
    assert chain == stages  # what follows shows when their outputs have changed
    assert project.plan() == {}


def test_the_code_of_a_method_reaches_that_method_alone(project):
    module = project.path / "src" / "maskbench" / "synthesis" / "wgan_stn.py"
    old = module.read_text("utf-8")
    try:
        module.write_text(old + "\nNEW = 1\n", "utf-8")
        plan = project.plan("evaluate_wgan_stn", "evaluate_pywgan_div")
        module.write_text(old + "\n# only a comment\n", "utf-8")
        untouched = project.plan("evaluate_wgan_stn")
    finally:
        module.write_text(old, "utf-8")
    assert {k: v for k, v in plan.items() if not k.startswith("evaluate_w")} == {
        "train_synthesis": 1, "synthesise": 1, "evaluate_synthesis": 1,
    }  # fmt: skip
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
    plan = project.plan("--configfile", "config/smoke.yaml", "--", "evaluate_keypoint")
    assert plan["crop_faces"] == 1


def test_settings_given_on_the_command_line_reach_the_steps(project):
    out = "results/other_size"
    project.run("snakemake", "draw_masks", "--config", f"output={out}", "masks={'size': 40}")
    styles = read_json(project.path / out / "mask_pictures" / "styles.json")
    assert (
        "40" in yaml.safe_dump(styles)
        or (project.path / out / "mask_pictures" / "pictures.npy").stat().st_size < 20 * 41 * 41 * 4
    )
    assert project.plan() == {}


def test_killed_and_started_again_ends_the_same(project):
    """SIGKILL for the scheduler and its job while a training runs."""
    model = project.path / "results" / "models" / "orl" / "dcgan_stn" / "seed0"
    scratch = project.path / "results" / "scratch" / "orl" / "dcgan_stn" / "seed0"
    log = project.path / "results" / "logs" / "train_synthesis" / "orl" / "dcgan_stn" / "seed0.log"
    whole = sha256_of(model / "state.safetensors")
    for path in (*model.rglob("*"), *scratch.rglob("*")):
        if path.is_file():
            path.unlink()
    project.run("rm", "-rf", str(model), str(scratch))
    run = subprocess.Popen(
        ["snakemake", "train_dcgan_stn"], cwd=project.path, env=project.environment,
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
    project.run("snakemake", "train_dcgan_stn")
    assert sha256_of(model / "state.safetensors") == whole
    assert project.plan("train_dcgan_stn") == {}


def test_a_second_run_has_the_same_numbers(project):
    """Everything again in another folder, up to the numbers of one trained method."""
    project.run("snakemake", "evaluate_pywgan_div", "--config", "output=results/again")
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
    """The method of docs/adding_a_method.md: one module and one block in params.yaml."""
    text = ROOT.joinpath("docs", "adding_a_method.md").read_text("utf-8")
    source = text.split("```python\n")[1].split("```")[0]
    module = project.path / "src" / "maskbench" / "synthesis" / f"{NEW}.py"
    old = (project.path / "params.yaml").read_text("utf-8")
    module.write_text(source, "utf-8")
    project.params({"synthesis": {"methods": {NEW: {}}}})
    yield project
    module.unlink()
    (project.path / "params.yaml").write_text(old, "utf-8")


def test_a_new_method_appears_everywhere(with_new_method):
    project = with_new_method
    plan = project.plan()
    chain = {"train_synthesis": 1, "synthesise": 1, "evaluate_synthesis": 1}
    assert {name: plan[name] for name in chain} == chain
    assert not {"fetch", "crop_faces", "masked_domain"} & set(plan)
    assert NEW in project.run("maskbench", "methods").text
    stages = project.run("dvc", "stage", "list").text
    for stage in ("train_synthesis", "synthesise", "evaluate_synthesis"):
        assert f"{stage}@{NEW}" in stages
    assert f"train_{NEW}" in project.run("snakemake", "--list").text.split()
    project.run("snakemake", "synthesis_quality", "fig5", "loss_curves")
    frame = pd.read_csv(project.path / "results" / "measurements.csv")
    assert NEW in set(frame["method"])
    assert "Average place" in (
        project.path / "results" / "tables" / "synthesis_quality.md"
    ).read_text("utf-8")
