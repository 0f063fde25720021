"""A small real experiment for recognisers: 14 ORL people with 5 pictures each, and masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from maskbench.faces.faceset import FaceSet
from maskbench.recognition.embed import embed
from maskbench.recognition.embed_test import embed_test

from ..guides.conftest import put_masks_on

PEOPLE = 14
TEST = 6
PICTURES = 5
SIZE = 64
STYLES = ("surgical_blue", "kn95", "checkered")
UNSEEN = ("striped",)


@dataclass(frozen=True)
class Small:
    """Folders of a small experiment.

    Attributes:
        faces: bare faces of everybody.
        training: masked pictures of training people, two of each face.
        masked: test people, every face with every style.
        embedded: bare faces and masked pictures of training people, embedded by dlib's network.
        tested: embeddings of the test set.
    """

    faces: Path
    training: Path
    masked: Path
    weights: Path
    embedded: tuple[Path, Path]
    tested: Path

    @property
    def test(self) -> dict[str, Any]:
        """What says which pictures are tested."""
        return {
            "faces": self.faces, "masked": self.masked, "styles": 1, "unseen_styles": UNSEEN
        }  # fmt: skip


@pytest.fixture(scope="session", name="people")
def _people(
    crop_people: Callable[..., Path], weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Small:
    root = tmp_path_factory.mktemp("people")
    people = {f"s{n}": "test" if n <= TEST else "train" for n in range(1, PEOPLE + 1)}
    faces = crop_people(root, people, PICTURES, SIZE)
    opened = FaceSet.open(faces)
    training = put_masks_on(opened, root / "training", STYLES[:2], ("train",))
    masked = put_masks_on(opened, root / "masked", (*STYLES, *UNSEEN), ("test",))
    embedded = root / "bare", root / "with_masks"
    small = Small(faces, training, masked, weights, embedded, root / "tested")
    embed("dlib_resnet", faces, weights, embedded[0])
    embed("dlib_resnet", faces, weights, embedded[1], masked=training)
    embed_test("dlib_resnet", weights=weights, out=small.tested, **small.test)
    return small
