"""A trained model as one file, and the ways to name it."""

import json
import shutil

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch

from maskbench import tracking_store
from maskbench.artifacts import sha256_of
from maskbench.config import FacesConfig
from maskbench.errors import MaskbenchError
from maskbench.synthesis.model_file import MODEL_FILE, opened_model
from maskbench.synthesis.own_pictures import method_of
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training import state


@pytest.fixture(scope="module", name="results")
def _results(small, tmp_path_factory):
    """A run's folder with two seeds of the mean placement."""
    root = tmp_path_factory.mktemp("results")
    for seed in (1, 10):
        train_synthesis(
            METHODS.parse("mean_placement", {}), small.faces, small.masked, small.pictures,
            small.styles, seed, root / "models" / "orl" / "mean_placement" / f"seed{seed}",
            root / "scratch",
        )  # fmt: skip
    return root


@pytest.fixture(name="file")
def _file(results):
    return results / "models" / "orl" / "mean_placement" / "seed1" / MODEL_FILE


def mean_landmarks(small):
    faces = small.opened()[0]
    rows = faces.of_split("train")
    return np.stack([faces.faces["landmarks"].iloc[row] for row in rows]).mean(0) / faces.size


def test_any_reader_of_safetensors_finds_weights_and_configuration(small, file):
    with safetensors.safe_open(str(file), framework="np") as stream:
        (name,) = stream.keys()
        points = stream.get_tensor(name)
        header = json.dumps(stream.metadata())
    np.testing.assert_allclose(points.ravel(), mean_landmarks(small), atol=1e-5)
    assert "landmarks" in name and "mean_placement" in header and "brightness" in header


def test_a_file_is_a_model_wherever_it_lies(small, results, file, tmp_path):
    alone = shutil.copy(file, tmp_path / "sent by a friend.safetensors")
    with opened_model(alone, tmp_path) as folder:
        block, faces, mask_size = method_of(None, folder, FacesConfig(), 999)
        assert block.name == "mean_placement" and (faces.size, mask_size) == (48, 48)
        points = block.spec.load().open(block, folder).applied["landmarks"].points
        np.testing.assert_allclose(points.numpy().ravel(), mean_landmarks(small), atol=1e-5)
    assert not folder.exists()


def test_by_name_the_first_seed_is_taken(results, tmp_path):
    with opened_model("mean_placement", results) as folder:
        assert folder.name == "seed1"
    with (
        pytest.raises(MaskbenchError, match="trained method; did you mean mean_placement"),
        opened_model("mean_placment", results),
    ):
        pass
    again = tmp_path / "again"
    shutil.copytree(results / "models", again / "models")
    shutil.copytree(again / "models" / "orl", again / "models" / "lfw")
    with (
        pytest.raises(MaskbenchError, match=r"several data sets: .*lfw.*orl"),
        opened_model("mean_placement", again),
    ):
        pass


def test_by_the_run_that_trained_it(results, file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(tracking_store.URI, raising=False)
    with (
        pytest.raises(MaskbenchError, match=r"no mlflow\.db here"),
        opened_model("0" * 32, results),
    ):
        pass
    assert not list(tmp_path.iterdir())
    store = tracking_store.Store()
    run_id = store.start("trial", "train", {}, [])
    store.artifact(run_id, str(file), "")
    with opened_model(run_id, results) as folder:
        assert sha256_of(folder / "params.json") == sha256_of(file.parent / "params.json")
    with pytest.raises(MaskbenchError, match="gives no model"), opened_model("0" * 32, results):
        pass


def test_files_that_are_no_models(file, tmp_path):
    safetensors.torch.save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04cos\nsystem\n(S'touch owned'\ntR.")
    values = state.load(file)
    state.save(tmp_path / "half.safetensors", {"networks": values["networks"]})
    state.save(tmp_path / "list.safetensors", values | {"guides": [1, 2]})
    beyond = values | {"guides": {"../../../owned": {"params": {}, "networks": {}}}}
    state.save(tmp_path / "beyond.safetensors", beyond)
    shutil.copy(file, tmp_path / "cut.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(file.read_bytes()[:-40])
    for path in tmp_path.glob("*.safetensors"):
        with pytest.raises(MaskbenchError, match=path.name), opened_model(path, tmp_path):
            pass
    assert not list(tmp_path.rglob("owned"))
    with pytest.raises(MaskbenchError, match="no such model"), opened_model("no/such", tmp_path):
        pass
