"""The evaluation of the segmenter, with one whose numbers are known."""

import numpy as np
import pytest

from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.guides.evaluate_guide import evaluate_guide
from maskbench.guides.segmenter import Segmenter
from maskbench.guides.specs import GUIDES
from maskbench.masks.maskedset import MaskedSet
from maskbench.measurements import read_metrics

UNSEEN = ("kn95",)  # of the two styles of the small experiment
CONFIG = MetricsConfig(bootstrap=50)


class Answering:
    """A segmenter that finds what it is given."""

    def __init__(self, answers):
        self.answers = answers

    def predict(self, images):
        return np.stack([self.answers[image.tobytes()] for image in images])


def test_the_segmenters_numbers_by_hand(small, tmp_path, monkeypatch):
    masked, bare = MaskedSet.open(small.masked), FaceSet.open(small.faces)
    answers = {}
    for image, mask in zip(masked.images, masked.masks, strict=True):
        rows = np.flatnonzero((mask >= 128).any(1))
        found = np.array(mask)
        found[rows[len(rows) // 2] :] = 0  # the upper half of each mask
        answers[image.tobytes()] = found
    expected = [
        (answers[image.tobytes()] >= 128).sum() / (mask >= 128).sum()
        for image, mask in zip(masked.images, masked.masks, strict=True)
    ]
    for i, image in enumerate(bare.images):
        answers[image.tobytes()] = np.zeros(image.shape[:2], np.uint8)
        if i == 2:
            answers[image.tobytes()][:16] = 255  # a quarter of one bare face
    monkeypatch.setattr(Segmenter, "open", classmethod(lambda cls, model: Answering(answers)))
    out = tmp_path / "out"
    evaluate_guide(
        GUIDES.parse("segmenter", {}), tmp_path, small.masked, small.faces, out, CONFIG, UNSEEN, 0
    )
    rows = {(r.styles, r.metric): r for r in read_metrics(out / "metrics.json")}
    unseen = masked.faces["style"].isin(UNSEEN).to_numpy()
    assert rows["seen", "mean_iou"].value == pytest.approx(np.mean(np.array(expected)[~unseen]))
    assert rows["unseen", "mean_iou"].value == pytest.approx(np.mean(np.array(expected)[unseen]))
    assert rows["seen", "mask_found_on_bare"].value == pytest.approx(0.25 / 12)
    assert rows["seen", "mean_iou"].step == "guides"
    assert rows["seen", "mean_iou"].method == "segmenter" and rows["seen", "mean_iou"].n == 12
    assert rows["seen", "mean_iou"].ci_low < rows["seen", "mean_iou"].ci_high
