"""A small real experiment for recognisers: 14 ORL people with 5 pictures each, and masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

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
def _people(
    crop_people: Callable[..., Path], weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Small:
    root = tmp_path_factory.mktemp("people")
    people = {f"s{n}": "test" if n <= TEST else "train" for n in range(1, PEOPLE + 1)}
    faces = crop_people(root, people, PICTURES, SIZE)
    draw_masks(out=root / "mask_pictures", size=SIZE)
    (root / "model").mkdir()
    params = base.parse_params("keypoint", {})
    synthesise_training(
        "keypoint", root / "model", faces, root / "mask_pictures", params,
        styles=STYLES, copies=2, seed=0, out=root / "dressed",
    )  # fmt: skip
    synthesise(
        "keypoint", root / "model", faces, root / "mask_pictures", params,
        styles=(*STYLES, *UNSEEN), split="test", seed=0, out=root / "masked",
    )  # fmt: skip
    return Small(faces, root / "dressed", root / "masked", weights)
