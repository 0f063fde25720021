"""One thread a process: torch, OpenCV and BLAS."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from maskbench.threads import one_thread

assert np.linalg.svd(np.eye(2))[1].sum() == 2  # loads NumPy's BLAS


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    """Whatever the environment says (OMP_NUM_THREADS)."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpool_limits(2, user_api="blas"):
        yield
    torch.set_num_threads(before)


def counts() -> tuple[int, int, list[int]]:
    blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return torch.get_num_threads(), cv2.getNumThreads(), blas


def test_one_thread_everywhere_and_then_as_before() -> None:
    before = counts()
    assert before[0] == 2 and set(before[2]) == {2}, "the test would see nothing"
    with one_thread():
        torch_threads, cv2_threads, blas = counts()
        assert torch_threads == cv2_threads == 1
        assert set(blas) == {1}
    assert counts() == before


def test_as_before_after_an_error_too() -> None:
    before = counts()
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert counts() == before
