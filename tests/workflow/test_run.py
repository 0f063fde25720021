"""The whole experiment, small: what a run leaves, and that a second one leaves it alone."""

import re
import shutil

import pandas as pd
import pytest
import yaml

from maskbench import experiment
from maskbench.measurements import COLUMNS
from maskbench.reporting.papers import papers

from .conftest import SMALL, Project

EXPERIMENT = experiment.load(SMALL)
METHODS = set(EXPERIMENT.running)
DATA = {"fetch", "fetch_weights", "split", "crop_faces", "draw_masks"}
TABLES = {name for paper in papers().values() for name in paper.tables}
RUNNING = METHODS | set(EXPERIMENT.restorers)
FIGURES = {
    name
    for paper in papers().values()
    for name, figure in paper.figures.items()
    if all(not shown or RUNNING & set(shown) for shown in (figure.methods, figure.restorers))
} - {"real_masks"}  # nobody wears a mask of their own here
QUICK = 10  # seconds of processor time for a question to either tool


def test_what_dvc_made_snakemake_did_not_make_again(project):
    assert "Running stage 'data'" in project.commands["dvc repro"].text
    stats = project.commands["snakemake"].text.split("Job stats:")[1].split("total")[0]
    assert "train_synthesis" in stats
    assert not DATA & set(stats.split())


def test_every_result_is_there(project):
    results = project.path / "results"
    for name in TABLES:
        for ending in ("csv", "md", "tex", "html"):
            assert (results / "tables" / f"{name}.{ending}").stat().st_size > 0
    for name in FIGURES:
        assert (results / "figures" / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
    for name in ("claims.csv", "claims.md", "claims.html", "index.html", "curves.csv"):
        assert (results / name).stat().st_size > 0
    reasons = pd.read_csv(results / "claims.csv")["reason"].dropna()
    assert not reasons[reasons.str.contains("several values")].tolist()  # claims say what they mean
    frame = pd.read_csv(results / "measurements.csv")
    assert list(frame.columns) == list(COLUMNS)
    assert set(frame["method"][frame["step"] == "synthesis"]) == METHODS
    tested = set(frame["method"][frame["step"] == "recognition"])
    assert tested == set(EXPERIMENT.recognisers)
    assert {"edgeconnect"} <= set(frame["method"][frame["step"] == "restoration"])
    guides = {*EXPERIMENT.guides, "mean_box"}
    assert guides == set(frame["method"][frame["step"] == "guides"])
    places = {
        "pywgan_div": {"start", "quarter", "half"},
        "mfgan": {"correct", "authentic", "diverse"},
    }
    for method, names in places.items():
        assert set(frame["checkpoint"][frame["method"] == method]) == names | {"final"}
    sampled = frame[frame["step"] != "costs"]  # counts have no run of their own
    assert sampled["mlflow_run_id"].str.fullmatch("[0-9a-f]{32}").all()
    assert not list(results.rglob("*.partial"))


def test_every_job_has_a_log_and_a_benchmark(project):
    results = project.path / "results"
    jobs = [path.relative_to(results / "benchmarks") for path in results.rglob("*.tsv")]
    assert {job.parts[0].removesuffix(".tsv") for job in jobs} >= DATA | {"train_synthesis"}
    for job in jobs:
        assert (results / "logs" / job).with_suffix(".log").exists()


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="jobs beside a GPU start Python")
def test_a_process_waited_to_be_copied_for_jobs(project):
    assert (project.path / ".snakemake" / "copies").is_socket()


def test_progress_and_time_left_are_on_the_screen(project):
    text = project.commands["snakemake"].text
    assert re.search(r"==> \d+ of \d+ jobs done in .*left", text)
    assert re.search(r"Train pywgan_div, seed 0", text)


def test_report_is_one_page_that_needs_no_network(project):
    page = (project.path / "results" / "report.html").read_text("utf-8")
    assert "Figure 5" in page
    assert page.count("data:image/png;base64") + page.count("image/png") >= len(FIGURES)
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']https?:", page)


def test_neither_tool_has_anything_left_to_do(project):
    """In both orders: DVC made the first stage, Snakemake the others and their records."""
    before = states(project)
    done = project.run("snakemake", "-n")
    assert "Nothing to be done" in done.text
    assert done.seconds < QUICK
    done = project.run("dvc", "status")
    assert "up to date" in done.text
    assert done.seconds < QUICK
    assert "Running stage" not in project.run("dvc", "repro").text
    assert states(project) == before


def test_dvc_without_a_record_asks_snakemake_which_makes_nothing_again(project):
    """As after a failed record: the stage runs, and Snakemake finds its outputs current."""
    before = states(project)
    text = project.run("dvc", "repro", "--force", "--single-item", "synthesis").text
    assert "Running stage 'synthesis'" in text
    assert "Nothing to be done" in text
    assert states(project) == before
    assert project.plan() == {}


