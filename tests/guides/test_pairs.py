"""Pairs: who belongs to whom, and hostile sets."""

import shutil

import cv2
import numpy as np
import pandas as pd
import pytest

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.guides.pairs import Pairs
from maskbench.imaging.tensors import as_images, as_tensor
from maskbench.masks.maskedset import MaskedSet


def test_each_masked_picture_meets_its_own_bare_face(small):
    faces, masked = small.opened()
    pairs = Pairs(faces, masked, "train", 64)
    assert len(pairs) == (masked.faces["split"] == "train").sum() == 12
    numbers = [0, 5, 11]
    bare, coverage = pairs.bare(numbers), pairs.coverage(numbers)
    masked_faces = pairs.masked_faces(numbers)
    for n in numbers:
        row = masked.faces.iloc[pairs.rows[n]]
        assert faces.faces["face_id"].iloc[pairs.bare_rows[n]] == row["bare_id"]
    free = (coverage == 0).expand_as(bare)
    assert np.array_equal(
        bare[free].numpy(), masked_faces[free].numpy()
    )  # the overlay changes the mask only
    assert float((bare - masked_faces).abs().max()) > 0.1


def test_reading_and_writing_pictures():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 12, 12, 3), np.uint8)
    assert np.array_equal(as_images(as_tensor(images, 12)), images)
    small = as_images(as_tensor(images, 4))
    blocks = images.reshape(2, 4, 3, 4, 3, 3).mean((2, 4))  # areas of 3 x 3 are averaged
    assert np.abs(small - blocks).max() <= 1
    assert as_tensor([cv2.cvtColor(images[0], cv2.COLOR_RGB2GRAY)], 12).shape == (1, 1, 12, 12)


def test_really_masked_people_are_left_out_and_strangers_refused(small, tmp_path):
    faces, masked = small.opened()
    copy = tmp_path / "real"
    shutil.copytree(small.masked, copy)
    table = pd.read_parquet(copy / "faces.parquet")
    table.loc[table.index[:3], ["bare_id", "method"]] = ["", "real"]
    table.to_parquet(copy / "faces.parquet", index=False)
    assert len(Pairs(faces, MaskedSet.open(copy), "train", 32)) == 12 - 3
    table["bare_id"] = "nobody"
    table.to_parquet(copy / "faces.parquet", index=False)
    with pytest.raises(
        MaskbenchError, match=f"{copy}.*no picture of split train.*make the training set"
    ):
        Pairs(faces, MaskedSet.open(copy), "train", 32)
    with pytest.raises(MaskbenchError, match="no picture of split other"):
        Pairs(faces, masked, "other", 32)


def test_sets_of_different_sizes_are_refused(small, tmp_path):
    faces, masked = small.opened()
    copy = tmp_path / "faces"
    shutil.copytree(small.faces, copy)
    np.save(copy / "images.npy", np.zeros((len(faces), 32, 32, 3), np.uint8))
    with pytest.raises(MaskbenchError, match=r"64 pixels, the bare faces .* have 32"):
        Pairs(FaceSet.open(copy), masked, "train", 32)
