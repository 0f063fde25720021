"""How good a facial-feature detector is, beside the mean box of each part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.guides.evaluate_guide import batches, seen_and_unseen
from maskbench.guides.feature_detector_training import points_of
from maskbench.guides.parts import HIDDEN, PART_OF_BOX, PARTS, iou, labels
from maskbench.imaging.tensors import as_tensor
from maskbench.masks.maskedset import MaskedSet
from maskbench.measurements import ALL, SEEN, STANDARD
from maskbench.metrics.bootstrap import People
from maskbench.metrics.detection import average_precision, weighted_auc
from maskbench.metrics.numbers import Number, people_of
from maskbench.metrics.picture_metrics import counterparts
from maskbench.threads import one_thread

MEAN_BOX = "mean_box"
"""The method that always finds each part where it lies on average on training people."""
BARE, MASKED = "bare_faces", "masked_faces"
"""Protocols: pictures of one kind alone. ``standard``: each masked face and its bare face."""
UNDER_MASKS = ("nose", "mouth")
_OVERLAP = 0.5
_SURE = 0.5  # a part is said to be seen from this presence on
_DRAWS = 100  # resamples at a time, which bounds the memory
_CORNERS = ["x0", "y0", "x1", "y1"]

Statistic = Callable[[np.ndarray], np.ndarray]
"""Weights (R, P) of the pictures in resamples -> (R,) numbers."""


class Detector(Protocol):
    """What is measured: see :class:`.feature_detector.FeatureDetector`."""

    def detect(self, images: np.ndarray) -> pd.DataFrame: ...

    def presence(self, pictures: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Truth:
    """What is on P pictures, masked and bare ones.

    Attributes:
        boxes: (P, 7, 4) in pixels.
        shown, hidden: (P, 7) bool, the part can be seen, or lies under the mask; neither where it
            is not in the picture.
        people: who is on them.
    """

    boxes: Tensor
    shown: np.ndarray
    hidden: np.ndarray
    people: People


def measure(
    detector: Detector,
    masked: MaskedSet,
    faces: FaceSet,
    config: MetricsConfig,
    unseen_styles: Sequence[str],
) -> tuple[list[Number], pd.DataFrame]:
    """Measure a detector on people that it has not learnt from.

    ``ap50``: average precision of the boxes of each part (column ``subset``; ``all``: its mean over
    the parts) at an IoU of at least 0.5; a box of a part that the mask hides is a false one. Beside
    it that of :data:`MEAN_BOX`. ``hidden_accuracy``: how often a presence below 0.5 says rightly
    that the mask hides a part; ``hidden_auc``: the probability that a seen part has a higher
    presence than a hidden one. Of nose and mouth, half of the pictures bare.

    Returns:
        numbers, and a table with face_id, style and the presence of each part on each masked face.
    """
    bare_rows = counterparts(masked, faces, ["face_id"])
    bare, first, of_bare = np.unique(bare_rows, return_index=True, return_inverse=True)
    count = len(masked)
    with one_thread():
        boxes, presence = _look(detector, masked, np.arange(count))
        more_boxes, more_presence = _look(detector, faces, bare)
    boxes = pd.concat([boxes, more_boxes.assign(picture=more_boxes["picture"] + count)])
    presence = np.concatenate([presence, more_presence])
    people = people_of(masked, config)
    everybody = People(np.concatenate([people.person, people.person[first]]), people.draws)
    truth = _truth(masked, faces, bare, everybody)
    methods = {"": boxes, MEAN_BOX: _mean_boxes(faces, len(presence))}
    judged = {name: judge(found, truth) for name, found in methods.items()}
    numbers: list[Number] = []
    for styles, rows in seen_and_unseen(masked, unseen_styles).items():
        worn, beside = np.zeros(len(presence)), np.zeros(len(presence))
        worn[rows] = 1
        beside[count:] = np.bincount(of_bare[rows], minlength=len(bare))
        groups = {STANDARD: worn + beside, MASKED: worn}
        if styles == SEEN:  # a bare face is in no style
            groups[BARE] = (beside > 0).astype(float)
        for protocol, weights in groups.items():
            for name, found in judged.items():
                numbers += [
                    replace(number, protocol=protocol, styles=styles, other=_row_of(name))
                    for number in average_precisions(found, truth, weights)
                ]
        numbers += [
            replace(number, styles=styles)
            for number in hidden_or_seen(presence, truth, groups[STANDARD])
        ]
    per_picture = pd.DataFrame(
        {
            "face_id": masked.faces["bare_id"].to_numpy(),
            "style": masked.faces["style"].to_numpy(),
            **{f"presence_{part}": presence[:count, k] for k, part in enumerate(PARTS)},
        }
    )
    return numbers, per_picture


def judge(found: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """Found boxes with the column ``hit``: whether each overlaps a shown box of its part by half,
    and is the best of those that do so with the same one.

    Args:
        found: columns of :meth:`.feature_detector.FeatureDetector.detect`.
        truth: what is on the pictures.
    """
    found = found.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    picture = found["picture"].to_numpy(copy=True)  # what pandas hands out is not to be written on
    part = found["part"].map(PARTS.index).to_numpy()
    boxes = torch.tensor(found[_CORNERS].to_numpy(np.float32))[:, None]
    overlap = iou(boxes, truth.boxes[picture]).numpy()
    overlap[(part[:, None] != np.array(PART_OF_BOX)) | ~truth.shown[picture]] = 0
    nearest = overlap.argmax(1)
    hit = overlap[np.arange(len(found)), nearest] >= _OVERLAP
    places = pd.DataFrame({"picture": picture, "nearest": nearest})[hit]
    hit[hit] = ~places.duplicated().to_numpy()
    return found.assign(hit=hit)


def average_precisions(found: pd.DataFrame, truth: Truth, weights: np.ndarray) -> list[Number]:
    """``ap50`` of each part that can be seen on one of the pictures, and the mean of these.

    Args:
        found: from :func:`judge`.
        truth: what is on the P pictures.
        weights: (P,) how often each picture counts.
    """
    numbers = []
    for part, name in enumerate(PARTS):
        own = found[found["part"] == name]
        picture, scores, hits = (own[column].to_numpy() for column in ("picture", "score", "hit"))
        shown = truth.shown[:, np.array(PART_OF_BOX) == part].sum(1)
        if not (weights * shown).any():
            continue
        numbers.append(
            _number(
                "ap50", truth, weights,
                partial(_ap, picture=picture, scores=scores, hits=hits, shown=shown), name,
            )
        )  # fmt: skip
    mean = replace(
        numbers[0],
        subset=ALL,
        value=float(np.mean([number.value for number in numbers])),
        replicates=np.mean([number.replicates for number in numbers], axis=0),
    )
    return [mean, *numbers]


def hidden_or_seen(presence: np.ndarray, truth: Truth, weights: np.ndarray) -> list[Number]:
    """``hidden_accuracy`` and ``hidden_auc`` of the parts :data:`UNDER_MASKS`.

    Args:
        presence: (P, 6).
        truth, weights: see :func:`average_precisions`.
    """
    numbers = []
    for name in UNDER_MASKS:
        part, box = PARTS.index(name), PART_OF_BOX.index(PARTS.index(name))
        shown, there = truth.shown[:, box], truth.shown[:, box] | truth.hidden[:, box]
        scores, own = presence[:, part], weights * there
        right = (scores >= _SURE) == shown
        numbers += [
            _number("hidden_accuracy", truth, own, partial(_share, right), name),
            _number("hidden_auc", truth, own, partial(weighted_auc, scores, shown), name),
        ]
    return numbers


def _number(metric: str, truth: Truth, weights: np.ndarray, of: Statistic, part: str) -> Number:
    """A number and its replicates, each from the weights of the pictures in it."""
    people, counted = truth.people, weights > 0
    draws = np.concatenate([np.ones_like(people.draws[:1]), people.draws])
    (value,), *rest = (
        of(weights * draws[start:stop, people.person])
        for start, stop in pairwise([0, *range(1, len(draws), _DRAWS), len(draws)])
    )
    return Number(
        metric,
        float(value) if np.isfinite(value) else None,
        int(counted.sum()),
        people.of(counted).count,
        np.concatenate(rest) if rest else np.empty(0),
        "" if np.isfinite(value) else "all hidden, or all seen",
        subset=part,
    )


def _ap(
    weights: np.ndarray,
    picture: np.ndarray,
    scores: np.ndarray,
    hits: np.ndarray,
    shown: np.ndarray,
) -> np.ndarray:
    return average_precision(scores, hits, weights[:, picture], weights @ shown)


def _share(right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total = weights.sum(1)
    return np.divide(weights @ right, total, out=np.full(len(total), np.nan), where=total > 0)


def _row_of(method: str) -> dict[str, str]:
    return {"method": method} if method else {}


def _look(
    detector: Detector, pictures: FaceSet, rows: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Boxes of some rows' pictures, counted from 0, and presences (N, 6)."""
    boxes, presence = [], []
    for start, batch in zip(range(0, len(rows), len(batches(rows)[0])), batches(rows), strict=True):
        images = np.array(pictures.images[batch])
        found = detector.detect(images)
        boxes.append(found.assign(picture=found["picture"] + start))
        with torch.inference_mode():
            presence.append(detector.presence(as_tensor(images) * 2 - 1).cpu().numpy())
    return pd.concat(boxes, ignore_index=True), np.concatenate(presence)


