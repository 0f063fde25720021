"""One thread a process: the cores are used by processes side by side.

Sums are split by thread count, so numbers would otherwise depend on how many cores a machine has;
and idle threads of a linear algebra library spin, so that two processes of two threads each take
three times as long as two of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import torch
from threadpoolctl import threadpool_limits


def use_one_thread() -> None:
    """From now on torch, OpenCV and the BLAS of NumPy and OpenCV compute on one thread."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    threadpool_limits(1, user_api="blas")


@contextmanager
def one_thread() -> Iterator[None]:
    """:func:`use_one_thread` for a while; then as before."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    with threadpool_limits(1, user_api="blas"):
        use_one_thread()
        try:
            yield
        finally:
            torch.set_num_threads(before[0])
            cv2.setNumThreads(before[1])
