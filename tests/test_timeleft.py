"""The line that says how long a workflow still takes."""

import logging

import pytest

from maskbench.timeleft import Job, Screen, TimeLeft, measured, planned, seconds_of, span, typical


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_expected_durations_are_shared_among_the_cores(clock):
    jobs = {number: Job("train/a", "train a", expected=60) for number in range(4)}
    times = TimeLeft(jobs, cores=2, clock=clock)
    assert times.left() == (120, 0)
    times.start(0)
    times.start(1)
    clock.now = 30
    assert times.left() == (90, 0)


def test_a_job_that_takes_all_cores_shares_with_nobody(clock):
    jobs = {0: Job("crop", "crop", 60, cores=8), 1: Job("split", "split", 60)}
    assert TimeLeft(jobs, cores=2, clock=clock).left() == (90, 0)


def test_the_last_long_job_bounds_the_end(clock):
    jobs = {0: Job("a", "a", 10), 1: Job("b", "b", 100)}
    assert TimeLeft(jobs, cores=2, clock=clock).left() == (100, 0)


def test_finished_jobs_tell_how_fast_this_machine_is(clock):
    times = TimeLeft({0: Job("a", "a", 10), 1: Job("b", "b", 100)}, cores=1, clock=clock)
    times.start(0)
    clock.now = 20
    times.finish(0)
    assert times.left() == (200, 0)
    assert times.line() == "1 of 2 steps done in 20 s; about 3 min left"


def test_same_kind_finished_beats_what_was_expected(clock):
    jobs = {0: Job("t/a", "a", 500), 1: Job("t/a", "a", 500), 2: Job("t/b", "b", None)}
    times = TimeLeft(jobs, cores=1, clock=clock)
    times.start(0)
    clock.now = 30
    times.finish(0)
    assert times.left() == (30, 1)
    assert "at least 30 s left (1 steps never timed before)" in times.line()


def test_nothing_known_is_said(clock):
    times = TimeLeft({0: Job("a", "train a seed 0")}, cores=1, clock=clock)
    times.start(0)
    clock.now = 40
    assert times.line() == (
        "0 of 1 steps done in 40 s; time left: known once each kind of step has run; "
        "running: train a seed 0 (40 s)"
    )


def test_the_scheduler_s_events_move_it(clock, capsys):
    screen = Screen(TimeLeft({3: Job("a", "a", 10)}, cores=1, clock=clock))
    logger = logging.getLogger("a scheduler")
    logger.setLevel(logging.INFO)
    logger.addHandler(screen)
    logger.info("", extra={"event": "job_started", "jobs": [3]})
    clock.now = 5
    logger.info("", extra={"event": "job_finished", "job_id": 3})
    logger.removeHandler(screen)
    screen.close()
    assert "==> 1 of 1 steps done in 5 s\n" in capsys.readouterr().err


def test_durations_from_benchmark_files(tmp_path):
    for number, seconds in enumerate((10.0, 20.0)):
        (tmp_path / f"{number}.tsv").write_text(f"s\th:m:s\n{seconds}\t0:00:10\n")
    assert seconds_of(tmp_path / "0.tsv") == 10
    assert seconds_of(tmp_path / "none.tsv") is None
    pairs = [("train/a", tmp_path / f"{number}.tsv") for number in range(3)]
    assert measured(pairs) == {"train/a": 15.0}
    (tmp_path / "durations.yaml").write_text("results:\n  train/a: 15.0\n")
    assert typical(tmp_path / "durations.yaml", "results") == {"train/a": 15.0}
    assert typical(tmp_path / "durations.yaml", "results/other") == {}
    assert typical(tmp_path / "none.yaml", "results") == {}


def test_a_job_knows_its_duration_from_here_else_from_what_is_shipped(tmp_path):
    here, nowhere = tmp_path / "0.tsv", tmp_path / "1.tsv"
    here.write_text("s\n12.5\n")
    wildcards = {"method": "wgan_stn", "seed": "1"}
    shipped = {"train/wgan_stn": 30.0}
    job = planned("train", wildcards, here, 1, shipped)
    assert (job.key, job.name, job.expected) == ("train/wgan_stn", "train wgan_stn seed 1", 12.5)
    assert planned("train", wildcards, nowhere, 1, shipped).expected == 30
    assert planned("train", wildcards, nowhere, 1, {}).expected is None
    assert planned("all", {}, None, 1, {}).expected == 0


def test_spans():
    assert [span(s) for s in (0.4, 89, 91, 600, 7800)] == [
        "0 s", "89 s", "2 min", "10 min", "2 h 10 min",
    ]  # fmt: skip
