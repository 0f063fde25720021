"""Features of files: those of the arrays, in order, whatever the sizes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maskbench.errors import MaskbenchError
from maskbench.metrics.features import PackagedFeatures
from maskbench.metrics.file_features import file_features


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    found = []
    for i, side in enumerate([40, 40, 40, 64, 40, 64, 64]):
        coarse = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
        found.append(tmp_path / f"{i}.png")
        Image.fromarray(coarse).resize((side, side)).save(found[-1])
    return found


@pytest.mark.parametrize("readers", [1, 3])
def test_equal_to_one_by_one(files, weights: Path, readers):
    extractor = PackagedFeatures.open(weights, batch_size=2)
    features, logits = file_features(extractor, files, readers)
    for file, f, scores in zip(files, features, logits, strict=True):
        alone = extractor(np.asarray(Image.open(file))[None])
        np.testing.assert_array_equal(f, alone[0][0])
        np.testing.assert_array_equal(scores, alone[1][0])


def test_a_broken_file_is_named(files, weights: Path):
    files[4].write_bytes(b"no picture")
    with pytest.raises(MaskbenchError, match=r"4\.png"):
        file_features(PackagedFeatures.open(weights, batch_size=2), files)
