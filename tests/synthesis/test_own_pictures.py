"""A painting method on own pictures: its guides, and a photograph as the style."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from maskbench.artifacts import sha256_of
from maskbench.config import FacesConfig
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.guides.segmenter import Segmenter
from maskbench.masks.maskedset import MaskedSet
from maskbench.synthesis.base import References
from maskbench.synthesis.mask import MaskReport, mask
from maskbench.synthesis.model_file import MODEL_FILE
from maskbench.synthesis.own_pictures import worn_in
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.train_synthesis import train_synthesis

MFGAN = {
    "train_size": 16, "batch_size": 2, "blocks": 1, "generator_width": 4, "critic_width": 4,
    "sheet_every": 0, "checkpoint_every": 0, "pool": 0, "style_length": 4, "encoder_width": 4,
    "encoder_norm": "none", "stages": [{"name": "diverse", "steps": 1}],
    "switches": {"whole_critic": True},
}  # fmt: skip


@pytest.fixture(scope="module", name="model")
def _model(small, guides, tmp_path_factory):
    """A model in the folders of a run, which has the segmenter alone."""
    root = tmp_path_factory.mktemp("run")
    block = METHODS.parse("mfgan", MFGAN)
    out = root / "models" / "orl" / "mfgan" / "seed3"
    train_synthesis(
        block, small.faces, small.masked, small.pictures, styles=small.styles, seed=3, out=out,
        scratch=root / "scratch", guides=[guides[name] for name in block.spec.guides],
    )  # fmt: skip
    shutil.copytree(guides["segmenter"], root / "guides" / "orl" / "segmenter" / "seed3")
    return out


@pytest.fixture(name="photograph")
def _photograph(orl):
    return sorted(Pictures.open(orl).root.rglob("*.pgm"))[0]


@pytest.fixture(name="source")
def _source(orl, tmp_path):
    """A face in the corner of a picture."""
    picture = Image.new("RGB", (240, 200), (70, 120, 170))
    face = Image.open(sorted(Pictures.open(orl).root.rglob("*.pgm"))[40])
    picture.paste(face.convert("RGB"), (120, 60))
    picture.save(tmp_path / "me.png")
    return tmp_path / "me.png"


def test_nothing_changes_where_a_painting_covers_nothing(
    model, guides, weights, source, photograph, tmp_path, monkeypatch
):
    """The painting differs everywhere; the mask is said to be in the lower half of the crop."""

    def lower_half(_, images):
        found = np.zeros(images.shape[:3], np.uint8)
        found[:, images.shape[1] // 2 :] = 255
        return found

    monkeypatch.setattr(Segmenter, "predict", lower_half)
    given = {"method": "mfgan", "model": model, "styles": [str(photograph)]}
    assert mask([source], tmp_path / "out", weights, **given) == MaskReport(1, 1, 0)
    with open(tmp_path / "out" / "manifest.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["style"] == photograph.name
    bare, masked = read_picture(source), read_picture(tmp_path / "out" / "me.png")
    coverage = np.asarray(Image.open(tmp_path / "out" / "masks" / "me.png"))
    changed = np.abs(masked.astype(int) - bare).max(-1)
    free = coverage == 0
    rows, columns = np.flatnonzero((~free).any(1)), np.flatnonzero((~free).any(0))
    # half of the crop, which reaches out of the picture nowhere, and the edge's interpolation
    assert len(rows) == pytest.approx(len(columns) / 2, abs=3) and rows[0] > 80
    assert changed[free].max() == 0 and changed[~free].mean() > 5
    named = tmp_path / "named"
    shutil.copytree(guides["segmenter"], named / "segmenter")
    mask([source], tmp_path / "other", weights, **given, guides=named)
    assert sha256_of(tmp_path / "other") == sha256_of(tmp_path / "out")
    # The file alone holds the networks and the guide that finds the mask.
    file = tmp_path / "sent.safetensors"
    shutil.copy(model / MODEL_FILE, file)
    del given["method"]
    mask([source], tmp_path / "alone", weights, **{**given, "model": file})
    for name in ("me.png", "masks/me.png", "manifest.csv"):
        assert sha256_of(tmp_path / "alone" / name) == sha256_of(tmp_path / "out" / name)


def test_a_missing_guide_is_named(model, weights, source, photograph, tmp_path):
    given = {"method": "mfgan", "styles": [str(photograph)]}
    alone = shutil.copytree(model, tmp_path / "orl" / "mfgan" / "seed3")
    for guides, words in ((None, r"guides.orl.segmenter.seed3"), (tmp_path, r"segmenter")):
        with pytest.raises(MaskbenchError, match=rf"{words}: no such folder; .*--guides"):
            mask([source], tmp_path / "out", weights, model=alone, guides=guides, **given)


def test_the_reference_is_the_photographs_face(small, weights, photograph):
    """Cropped as by `crop_faces`, and of unknown style."""
    faces, _, pictures = small.opened()
    (row,) = np.flatnonzero([str(photograph).endswith(name) for name in faces.faces["source"]])
    with worn_in(photograph, weights, FacesConfig(size=faces.size)) as folder:
        found = References(MaskedSet.open(folder), faces)
        shown = found.of(faces.images[1], photograph.name, pictures)
        assert found.known(photograph.name) == ""
    np.testing.assert_array_equal(shown, faces.images[row])
    assert not folder.exists()


def test_photographs_that_are_no_style(small, model, weights, source, photograph, tmp_path):
    Image.new("RGB", (80, 80), (90, 120, 60)).save(tmp_path / "meadow.png")
    for styles, options, words in (
        (["none.jpg"], {}, "none.jpg: no such file"),
        ([tmp_path / "meadow.png"], {}, "meadow.png: no face found"),
        ([photograph, "kn95"], {}, "is a photograph beside other styles"),
        ([photograph], {"references": small.masked}, "leave --references out"),
        ([photograph], {"method": "keypoint", "model": None},
         "method keypoint takes no style from a photograph.*mfgan"),
        (None, {}, "method mfgan needs photographs.*--style.*--references"),
    ):  # fmt: skip
        given = {"method": "mfgan", "model": model, **options}
        named = styles and [str(style) for style in styles]
        with pytest.raises(MaskbenchError, match=words):
            mask([source], tmp_path / "out", weights, styles=named, **given)
    assert not (tmp_path / "out").exists()
