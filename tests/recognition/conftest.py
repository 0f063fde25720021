"""A small real experiment for recognisers: 14 ORL people with 5 pictures each, and masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from maskbench.config import FacesConfig
from maskbench.faces.crop_faces import crop_faces
from maskbench.masks.draw_masks import draw_masks
from maskbench.recognition.evaluate_recognition import Test
from maskbench.recognition.train_recogniser import Sources
from maskbench.synthesis import base
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.synthesise_training import synthesise_training

PEOPLE = 14
TEST = 6
PICTURES = 5
SIZE = 64
STYLES = ("surgical_blue", "kn95", "checkered")
UNSEEN = ("striped",)


@dataclass(frozen=True)
class Small:
    """Folders of a small experiment."""

    faces: Path
    dressed: Path
    masked: Path
    weights: Path

    def sources(self, masked: bool = True, embeddings: Path | None = None) -> Sources:
        dressed = self.dressed if masked and embeddings is None else None
        return Sources(self.faces, dressed, embeddings, self.weights)

    def test(self) -> Test:
        return Test(self.faces, self.masked, None, None, 1, UNSEEN, 10)


@pytest.fixture(scope="session", name="people")
def _people(orl: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Small:
    root = tmp_path_factory.mktemp("people")
    names = [f"s{number}" for number in range(1, PEOPLE + 1)]
    chosen = root / "pictures"
    chosen.mkdir()
    manifest = pd.read_parquet(orl / "manifest.parquet")
    manifest = manifest[manifest["identity"].isin(names)].groupby("identity").head(PICTURES)
    manifest.to_parquet(chosen / "manifest.parquet", index=False)
    (chosen / "source.json").write_text((orl / "source.json").read_text())
    (chosen / "files").symlink_to(orl / "files")
    split = ["test"] * TEST + ["train"] * (PEOPLE - TEST)
    splits = pd.DataFrame({"identity": names, "split": split})
    splits.to_parquet(root / "splits.parquet", index=False)
    crop_faces(
        pictures=chosen, splits=root / "splits.parquet", weights=weights, out=root / "faces",
        config=FacesConfig(size=SIZE), max_reject_share=0.1,
    )  # fmt: skip
    draw_masks(out=root / "mask_pictures", size=SIZE)
    (root / "model").mkdir()
    params = base.parse_params("keypoint", {})
    synthesise_training(
        "keypoint", root / "model", root / "faces", root / "mask_pictures", params,
        styles=STYLES, copies=2, seed=0, out=root / "dressed",
    )  # fmt: skip
    synthesise(
        "keypoint", root / "model", root / "faces", root / "mask_pictures", params,
        styles=(*STYLES, *UNSEEN), split="test", seed=0, out=root / "masked",
    )  # fmt: skip
    return Small(root / "faces", root / "dressed", root / "masked", weights)
