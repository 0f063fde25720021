"""Shapes and parameter counts against the publications."""

import pytest
import torch

from maskbench.networks.iresnet import IResNet
from maskbench.recognition.backbones.inception_resnet import InceptionResnetV1
from maskbench.recognition.backbones.mobilefacenet import MobileFaceNet
from maskbench.recognition.backbones.resnet50 import ExtendedResNet50
from maskbench.recognition.backbones.vgg16 import Vgg16


def weights(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("make", "size", "embedding", "count"),
    [
        # FaceNet's file holds 27,910,327 with a layer for 8631 people: 8631 * (512 + 1) fewer here.
        (InceptionResnetV1, 160, 512, 27_910_327 - 8631 * 513),
        (lambda: IResNet("iresnet18"), 112, 512, 24_025_600),
        # torchvision's 25,557,032 less its classes, plus 2048 * 512 + 512 and 2 * 512.
        (ExtendedResNet50, 224, 512, 25_557_032 - 1000 * 2049 + 2049 * 512 - 512 + 512 + 1024),
    ],
)
def test_shape_and_parameters(make, size, embedding, count):
    network = make().eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, size, size)).shape == (1, embedding)
    assert weights(network) == count


def test_iresnet50_has_43_59_million_weights():
    network = IResNet("iresnet50").eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 112, 112)).shape == (1, 512)
    assert round(weights(network) / 1e6, 2) == 43.59


def test_mobilefacenet_has_about_the_published_0_99_million_weights():
    network = MobileFaceNet().eval()
    assert network(torch.zeros(2, 3, 112, 112)).shape == (2, 128)
    assert weights(network) == pytest.approx(0.99e6, rel=0.015)


def test_vgg16_is_torchvisions_with_a_layer_behind_it():
    """At an eighth of its width, too; the published one has 138,357,544 weights."""
    with torch.device("meta"):
        network = Vgg16()
    assert weights(network) == 138_357_544 + 1000 * 128 + 128
    small = Vgg16(8).eval()
    with torch.inference_mode():
        assert small(torch.zeros(1, 3, 48, 48)).shape == (1, 128)


@pytest.mark.parametrize("make", [lambda: IResNet("iresnet18", 64, 16), lambda: MobileFaceNet(64)])
def test_small_pictures_and_every_weight_learns(make):
    torch.manual_seed(0)
    network = make().train()
    out = network(torch.randn(4, 3, 64, 64))
    assert out.shape[0] == 4
    (out * torch.randn_like(out)).sum().backward()
    for name, parameter in network.named_parameters():
        assert not parameter.requires_grad or parameter.grad.abs().sum() > 0, name


def test_facenets_names_are_those_of_its_published_state():
    """Some of them, from every part; the rest follow from the blocks."""
    names = set(InceptionResnetV1().state_dict())
    for name in (
        "conv2d_1a.conv.weight",
        "conv2d_4b.bn.running_var",
        "repeat_1.4.branch2.2.bn.weight",
        "repeat_1.0.conv2d.bias",
        "mixed_6a.branch1.2.conv.weight",
        "repeat_2.9.branch1.1.conv.weight",
        "mixed_7a.branch2.0.bn.bias",
        "repeat_3.0.branch0.conv.weight",
        "block8.branch1.2.conv.weight",
        "last_linear.weight",
        "last_bn.running_mean",
    ):
        assert name in names
