"""The step draw_masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maskbench.artifacts import sha256_of
from maskbench.errors import MaskbenchError
from maskbench.masks.artwork import MaskPictures, rasterise, style_names
from maskbench.masks.draw_masks import draw_masks


def test_writes_what_opens_again(tmp_path: Path) -> None:
    draw_masks(tmp_path / "one", 48)
    pictures = MaskPictures.open(tmp_path / "one")
    assert pictures.styles == style_names()
    assert pictures.rgba.shape == (20, 48, 48, 4) and pictures.rgba.dtype == np.uint8
    rgba, anchors = rasterise("floral", 48)
    assert np.array_equal(pictures.picture("floral")[0], rgba)
    assert pictures.anchors["floral"] == anchors
    with Image.open(tmp_path / "one" / "png" / "floral.png") as png:
        assert np.array_equal(np.asarray(png), rgba)
    draw_masks(tmp_path / "two", 48)
    assert sha256_of(tmp_path / "one") == sha256_of(tmp_path / "two")


def test_damaged_folder(tmp_path: Path) -> None:
    draw_masks(tmp_path / "masks", 32)
    file = tmp_path / "masks" / "pictures.npy"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(MaskbenchError, match="unreadable"):
        MaskPictures.open(tmp_path / "masks")
    with pytest.raises(MaskbenchError, match="no such file"):
        MaskPictures.open(tmp_path / "nothing")
