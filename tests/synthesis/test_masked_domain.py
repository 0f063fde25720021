import numpy as np
import pandas as pd
import pytest

from maskbench.artifacts import sha256_of
from maskbench.config import RealDomain
from maskbench.errors import MaskbenchError
from maskbench.masks.dealing import styles_of_faces
from maskbench.masks.maskedset import MaskedSet
from maskbench.masks.overlay import overlay
from maskbench.synthesis.masked_domain import masked_domain


def test_only_training_people_in_training_styles(small):
    faces, masked, _ = small.opened()
    assert len(masked) == 2 * len(faces.of_split("train"))
    assert set(masked.faces["split"]) == {"train"}
    assert set(masked.faces["style"]) <= set(small.styles)
    bare = dict(zip(faces.faces["face_id"], faces.faces["split"], strict=True))
    assert {bare[of] for of in masked.faces["bare_id"]} == {"train"}
    assert (masked.faces.groupby("bare_id")["style"].nunique() == 2).all()
    assert masked.faces["face_id"].is_unique


def test_the_pictures_are_the_key_point_overlay(small):
    faces, masked, pictures = small.opened()
    row = masked.faces.iloc[5]
    of = int(np.flatnonzero(faces.faces["face_id"] == row["bare_id"])[0])
    image, coverage = overlay(
        np.array(faces.images[of]), faces.landmarks[of], *pictures.picture(row["style"])
    )
    assert (masked.images[5] == image).all()
    assert (masked.masks[5] == coverage).all()
    assert coverage.max() > 200


def test_the_seed_decides_and_nothing_else(small, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        masked_domain(
            small.faces, small.pictures, tmp_path / name, RealDomain(copies=2), small.styles, seed
        )
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b")
    styles = [list(MaskedSet.open(tmp_path / n).faces["style"]) for n in ("a", "c")]
    assert styles[0] != styles[1]


def test_styles_are_dealt_evenly_and_never_twice_to_a_face():
    hands = styles_of_faces(faces=50, styles=7, copies=3, seed=4)
    assert all(len(set(hand)) == 3 for hand in hands.tolist())
    counts = np.bincount(hands.ravel(), minlength=7)
    assert counts.max() - counts.min() <= 2


def test_really_masked_people_are_copied_without_style_or_coverage(small, tmp_path):
    """Any FaceSet serves as the really masked one; its training rows are taken."""
    faces, _, _ = small.opened()
    masked_domain(
        small.faces, small.pictures, tmp_path / "out", RealDomain(source="real_masked"),
        small.styles, seed=0, real_faces=small.faces,
    )  # fmt: skip
    out = MaskedSet.open(tmp_path / "out")
    rows = faces.of_split("train")
    assert (np.array(out.images) == faces.images[rows]).all()
    assert set(out.faces["style"]) == set(out.faces["bare_id"]) == {""}
    assert not np.array(out.masks).any()


def test_of_labelled_people_the_masked_pictures_are_taken(small, tmp_path):
    faces, _, _ = small.opened()
    rows = faces.of_split("train")
    manifest = pd.DataFrame({"source": faces.faces["source"], "mask": ""})
    manifest.loc[rows[1::3], "mask"] = "kn95"
    (tmp_path / "pictures").mkdir()
    manifest.to_parquet(tmp_path / "pictures" / "manifest.parquet")
    (tmp_path / "pictures" / "source.json").write_text("{}")

    def taken(name):
        masked_domain(
            small.faces, small.pictures, tmp_path / name, RealDomain(source="rmfrd"), small.styles,
            seed=0, real_faces=small.faces, real_pictures=tmp_path / "pictures",
        )  # fmt: skip
        return MaskedSet.open(tmp_path / name)

    assert (np.array(taken("out").images) == faces.images[rows[1::3]]).all()
    manifest.assign(mask="").to_parquet(tmp_path / "pictures" / "manifest.parquet")
    with pytest.raises(MaskbenchError, match="no masked faces of split train"):
        taken("none")


def test_errors_that_the_user_can_mend(small, tmp_path):
    with pytest.raises(MaskbenchError, match=r"copies.*5 different styles a face"):
        masked_domain(
            small.faces, small.pictures, tmp_path / "a", RealDomain(copies=5), small.styles, 0
        )
    with pytest.raises(MaskbenchError, match="real_masked has no faces"):
        masked_domain(
            small.faces, small.pictures, tmp_path / "a", RealDomain(source="real_masked"),
            small.styles, 0,
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
