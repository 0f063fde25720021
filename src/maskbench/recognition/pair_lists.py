"""Pairs of pictures in bounded memory: all genuine ones, impostors all or drawn at random.

A collection of 5,000 masked and 90,000 bare pictures has 450 million pairs. They are counted row by
row, so that what is drawn is drawn evenly from all of them, and no list of them is ever made.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def drawn_pairs(
    people: np.ndarray,
    photos: np.ndarray,
    one: np.ndarray,
    other: np.ndarray,
    limit: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Pairs of a picture of ``one`` with a picture of ``other``, never of one photograph.

    The result is that of listing every pair and drawing from the impostors with numpy's generator
    of this seed. Memory: the pairs returned, and at most 50 numbers of 8 bytes for each impostor
    pair of ``limit`` (numpy's drawing without repetition). Time: two comparisons of all pairs.

    Args:
        people: (N,) who is on each picture.
        photos: (N,) the photograph that it was made of.
        one, other: ascending rows of the pictures; either the same rows, then every pair stands
            once, its smaller row first, or no row in both.
        limit: impostor pairs at most; more are drawn from at random, without repetition.
        seed: of this drawing.

    Returns:
        first (P,), second (P,) rows, ordered by first, then second; same (P,) bool; and how many
        impostor pairs were left out.

    Raises:
        ValueError: some rows are in both, others are not.
    """
    if not np.array_equal(one, other) and len(np.intersect1d(one, other)):
        raise ValueError("the two kinds of pictures share rows, but not all of them")
    who = np.unique(people, return_inverse=True)[1].astype(np.int32)
    photo = np.unique(photos, return_inverse=True)[1].astype(np.int32)
    counts = np.array(
        [np.count_nonzero(others) for *_, others in _partners(who, photo, one, other)], np.int64
    )
    total = int(counts.sum())
    drawn = np.arange(min(total, limit))
    if total > limit:
        drawn = np.sort(np.random.default_rng(seed).choice(total, limit, replace=False))
    starts = np.concatenate([[0], np.cumsum(counts)])
    bounds = np.searchsorted(drawn, starts)
    first, second, same = [], [], []
    for number, (row, partners, genuine, others) in enumerate(_partners(who, photo, one, other)):
        chosen = genuine.copy()
        own = drawn[bounds[number] : bounds[number + 1]] - starts[number]
        if len(own):
            chosen[np.flatnonzero(others)[own]] = True
        second.append(partners[chosen])
        same.append(genuine[chosen])
        first.append(np.full(len(second[-1]), row, np.int64))
    nothing = np.empty(0, np.int64)
    return (
        np.concatenate([nothing, *first]),
        np.concatenate([nothing, *second]),
        np.concatenate([nothing.astype(bool), *same]),
        total - len(drawn),
    )


def _partners(
    who: np.ndarray, photo: np.ndarray, one: np.ndarray, other: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """For each row of ``one``: itself, its possible partners, and which of these are genuine and
    which impostors (a partner of the same photograph is neither)."""
    alone = np.array_equal(one, other)
    people, photos = who[other], photo[other]
    for number, row in enumerate(one):
        start = number + 1 if alone else 0
        same = people[start:] == who[row]
        apart = photos[start:] != photo[row]
        yield int(row), other[start:], same & apart, ~same & apart
