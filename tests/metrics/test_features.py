"""Feature extractors: pytorch-fid's arithmetic, no dependence on the batch, which network."""

from pathlib import Path

import numpy as np
import pytest
import torch

from maskbench.errors import MaskbenchError
from maskbench.metrics import features
from maskbench.metrics.features import (
    FidInceptionFeatures,
    PackagedFeatures,
    TorchvisionFeatures,
    class_scorer,
    feature_extractor,
    fid_inception,
)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Seven smooth pictures, 64 x 64."""
    coarse = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 3))
    return np.kron(coarse, np.ones((1, 8, 8, 1))).astype(np.uint8)


@pytest.fixture(scope="module")
def inception():
    return fid_inception(seed=3)


def test_inception_features_are_those_of_pytorch_fid(images, inception):
    network, classifier = inception
    found, logits = FidInceptionFeatures(network, classifier, batch_size=4)(images)
    with torch.inference_mode():
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        published = network.to(memory_format=torch.contiguous_format)(pixels.contiguous())[0]
        expected = published.flatten(1)
        np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-5)
        scores = expected @ classifier.weight.T  # without bias, as the Inception Score's own code
        np.testing.assert_allclose(logits, scores.numpy(), rtol=1e-3, atol=1e-3)
    assert found.std(axis=0).mean() > 1e-3, "the drawn weights must tell pictures apart"


def test_inception_never_downloads_and_leaves_pytorch_fid_as_it_was(inception):
    from pytorch_fid import inception as published

    assert published._inception_v3.__module__ == published.__name__
    assert published.load_state_dict_from_url.__module__.startswith("torch.")
    again = fid_inception(seed=3)[0].state_dict()
    other = fid_inception(seed=4)[0].state_dict()
    key = "blocks.0.0.conv.weight"
    assert torch.equal(again[key], inception[0].state_dict()[key])
    assert not torch.equal(again[key], other[key])


def test_features_do_not_depend_on_the_batch(weights: Path, images):
    extractor = PackagedFeatures.open(weights, batch_size=4)
    whole, scores = extractor(images)
    for rows in ([0], [6, 2], [5, 1, 0, 3, 4, 2, 6]):
        found, logits = extractor(images[rows])
        np.testing.assert_array_equal(found, whole[rows])
        np.testing.assert_array_equal(logits, scores[rows])
    np.testing.assert_allclose(
        PackagedFeatures.open(weights, batch_size=3)(images)[0], whole, rtol=1e-3, atol=1e-4
    )


def test_published_weights_are_taken_from_the_folder(tmp_path: Path, weights: Path, inception):
    """Stand-ins with the published names and structure, drawn at random."""
    (tmp_path / features.EFFICIENTNET).symlink_to(weights / features.EFFICIENTNET)
    assert feature_extractor(tmp_path, published=True).name == "efficientnet_lite0"
    packaged = feature_extractor(tmp_path, published=True)
    assert class_scorer(packaged, tmp_path, published=True) is packaged

    from torchvision.models import inception_v3

    torch.manual_seed(0)
    state = inception_v3(weights=None, init_weights=False).state_dict()
    torch.save(state, tmp_path / features.INCEPTION)
    scorer = class_scorer(packaged, tmp_path, published=True)
    assert isinstance(scorer, TorchvisionFeatures) and scorer.name == "inception_v3"
    logits = scorer.maps(np.full((1, 32, 32, 3), 255, np.uint8))[1]
    assert logits.shape == (1, 1000)
    assert class_scorer(packaged, tmp_path, published=False) is packaged

    torch.save(_whole_state(inception), tmp_path / features.FID_INCEPTION)
    extractor = feature_extractor(tmp_path, published=True)
    assert extractor.name == "inception_v3_fid" and extractor.dim == 2048
    scorer = class_scorer(extractor, tmp_path, published=True)
    assert (scorer.name, scorer.classes) == ("inception_v3", 1000)  # both files are there
    (tmp_path / features.INCEPTION).unlink()
    assert class_scorer(extractor, tmp_path, published=True) is extractor
    key = "blocks.0.0.conv.weight"
    loaded = extractor.network.state_dict()[key]
    assert torch.equal(loaded, inception[0].state_dict()[key])
    assert feature_extractor(tmp_path, published=False).name == "efficientnet_lite0"

    torch.save({"a": torch.zeros(1)}, tmp_path / features.FID_INCEPTION)
    with pytest.raises(MaskbenchError, match="another network"):
        feature_extractor(tmp_path, published=True)
    (tmp_path / features.FID_INCEPTION).write_bytes(b"")
    with pytest.raises(MaskbenchError, match="unreadable"):
        feature_extractor(tmp_path, published=True)


def _whole_state(inception) -> dict[str, torch.Tensor]:
    """The state dictionary under the names of the published file (those of torchvision)."""
    names = [
        ["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"],
        ["Conv2d_3b_1x1", "Conv2d_4a_3x3"],
        ["Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a"] + [f"Mixed_6{c}" for c in "bcde"],
        ["Mixed_7a", "Mixed_7b", "Mixed_7c"],
    ]
    network, classifier = inception
    state = {f"fc.{key}": value for key, value in classifier.state_dict().items()}
    for block, layers in zip(network.blocks, names, strict=True):
        for name, layer in zip(layers, block, strict=False):
            state |= {f"{name}.{key}": value for key, value in layer.state_dict().items()}
    return state


def test_absent_packaged_weights_are_named(tmp_path: Path):
    with pytest.raises(MaskbenchError, match="fetch_weights"):
        feature_extractor(tmp_path, published=False)
