"""A small real experiment: 15 ORL faces of five people, cropped, and a masked domain of three."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from maskbench.config import FacesConfig, RealDomain
from maskbench.faces.crop_faces import crop_faces
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.draw_masks import draw_masks
from maskbench.masks.maskedset import MaskedSet
from maskbench.synthesis.masked_domain import masked_domain

PEOPLE = {"s1": "train", "s2": "train", "s3": "train", "s4": "val", "s5": "test"}
PICTURES = 3
SIZE = 48


@dataclass(frozen=True)
class Small:
    """Folders of a small experiment and the styles that training may use."""

    faces: Path
    masked: Path
    pictures: Path
    styles: tuple[str, ...] = ("surgical_blue", "kn95", "checkered", "surgical_black")

    def opened(self) -> tuple[FaceSet, MaskedSet, MaskPictures]:
        return (
            FaceSet.open(self.faces),
            MaskedSet.open(self.masked),
            MaskPictures.open(self.pictures),
        )


@pytest.fixture(scope="session")
def small(orl: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Small:
    root = tmp_path_factory.mktemp("small")
    chosen = root / "pictures"
    chosen.mkdir()
    manifest = pd.read_parquet(orl / "manifest.parquet")
    manifest = manifest[manifest["identity"].isin(PEOPLE)].groupby("identity").head(PICTURES)
    manifest.to_parquet(chosen / "manifest.parquet", index=False)
    (chosen / "source.json").write_text((orl / "source.json").read_text())
    (chosen / "files").symlink_to(orl / "files")
    splits = pd.DataFrame(sorted(PEOPLE.items()), columns=["identity", "split"])
    splits.to_parquet(root / "splits.parquet", index=False)
    crop_faces(
        pictures=chosen, splits=root / "splits.parquet", weights=weights, out=root / "faces",
        config=FacesConfig(size=SIZE), max_reject_share=0.1,
    )  # fmt: skip
    draw_masks(out=root / "mask_pictures", size=SIZE)
    made = Small(root / "faces", root / "masked", root / "mask_pictures")
    masked_domain(made.faces, made.pictures, made.masked, RealDomain(copies=2), made.styles, seed=0)
    return made
