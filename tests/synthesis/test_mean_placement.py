"""Mean placement: learnt from the training people alone, the same for every face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskbench.artifacts import read_json, sha256_of
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.masks.overlay import overlay
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training import state

BLOCK = METHODS.parse("mean_placement", {})


def train(small, out: Path, seed: int = 0) -> Path:
    train_synthesis(
        BLOCK, small.faces, small.masked, small.pictures, small.styles, seed, out, out.parent / "s"
    )
    return out


@pytest.fixture(scope="module")
def model(small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(small, tmp_path_factory.mktemp("mean") / "model")


def mean_by_hand(small) -> list[tuple[float, float]]:
    """The mean of each of 68 points over the nine pictures of s1, s2 and s3, in pixels."""
    faces = small.opened()[0]
    people = zip(faces.faces["identity"], faces.landmarks.tolist(), strict=True)
    learnt = [points for person, points in people if person in ("s1", "s2", "s3")]
    assert len(learnt) == 9
    return [
        (sum(face[k][0] for face in learnt) / 9, sum(face[k][1] for face in learnt) / 9)
        for k in range(68)
    ]


def test_the_mean_of_the_training_people_by_hand(small, model):
    points = state.load(model / "state.safetensors")["landmarks"]["points"].numpy()
    size = small.opened()[0].size
    assert points * size == pytest.approx(np.array(mean_by_hand(small)), abs=1e-4)
    people = read_json(model / "params.json")["people"]
    assert {name for names in people.values() for name in names} == {"s1", "s2", "s3"}


def test_every_face_wears_the_mask_of_the_overlay_on_the_mean(small, model, tmp_path):
    synthesise(BLOCK, model, small.faces, small.pictures, ["kn95"], "test", 0, tmp_path / "out")
    faces, _, pictures = small.opened()
    masked, mean = MaskedSet.open(tmp_path / "out"), np.array(mean_by_hand(small))
    rows = faces.of_split("test")
    assert len(rows) == len(masked.faces) == 3
    for row, image, coverage in zip(rows, masked.images, masked.masks, strict=True):
        wanted, place = overlay(np.array(faces.images[row]), mean, *pictures.picture("kn95"))
        assert np.abs(image.astype(int) - wanted).max() <= 1
        assert np.abs(coverage.astype(int) - place).max() <= 1
        assert np.array_equal(coverage, masked.masks[0])


def test_the_seed_changes_nothing(small, model, tmp_path):
    again = train(small, tmp_path / "again", seed=1)
    assert sha256_of(again / "state.safetensors") == sha256_of(model / "state.safetensors")


def test_without_training_people_it_says_so(small, tmp_path):
    faces = FaceSet.open(small.faces)
    faces.faces["split"] = "test"
    learner = BLOCK.spec.load()
    with pytest.raises(MaskbenchError, match="no faces of split train"):
        learner.fit(type("Data", (), {"faces": faces}))
