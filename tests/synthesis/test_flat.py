"""Half mask and occlusion: flat rectangles of known place."""

import numpy as np
import pytest

from maskbench.artifacts import sha256_of
from maskbench.masks.maskedset import MaskedSet
from maskbench.synthesis.base import Faces
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.train_synthesis import train_synthesis


def faces_of(count, side=40):
    images = np.random.default_rng(0).integers(0, 100, (count, side, side, 3), np.uint8)
    return Faces(images, np.zeros((count, 68, 2), np.float32))


def put_on(name, faces, **params):
    block = METHODS.parse(name, params)
    method = block.spec.load()
    method.block = block
    return method.put_on(faces, None)


def test_half_of_the_picture_is_covered():
    faces = faces_of(2)
    pictures, coverage = put_on("half_mask", faces)
    assert (coverage[:, 20:] == 255).all() and not coverage[:, :20].any()
    assert (pictures[:, 20:] == 128).all()
    assert np.array_equal(pictures[:, :20], faces.images[:, :20])
    pictures, coverage = put_on("half_mask", faces, top=0.75, shade=7)
    assert (coverage == 255).sum() == 2 * 10 * 40 and (pictures[:, 30:] == 7).all()


def test_occlusions_are_rectangles_of_the_published_sizes():
    """Zhong et al. 2020: 2 to 40% of the picture, 0.3 to 3.33 times as high as wide."""
    faces = faces_of(300)
    pictures, coverage = put_on("occlusion", faces, shade=200)
    assert set(np.unique(coverage)) == {0, 255}
    covered = coverage == 255
    assert np.array_equal(covered, (pictures != faces.images).all(3))  # shades stay below 100
    high, wide = covered.any(2).sum(1), covered.any(1).sum(1)
    assert np.array_equal(covered.sum((1, 2)), high * wide)
    whole = (high < 40) & (wide < 40)  # not cut at the picture's sides
    assert whole.mean() > 0.8
    shares, aspects = (high * wide / 1600)[whole], (high / wide)[whole]
    assert shares.min() > 0.01 and shares.max() < 0.43  # up to half a pixel a side
    assert 0.15 < shares.mean() < 0.25
    assert aspects.min() > 0.2 and aspects.max() < 4.2
    assert 15 < (covered * np.arange(40)).sum() / covered.sum() < 24  # in the middle, on average


def test_an_occlusion_depends_on_its_face_alone():
    faces = faces_of(4)
    whole = put_on("occlusion", faces)[1]
    for row in (0, 3):
        alone = Faces(faces.images[[row]], faces.landmarks[[row]])
        assert np.array_equal(put_on("occlusion", alone)[1][0], whole[row])
    assert len({cover.tobytes() for cover in whole}) == 4


@pytest.mark.parametrize("name", ["half_mask", "occlusion"])
def test_nothing_is_learnt_and_the_set_is_the_same_twice(small, tmp_path, name):
    block = METHODS.parse(name, {})
    assert not block.spec.trained and not block.spec.styled and block.spec.reference
    train_synthesis(
        block, small.faces, small.masked, small.pictures, small.styles, 0, tmp_path / "model",
        tmp_path / "scratch",
    )  # fmt: skip
    for out in ("a", "b"):
        synthesise(
            block, tmp_path / "model", small.faces, small.pictures, ["kn95"], "test", 0,
            tmp_path / out,
        )  # fmt: skip
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b")
    assert len(MaskedSet.open(tmp_path / "a")) == 3
