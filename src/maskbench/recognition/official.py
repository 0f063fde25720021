"""A data set's official pairs: which of them ask what masks do, and what gives the others away.

MFR2's list of 848 pairs (Anwar and Raychowdhury 2020) holds 383 of a bare with a masked face. The
others compare masked with masked faces, or bare with bare ones; there the masks themselves say
something of the answer, since the pictures of a person were collected together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maskbench.recognition.roc import roc_of
from maskbench.recognition.test_set import BARE, Pairs, TestSet


def of_one_bare_picture(pairs: Pairs, test: TestSet) -> Pairs:
    """The pairs of a bare with a masked picture, in their order."""
    chosen = _masks(pairs, test) == 1
    return replace(
        pairs, first=pairs.first[chosen], second=pairs.second[chosen], same=pairs.same[chosen]
    )


def confounds(pairs: Pairs, test: TestSet) -> str:
    """What the masks alone say of a list of pairs, in words.

    How many pairs are of two masked pictures; the AUC of a score that is the number of masks of a
    pair; and in how many pairs of two masked pictures both masks are of one type, of one person's
    and of two people's pictures. "" where the list holds no pair of two masked pictures, or pairs
    of one kind alone.
    """
    masks, same = _masks(pairs, test), pairs.same
    both = masks == 2
    if not (both & same).any() or not (both & ~same).any():
        return ""
    auc = roc_of(masks[same].astype(float), masks[~same].astype(float)).auc()
    style = test.table["style"].to_numpy()
    alike = style[pairs.first] == style[pairs.second]
    shares = [alike[both & kind].mean() for kind in (same, ~same)]
    return (
        f"{both.sum()} of {len(pairs)} pairs are masked with masked faces, where the masks are of "
        f"one type in {shares[0]:.0%} of genuine and {shares[1]:.0%} of impostor pairs, and the "
        f"number of masks in a pair alone gives an AUC of {auc:.3f}"
    )


def _masks(pairs: Pairs, test: TestSet) -> np.ndarray:
    """(P,) int, how many pictures of each pair show a mask."""
    masked = (test.table["kind"] != BARE).to_numpy().astype(int)
    return masked[pairs.first] + masked[pairs.second]
