"""Faces found on masked pictures, against the command that masks an album."""

import shutil

import numpy as np
import pandas as pd
import pytest

from maskbench.config import DetectorConfig, FacesConfig, MetricsConfig
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.faces.crop import crop_square
from maskbench.faces.faceset import FaceSet
from maskbench.faces.locate import FaceLocator
from maskbench.masks.maskedset import MaskedSet
from maskbench.recognition.detect_masked import MISSED, detect_masked
from maskbench.recognition.embed_test import embed_test
from maskbench.recognition.measure import measure
from maskbench.recognition.test_set import BARE, DETECTED, MASKED, open_test_set
from maskbench.synthesis.mask import mask
from maskbench.synthesis.specs import METHODS

from .conftest import SIZE

CONFIG = FacesConfig(size=SIZE)
KEYPOINT = METHODS.parse("keypoint", {})


def found_on_masked(people, out, config=CONFIG):
    detect_masked(
        KEYPOINT, people.faces.parent / "pictures", weights=people.weights, out=out, config=config,
        **people.test,
    )  # fmt: skip
    return MaskedSet.open(out)


@pytest.fixture(scope="module", name="detected")
def _detected(people, tmp_path_factory):
    return found_on_masked(people, tmp_path_factory.mktemp("detected") / "set")


def test_faces_are_those_of_the_masked_album(people, detected, tmp_path):
    """The album's masked picture, looked at by the detector: the same face, box and crop."""
    pictures = Pictures.open(people.faces.parent / "pictures")
    locator = FaceLocator(people.weights, CONFIG)
    for row in (0, len(detected) - 1):
        face = detected.faces.iloc[row]
        album, masked = tmp_path / f"album{row}", tmp_path / f"masked{row}"
        album.mkdir()
        shutil.copy(pictures.file(face["source"]), album / "face.pgm")
        mask([album], masked, people.weights, faces=CONFIG, styles=[face["style"]])
        picture = read_picture(masked / "face.pgm.png", CONFIG.max_pixels)
        (there,) = locator.locate([picture])
        assert face["box"] == pytest.approx(there.box, abs=0.5)
        assert face["crop_box"].tolist() == there.crop_box.tolist()
        crop = crop_square(picture, there.crop_box, SIZE)
        # Landmarks went through the crop and back: a rim may differ by a grey level or two.
        assert np.abs(crop.astype(int) - detected.images[row]).mean() < 0.5


def test_it_holds_the_tested_pictures_in_boxes_of_their_own(people, detected):
    test = open_test_set(pictures=None, detected=detected.path, **people.test)
    tested, own = (test.table[test.table["kind"] == kind] for kind in (MASKED, DETECTED))
    names = own["photo"] + "@" + own["style"]
    assert set(names) | {name.rpartition("@")[0] for name in test.missed} == set(tested["face_id"])
    assert len(own) + len(test.missed) == len(tested) == 30
    bare = FaceSet.open(people.faces).faces.set_index("face_id")
    moved = [
        not np.array_equal(face["crop_box"], bare["crop_box"][face["bare_id"]])
        for _, face in detected.faces.iterrows()
    ]
    assert np.mean(moved) > 0.5  # all others take the bare face's square
    assert (detected.masks.reshape(len(detected), -1).max(1) > 200).all()


def test_failures_are_left_out_counted_and_named(people, detected, tmp_path):
    """A detector that wants a higher score than half of the masked faces have."""
    usual = DetectorConfig()
    scores = detected.faces["score"]
    config = CONFIG.model_copy(
        update={
            "detector": usual.model_copy(
                update={"thresholds": (*usual.thresholds[:2], float(scores.median()))}
            )
        }
    )
    few = found_on_masked(people, tmp_path / "few", config)
    rejects = pd.read_parquet(few.path / "rejects.parquet")
    assert 0 < len(rejects) < 30 and len(few) + len(rejects) == 30
    assert set(rejects["reason"]) == {MISSED}
    embed_test(
        "dlib_resnet", weights=people.weights, out=tmp_path / "x", detected=few.path, **people.test
    )
    test = open_test_set(pictures=None, detected=few.path, **people.test)
    x = np.load(tmp_path / "x" / "embeddings.npy")
    assert len(x) == len(test.table)
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    found = measure(x, test, 3, MetricsConfig(bootstrap=10), "dlib_resnet")
    numbers = {n.metric: n for n in found.numbers if n.protocol == "masked_detection"}
    assert numbers["undetected"].value == len(rejects)
    assert numbers["undetected"].n == 30
    for name in ("auc", "accuracy_1nn", "undetected"):
        assert f"no face was found on {len(rejects)} of 30 masked pictures" in numbers[name].note
        assert rejects["source"][0] in numbers[name].note
    photo = test.table["photo"].to_numpy()
    bare, other = test.of_kind(BARE), test.of_kind(DETECTED)
    assert numbers["auc"].n == sum(photo[a] != photo[b] for a in bare for b in other)
    standard = [n for n in found.numbers if (n.protocol, n.styles) == ("standard", "seen")]
    assert {n.metric: n for n in standard}["auc"].n == 30 * 30 - 30  # as without this protocol
