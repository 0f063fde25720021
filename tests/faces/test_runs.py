"""Pictures through processes: order, groups that fit in memory, killed workers."""

import importlib
import os
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from maskbench.config import FacesConfig
from maskbench.errors import MaskbenchError
from maskbench.faces import runs
from maskbench.faces.runs import RUN, in_runs, pictures_of

WORK = """
import os, signal, time
from threadpoolctl import threadpool_info
import cv2, torch

def slow_first(run, locator):
    if 0 in run:
        time.sleep(0.5)
    return [(task, os.getpid()) for task in run]

def threads(run, locator):
    pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return [(torch.get_num_threads(), cv2.getNumThreads(), max(pools)) for _ in run]

def killed(run, locator):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Functions that worker processes can import."""
    (tmp_path / "work_of_a_test.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("work_of_a_test")


def through(work, tasks, weights, workers=2):
    return list(
        in_runs(tasks, work, weights=weights, config=FacesConfig(), workers=workers, step="step")
    )


def test_results_come_in_order_from_several_processes(work, weights):
    tasks = list(range(5 * RUN + 3))
    found = through(work.slow_first, tasks, weights)
    assert [task for task, _ in found] == tasks
    assert len({process for _, process in found}) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_each_process_computes_on_one_thread(work, weights, workers):
    assert set(through(work.threads, range(2 * RUN), weights, workers)) == {(1, 1, 1)}


@pytest.mark.parametrize("before", [None, "glibc.malloc.arena_max=1"])
def test_processes_start_with_large_pages(monkeypatch, before):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    if before:
        monkeypatch.setenv("GLIBC_TUNABLES", before)
    with runs._huge_pages():
        found = os.environ["GLIBC_TUNABLES"].split(":")
    assert found == ["glibc.malloc.hugetlb=1", *([before] if before else [])]
    assert os.environ.get("GLIBC_TUNABLES") == before


def test_a_killed_process_is_one_clear_error(work, weights):
    with pytest.raises(MaskbenchError, match=r"step: a worker process ended.*fewer workers"):
        through(work.killed, range(2 * RUN), weights)


def test_no_tasks_no_results(work, weights):
    assert through(work.killed, [], weights) == []


def test_pictures_are_gathered_up_to_a_number_of_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_HELD_PIXELS", 250)
    for number in range(5):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((10, 10, 3), number, np.uint8))
    (tmp_path / "1.png").write_bytes(b"no picture")
    groups = list(pictures_of([tmp_path / f"{number}.png" for number in range(5)], 1000))
    assert [list(group) for group in groups] == [[0, 1, 2, 3], [4]]
    assert "unreadable" in groups[0][1]
    assert all(
        (image == number).all()
        for group in groups
        for number, image in group.items()
        if number != 1
    )
