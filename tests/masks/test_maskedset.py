"""A MaskedSet's columns, and the error for a folder that has others."""

import numpy as np
import pandas as pd
import pytest

from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MASKED_COLUMNS, MaskedSet, MaskedSetWriter


def test_opens_what_was_written_and_refuses_an_older_versions_columns(tmp_path):
    with MaskedSetWriter(tmp_path, 8, {"dataset": "orl"}) as writer:
        row = dict.fromkeys(MASKED_COLUMNS, "") | {"bare_id": "s1/1", "method": "keypoint"}
        writer.add(np.zeros((8, 8, 3), np.uint8), row, np.full((8, 8), 7, np.uint8))
    opened = MaskedSet.open(tmp_path)
    assert list(opened.faces["bare_id"]) == ["s1/1"] and opened.masks.max() == 7

    old = pd.read_parquet(tmp_path / "faces.parquet").rename(columns={"bare_id": "of"})
    old.to_parquet(tmp_path / "faces.parquet")
    with pytest.raises(
        MaskbenchError, match=r"'bare_id'.*delete the folder and make the set again"
    ):
        MaskedSet.open(tmp_path)
