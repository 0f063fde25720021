"""The exact ROC of a verification, in memory that does not grow with the impostor pairs.

A pair is accepted where its score is at or above a threshold. False accept rate (FAR): the share
of impostor pairs accepted; true accept rate (TAR): the share of genuine pairs accepted.

    counts = RocCounter(genuine)
    for block in blocks_of_impostor_scores:
        counts.add(block)
    roc = counts.finish()
    roc.auc(), roc.eer(), roc.tar_at(1e-3)

Nothing is binned and nothing extrapolated: all values are those of the curve through every score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Roc:
    """The curve, from the genuine scores' point of view.

    Attributes:
        genuine: (G,) genuine scores, ascending.
        above: (G,) impostor scores at or above each of them.
        equal: (G,) impostor scores equal to each of them.
        impostors: how many impostor scores there were.
        highest: (K,) the highest impostor scores, descending.
    """

    genuine: np.ndarray
    above: np.ndarray
    equal: np.ndarray
    impostors: int
    highest: np.ndarray

    def auc(self) -> float:
        """Area under the curve: the probability that a genuine pair scores above an impostor pair,
        ties counting half (Mann-Whitney)."""
        below = self.impostors - self.above + self.equal / 2
        return float(below.sum() / (len(self.genuine) * self.impostors))

    def resolves(self, far: float) -> bool:
        """Whether there are impostor pairs enough for this FAR: one at least may be accepted."""
        return allowed_accepts(self.impostors, far) >= 1

    def tar_at(self, far: float) -> float:
        """The highest TAR at a FAR of at most ``far``.

        Raises:
            ValueError: fewer impostor pairs than ``1 / far``, or a FAR above the highest that was
                asked for (:class:`RocCounter`).
        """
        return float((self.genuine >= self.threshold_at(far)).mean())

    def threshold_at(self, far: float) -> float:
        """The lowest threshold with a FAR of at most ``far``: the least number above the first
        impostor score that must be refused.

        Raises:
            ValueError: as :meth:`tar_at`.
        """
        accepts = allowed_accepts(self.impostors, far)
        if accepts < 1:
            raise ValueError(f"{self.impostors} impostor pairs do not resolve a FAR of {far:g}")
        if accepts >= self.impostors:
            return -np.inf
        if accepts >= len(self.highest):
            raise ValueError(f"FAR {far:g} is above the highest that was asked for")
        return float(np.nextafter(self.highest[accepts], np.inf, dtype=self.highest.dtype))

    def eer(self) -> float:
        """Equal error rate: where the falling FAR meets the rising false reject rate. On the steps
        of the curve they cross without being equal; the rate of the step that is crossed."""
        total = len(self.genuine)
        # Just above genuine score g: FRR = share of genuine scores <= g, FAR = impostors > g.
        refused = np.searchsorted(self.genuine, self.genuine, "right") / total
        refused_at = np.searchsorted(self.genuine, self.genuine, "left") / total
        accepted_at = self.above / self.impostors
        accepted = (self.above - self.equal) / self.impostors
        # The first genuine score beyond which FRR >= FAR. FRR steps up there; before it, FAR may
        # have come down to the FRR that held since the genuine score before.
        first = int(np.argmax(refused >= accepted))
        if refused_at[first] >= accepted_at[first]:
            return float(refused_at[first])
        # Between at and just above this score both jump; the diagonal of the step.
        fall = accepted_at[first] - accepted[first]
        rise = refused[first] - refused_at[first]
        share = (accepted_at[first] - refused_at[first]) / (fall + rise)
        return float(refused_at[first] + share * rise)

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """FAR and TAR at each different genuine score as threshold, and the ends: (N,), (N,),
        both ascending."""
        last = np.searchsorted(self.genuine, np.unique(self.genuine), "left")[::-1]
        far = self.above[last] / self.impostors
        tar = 1 - last / len(self.genuine)
        return np.concatenate([[0.0], far, [1.0]]), np.concatenate([[0.0], tar, [1.0]])


def power(rate: float) -> str:
    """A rate as names of metrics have it: ``1e-2``."""
    return f"{rate:.0e}".replace("e-0", "e-")


def tar_name(far: float) -> str:
    """How measurements call the TAR at a FAR: ``tar_at_far_1e-2`` and the like."""
    return f"tar_at_far_{power(far)}"


def allowed_accepts(impostors: int, far: float) -> int:
    """How many of the impostor pairs may be accepted at a FAR of at most ``far``."""
    return int(np.floor(far * impostors * (1 + 1e-12)))


class RocCounter:
    """Counts impostor scores block by block.

    Args:
        genuine: (G,) scores of genuine pairs; kept.
        impostors: how many impostor scores will come, or more: the highest of them are kept, as
            many as the largest FAR asks for.
        largest_far: of the FARs that will be asked for.

    Raises:
        ValueError: no genuine scores, or one that is not a number.
    """

    def __init__(self, genuine: np.ndarray, impostors: int, largest_far: float = 0.01) -> None:
        self.genuine = np.sort(np.asarray(genuine).ravel())
        if not len(self.genuine) or np.isnan(self.genuine[-1]):
            raise ValueError("genuine scores: none, or not a number")
        self.below = np.zeros(len(self.genuine), np.int64)  # impostors below each genuine score
        self.upto = np.zeros(len(self.genuine), np.int64)  # and at it or below
        self.keep = allowed_accepts(impostors, largest_far) + 1
        self.highest: np.ndarray | None = None
        self.impostors = 0

    def add(self, scores: np.ndarray) -> None:
        """Count a block of impostor scores.

        Raises:
            ValueError: a score is not a number.
        """
        scores = np.sort(np.asarray(scores).ravel())
        if not len(scores):
            return
        if np.isnan(scores[-1]):
            raise ValueError("an impostor score is not a number")
        self.impostors += len(scores)
        self.below += np.searchsorted(scores, self.genuine, "left")
        self.upto += np.searchsorted(scores, self.genuine, "right")
        top = scores[-self.keep :]
        both = top if self.highest is None else np.concatenate([self.highest, top])
        self.highest = np.sort(both)[-self.keep :]

    def finish(self) -> Roc:
        """The curve of everything counted.

        Raises:
            ValueError: no impostor scores.
        """
        if self.highest is None:
            raise ValueError("no impostor scores")
        above, equal = self.impostors - self.below, self.upto - self.below
        return Roc(self.genuine, above, equal, self.impostors, self.highest[::-1])


def roc_of(genuine: np.ndarray, impostors: np.ndarray) -> Roc:
    """The curve of scores that are there at once; any FAR can be asked for."""
    impostors = np.asarray(impostors).ravel()
    counter = RocCounter(genuine, len(impostors), largest_far=1.0)
    counter.add(impostors)
    return counter.finish()
