"""Real faces and real networks for the tests of this package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from maskbench.config import DetectorConfig, FacesConfig
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.faces.locate import FaceLocator
from maskbench.faces.mtcnn import Mtcnn


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small networks: two threads gain little, and wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def orl_pictures(orl: Path) -> list[np.ndarray]:
    """All 400 pictures, 112 x 92."""
    opened = Pictures.open(orl)
    return [read_picture(opened.file(source)) for source in opened.manifest["source"]]


@pytest.fixture(scope="session")
def detector(weights: Path) -> Mtcnn:
    return Mtcnn(weights, DetectorConfig(), device="cpu")


@pytest.fixture(scope="session")
def locator(weights: Path) -> FaceLocator:
    return FaceLocator(weights, FacesConfig(), device="cpu")
