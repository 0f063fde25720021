"""A method that looks at photographs of masks being worn: whose they are, and which one."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from maskbench.artifacts import sha256_of
from maskbench.config import FacesConfig
from maskbench.datasets.manifest import Pictures
from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MaskedSet
from maskbench.masks.overlay import overlay
from maskbench.synthesis.base import Faces, Method, References, Styles
from maskbench.synthesis.mask import mask
from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.synthesise_by_reference import Photographs, synthesise_by_reference
from maskbench.synthesis.train_synthesis import train_synthesis

WORN, UNSEEN = ("kn95", "surgical_blue"), "floral"


class Copied(Method):
    """Takes the lower half of a face from a photograph."""

    def put_on(self, faces, styles):
        pictures, half = np.array(faces.images), faces.images.shape[1] // 2
        pictures[:, half:] = styles.references(faces)[:, half:]
        coverage = np.zeros(pictures.shape[:3], np.uint8)
        coverage[:, half:] = 255
        return pictures, coverage


@pytest.fixture(name="trained")
def _trained(small, tmp_path, monkeypatch):
    """A block and its model folder."""
    METHODS.all()
    monkeypatch.setitem(sys.modules, "a_method_of_tests", sys.modules[__name__])
    spec = SynthesisSpec(
        name="copied", trained=False, reference_guided=True,
        implementation="a_method_of_tests:Copied",
    )  # fmt: skip
    monkeypatch.setitem(METHODS._specs, "copied", spec)
    block, model = METHODS.parse("copied", {}), tmp_path / "model"
    train_synthesis(
        block, small.faces, small.masked, small.pictures, small.styles, 0, model, tmp_path / "s"
    )
    return block, model


def test_training_people_wear_the_style(small, trained, tmp_path):
    faces, domain, pictures = small.opened()

    def halves(styles, out):
        synthesise(
            *trained, small.faces, small.pictures, styles, "test", 0, out,
            references=small.masked,
        )  # fmt: skip
        made = MaskedSet.open(out)
        half = made.size // 2
        rows = zip(made.faces["bare_id"], made.faces["style"], made.images, strict=True)
        return {(face, style): image[half:].tobytes() for face, style, image in rows}

    found = halves([*WORN, UNSEEN], tmp_path / "masked")
    half = domain.size // 2
    for style in WORN:
        worn = domain.images[(domain.faces["style"] == style).to_numpy()]
        shown = {half for (_, own), half in found.items() if own == style}
        assert shown <= {image[half:].tobytes() for image in worn}
    bare = Faces.of(faces, faces.of_split("train"))
    worn = [
        overlay(image, landmarks, *pictures.picture(UNSEEN))[0][half:].tobytes()
        for image, landmarks in zip(*bare, strict=True)
    ]
    assert {half for (_, own), half in found.items() if own == UNSEEN} <= set(worn)
    assert len(set(found.values())) > 3  # not the same one for all
    alone = halves([UNSEEN], tmp_path / "alone")  # other batches, other neighbours
    assert alone == {key: half for key, half in found.items() if key[1] == UNSEEN}
    with pytest.raises(MaskbenchError, match="copied: needs photographs of masks being worn"):
        synthesise(*trained, small.faces, small.pictures, WORN, "test", 0, tmp_path / "without")


def test_really_masked_people_stand_for_every_style(small):
    faces, domain, pictures = small.opened()
    domain.faces = domain.faces.assign(style="")
    batch = Faces.of(faces, [0, 1])
    photographs = References(domain, faces)
    assert photographs.known(UNSEEN) == photographs.known("kn95") == ""
    shown = Styles([UNSEEN, "kn95"], pictures, photographs).references(batch)
    assert shown.shape == batch.images.shape
    assert {image.tobytes() for image in shown} <= {image.tobytes() for image in domain.images}


def test_own_pictures_are_masked_beside_a_masked_set(small, trained, orl, weights, tmp_path):
    found = sorted(Pictures.open(orl).root.rglob("*.pgm"))
    album, one = tmp_path / "album", tmp_path / "one"
    for folder in (album, one):
        folder.mkdir()
        Image.open(found[8]).save(folder / "b.png")
    shutil.copy(found[0], album / "a.pgm")
    block, model = trained
    given = {"method": block, "model": model, "faces": FacesConfig()}
    with pytest.raises(MaskbenchError, match=r"method copied needs photographs.*--references"):
        mask([album], tmp_path / "out", weights, **given)
    given["references"] = small.masked
    with pytest.raises(MaskbenchError, match="masked: floral: unknown mask style"):
        mask([album], tmp_path / "out", weights, styles=[UNSEEN], **given)
    assert mask([album], tmp_path / "out", weights, **given).pictures == 2
    mask([one], tmp_path / "alone", weights, **given)
    assert sha256_of(tmp_path / "out" / "b.png") == sha256_of(tmp_path / "alone" / "b.png")


def test_the_same_photographs_are_references_for_every_person(small, trained, tmp_path):
    synthesise_by_reference(
        *trained, small.faces, small.masked, small.pictures, 0, tmp_path / "made"
    )  # fmt: skip
    faces, domain, _ = small.opened()
    made, half = MaskedSet.open(tmp_path / "made"), domain.size // 2
    shown = {face: row for row, face in enumerate(domain.faces["face_id"])}
    photographs, masked = made.faces.iloc[:4], made.faces.iloc[4:]
    used = [shown[name] for name in photographs["face_id"]]
    assert set(photographs["bare_id"]) == {""} and photographs["style"].is_unique  # all are worn
    np.testing.assert_array_equal(made.images[:4], domain.images[used])
    assert set(masked["bare_id"]) <= set(faces.faces["face_id"][faces.of_split("test")])
    assert masked["bare_id"].nunique() * 4 == len(masked)
    for name, image in zip(masked["style"], made.images[4:], strict=True):
        np.testing.assert_array_equal(image[half:], domain.images[shown[name]][half:])
    photographs = Photographs(domain, used)
    first = str(domain.faces["face_id"].iloc[used[0]])
    assert photographs.known(first) == domain.faces["style"].iloc[used[0]]
