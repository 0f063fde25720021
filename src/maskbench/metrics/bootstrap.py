"""The bootstrap over people, which every interval and verdict rests on.

A person's pictures are not independent, nor are pairs that share a person. So people are drawn, as
many as there are, with replacement, and all of a drawn person's pictures, styles and pairs go with
them (Efron & Tibshirani 1993, chapter 8). The draw depends on the seed and the people's names
alone: on the same test people resample b of two methods, restorers or recognisers is the same, and
the difference of their resamples is a paired one; other people, as those of another fold, are drawn
independently.

Folds test different people. A number of several folds is a mean of theirs, weighted by pictures
where it is a mean over pictures, equally where it is a score of its own; the same mean of the
folds' resamples, resample by resample, are its resamples.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LEVEL = 0.95
_HELD = 4_000_000  # draws


@dataclass(frozen=True)
class People:
    """Who is on each picture, and how often each person stands in each resample.

    Attributes:
        person: (N,) int, the column of ``draws`` of each picture.
        draws: (R, people) uint8; rows sum to the number of people.
    """

    person: np.ndarray
    draws: np.ndarray

    @classmethod
    def drawn(cls, names: Sequence[Any] | np.ndarray, resamples: int, seed: int) -> People:
        """Draw the people of a test set.

        Args:
            names: (N,) who is on each picture.
            resamples: R.
            seed: of the draw.
        """
        different, person = np.unique(np.asarray(names), return_inverse=True)
        key = zlib.crc32("\n".join(map(str, different)).encode())
        count = len(different)
        random, share = np.random.default_rng([seed, key]), np.full(count, 1 / count)
        draws = np.empty((resamples, count), np.uint8)  # nobody is drawn 256 times
        for part in _parts(draws):
            draws[part] = random.multinomial(count, share, size=len(draws[part]))
        return cls(person, draws)

    def of(self, rows: np.ndarray) -> People:
        """Those of some pictures, by the same draw."""
        return People(self.person[rows], self.draws)

    @property
    def count(self) -> int:
        """How many people are on the pictures."""
        return len(np.unique(self.person))

    def means(self, values: np.ndarray) -> np.ndarray:
        """The mean of something of pictures in every resample.

        Args:
            values: (N,); NaN = not defined for that picture, left out.

        Returns:
            (R,); NaN where a resample holds no defined value.
        """
        known, people = np.isfinite(values), self.draws.shape[1]
        sums = np.bincount(self.person[known], weights=values[known], minlength=people)
        counts = np.bincount(self.person[known], minlength=people).astype(np.float64)
        total = self._summed(counts)
        none = np.full(len(self.draws), np.nan)
        return np.divide(self._summed(sums), total, out=none, where=total > 0)

    def _summed(self, values: np.ndarray) -> np.ndarray:
        """The sum of something of people (people,) in every resample (R,)."""
        parts = [self.draws[part].astype(np.float64) @ values for part in _parts(self.draws)]
        return np.concatenate(parts) if parts else np.empty(0)


def _parts(draws: np.ndarray) -> list[slice]:
    """Resamples that are held at once as numbers of eight bytes."""
    step = max(1, _HELD // max(1, draws.shape[1]))
    return [slice(start, start + step) for start in range(0, len(draws), step)]


def interval(
    value: float, replicates: np.ndarray, people: int, folds: int = 1
) -> tuple[float, float] | None:
    """The 95% interval of a number: the percentile interval, stretched away from the number.

    A bootstrap of n people has (n - 1) / n of the variance, and its quantiles are those of a normal
    distribution where Student's are due: with eight people the percentile interval is a fifth too
    short (Hesterberg 2015, "What teachers should know about the bootstrap", narrowness bias). Both
    ends are moved to sqrt(n / (n - folds)) t(n - folds) / 1.96 times their distance from the
    number. It may then leave the range of the metric.

    Args:
        value: the number.
        replicates: (R,) its resamples.
        people: n, behind the number, in all folds together.
        folds: each of which was drawn by itself.

    Returns:
        low and high; None with fewer than two finite replicates, or no more people than folds.
    """
    finite = replicates[np.isfinite(replicates)]
    if len(finite) < 2 or people <= folds:
        return None
    ends = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = value + (ends - value) * stretch(people, folds)
    return float(low), float(high)


def stretch(people: int, folds: int = 1) -> float:
    """How much too short the percentile interval is, where people are more than folds."""
    from scipy.special import ndtri

    width = np.sqrt(people / (people - folds)) * student(people - folds)
    return float(width / ndtri((1 + LEVEL) / 2))


def student(freedom: int) -> float:
    """The quantile of Student's distribution that bounds a two-sided 95% interval."""
    from scipy.special import stdtrit  # here: what only names the columns starts without SciPy

    return float(stdtrit(freedom, (1 + LEVEL) / 2))
