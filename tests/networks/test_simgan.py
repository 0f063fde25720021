"""SimGAN's networks against the counts of its references."""

import pytest
import torch
from torch import nn

from maskbench.networks.simgan import DeeperWholeCritic, Refiner, RefinerCritic
from maskbench.networks.translation import WholeCritic


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_refiner_has_the_published_parameters():
    """3x3 convolutions 3 -> 64 and, two a block, 64 -> 64; a 1x1 convolution 64 -> 3."""
    plain = Refiner(3, 3, 64, 4, "none")
    assert parameters(plain) == (27 * 64 + 64) + 8 * (576 * 64 + 64) + (64 * 3 + 3) == 297_411
    # Paper 3: twice the blocks; batch normalisation in the place of biases.
    normal = Refiner(3, 3, 64, 8, "batch")
    assert parameters(normal) == (27 * 64 + 64) + 16 * (576 * 64 + 128) + (64 * 3 + 3)


def test_the_refiner_sees_as_far_as_its_convolutions_reach():
    pictures = torch.randn(1, 3, 41, 41, requires_grad=True)
    made = Refiner(3, 3, 4, 4, "none")(pictures)
    assert made.shape == pictures.shape
    made[0, :, 20, 20].sum().backward()
    rows = pictures.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert rows[0] >= 20 - 9 and rows[-1] <= 20 + 9  # 1 + 4 * 2 convolutions of 3x3
    assert rows[-1] - rows[0] > 10


def test_the_critics_convolutions_have_the_published_parameters():
    """3x3-96, 3x3-64, 3x3-32, 1x1-32, 1x1-2."""
    layers = list(RefinerCritic(256).layers)
    found = [parameters(layer) for layer in layers if isinstance(layer, nn.Conv2d)]
    assert found == [27 * 96 + 96, 864 * 64 + 64, 576 * 32 + 32, 32 * 32 + 32, 32 * 2 + 2]
    assert sum(found) == 77_634
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in layers) == 2
    assert not isinstance(layers[-1], nn.ReLU)


@pytest.mark.parametrize("size", [24, 36, 64, 256])
def test_the_critic_gives_one_score_and_normalises_before_it(size):
    critic = RefinerCritic(size, 12)
    assert critic(torch.rand(2, 3, size, size)).shape == (2, 1)
    _, normal, dense = critic.head
    assert isinstance(normal, nn.BatchNorm1d) and normal.num_features == dense.in_features
    assert isinstance(RefinerCritic(size, 12, "none").head[1], nn.Identity)


def test_two_further_convolutions():
    sizes = [parameters(RefinerCritic(32, 12, extra=extra)) for extra in (0, 2)]
    assert sizes[1] - sizes[0] == 2 * (4 * 4 * 9 + 4)


@pytest.mark.parametrize(("size", "deepest"), [(48, 16), (64, 32)])
def test_a_critic_of_whole_pictures_with_further_convolutions(size, deepest):
    plain, deeper = WholeCritic(size, 4), DeeperWholeCritic(size, 4, extra=2)
    assert parameters(deeper) - parameters(plain) == 2 * (deepest**2 * 9 + deepest)
    assert deeper(torch.rand(2, 3, size, size)).shape == (2, 1)
    convolutions = [layer for layer in deeper.layers if isinstance(layer, nn.Conv2d)]
    assert all(not layer.bias.any() for layer in convolutions)  # initialised as the others