def states(project):
    """When each training state was written, by file."""
    paths = sorted((project.path / "results" / "models").rglob("state.safetensors"))
    assert len(paths) == len(METHODS)
    return {path: path.stat().st_mtime_ns for path in paths}


def test_a_clean_clone_pulls_everything_and_runs_nothing_again(project, tmp_path):
    """DVC brings files with times in any order; `make touch` takes them as they are."""
    remote = ("dvc", "remote", "add", "--local", "--default", "storage", str(tmp_path / "remote"))
    project.run(*remote)
    project.run("dvc", "push")
    project.run("dvc", "remote", "remove", "--local", "storage")
    clone = Project(tmp_path / "clone")
    project.run("git", "clone", "-q", ".", str(clone.path))
    clone.run(*remote)
    clone.run("dvc", "pull")
    faces = clone.path / "results" / "faces" / "orl" / "fold0"
    # Where compare_people is to run, Snakemake does not look at what is behind it.
    (clone.path / "results" / "splits" / "compared" / "fold0.json").touch()
    for path in (faces, *faces.iterdir()):
        path.touch()
    assert "train_synthesis" in clone.plan()
    clone.run("make", "--silent", "touch", "--old-file=environment")
    assert clone.plan() == {}
    assert "up to date" in clone.run("dvc", "status").text
    shutil.move(clone.path / "results" / "models", tmp_path)  # as in a clone of an unfinished run
    (clone.path / "dvc.lock").unlink()
    clone.run("make", "--silent", "touch", "--old-file=environment")
    stages = set(yaml.safe_load((clone.path / "dvc.lock").read_text("utf-8"))["stages"])
    assert "data" in stages and "synthesis" not in stages
    shutil.move(tmp_path / "models", clone.path / "results")
    clone.run("make", "--silent", "touch", "--old-file=environment")
    assert "up to date" in clone.run("dvc", "status").text
    for path in states(project):
        pulled = clone.path / path.relative_to(project.path)
        assert pulled.read_bytes() == path.read_bytes()
    clone.params({"synthesis": {"methods": {"pywgan_div": {"decay_from": 0.7}}}})
    assert clone.plan()["train_synthesis"] == 1


def test_dvc_compares_numbers_and_draws_curves(project):
    shown = project.run("dvc", "metrics", "show").text
    assert "pywgan_div" in shown
    assert max(map(len, shown.splitlines())) <= 120  # fits a terminal
    project.run("dvc", "metrics", "diff")
    page = project.path / "plots" / "index.html"
    project.run("dvc", "plots", "show", "-o", str(page.parent))
    assert "mfgan" in page.read_text("utf-8")
    project.run("git", "clean", "-qfd", "plots")


def test_tracking_knows_the_workflow_and_its_trainings_and_evaluations(project, monkeypatch):
    from maskbench import tracking_store

    monkeypatch.setenv(tracking_store.URI, f"sqlite:///{project.path}/mlflow.db")
    client = tracking_store.client()
    experiment = client.get_experiment_by_name("maskbench").experiment_id
    runs = client.search_runs([experiment], max_results=500)
    assert {run.info.status for run in runs} == {"FINISHED"}
    parents = {run.info.run_id: run for run in runs if run.data.tags["step"] == "workflow"}
    children = [run for run in runs if run.info.run_id not in parents]
    assert all(run.data.tags["mlflow.parentRunId"] in parents for run in children)
    assert {run.data.tags["step"].partition("_")[0] for run in children} == {"train", "evaluate"}
    trained = {
        run.data.tags["method"]: run
        for run in children
        if run.data.tags["step"] == "train_synthesis"
    }
    assert set(trained) == METHODS
    run = trained["pywgan_div"]
    steps = EXPERIMENT.methods["pywgan_div"].params.steps
    assert run.data.params["method.steps"] == str(steps)
    assert any(key.startswith("input/results/faces") for key in run.data.tags)
    assert "train/critic_loss" in run.data.metrics
    measured = pd.read_csv(project.path / "results" / "measurements.csv")
    named = set(measured["mlflow_run_id"].dropna())
    assert named and named <= {run.info.run_id for run in children}
    whole = [run for run in parents.values() if "iou/pywgan_div" in run.data.metrics]
    assert whole
    kept = {item.path for item in client.list_artifacts(whole[0].info.run_id)}
    assert {"index.html", "measurements.csv", "table2_pywgan.html"} <= kept


def test_every_stage_table_and_figure_is_a_target(project):
    listed = set(project.run("snakemake", "--list").text.split())
    stages = {"data", "synthesis", "restoration", "recognisers", "tables", "figures", "report"}
    assert {*stages, "all", *TABLES, *FIGURES, "synthesis_mfgan"} <= listed
