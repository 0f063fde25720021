"""Quintuplet loss of MaskFaceNet (paper 2, sections 4.2 and 4.3), over a whole batch at once.

A quintuplet is an anchor A, a bare positive P and negative N, a masked positive Pm and negative Nm:

    max(0, d(A, P) - d(A, N) + d(A, Pm) - d(A, Nm) + margin),   d = squared Euclidean distance

The hinge at 0 is what every such loss has and the paper's formula leaves out. Anchors are the bare
pictures; a positive is another picture of the anchor's person.

The sum over all quintuplets of an anchor is one over pairs of pairs, (P, N) with (Pm, Nm): n bare
and m masked ones give n * m quintuplets. Sorting one side makes it n log m, exactly.
"""

from __future__ import annotations

import torch
from torch import Tensor

_FAR = 1e4  # squared distances of unit vectors are at most 4


def squared_distances(embeddings: Tensor) -> Tensor:
    """(B, D) -> (B, B), never negative."""
    squares = embeddings.square().sum(1)
    return (squares[:, None] + squares[None] - 2 * embeddings @ embeddings.T).clamp(min=0)


def semi_hard(embeddings: Tensor, labels: Tensor, masked: Tensor, margin: float) -> Tensor:
    """Mean loss of all semi-hard quintuplets: those with

        0 < d(A, N) - d(A, P) < margin  and  0 < d(A, Nm) - d(A, Pm) < margin.

    Args:
        embeddings: (B, D), of length 1.
        labels: (B,) int, identities.
        masked: (B,) bool.
        margin: alpha.

    Returns:
        A scalar; 0, with a gradient of 0, where a batch has no such quintuplet.
    """
    (bare, bare_there), (with_mask, with_mask_there) = _gaps(embeddings, labels, masked)
    # gap = d(A, positive) - d(A, negative): semi-hard where -margin < gap < 0
    bare_there = bare_there & (bare < 0) & (bare > -margin)
    with_mask_there = with_mask_there & (with_mask < 0) & (with_mask > -margin)
    count = (bare_there.sum(1) * with_mask_there.sum(1)).sum()
    # For each bare pair, the masked pairs that count are those above -margin - its gap: the end
    # of their ranking. Pairs that are not semi-hard are ranked last of all and never reached.
    ranked = with_mask.masked_fill(~with_mask_there, -_FAR).sort(dim=1).values
    start = torch.searchsorted(ranked.detach(), (-margin - bare.detach()).contiguous(), right=True)
    tails = torch.nn.functional.pad(ranked.flip(1).cumsum(1).flip(1), (0, 1))
    counted = ranked.shape[1] - start
    sums = (bare + margin) * counted + tails.gather(1, start)
    return sums.masked_fill(~bare_there, 0).sum() / count.clamp(min=1)


def hardest(embeddings: Tensor, labels: Tensor, masked: Tensor, margin: float) -> Tensor:
    """Mean over anchors of the loss of each anchor's hardest quintuplet: the farthest positives and
    the nearest negatives.

    Args and result as :func:`semi_hard`; an anchor without one of the four is left out.
    """
    (bare, bare_there), (with_mask, with_mask_there) = _gaps(embeddings, labels, masked)
    whole = bare_there.any(1) & with_mask_there.any(1)
    if not whole.any():
        return embeddings.sum() * 0
    worst = (
        bare.masked_fill(~bare_there, -_FAR).amax(1)[whole]
        + with_mask.masked_fill(~with_mask_there, -_FAR).amax(1)[whole]
    )
    return (worst + margin).clamp(min=0).mean()


def _gaps(embeddings: Tensor, labels: Tensor, masked: Tensor) -> list[tuple[Tensor, Tensor]]:
    """d(A, positive) - d(A, negative) of each anchor's bare and then of its masked pairs.

    Returns:
        For both sides the gaps (anchors, pairs) and which of them are there, (anchors, pairs) bool.
    """
    masked = masked.bool()
    anchors = torch.nonzero(~masked)[:, 0]
    distances = squared_distances(embeddings)[anchors]
    same = labels[anchors, None] == labels[None]
    itself = anchors[:, None] == torch.arange(len(labels), device=labels.device)[None]
    found = []
    for side in (~masked, masked):
        near, near_there = _gathered(distances, same & ~itself & side)
        far, far_there = _gathered(distances, ~same & side)
        gaps = (near[:, :, None] - far[:, None]).flatten(1)
        found.append((gaps, (near_there[:, :, None] & far_there[:, None]).flatten(1)))
    return found


def _gathered(values: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
    """The values of each row that are there, moved to its front: as wide as the fullest row."""
    width = max(1, int(there.sum(1).max())) if len(there) else 1
    places = (~there).to(torch.uint8).argsort(dim=1, stable=True)[:, :width]
    return values.gather(1, places), there.gather(1, places)
