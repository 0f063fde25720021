"""Real faces for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from maskbench.config import FacesConfig
from maskbench.datasets.pictures import read_picture
from maskbench.faces.locate import FaceLocator, LocatedFace


@pytest.fixture(scope="session")
def orl_faces(orl: Path, weights: Path) -> list[tuple[np.ndarray, LocatedFace]]:
    """Every eighth ORL picture, enlarged three times, with its face."""
    import json

    source = json.loads((orl / "source.json").read_text())
    root = Path(source["root"])
    root = root if root.is_absolute() else orl / root
    names = pd.read_parquet(orl / "manifest.parquet")["source"].tolist()[::8]
    images = [read_picture(root / name) for name in names]
    found = FaceLocator(weights, FacesConfig(), device="cpu").locate(images)
    return [(image, face) for image, face in zip(images, found, strict=True) if face is not None]
