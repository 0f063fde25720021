"""The step divide_faces: the same crops with the split of each fold."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from maskbench.errors import MaskbenchError
from maskbench.faces.divide_faces import divide_faces
from maskbench.faces.faceset import FaceSet, FaceSetWriter


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """Two pictures of ann and bob each, one of nobody; no face of dot."""
    folder = tmp_path / "crops"
    folder.mkdir()
    with FaceSetWriter(folder, 8, {"dataset": "own", "crop": "c"}) as writer:
        for number, who in enumerate(("ann", "ann", "bob", "bob", "")):
            row = dict.fromkeys(writer.columns, "") | {"identity": who, "source": f"{number}.png"}
            writer.add(np.full((8, 8, 3), number, np.uint8), row)
        writer.reject("dot/0.png", "dot", "no face found")
        writer.reject("left.heic", "", ".heic is no ending of pictures")
    return folder


def splits(path: Path, **people: str) -> Path:
    rows = [*people.items(), ("4.png", "train")]
    pd.DataFrame(rows, columns=["identity", "split"]).to_parquet(path, index=False)
    return path


def test_each_fold_has_its_split_of_the_same_crops(crops: Path, tmp_path: Path) -> None:
    for fold, (ann, bob) in enumerate((("train", "test"), ("test", "train"))):
        file = splits(tmp_path / f"{fold}.parquet", ann=ann, bob=bob, dot="test")
        divide_faces(crops, file, fold, tmp_path / f"fold{fold}")
        faces = FaceSet.open(tmp_path / f"fold{fold}")
        assert faces.fold == fold and (faces.dataset, faces.crop) == ("own", "c")
        assert faces.faces["split"].tolist() == [ann, ann, bob, bob, "train"]
        assert faces.images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]
        assert len(pd.read_parquet(tmp_path / f"fold{fold}" / "rejects.parquet")) == 2
    arrays = [path / "images.npy" for path in (crops, tmp_path / "fold0", tmp_path / "fold1")]
    assert len({file.stat().st_ino for file in arrays}) == 1  # nothing is stored twice


def test_a_split_without_a_face_is_refused_with_the_reasons(crops: Path, tmp_path: Path) -> None:
    file = splits(tmp_path / "s.parquet", ann="train", bob="test", dot="val")
    why = "of any val person: dot/0.png (no face found); check"
    with pytest.raises(MaskbenchError, match=re.escape(why)):
        divide_faces(crops, file, 0, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_split_of_other_people_is_refused(crops: Path, tmp_path: Path) -> None:
    file = splits(tmp_path / "s.parquet", ann="train")
    with pytest.raises(MaskbenchError, match=r"s\.parquet: no split for 2\.png"):
        divide_faces(crops, file, 0, tmp_path / "out")
