"""Self-restrained triplet loss of the Embedding Unmasking Model.

Boutros, Damer, Kirchbuchner, Kuijper: Self-restrained triplet loss for accurate masked face
recognition, Pattern Recognition 124 (2022) 108473. A small network on top of a frozen recogniser
learns to give a masked face the embedding that its bare face would have. The anchor a is the
network's output for a masked face; the positive p and the negative n are frozen embeddings of bare
faces, of the same and of another person. With squared distances of unit embeddings and the
triplets of a batch:

    mean d(a, n) <  mean d(p, n):  mean of max(0, d(a, p) - d(a, n) + m)
    mean d(a, n) >= mean d(p, n):  mean of max(0, d(a, p) - mean d(p, n) + m)

So anchors are pushed away from other people only until they are as far from them as bare faces
are. After that the whole gradient pulls anchor and positive together.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.recognition.quintuplet import squared_distances


def self_restrained_triplet(
    adapted: Tensor, frozen: Tensor, labels: Tensor, masked: Tensor, margin: float
) -> Tensor:
    """The loss over all triplets of a batch: every masked face with every bare picture of its
    person and every bare picture of another person.

    Args:
        adapted: (B, D), the network's output; rows of bare faces are not read.
        frozen: (B, D), the frozen recogniser's embeddings; rows of masked faces are not read.
        labels: (B,) int, the people.
        masked: (B,) bool.
        margin: m, of squared distances, which lie in 0..4.

    Returns:
        A scalar; 0, with gradient 0, where the batch has no triplet.
    """
    anchors, bare = F.normalize(adapted[masked]), F.normalize(frozen[~masked].detach())
    same = labels[masked][:, None] == labels[~masked][None]
    # Triplets (a, p, n): who has no positive or no negative is the anchor of none.
    triplets = same[:, :, None] & ~same[:, None, :]
    if not triplets.any():
        return adapted.sum() * 0
    distances = squared_distances(torch.cat([anchors, bare]))
    a = len(anchors)
    to_bare, between_bare = distances[:a, a:], distances[a:, a:]
    to_positive, to_negative = to_bare[:, :, None], to_bare[:, None, :]
    between = between_bare.expand_as(triplets)[triplets].mean()
    if to_negative.detach().expand_as(triplets)[triplets].mean() < between:
        hinge = to_positive - to_negative + margin
    else:
        hinge = (to_positive - between + margin).expand_as(triplets)
    return hinge[triplets].clamp(min=0).mean()
