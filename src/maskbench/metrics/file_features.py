"""Features of picture files: threads read and decode ahead while the network works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from maskbench.datasets.pictures import read_picture
from maskbench.metrics.features import FeatureExtractor


def file_features(
    extractor: FeatureExtractor, files: Sequence[Path], readers: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Features and class scores of picture files of any sizes.

    Args:
        extractor: the network; its ``batch_size`` is the batch.
        files: the pictures.
        readers: threads that decode ahead; at most two batches of pictures are held.

    Returns:
        (N, dim) and (N, classes) float32, in the order of ``files``.

    Raises:
        MaskbenchError: a file that is no picture, by name.
    """
    features = np.empty((len(files), extractor.dim), np.float32)
    logits = np.empty((len(files), extractor.classes), np.float32)
    start = 0
    for batch in _batches(_read_ahead(files, readers, 2 * extractor.batch_size), extractor):
        part = slice(start, start + len(batch))
        features[part], logits[part], _ = extractor.maps(batch)
        start = part.stop
    return features, logits


def _read_ahead(files: Sequence[Path], readers: int, ahead: int) -> Iterator[np.ndarray]:
    with ThreadPoolExecutor(max(1, readers)) as pool:
        waiting = iter(files)
        running: list[Future[np.ndarray]] = [
            pool.submit(read_picture, file) for file in islice(waiting, ahead)
        ]
        try:
            while running:
                picture = running.pop(0).result()
                running += [pool.submit(read_picture, file) for file in islice(waiting, 1)]
                yield picture
        finally:
            for future in running:
                future.cancel()


def _batches(pictures: Iterator[np.ndarray], extractor: FeatureExtractor) -> Iterator[np.ndarray]:
    """Stacks of following pictures of one size, at most a batch each."""
    held: list[np.ndarray] = []
    for picture in pictures:
        if held and (len(held) == extractor.batch_size or held[0].shape != picture.shape):
            yield np.stack(held)
            held = []
        held.append(picture)
    if held:
        yield np.stack(held)
