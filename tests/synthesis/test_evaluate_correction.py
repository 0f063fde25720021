"""Detections and the correction factor by hand, and of which pictures they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from maskbench.guides import feature_detector
from maskbench.guides.feature_detector import PARTS
from maskbench.synthesis.evaluate_correction import evaluate_correction, explained
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.specs.mfgan import MfganParams
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.train_synthesis import train_synthesis


def test_the_factor_by_hand():
    """alpha 1, c 1: 1 + sqrt(x^2 + 1) - 1. A mouth that is seen counts 2, a hidden forehead 3."""
    params = MfganParams(penalties={"mouth": 2, "forehead": 3})
    worn = dict.fromkeys(PARTS, 0.9) | {"nose": 0.1, "mouth": 0.2}
    wrong = worn | {"mouth": 0.6, "forehead": 0.4}
    table = explained(
        torch.tensor([[one[part] for part in PARTS] for one in (worn, wrong)]), params
    )
    right, bad = (rows.set_index("part") for _, rows in table.groupby("row"))
    assert (right["wrong"] == 0).all() and (right["lambda_cor"] == 1).all()
    assert bad.index[bad["wrong"] == 1].tolist() == ["mouth", "forehead"]
    assert bad["x"].unique() == [5]
    assert bad["lambda_cor"].to_numpy() == pytest.approx(np.sqrt(26), rel=1e-6)
    assert right["wanted"].to_dict() == {part: int(part not in ("nose", "mouth")) for part in PARTS}


class Seen:
    """Sees parts by how bright a picture is."""

    def presence(self, pictures):
        return ((pictures.mean((1, 2, 3)) + 1) / 2)[:, None].expand(-1, len(PARTS))

    def detect(self, images):
        rows = [(i, "eyes", s, 1.0, 2.0, 3.0, 4.0) for i in range(len(images)) for s in (0.4, 0.6)]
        return pd.DataFrame(rows, columns=list(feature_detector.COLUMNS))


def test_each_test_person_s_frontal_face_is_explained(small, tmp_path, monkeypatch):
    monkeypatch.setattr(feature_detector.FeatureDetectorGuide, "open", lambda self, model: Seen())
    overlay = METHODS.parse("keypoint", {})
    train_synthesis(
        overlay, small.faces, small.masked, small.pictures, styles=small.styles, seed=0,
        out=tmp_path / "model", scratch=tmp_path / "scratch",
    )  # fmt: skip
    synthesise(
        overlay, tmp_path / "model", small.faces, small.pictures, small.styles[:2], "test", 0,
        tmp_path / "masked",
    )  # fmt: skip
    evaluate_correction(
        METHODS.parse("mfgan", {}), tmp_path / "none", tmp_path / "masked", small.faces,
        tmp_path / "out", guides=(tmp_path / "segmenter", tmp_path / "feature_detector"),
    )  # fmt: skip
    parts, boxes = (pd.read_parquet(tmp_path / "out" / f"{n}.parquet") for n in ("parts", "boxes"))
    faces, *_ = small.opened()
    table = faces.faces.iloc[faces.of_split("test")]
    frontal = table["face_id"].iloc[int((table["yaw"].abs() + table["pitch"].abs()).argmin())]
    made = pd.read_parquet(tmp_path / "masked" / "faces.parquet")
    rows = np.flatnonzero(made["bare_id"] == frontal)
    assert parts["row"].unique().tolist() == boxes["row"].unique().tolist() == rows.tolist()
    images = np.load(tmp_path / "masked" / "images.npy")
    first = parts[parts["row"] == rows[0]]
    assert first["masked"].to_numpy() == pytest.approx(images[rows[0]].mean() / 255, rel=1e-4)
    assert len(boxes) == 2 * len(rows) and (boxes["score"] == 0.6).all()
