"""The line that says how long a workflow still takes."""

import logging
from types import SimpleNamespace

import pytest

from maskbench import timeleft
from maskbench.timeleft import Screen, span


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(time=0.0)
    monkeypatch.setattr(timeleft.time, "monotonic", lambda: now.time)
    return now


@pytest.fixture
def job(tmp_path):
    def make(number, rule="train", took=None, threads=1):
        benchmark = tmp_path / f"{number}.tsv"
        if took is not None:
            benchmark.write_text(f"s\th:m:s\n{took}\t0:00:10\n")
        return SimpleNamespace(
            jobid=number, rule=SimpleNamespace(name=rule, norun=rule == "all"),
            benchmark=benchmark, threads=threads,
        )  # fmt: skip

    return make


def event(screen, name, **extra):
    screen.emit(logging.makeLogRecord({"event": name, **extra}))


def test_expected_durations_are_shared_among_the_cores(clock, job):
    screen = Screen([job(number, took=60) for number in range(4)], cores=2)
    assert screen.left() == (120, 0)
    event(screen, "job_started", jobs=[0, 1])
    clock.time = 30
    assert screen.left() == (90, 0)


def test_a_job_that_takes_all_cores_shares_with_nobody(clock, job):
    assert Screen([job(0, took=60, threads=8), job(1, took=60)], cores=2).left() == (90, 0)


def test_the_last_long_job_bounds_the_end(clock, job):
    assert Screen([job(0, took=10), job(1, took=100)], cores=2).left() == (100, 0)


def test_a_rule_s_finished_jobs_say_what_its_others_take(clock, job, capsys):
    screen = Screen([job(0), job(1), job(2, rule="restore"), job(3, rule="all")], cores=1)
    assert screen.left() == (0, 3)
    event(screen, "job_started", jobs=[0])
    clock.time = 30
    event(screen, "job_finished", job_id=0)
    assert screen.left() == (30, 1)
    printed = capsys.readouterr().err
    assert "==> 1 of 3 jobs done in 30 s; at least 30 s left (1 jobs never timed before)" in printed


def test_spans():
    assert [span(s) for s in (0.4, 89, 91, 600, 7800)] == [
        "0 s", "89 s", "2 min", "10 min", "2 h 10 min",
    ]  # fmt: skip
