"""LPIPS against the lpips package and against equation 1 in numpy."""

from pathlib import Path

import lpips as published
import numpy as np
import pytest
import torch
from torchvision.models import alexnet

from maskbench.errors import MaskbenchError
from maskbench.metrics.features import EFFICIENTNET, PackagedFeatures
from maskbench.metrics.lpips import (
    ALEXNET,
    AlexnetLpips,
    PackagedLpips,
    perceptual_distance,
    unweighted_distance,
)


@pytest.fixture(scope="module")
def pairs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    a = np.kron(rng.integers(0, 256, (3, 12, 12, 3)), np.ones((1, 8, 8, 1))).astype(np.uint8)
    noise = rng.normal(0, [[[[10]]], [[[30]]], [[[80]]]], a.shape)
    return a, np.clip(a + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def backbone():
    torch.manual_seed(0)
    return alexnet(weights=None).eval()


def test_alexnet_is_the_published_metric(pairs, backbone):
    """Equation 1 from torchvision's layers and the package's learned weights, step by step."""
    found = AlexnetLpips(backbone.state_dict())(*pairs)
    linear = torch.load(
        Path(published.__file__).parent / "weights/v0.1/alex.pth",
        map_location="cpu",
        weights_only=True,
    )
    shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    with torch.inference_mode():
        x, y = (
            (torch.from_numpy(p).permute(0, 3, 1, 2) / 127.5 - 1 - shift) / scale for p in pairs
        )
        total, taken = torch.zeros(3), 0
        for i, layer in enumerate(backbone.features):
            x, y = layer(x.clone()), layer(y.clone())
            if i in (1, 4, 7, 9, 11):
                u, v = (m / m.norm(dim=1, keepdim=True) for m in (x, y))
                w = linear[f"lin{taken}.model.1.weight"][0]
                total += (w * (u - v) ** 2).sum(1).mean((1, 2))
                taken += 1
    np.testing.assert_allclose(found, total.numpy(), rtol=1e-4)
    assert (np.diff(found) > 0).all(), "more noise is further away"


def test_alexnet_equals_the_package_on_the_same_backbone(pairs, backbone):
    network = published.LPIPS(net="alex", pnet_rand=True, verbose=False)
    state = backbone.state_dict()
    for key, value in network.net.state_dict().items():
        value.copy_(state["features." + key.split(".", 1)[1]])
    with torch.inference_mode():
        x, y = (torch.from_numpy(p).permute(0, 3, 1, 2) / 127.5 - 1 for p in pairs)
        expected = network(x, y).flatten().numpy()
    np.testing.assert_allclose(AlexnetLpips(state)(*pairs), expected, rtol=1e-5)


def test_unweighted_is_equation_1_with_weights_of_one():
    rng = np.random.default_rng(0)
    shapes = [(2, 3, 4, 5), (2, 6, 2, 2)]
    a, b = ([rng.normal(size=s) for s in shapes] for _ in range(2))
    expected = np.zeros(2)
    for x, y in zip(a, b, strict=True):
        u, v = (m / np.sqrt((m**2).sum(1, keepdims=True)) for m in (x, y))
        expected += ((u - v) ** 2).sum(1).mean((1, 2)) / 2
    found = unweighted_distance([torch.tensor(m) for m in a], [torch.tensor(m) for m in b])
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)


def test_packaged_is_zero_for_equal_pictures_symmetric_and_grows_with_noise(weights, pairs):
    metric = PackagedLpips(PackagedFeatures.open(weights, batch_size=3))
    a, b = pairs
    assert (metric(a, a) == 0).all()
    np.testing.assert_allclose(metric(a, b), metric(b, a), rtol=1e-6)
    assert (np.diff(metric(a, b)) > 0).all()


def test_choice_follows_the_folder_and_the_configuration(tmp_path: Path, weights: Path, backbone):
    (tmp_path / EFFICIENTNET).symlink_to(weights / EFFICIENTNET)
    extractor = PackagedFeatures.open(tmp_path, batch_size=2)
    absent = perceptual_distance(tmp_path, True, extractor)
    assert absent.name == "efficientnet_lite0" and absent.extractor is extractor
    torch.save(backbone.state_dict(), tmp_path / ALEXNET)
    assert perceptual_distance(tmp_path, True, extractor).name == "alexnet"
    assert perceptual_distance(tmp_path, False, extractor).name == "efficientnet_lite0"
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / ALEXNET)
    with pytest.raises(MaskbenchError, match="another network"):
        perceptual_distance(tmp_path, True, extractor)
