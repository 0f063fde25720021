"""A small network on frozen embeddings that makes masked and bare faces of a person alike.

For those who cannot retrain their recogniser: its embeddings go in, others come out. First a fixed
transform, fitted to the training people: unit length, their mean subtracted, if wanted the spread
within people made round (whitened, with a shrunk covariance as in Friedman 1989). Then a residual
network, which begins as the identity. The frozen embedding itself stays a part of the result, so
that the cosine of two results is a weighted mean of the adapted and of the frozen cosine.

Everything fitted or learnt is in the state dict. Losses with class weights must start at
:func:`class_means`: from random ones the network first has to undo what it is given, and people it
never saw lose by it (LFW's validation people, masked against bare: AUC 0.983 instead of 0.990).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.errors import MaskbenchError
from maskbench.recognition.kinds.adapter import AdapterParams
from maskbench.recognition.test_set import unit_rows


class Adapter(nn.Module):
    """Frozen embeddings (B, size) of any length -> embeddings (B, dim).

    Args:
        size: numbers in a frozen embedding.
        params: what it is made of.

    Attributes:
        dim: numbers in a result: ``size``, twice that where the frozen embedding is kept.
    """

    def __init__(self, size: int, params: AdapterParams) -> None:
        super().__init__()
        self.size, self.params = size, params
        self.dim = 2 * size if params.keep else size
        self.mean: Tensor
        self.matrix: Tensor
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("matrix", torch.eye(size))
        self.change = None if params.form == "none" else _change(size, params)

    def fit(self, values: np.ndarray, labels: np.ndarray, masked: np.ndarray) -> None:
        """Fit the fixed transform; nothing is random.

        Args:
            values: (N, size), frozen embeddings of training pictures.
            labels: (N,) int, their people.
            masked: (N,) bool. All pictures count alike: what a mask changes is spread within a
                person, as light and pose are.

        Raises:
            MaskbenchError: not finite or of another size, or no person has two pictures.
        """
        if values.ndim != 2 or values.shape[1] != self.size or not len(values):
            raise MaskbenchError(
                "adapter", f"embeddings of shape {values.shape}", f"give (N, {self.size})"
            )
        if not (len(values) == len(labels) == len(masked)):
            raise MaskbenchError(
                "adapter",
                f"{len(values)} embeddings, {len(labels)} labels, {len(masked)} mask flags",
                "give one of each for every picture",
            )
        if not np.isfinite(values).all():
            raise MaskbenchError("adapter", "embeddings are not finite", "embed the faces again")
        if self.params.transform == "none":
            return
        unit = unit_rows(values.astype(np.float64))
        mean, matrix = unit.mean(0), np.eye(self.size)
        if self.params.transform == "whiten":
            matrix = whitening(unit, labels, self.params.shrinkage)
        with torch.no_grad():
            self.mean.copy_(torch.from_numpy(mean))
            self.matrix.copy_(torch.from_numpy(matrix))

    def fixed(self, embeddings: Tensor) -> Tensor:
        """(B, dim), of length 1: the result as it is before anything is learnt."""
        return self._joined(embeddings, self._moved(embeddings))

    def forward(self, embeddings: Tensor) -> Tensor:
        """(B, dim), of length 1."""
        x = self._moved(embeddings)
        return self._joined(embeddings, x if self.change is None else x + self.change(x))

    def _moved(self, embeddings: Tensor) -> Tensor:
        """Transformed, numbers of size 1 on average, as layers like them."""
        moved = (F.normalize(embeddings) - self.mean) @ self.matrix
        return F.normalize(moved) * self.size**0.5

    def _joined(self, embeddings: Tensor, adapted: Tensor) -> Tensor:
        keep, adapted = self.params.keep, F.normalize(adapted)
        if not keep:
            return adapted
        return torch.cat([adapted * (1 - keep) ** 0.5, F.normalize(embeddings) * keep**0.5], 1)


def _change(size: int, params: AdapterParams) -> nn.Module:
    """What is added to an embedding: at first nothing."""
    if params.form == "matrix":
        matrix = nn.Linear(size, size, bias=False)
        nn.init.zeros_(matrix.weight)
        return matrix
    last = nn.Linear(params.hidden, size)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(
        nn.Linear(size, params.hidden),
        nn.BatchNorm1d(params.hidden),
        nn.PReLU(),
        nn.Dropout(params.dropout),
        last,
    )


def class_means(results: Tensor, labels: Tensor) -> Tensor:
    """Where the class weights of a loss should start: each person's mean, of length 1.

    Args:
        results: (N, D), the adapter's results before it learns.
        labels: (N,) int, 0 to people - 1, every one of them present.

    Returns:
        (people, D).
    """
    people = int(labels.max()) + 1
    sums = results.new_zeros(people, results.shape[1])
    return F.normalize(sums.index_add(0, labels, F.normalize(results.detach())))


def whitening(embeddings: np.ndarray, labels: np.ndarray, shrinkage: float) -> np.ndarray:
    """The symmetric matrix that makes the shrunk covariance within people the identity.

    Args:
        embeddings: (N, D).
        labels: (N,) int, people.
        shrinkage: share of the identity (times the mean variance) in the covariance, above 0.

    Returns:
        (D, D): the inverse root of the shrunk covariance; multiply rows from the right.

    Raises:
        MaskbenchError: no person has two different embeddings.
    """
    embeddings = np.asarray(embeddings, np.float64)
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), embeddings.shape[1]))
    np.add.at(sums, place, embeddings)
    apart = embeddings - (sums / counts[:, None])[place]
    covariance = apart.T @ apart / max(1, len(embeddings) - len(counts))
    variance = np.trace(covariance) / len(covariance)
    if not variance > 1e-12:
        raise MaskbenchError(
            "adapter: transform: whiten",
            "nobody has two different pictures, so there is no spread within people",
            "give people with several pictures, or set transform: centre",
        )
    shrunk = (1 - shrinkage) * covariance + shrinkage * variance * np.eye(len(covariance))
    values, vectors = np.linalg.eigh(shrunk)
    return np.asarray(vectors / np.sqrt(values) @ vectors.T)
