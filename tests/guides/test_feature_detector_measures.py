"""The evaluation of the detector, with one whose answers are known."""

import numpy as np
import pandas as pd
import pytest
import torch

from maskbench.config import MetricsConfig
from maskbench.guides.evaluate_guide import evaluate_guide
from maskbench.guides.feature_detector import COLUMNS, PARTS, FeatureDetector
from maskbench.guides.feature_detector_measures import MEAN_BOX, Truth, judge
from maskbench.guides.feature_detector_training import points_of
from maskbench.guides.parts import PART_OF_BOX, iou, labels
from maskbench.guides.specs import GUIDES
from maskbench.measurements import read_metrics
from maskbench.metrics.bootstrap import People

UNSEEN = ("kn95",)
NOSE, MOUTH = PARTS.index("nose"), PARTS.index("mouth")


class Answering:
    """A detector that gives the answers it was made with."""

    def __init__(self, boxes, presence):
        self.boxes, self.presences = boxes, presence

    def detect(self, images):
        rows = [
            (number, *row)
            for number, image in enumerate(images)
            for row in self.boxes[bytes(image)]
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def presence(self, pictures):
        images = ((pictures + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        return torch.tensor(np.stack([self.presences[bytes(i)] for i in images]))


def test_the_detectors_numbers_by_hand(small, tmp_path, monkeypatch):
    """It finds every part that is there, but a mouth also where the mask hides it, with the same
    score; and takes a nose under every second mask for seen."""
    faces, masked = small.opened()
    boxes, presence = {}, {}
    shown_noses = []
    for pictures, cover in ((faces, None), (masked, masked.masks)):
        rows = np.arange(len(pictures))
        mask = torch.zeros(len(rows), 1, 1, 1) if cover is None else torch.tensor(cover)[:, None]
        found = labels(points_of(pictures, rows), mask / 255)
        for row, image in enumerate(pictures.images):
            own = found.shown[row].clone()
            own[MOUTH] = True
            boxes[bytes(image)] = [
                (PARTS[PART_OF_BOX[k]], 0.8, *(found.boxes[row, k] * faces.size).tolist())
                for k in own.nonzero()[:, 0].tolist()
            ]
            sure = np.full(6, 0.9, np.float32)
            if cover is not None:
                sure[[NOSE, MOUTH]] = 0.7 if row % 2 else 0.2, 0.1
                shown_noses.append(bool(found.shown[row, NOSE]))
            presence[bytes(image)] = sure
    assert not any(shown_noses)  # both styles hide noses and mouths
    monkeypatch.setattr(
        FeatureDetector, "open", classmethod(lambda cls, model: Answering(boxes, presence))
    )
    guide, out = GUIDES.parse("feature_detector", {}), tmp_path / "out"
    config = MetricsConfig(bootstrap=20)
    evaluate_guide(guide, tmp_path, small.masked, small.faces, out, config, UNSEEN, 0)
    rows = {
        (r.method, r.metric, r.subset, r.protocol, r.styles): r
        for r in read_metrics(out / "metrics.json")
    }

    def value(metric, part, protocol="standard", styles="seen", method="feature_detector"):
        return rows[method, metric, part, protocol, styles].value

    for styles in ("seen", "unseen"):
        for part in set(PARTS) - {"mouth"}:
            assert value("ap50", part, styles=styles) == 1
        # as many bare as masked pictures: half of the mouths are false
        assert value("ap50", "mouth", styles=styles) == pytest.approx(0.5)
        assert value("ap50", "all", styles=styles) == pytest.approx(5.5 / 6)
    assert value("ap50", "mouth", "bare_faces") == 1
    masked_faces = {key[2] for key in rows if key[3] == "masked_faces"}
    assert masked_faces == {"all", *PARTS} - {"nose", "mouth"}
    assert value("hidden_accuracy", "mouth") == 1 and value("hidden_auc", "mouth") == 1
    row = rows["feature_detector", "hidden_accuracy", "nose", "standard", "seen"]
    style = (masked.faces["style"] != "kn95").to_numpy()
    wrong = (np.arange(len(masked))[style] % 2 == 1).sum()
    assert row.value == pytest.approx(1 - wrong / (2 * style.sum()))
    assert row.n == style.sum() + len(faces) and row.n_people == 4 and row.step == "guides"
    trivial = {key[2]: r.value for key, r in rows.items() if key[0] == MEAN_BOX and key[3:] == (
        "standard", "seen")}  # fmt: skip
    assert set(trivial) == {"all", *PARTS}
    assert trivial["nose"] <= 0.5 < value("ap50", "nose")  # it sees noses under masks
    table = pd.read_parquet(out / "per_picture.parquet")
    assert len(table) == len(masked) and np.allclose(table["presence_mouth"], 0.1)


def test_a_part_is_found_once():
    boxes = torch.zeros(2, 7, 4)
    boxes[:, 4], boxes[:, 5] = torch.tensor([0.0, 0, 10, 20]), torch.tensor([50.0, 0, 60, 20])
    shown = np.zeros((2, 7), bool)
    shown[:, 4], shown[0, 5] = True, True
    truth = Truth(boxes, shown, ~shown, People(np.zeros(2, int), np.ones((1, 1))))
    found = pd.DataFrame(
        [
            (0, "ears", 0.5, 0, 0, 10, 20),
            (0, "ears", 0.9, 0, 0, 10, 12),  # 12 of 20
            (0, "ears", 0.8, 50, 0, 60, 9),  # 9 of 20
            (0, "nose", 0.9, 0, 0, 10, 20),  # of another part
            (1, "ears", 0.4, 50, 0, 60, 20),  # not shown
            (1, "ears", 0.3, 0, 0, 10, 20),
        ],
        columns=list(COLUMNS),
    )
    judged = judge(found, truth)
    hits = judged.loc[judged["hit"], ["picture", "score"]].to_numpy().tolist()
    assert hits == [[0, 0.9], [1, 0.3]]  # the better of two boxes of one ear counts
    assert float(iou(torch.tensor([0.0, 0, 10, 12]), boxes[0, 4])) == pytest.approx(0.6)
