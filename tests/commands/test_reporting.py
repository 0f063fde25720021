"""The reporting commands with and without tracking."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import maskbench
from maskbench import tracking
from maskbench.artifacts import sha256_of
from maskbench.cli import app
from maskbench.config import TrackingConfig, read_layers
from maskbench.masks.draw_masks import draw_masks
from maskbench.measurements import Measurement, write_metrics
from maskbench.training.curves import write_curves

ROOT = Path(maskbench.__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small experiment up to its numbers."""
    monkeypatch.chdir(tmp_path)
    for name in (tracking.URI, tracking.PARENT, "MASKBENCH_PARAMS"):
        monkeypatch.delenv(name, raising=False)
    settings(tracked=True)
    row = Measurement(
        "synthesis", "orl", "test", "gan_stn", "", 0, "ssim", 0.75, 40, 0.7, 0.8, "none", "c",
        mlflow_run_id="0" * 32,
    )  # fmt: skip
    Path("metrics").mkdir()
    write_metrics(Path("metrics/metrics.json"), [row])
    Path("models/gan_stn/seed0").mkdir(parents=True)
    write_curves(Path("models/gan_stn/seed0/curves.parquet"), {"critic_loss": [[1, 0.5]]})
    draw_masks(out=Path("mask_pictures"), size=32)
    Path("claims.yaml").write_text("claims: []\n")
    return tmp_path


def settings(tracked):
    values = read_layers([ROOT / "params.yaml"])
    values["tracking"] = {"enabled": tracked, "experiment": "trial"}
    Path("params.yaml").write_text(yaml.safe_dump(values), "utf-8")


def report(out):
    for command in (
        ["collect_measurements", "metrics", "--out", f"{out}/measurements.csv"],
        ["make_table", "synthesis_quality", "--measurements", f"{out}/measurements.csv",
         "--out", f"{out}/tables"],
        ["make_figure", "mask_styles", "--mask-pictures", "mask_pictures",
         "--out", f"{out}/figure.png"],
        ["judge_claims", "metrics", "--claims", "claims.yaml", "--out", out],
        ["summarise", "--measurements", f"{out}/measurements.csv", "--models",
         "models/gan_stn/seed0", "--summary", f"{out}/summary.json",
         "--curves", f"{out}/curves.csv"],
    ):  # fmt: skip
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, (command, result.output)


def test_every_step_is_a_child_run_and_no_result_hangs_on_it(folder):
    parent = tracking.start_workflow(
        TrackingConfig(enabled=True, experiment="trial"), "workflow", Path("params.yaml")
    )
    report("first")
    tracking.end_workflow("FINISHED")
    settings(tracked=False)
    report("second")
    assert sha256_of(Path("first")) == sha256_of(Path("second"))
    client = tracking._client()
    experiment = client.get_experiment_by_name("trial").experiment_id
    found = {run.info.run_name: run for run in client.search_runs([experiment])}
    found.pop("workflow")
    assert set(found) == {
        "collect_measurements orl", "make_table orl synthesis_quality",
        "make_figure orl mask_styles", "judge_claims orl", "summarise orl",
    }  # fmt: skip
    kept = {}
    for name, run in found.items():
        assert run.info.status == "FINISHED"
        assert run.data.tags["mlflow.parentRunId"] == parent
        kept[name.split()[0]] = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert kept == {
        "collect_measurements": {"measurements.csv"},
        "make_table": {"synthesis_quality.md", "synthesis_quality.csv"},
        "make_figure": {"figure.png"},
        "judge_claims": {"claims.csv", "claims.md"},
        "summarise": {"summary.json", "curves.csv"},
    }
    tags = found["make_table orl synthesis_quality"].data.tags
    assert tags["input/first/measurements.csv"] == sha256_of(Path("first/measurements.csv"))
