"""Which pictures are compared: photographs apart, people apart, nobody left out."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.recognition.test_set import (
    BARE,
    MASKED,
    UNSEEN,
    masked_by_us,
    really_masked,
    refuse_known,
)


@pytest.fixture(scope="module")
def test_set(people):
    return masked_by_us(people.faces, people.masked, 2, ("striped",))


def test_pictures_and_their_order(people, test_set):
    bare, masked = FaceSet.open(people.faces), MaskedSet.open(people.masked)
    assert set(test_set.table["kind"]) == {BARE, MASKED, UNSEEN}
    assert len(test_set.of_kind(BARE)) == 30
    assert len(test_set.of_kind(MASKED)) == 60
    assert len(test_set.of_kind(UNSEEN)) == 30  # there is but one unseen style
    ids = [part.faces["face_id"].iloc[row] for part, rows in test_set.parts for row in rows]
    assert ids == list(test_set.table["face_id"])
    assert set(test_set.table["photo"]) <= set(bare.faces["face_id"])
    masked_rows = test_set.table[test_set.table["kind"] == MASKED]
    assert not masked_rows.duplicated(["photo", "style"]).any()
    counts = masked_rows["style"].value_counts()
    assert counts.max() - counts.min() <= 1  # dealt evenly
    assert set(masked.faces["style"]) - {"striped"} == set(counts.index)


def test_pairs_never_show_one_photograph_twice(test_set):
    photo = test_set.table["photo"].to_numpy()
    for one, other in ((BARE, BARE), (BARE, MASKED), (MASKED, MASKED), (BARE, UNSEEN)):
        pairs = test_set.pairs(one, other, 10**6, 0)
        assert not (photo[pairs.first] == photo[pairs.second]).any()
        names = test_set.identities
        assert ((names[pairs.first] == names[pairs.second]) == pairs.same).all()
        both = {frozenset(pair) for pair in zip(pairs.first, pairs.second, strict=True)}
        assert len(both) == len(pairs)  # none stands twice
    bare = test_set.pairs(BARE, BARE, 10**6, 0)
    assert (len(bare), int(bare.same.sum())) == (30 * 29 // 2, 6 * 10)


def test_too_many_impostors_are_drawn_from_and_counted(test_set):
    whole = test_set.pairs(BARE, MASKED, 10**6, 0)
    some = test_set.pairs(BARE, MASKED, 100, 0)
    assert some.same.sum() == whole.same.sum()
    assert (~some.same).sum() == 100
    assert some.dropped == len(whole) - len(some)
    again = test_set.pairs(BARE, MASKED, 100, 0)
    assert (again.first == some.first).all() and (again.second == some.second).all()


def test_a_person_who_was_learnt_from_is_refused(test_set):
    refuse_known(test_set, frozenset({"s13", "s14"}), "orl")
    with pytest.raises(MaskbenchError, match=r"s3.*learnt from.*exclude"):
        refuse_known(test_set, frozenset({"s13", "s3"}), "orl")


def test_names_are_compared_between_data_sets_by_their_letters(test_set):
    named = test_set.table.assign(identity="NancyPelosi")
    test = type(test_set)("mfr2", "", named, (), None)
    with pytest.raises(MaskbenchError, match="NancyPelosi"):
        refuse_known(test, frozenset({"Nancy_Pelosi"}), "lfw")
    refuse_known(test, frozenset({"Nancy_Reagan"}), "lfw")
    refuse_known(test_set, frozenset({"s3"}), "celeba")  # a number is no name elsewhere


def test_restored_pictures_must_be_those_of_the_set(people, tmp_path):
    shown = tmp_path / "shown"
    shutil.copytree(people.masked, shown)
    test = masked_by_us(people.faces, people.masked, 1, ("striped",), shown)
    assert str(test.parts[1][0].path) == str(shown)
    table = pd.read_parquet(shown / "faces.parquet")
    table["face_id"] = table["face_id"].to_numpy()[::-1]
    table.to_parquet(shown / "faces.parquet", index=False)
    with pytest.raises(MaskbenchError, match="not the pictures of"):
        masked_by_us(people.faces, people.masked, 1, ("striped",), shown)


def listed(pictures, pairs):
    table = pd.DataFrame(pairs, columns=["first", "second", "same"])
    table.to_parquet(pictures / "official.parquet", index=False)


def mfr2_like(people, root, pairs, labels):
    """A collection with labels made of the small experiment's test people."""
    faces, pictures = root / "faces", root / "pictures"
    shutil.copytree(people.faces, faces)
    table = pd.read_parquet(faces / "faces.parquet")
    table.loc[0, "score"] = 0.0
    table.to_parquet(faces / "faces.parquet", index=False)
    pictures.mkdir()
    (pictures / "files").mkdir()
    manifest = pd.DataFrame({"source": table["source"], "identity": table["identity"]})
    manifest["sha256"] = [f"{row:064x}" for row in range(len(table))]
    if labels:
        manifest["mask"] = ["kn95" if row % 2 else "" for row in range(len(table))]
    manifest.to_parquet(pictures / "manifest.parquet", index=False)
    (pictures / "source.json").write_text(json.dumps({"dataset": "own", "root": "files"}))
    listed(pictures, pairs)
    return faces, pictures


def test_really_masked_collections_take_their_own_labels_and_pairs(people, tmp_path):
    table = pd.read_parquet(people.faces / "faces.parquet")
    test_faces = table[table["split"] == "test"]["face_id"].tolist()
    assert test_faces[0] == "s1/1.pgm"
    first, second, other = (test_faces[i].removesuffix(".pgm") for i in (0, 1, 5))
    pairs = [(first, second, True), (first, other, False)]
    faces, pictures = mfr2_like(people, tmp_path, pairs, labels=True)
    test = really_masked(faces, pictures)
    assert test.official is not None
    assert test.official.same.tolist() == [True, False]
    assert test.official.first.tolist() == [0, 0]
    assert test.official.second.tolist() == [1, 5]
    assert len(test.of_kind(BARE)) + len(test.of_kind(MASKED)) == len(test_faces)
    assert test.table["undetected"].sum() == 1
    listed(pictures, [(first, "s1/77", True)])
    with pytest.raises(MaskbenchError, match=r"s1/77.*undetected: whole"):
        really_masked(faces, pictures)


def test_a_collection_without_labels_is_refused(people, tmp_path):
    faces, pictures = mfr2_like(people, tmp_path, [], labels=False)
    with pytest.raises(MaskbenchError, match="who wears a mask"):
        really_masked(faces, pictures)


def test_embeddings_come_in_the_tables_order(test_set):
    class First:
        def __call__(self, faces, rows):
            return np.stack([np.asarray(faces.images[r], float).mean((0, 1)) for r in rows])

    found = test_set.embeddings(First())
    part, rows = test_set.parts[1]
    mean = np.asarray(part.images[rows[3]], float).mean((0, 1))
    assert found[len(test_set.of_kind(BARE)) + 3] == pytest.approx(mean)
