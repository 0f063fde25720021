"""The whole experiment, small: what a run leaves, and that a second one leaves it alone."""

import json
import re

import pandas as pd

from maskbench.measurements import COLUMNS
from maskbench.reporting.figures import names as figure_names
from maskbench.reporting.papers import tables as table_names

METHODS = {"keypoint", "gan_direct", "gan_stn", "dcgan_stn", "wgan_stn", "pywgan_div"}
STEPS = {"fetch", "fetch_weights", "split", "crop_faces", "draw_masks"}
FIGURES = set(figure_names()) - {"real_masks"}  # for which nobody wears a mask here
QUICK = 10  # seconds of processor time for a question to either tool


def test_what_dvc_made_snakemake_did_not_make_again(project):
    assert "Running stage 'crop_faces'" in project.said["dvc repro"].text
    stats = project.said["snakemake"].text.split("Job stats:")[1].split("total")[0]
    assert "train_synthesis" in stats
    assert not STEPS & set(stats.split())


def test_every_result_is_there(project):
    results = project.path / "results"
    for name in table_names():
        for ending in ("csv", "md", "tex"):
            assert (results / "tables" / f"{name}.{ending}").stat().st_size > 0
    for name in FIGURES:
        assert (results / "figures" / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
    assert (results / "claims.md").stat().st_size > 0
    frame = pd.read_csv(results / "measurements.csv")
    assert list(frame.columns[: len(COLUMNS)]) == list(COLUMNS)
    assert set(frame["method"][frame["stage"] == "synthesis"]) == METHODS
    tested = set(frame["method"][frame["stage"] == "recognition"])
    assert tested >= {"dlib_resnet", "arcface", "maskfacenet", "adapter_arcface", "mrii"}
    restored = frame[frame["stage"] == "restoration"]
    assert {"segmenter", "edgeconnect"} == set(restored["method"])
    assert frame["mlflow_run_id"].str.fullmatch("[0-9a-f]{32}").all()
    assert not list(results.rglob("*.partial"))


def test_every_job_has_a_log_and_a_benchmark(project):
    results = project.path / "results"
    jobs = [path.relative_to(results / "benchmarks") for path in results.rglob("*.tsv")]
    assert {job.parts[0].removesuffix(".tsv") for job in jobs} >= STEPS | {"train_synthesis"}
    for job in jobs:
        assert (results / "logs" / job).with_suffix(".log").exists()


def test_progress_and_time_left_are_on_the_screen(project):
    text = project.said["snakemake"].text
    assert re.search(r"==> \d+ of \d+ steps done in .*left", text)
    assert re.search(r"Train pywgan_div, seed 0", text)


def test_report_is_one_page_that_needs_no_network(project):
    page = (project.path / "results" / "report.html").read_text("utf-8")
    assert "Figure 5" in page
    assert page.count("data:image/png;base64") + page.count("image/png") >= len(FIGURES)
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']https?:", page)


def test_snakemake_has_nothing_left_to_do(project):
    done = project.run("snakemake", "-n")
    assert "Nothing to be done" in done.text
    assert done.seconds < QUICK


def test_dvc_has_nothing_left_to_do(project):
    done = project.run("dvc", "status")
    assert "up to date" in done.text
    assert done.seconds < QUICK


def test_dvc_repro_trains_nothing_after_snakemake(project):
    before = states(project)
    text = project.run("dvc", "repro").text
    assert "Running stage" not in text
    assert states(project) == before


def test_dvc_without_a_record_asks_snakemake_which_makes_nothing_again(project):
    """As after a failed record: the stage runs, and Snakemake finds its outputs current."""
    before = states(project)
    text = project.run("dvc", "repro", "--force", "--single-item", "train_synthesis@wgan_stn").text
    assert "Running stage 'train_synthesis@wgan_stn'" in text
    assert "Nothing to be done" in text
    assert states(project) == before
    assert project.plan() == {}


def states(project):
    """When each training state was written, by file."""
    paths = sorted((project.path / "results" / "models").rglob("state.safetensors"))
    assert len(paths) == len(METHODS)
    return {path: path.stat().st_mtime_ns for path in paths}


def test_dvc_compares_numbers_and_draws_curves(project):
    numbers = json.loads((project.path / "results" / "metrics_summary.json").read_text())
    assert set(numbers) >= METHODS | {"arcface", "segmenter"}
    shown = project.run("dvc", "metrics", "show").text
    assert "pywgan_div.placement_iou" in shown
    project.run("dvc", "metrics", "diff")
    page = project.path / "plots" / "index.html"
    project.run("dvc", "plots", "show", "-o", str(page.parent))
    assert "wgan_stn" in page.read_text("utf-8")
    project.run("git", "clean", "-qfd", "plots")


def test_tracking_knows_the_workflow_and_its_steps(project, monkeypatch):
    from maskbench import tracking

    monkeypatch.setenv(tracking.URI, f"sqlite:///{project.path}/mlflow.db")
    client = tracking._client()
    experiment = client.get_experiment_by_name("maskbench").experiment_id
    runs = client.search_runs([experiment], max_results=500)
    assert {run.info.status for run in runs} == {"FINISHED"}
    parents = {run.info.run_id for run in runs if run.data.tags["step"] == "workflow"}
    children = [run for run in runs if run.info.run_id not in parents]
    assert all(run.data.tags["mlflow.parentRunId"] in parents for run in children)
    trained = {
        run.data.tags["method"]: run
        for run in children
        if run.data.tags["step"] == "train_synthesis"
    }
    assert set(trained) == METHODS
    run = trained["pywgan_div"]
    assert run.data.params["steps"] == "4"
    assert any(key.startswith("input/results/faces") for key in run.data.tags)
    assert len(client.get_metric_history(run.info.run_id, "critic_loss")) > 1
    measured = pd.read_csv(project.path / "results" / "measurements.csv")
    assert set(measured["mlflow_run_id"]) <= {run.info.run_id for run in children}


def test_every_stage_table_and_figure_is_a_target(project):
    listed = set(project.run("snakemake", "--list").text.split())
    stages = {"data", "faces", "masks", "synthesis", "metrics", "tables", "figures", "claims"}
    assert {*stages, "all", *table_names(), *FIGURES, "train_wgan_stn"} <= listed