def _truth(masked: MaskedSet, faces: FaceSet, bare: np.ndarray, people: People) -> Truth:
    """Of all masked faces, then of some bare ones."""
    found = [
        labels(points_of(masked, batch), torch.from_numpy(masked.masks[batch])[:, None] / 255)
        for batch in batches(np.arange(len(masked)))
    ]
    found.append(labels(points_of(faces, bare), torch.zeros(len(bare), 1, 1, 1)))
    present, covered = (
        torch.cat([getattr(one, name) for one in found]).numpy() for name in ("present", "covered")
    )
    boxes = torch.cat([one.boxes for one in found]) * faces.size
    hidden = present & (covered >= HIDDEN)
    return Truth(boxes, present & ~hidden, hidden, people)


def _mean_boxes(faces: FaceSet, count: int) -> pd.DataFrame:
    """The mean box of each part on training people, in pixels, on so many pictures."""
    rows = faces.of_split("train")
    found = labels(points_of(faces, rows), torch.zeros(len(rows), 1, 1, 1))
    frames = []
    for box, part in enumerate(PART_OF_BOX):
        own = found.boxes[found.shown[:, box], box]
        if len(own):
            corners = dict(zip(_CORNERS, (own.mean(0) * faces.size).tolist(), strict=True))
            numbers = {"picture": np.arange(count), "part": PARTS[part], "score": 1.0}
            frames.append(pd.DataFrame(numbers | corners))
    return pd.concat(frames, ignore_index=True)
