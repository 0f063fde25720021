"""A small real experiment: 15 ORL faces of five people, cropped, and a masked domain of three."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from maskbench.config import RealDomain
from maskbench.faces.faceset import FaceSet
from maskbench.guides.specs import GUIDES
from maskbench.guides.train_guide import train_guide
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
def small(crop_people: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Small:
    root = tmp_path_factory.mktemp("small")
    faces = crop_people(root, PEOPLE, PICTURES, SIZE)
    draw_masks(out=root / "mask_pictures", size=SIZE)
    made = Small(faces, root / "masked", root / "mask_pictures")
    masked_domain(made.faces, made.pictures, made.masked, RealDomain(copies=2), made.styles, seed=0)
    return made


@pytest.fixture(scope="session")
def guides(small: Small, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model folders by name; what they find does not matter."""
    root = tmp_path_factory.mktemp("guides")
    tiny = {"train_size": 16, "steps": 1, "batch_size": 2, "warmup": 0}
    blocks = {
        "segmenter": {**tiny, "fold": 1, "width": 2, "depth": 1},
        "feature_detector": {**tiny, "width": 2, "depth": 3},
    }
    for name, values in blocks.items():
        train_guide(
            GUIDES.parse(name, values), small.faces, small.masked, seed=0, out=root / name,
            scratch=root / "scratch",
        )  # fmt: skip
    return {name: root / name for name in blocks}
