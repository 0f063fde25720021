"""Pictures through one or several processes, results in order; for ``crop_faces`` and ``mask``.

Pictures travel in runs of a fixed number whatever the number of processes, so networks see the
same batches and give the same bytes; at most two runs a process are under way, so memory does not
grow with their number.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path
from typing import TypeVar

import numpy as np

from maskbench.config import FacesConfig
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.locate import FaceLocator
from maskbench.threads import one_thread, use_one_thread

RUN = 16  # pictures that travel together
_TUNABLES, _LARGE_PAGES = "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"
_HELD_PIXELS = 24_000_000  # decoded pixels held at once, one larger picture excepted

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_runs(
    tasks: Sequence[Task],
    work: Callable[[list[Task], FaceLocator], list[Result]],
    *,
    weights: Path,
    config: FacesConfig,
    workers: int,
    step: str,
    together: bool = False,
) -> Generator[Result, None, None]:
    """Yield a result for each task, in order.

    Args:
        tasks: one a picture; they travel to the processes, as do the results.
        work: turns up to :data:`RUN` tasks into as many results; a function of a module, or a
            partial of one, so that it can travel.
        weights: folder of the detector's and the landmark predictor's weights.
        config: detection.
        workers: processes; with one, this process computes.
        step: what errors name.
        together: whether the pictures of a run are searched together, for speed
            (:class:`maskbench.faces.mtcnn.Mtcnn`).

    Raises:
        MaskbenchError: weights are missing or damaged; a process was killed; what ``work`` raises.
    """
    starts = range(0, len(tasks), RUN)
    runs = (list(tasks[start : start + RUN]) for start in starts)
    workers = min(workers, len(starts))
    if workers <= 1:
        with one_thread():  # as in a process of the pool: the same bytes
            locator = FaceLocator(weights, config, together=together)
            for run in runs:
                yield from work(run, locator)
        return
    # Forks of this process would share torch's locks, so a new one imports torch, once for all.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["maskbench.faces.locate"])
    with _huge_pages():
        forkserver.ensure_running()
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, context, initializer=use_one_thread)
    under_way: deque[Future[list[Result]]] = deque()
    try:
        for run in runs:
            if len(under_way) == 2 * workers:
                yield from under_way.popleft().result()
            with _no_interrupts():
                under_way.append(pool.submit(_run, run, work, weights, config, together))
        while under_way:
            yield from under_way.popleft().result()
    except BrokenProcessPool as error:
        raise MaskbenchError(
            step, "a worker process ended unexpectedly", "use fewer workers, check memory"
        ) from error
    except BaseException:  # an interrupt, a full disk: nobody waits for what is under way
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _huge_pages() -> Iterator[None]:
    """Processes that start meanwhile lay their memory out in large pages, where glibc knows how.

    Landmarks are looked up all over 65 MB of regression trees. In small pages a third of the time
    goes into finding these.
    """
    before = os.environ.get(_TUNABLES)
    os.environ[_TUNABLES] = ":".join(filter(None, [_LARGE_PAGES, before]))
    try:
        yield
    finally:
        if before is None:
            del os.environ[_TUNABLES]
        else:
            os.environ[_TUNABLES] = before


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back. Processes that start meanwhile never see it: this one ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_locator = functools.lru_cache(maxsize=1)(FaceLocator)  # a worker process opens weights once


def _run(
    run: list[Task],
    work: Callable[[list[Task], FaceLocator], list[Result]],
    weights: Path,
    config: FacesConfig,
    together: bool,
) -> list[Result]:
    """In a worker process. Its first run opens the weights and can report damaged ones."""
    return work(run, _locator(weights, config, together=together))


def pictures_of(paths: Iterable[Path], max_pixels: int) -> Iterator[dict[int, np.ndarray | str]]:
    """Read pictures in groups that fit in memory.

    Yields:
        By the path's number: the picture (H, W, 3) uint8, or why it cannot be read.
    """
    held: dict[int, np.ndarray | str] = {}
    pixels = 0
    for number, path in enumerate(paths):
        try:
            image = read_picture(path, max_pixels)
        except MaskbenchError as error:
            held[number] = f"unreadable: {error.what}"
            continue
        held[number] = image
        pixels += image.shape[0] * image.shape[1]
        if pixels >= _HELD_PIXELS:
            yield held
            held, pixels = {}, 0
    if held:
        yield held
