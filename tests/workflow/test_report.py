"""The report is a result like any other: whatever happened to it, the next run mends it."""

import os
import signal
import subprocess
import time


def others(project):
    """When each result but the report was made, by file."""
    results = project.path / "results"
    paths = [*results.rglob("*.csv"), *results.rglob("*.png"), *results.rglob("*.safetensors")]
    assert paths
    return {path: path.read_bytes() for path in paths}


def test_a_report_lost_or_half_made_is_made_again_and_nothing_else(project):
    """SIGKILL while it renders."""
    page = project.path / "results" / "report.html"
    log = project.path / "results" / "logs" / "make_report.log"
    before = others(project)
    page.unlink()
    log.unlink()
    run = subprocess.Popen(
        ["snakemake"], cwd=project.path, env=project.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and run.poll() is None and not log.exists():
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    page.write_text("<html>half a page")
    assert project.plan() == {"make_report": 1, "all": 1}
    page.unlink()
    assert project.plan() == {"make_report": 1, "all": 1}
    project.run("snakemake")
    assert "Figure 5" in page.read_text("utf-8")
    assert others(project) == before
    assert project.plan() == {}
    assert "up to date" in project.run("dvc", "status").text


def test_a_caption_reaches_the_report_alone(project):
    caption = project.path / "workflow" / "report" / "claims.rst"
    old = caption.read_text("utf-8")
    try:
        caption.write_text(old + "\nMore.\n", "utf-8")
        assert project.plan() == {"make_report": 1, "all": 1}
    finally:
        caption.write_text(old, "utf-8")
