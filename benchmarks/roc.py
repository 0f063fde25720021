"""Exact ROC over many pairs: seconds and memory, against a loop over 400 thresholds.

    python benchmarks/roc.py --pairs 100_000_000

Embeddings of random people are compared block by block; the same blocks go through the exact
counter and through the usual loop that counts accepts at 400 thresholds, whose TARs are off where
a FAR falls between two of them. Scores are made before the clock starts and again for each, so
that the times are those of counting alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from maskbench.artifacts import write_json
from maskbench.recognition.roc import RocCounter
from maskbench.threads import one_thread

FARS = (1e-2, 1e-3, 1e-4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=100_000_000)
    parser.add_argument("--genuine", type=int, default=1_000_000)
    parser.add_argument("--block", type=int, default=5_000_000)
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/roc.json"))
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    genuine = rng.normal(0.5, 0.2, options.genuine).astype(np.float32)
    with one_thread():
        exact_seconds, exact = _exact(genuine, options)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        loop_seconds, loop = _loop(genuine, options)
    write_json(
        options.out,
        {
            "pairs": options.pairs,
            "genuine": options.genuine,
            "load_before": os.getloadavg()[0],
            "exact": {"seconds": exact_seconds, "peak_rss_mb": round(peak), **exact},
            "loop_of_400": {"seconds": loop_seconds, **loop},
            "times_as_fast": loop_seconds / exact_seconds,
        },
    )
    print(options.out.read_text(encoding="utf-8"))


def _blocks(options: argparse.Namespace) -> Iterator[np.ndarray]:
    for number, start in enumerate(range(0, options.pairs, options.block)):
        size = min(options.block, options.pairs - start)
        source = np.random.default_rng([1, number])
        yield source.standard_normal(size, np.float32) * np.float32(0.15)


def _exact(genuine: np.ndarray, options: argparse.Namespace) -> tuple[float, dict[str, float]]:
    seconds = 0.0
    counter = RocCounter(genuine, options.pairs, largest_far=FARS[0])
    for block in _blocks(options):
        begun = time.perf_counter()
        counter.add(block)
        seconds += time.perf_counter() - begun
    begun = time.perf_counter()
    roc = counter.finish()
    found = {"auc": roc.auc(), "eer": roc.eer()} | {f"tar_at_{f:g}": roc.tar_at(f) for f in FARS}
    return seconds + time.perf_counter() - begun, found


def _loop(genuine: np.ndarray, options: argparse.Namespace) -> tuple[float, dict[str, float]]:
    seconds = 0.0
    thresholds = np.linspace(-1, 1, 400, dtype=np.float32)
    accepted = np.zeros(400, np.int64)
    for block in _blocks(options):
        begun = time.perf_counter()
        for number, threshold in enumerate(thresholds):
            accepted[number] += np.count_nonzero(block >= threshold)
        seconds += time.perf_counter() - begun
    begun = time.perf_counter()
    tar = np.array([(genuine >= threshold).mean() for threshold in thresholds])
    far = accepted / options.pairs
    found = {f"tar_at_{f:g}": float(tar[far <= f].max()) for f in FARS}
    return seconds + time.perf_counter() - begun, found


if __name__ == "__main__":
    main()
