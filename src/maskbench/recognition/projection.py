"""Face-mask bias of an encoder and its projection (paper 3, section 5, equation 5.1)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from maskbench.errors import MaskbenchError
from maskbench.faces.people import People
from maskbench.recognition.embed import training_set_of
from maskbench.recognition.recogniser import Model, Recogniser, Training

if TYPE_CHECKING:
    from maskbench.recognition.test_set import TestSet

BIAS = "bias.npy"


class Projection(Recogniser):
    """A frozen network without its bias, the mean difference that masks make to a face."""

    def train(self, training: Training) -> People:
        found, table = training_set_of(training.embeddings)
        row_of = {face: row for row, face in enumerate(table["face_id"])}
        masked = np.flatnonzero(found.masked)
        if not len(masked):
            raise MaskbenchError(
                "projection", "no masked pictures", "it needs them: set training to a method"
            )
        bare = np.array([row_of[table["bare_id"].iloc[row]] for row in masked])
        np.save(training.out / BIAS, mask_bias(found.values[bare], found.values[masked]))
        return {training.dataset: found.people}

    def embed(self, model: Model, test: TestSet, frozen: np.ndarray) -> np.ndarray:
        bias = np.load(Path(str(model.folder)) / BIAS, allow_pickle=False)
        return without_bias(frozen, bias).astype(np.float32)

    def in_words(self, model: Model, network: str) -> str:
        return f"{network} without bias of {model.source}"


def mask_bias(faces: np.ndarray, masked: np.ndarray) -> np.ndarray:
    """The direction in which masks move embeddings: their mean difference, of length 1.

    Args:
        faces, masked: (M, D), row i of both is the same face, bare and masked.

    Raises:
        ValueError: no pairs, differing shapes, or masks that move nothing on average.
    """
    faces, masked = np.asarray(faces, np.float64), np.asarray(masked, np.float64)
    if faces.shape != masked.shape or not len(faces):
        raise ValueError(f"pairs are needed: {faces.shape} faces, {masked.shape} masked ones")
    bias = (masked - faces).mean(0)
    length = np.linalg.norm(bias)
    if not length:
        raise ValueError("masked and bare embeddings have the same mean: there is no bias")
    return bias / length


def without_bias(embeddings: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Embeddings (N, D) without what lies along ``bias`` (D,), which has length 1."""
    return embeddings - (embeddings @ bias)[:, None] * bias
