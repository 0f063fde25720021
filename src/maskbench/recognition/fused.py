"""Recognisers that err on different pairs, as one: the sum of their standardised scores.

Recogniser i gives a pair of pictures the score s_i, the dot product of two embeddings of length 1.
On pairs of a bare with a masked picture of validation people its scores have the mean m_i and the
(population) deviation d_i. The fused score of a pair is (z-scores and the sum rule of Jain,
Nandakumar, Ross 2005, Pattern Recognition 38)

    sum over i of (s_i - m_i) / d_i

Embeddings e_i of length 1, each divided by the root of d_i and put beside each other, have the dot
product sum s_i / d_i: the fused score up to the constant sum m_i / d_i. All of them have the same
length, so that the cosine is that sum over sum 1 / d_i. Neither constant changes which pair scores
higher; AUC, TAR and ranks are those of the fused score.

scores.json     of each recogniser: name, length of its embeddings, mean and sd of its scores
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from maskbench.artifacts import read_json, write_json
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.faces.people import People, together
from maskbench.recognition.encoders import encoder_of
from maskbench.recognition.kinds import networks_of
from maskbench.recognition.measure import IMPOSTORS
from maskbench.recognition.protocols import scores_of
from maskbench.recognition.recogniser import Model, Recogniser, Training
from maskbench.recognition.specs import Absent
from maskbench.recognition.test_set import BARE, MASKED, masked_by_us, unit_rows
from maskbench.training.devices import place

if TYPE_CHECKING:
    from maskbench.recognition.test_set import TestSet

SCORES = "scores.json"
VALIDATION = "val"


class Fused(Recogniser):
    """Several recognisers as one."""

    def train(self, training: Training) -> People:
        """Write the mean and the deviation of each recogniser's scores of validation people."""
        if training.masked is None:
            raise MaskbenchError(
                training.block.name, "no masked pictures", "set training to a method"
            )
        bare = FaceSet.open(training.faces)
        if not len(bare.of_split(VALIDATION)):
            raise Absent(f"no validation people: raise datasets.{bare.dataset}.shares.val")
        test = masked_by_us(training.faces, training.masked, split=VALIDATION)
        pairs = test.pairs(BARE, MASKED, IMPOSTORS, training.seed)
        folders, found, people = iter(training.models), [], [bare.people_of(VALIDATION)]
        for block in training.members:
            model = Model.open(block, next(folders) if block.spec.learns else None)
            values = _embeddings(model, test, training.weights)
            scores = scores_of(values, pairs).astype(np.float64)
            if len(scores) < 2 or not scores.std() > 0:
                raise Absent(f"validation people: {block.name} has no two different scores")
            facts = {"mean": float(scores.mean()), "sd": float(scores.std())}
            found.append({"name": block.name, "dim": values.shape[1], **facts})
            people.append(model.learnt_from)
        write_json(training.out / SCORES, {"pairs": len(pairs), "recognisers": found})
        return together(*people)

    def embed(self, model: Model, test: TestSet, frozen: np.ndarray) -> np.ndarray:
        """``frozen``: (N, sum of lengths) the recognisers' own embeddings beside each other."""
        found = read_json(Path(str(model.folder)) / SCORES)["recognisers"]
        ends = np.cumsum([one["dim"] for one in found])
        if frozen.shape[1] != ends[-1]:
            raise MaskbenchError(
                str(model.folder), f"{ends[-1]} numbers, not {frozen.shape[1]}", "train it again"
            )
        return joined(np.split(frozen, ends[:-1], axis=1), [one["sd"] for one in found])

    def in_words(self, model: Model, network: str) -> str:
        return f"{' + '.join(model.block.params.recognisers)}, standardised on {model.source}"


def joined(parts: Sequence[np.ndarray], deviations: Sequence[float]) -> np.ndarray:
    """Embeddings whose dot product is the sum of the parts' cosines, each over its deviation.

    Args:
        parts: (N, size) each, of any length.
        deviations: of the scores of each, above 0.

    Returns:
        (N, sum of sizes), every row of length sqrt(sum of 1 / deviation).
    """
    scaled = [unit_rows(part) / sd**0.5 for part, sd in zip(parts, deviations, strict=True)]
    return np.concatenate(scaled, axis=1)


def _embeddings(model: Model, test: TestSet, weights: Path) -> np.ndarray:
    """A recogniser's embeddings of validation people, of length 1."""
    frozen = np.empty((0, 0), np.float32)
    for network in networks_of(model.block):
        frozen = test.embeddings(encoder_of(network, weights, str(place("float32").device)))
    kind: Recogniser = model.block.spec.load()
    return unit_rows(kind.embed(model, test, frozen))
