"""Tables that are not held in memory: the same rows, whichever way they are read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FACE_COLUMNS, LISTS, FaceSet, FaceSetWriter
from maskbench.faces.table import ROWS, TableReader, TableWriter

COUNT = ROWS + 10


def row(number: int) -> dict:
    box = np.arange(4, dtype=np.float32) + number
    return {
        "face_id": f"face{number}", "identity": "", "source": f"{number}.png", "split": "train",
        "box": box, "score": number / 2, "crop_box": box + 1,
        "landmarks": np.arange(136, dtype=np.float32) + number, "yaw": 1.0, "pitch": 2.0,
        "roll": 3.0,
    }  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")
    with FaceSetWriter(folder, 2, {"dataset": "d", "crop": "c"}) as writer:
        for number in range(COUNT):
            writer.add(np.full((2, 2, 3), number % 256, np.uint8), row(number))
    return folder


def test_a_set_has_all_rows_in_order(path):
    faces = FaceSet.open(path)
    assert list(faces.faces) == list(FACE_COLUMNS)
    assert faces.faces["face_id"].tolist() == [f"face{number}" for number in range(COUNT)]
    assert faces.landmarks[:, 1, 1].tolist() == [number + 3 for number in range(COUNT)]
    assert [len(frame) for frame in TableReader(path / "faces.parquet")] == [ROWS, 10]


def test_without_its_lists_a_set_gives_the_same_rows(path):
    whole, light = FaceSet.open(path), FaceSet.open(path, lists=False)
    assert set(light.faces) == set(FACE_COLUMNS) - set(LISTS)
    rows = [COUNT - 1, 0, ROWS, ROWS - 1]
    np.testing.assert_array_equal(light.landmarks_of(rows), whole.landmarks_of(rows))
    assert light.landmarks_of(rows)[:, 0, 0].tolist() == rows
    np.testing.assert_array_equal(light.landmarks, whole.landmarks)
    for number in rows:
        one, other = light.row(number), whole.row(number)
        assert list(one) == list(other) == list(FACE_COLUMNS)
        assert all(np.array_equal(one[name], other[name]) for name in one)
        np.testing.assert_array_equal(one["crop_box"], row(number)["crop_box"])


def test_other_rows_than_those_of_the_file_are_refused(path):
    faces = FaceSet.open(path, lists=False)
    with pytest.raises(MaskbenchError, match=f"3 faces, {COUNT} in its file"):
        replace(faces, faces=faces.faces.iloc[:3]).landmarks_of([0])


@pytest.mark.parametrize("count", [0, 5])
def test_few_rows_are_written_as_pandas_writes_them(tmp_path, count):
    frame = pd.DataFrame([row(number) for number in range(count)], columns=list(FACE_COLUMNS))
    frame.to_parquet(tmp_path / "pandas.parquet", index=False)
    with TableWriter(tmp_path / "own.parquet") as table:
        table.write(frame)
    own, wanted = ((tmp_path / f"{name}.parquet").read_bytes() for name in ("own", "pandas"))
    assert own == wanted


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(MaskbenchError, match=r"none\.parquet"):
        TableReader(tmp_path / "none.parquet")
