"""Perceptual and style losses against loops, on both networks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import vgg19

from maskbench.errors import MaskbenchError
from maskbench.restoration.perceptual import (
    EFFICIENTNET,
    VGG19,
    PackagedMaps,
    Vgg19Maps,
    feature_maps,
    gram,
)


@pytest.fixture(scope="module")
def vgg_state():
    """Random weights under torchvision's names, of the size that they have there."""
    with torch.device("meta"):
        shapes = vgg19(weights=None).features.state_dict()
    torch.manual_seed(0)
    return {
        f"features.{key}": torch.randn(v.shape) * (2 / v[0].numel()) ** 0.5
        for key, v in shapes.items()
    }


@pytest.fixture(scope="module")
def packaged(weights: Path):
    return feature_maps(weights)


def test_gram_by_loops():
    maps = torch.randn(2, 3, 4, 5)
    found = gram(maps)
    for picture in range(2):
        for a in range(3):
            for b in range(3):
                expected = (maps[picture, a] * maps[picture, b]).sum() / (3 * 4 * 5)
                assert float(found[picture, a, b]) == pytest.approx(float(expected), abs=1e-6)


def test_vgg_layers_are_those_of_the_names(vgg_state):
    network = Vgg19Maps(vgg_state).eval().requires_grad_(False)
    content, style = network.maps(torch.rand(1, 3, 64, 64))
    # channels and sides of relu1_1, 2_1, 3_1, 4_1, 5_1 and of 2_2, 3_4, 4_4, 5_2
    assert [tuple(m.shape[1:3]) for m in content] == [
        (64, 64), (128, 32), (256, 16), (512, 8), (512, 4),
    ]  # fmt: skip
    assert [tuple(m.shape[1:3]) for m in style] == [(128, 32), (256, 16), (512, 8), (512, 4)]
    assert all(float(m.min()) >= 0 for m in (*content, *style))  # after their ReLUs
    # The names count convolutions between poolings: walk through torchvision's own list.
    block, place, names = 1, 0, {}
    with torch.device("meta"):
        layers = vgg19(weights=None).features
    for number, layer in enumerate(layers):
        if isinstance(layer, nn.Conv2d):
            place += 1
        elif isinstance(layer, nn.ReLU):
            names[f"relu{block}_{place}"] = number
        else:
            block, place = block + 1, 0
    from maskbench.restoration import perceptual

    wanted = {**perceptual._CONTENT, **perceptual._STYLE}
    assert wanted == {name: names[name] for name in wanted}


def test_losses_by_hand(packaged, vgg_state):
    torch.manual_seed(1)
    painted, true = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    hole = torch.zeros(2, 1, 64, 64)
    hole[:, :, 30:] = 1
    for network in (packaged, Vgg19Maps(vgg_state).eval().requires_grad_(False)):
        perceptual, style = network.losses(painted, true, hole)
        a, b = network.maps(painted)[0], network.maps(true)[0]
        ga, gb = network.maps(painted * hole)[1], network.maps(true * hole)[1]
        scale = [np.sqrt(np.mean(m.numpy() ** 2)) for m in b]
        style_scale = [np.sqrt(np.mean(m.numpy() ** 2)) for m in gb]
        if isinstance(network, Vgg19Maps):
            scale, style_scale = [1.0] * 5, [1.0] * 4
        expected = sum(
            np.abs(x.numpy() - y.numpy()).mean() / s for x, y, s in zip(a, b, scale, strict=True)
        )
        assert float(perceptual) == pytest.approx(float(expected), rel=1e-4)
        expected = sum(
            np.abs(gram(x).numpy() - gram(y).numpy()).mean() / s**2
            for x, y, s in zip(ga, gb, style_scale, strict=True)
        )
        assert float(style) == pytest.approx(float(expected), rel=1e-4)


def test_packaged_maps_are_those_of_the_whole_network(packaged):
    pictures = torch.rand(2, 3, 64, 64)
    content, style = packaged.maps(pictures)
    whole = packaged.network((pictures * 255 - 127) / 128)[2]
    assert [m.shape[-1] for m in content] == [32, 16, 8, 4] and len(style) == 4
    for ours, theirs in zip(content, whole, strict=False):
        torch.testing.assert_close(ours, theirs)


def test_equal_pictures_cost_nothing_and_gradients_reach_the_painting(packaged):
    true = torch.rand(1, 3, 64, 64)
    hole = torch.ones(1, 1, 64, 64)
    assert [float(v) for v in packaged.losses(true.clone(), true, hole)] == [0, 0]
    painted = torch.rand(1, 3, 64, 64, requires_grad=True)
    for loss in packaged.losses(painted, true, hole):
        (gradient,) = torch.autograd.grad(loss, painted, retain_graph=True)
        assert float(gradient.abs().sum()) > 0
    assert not any(p.requires_grad for p in packaged.parameters())


def test_vgg_is_taken_where_it_is_wanted_and_there(weights, vgg_state, tmp_path):
    (tmp_path / EFFICIENTNET).symlink_to(weights / EFFICIENTNET)
    assert isinstance(feature_maps(tmp_path), PackagedMaps)
    torch.save(vgg_state, tmp_path / VGG19)
    assert isinstance(feature_maps(tmp_path), Vgg19Maps)
    assert isinstance(feature_maps(tmp_path, published=False), PackagedMaps)
    torch.save({"another": torch.zeros(1)}, tmp_path / VGG19)
    with pytest.raises(MaskbenchError, match="not the VGG-19 weights"):
        feature_maps(tmp_path)
    (tmp_path / VGG19).write_bytes(b"not a file of torch")
    with pytest.raises(MaskbenchError, match=r"vgg19.*not the VGG-19 weights"):
        feature_maps(tmp_path)
    with pytest.raises(MaskbenchError, match="absent"):
        feature_maps(tmp_path / "nowhere")
