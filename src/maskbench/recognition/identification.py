"""Closed-set identification: whose face is this, of the people in the gallery?

Gallery and probes are embeddings; by the papers' protocol the gallery is bare and the probes are
masked. A person's score is that of the most similar of their gallery pictures.
"""

from __future__ import annotations

import numpy as np

_BLOCK = 4_000_000  # similarities held at once


def ranks(
    gallery: np.ndarray,
    gallery_identity: np.ndarray,
    probes: np.ndarray,
    probe_identity: np.ndarray,
) -> np.ndarray:
    """The rank of the right person for each probe; 1 is the best.

    People with the same score as the right one rank before it, so a network that gives everyone
    the same embedding ranks last, not first.

    Args:
        gallery: (G, D), rows of length 1.
        gallery_identity: (G,).
        probes: (P, D), rows of length 1.
        probe_identity: (P,).

    Returns:
        (P,) int.

    Raises:
        ValueError: a probe's person is not in the gallery (the set is closed), or no gallery.
    """
    people, person = np.unique(np.asarray(gallery_identity), return_inverse=True)
    absent = np.setdiff1d(probe_identity, people)
    if not len(people) or len(absent):
        raise ValueError(f"not in the gallery: {', '.join(map(str, absent[:3])) or 'anybody'}")
    wanted = np.searchsorted(people, probe_identity)
    order = np.argsort(person, kind="stable")
    starts = np.searchsorted(person[order], np.arange(len(people)))
    sorted_gallery = np.asarray(gallery)[order].T
    found = np.empty(len(probes), int)
    step = max(1, _BLOCK // max(1, len(gallery)))
    for start in range(0, len(probes), step):
        some = slice(start, start + step)
        best = np.maximum.reduceat(probes[some] @ sorted_gallery, starts, axis=1)
        own = np.take_along_axis(best, wanted[some, None], axis=1)
        found[some] = (best >= own).sum(1)
    return found


def cmc(rank: np.ndarray, people: int) -> np.ndarray:
    """Cumulative match characteristic: share of probes with their person among the first 1, 2, ...
    ``people``: (people,)."""
    counts = np.bincount(rank, minlength=people + 1)[1 : people + 1]
    return np.cumsum(counts) / len(rank)
