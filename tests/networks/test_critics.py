import pytest
import torch
from torch import nn

from maskbench.networks import critics


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("size", [32, 48, 64, 80, 96, 144])
@pytest.mark.parametrize("kind", ["pyconv", "conv"])
def test_score_map_is_five_by_five_by_one(kind, size):
    critic = critics.PyConvCritic(size, 64) if kind == "pyconv" else critics.ConvCritic(size, 8)
    assert critic(torch.zeros(2, 3, size, size)).shape == (2, 1, 5, 5)


def test_at_the_published_size_the_trunk_alone_gives_five_by_five():
    assert critics.strides(144, 5) == [2, 2, 2, 2, 2]
    critic = critics.PyConvCritic(144, 64)
    assert critic.trunk(torch.zeros(1, 3, 144, 144)).shape == (1, 128, 5, 5)


@pytest.mark.parametrize("size", [48, 64])
def test_strides_never_leave_less_than_five(size):
    for layers in (4, 5):
        side = size
        for stride in critics.strides(size, layers):
            side = -(-side // stride)
        assert side >= 5


def test_pyconv_critic_counted_by_hand():
    """Width 64: stem 3 -> 16, pyramids 16 -> 64 (4), 64 -> 128 (3), 128 -> 128 (2, twice: the
    widths are 64, 64, 128, 128), head 128 -> 1."""
    stem = 16 * 3 * 49 + 16
    first = 16 * 16 * 9 + 16 * 4 * 25 + 16 * 2 * 49 + 16 * 1 * 81
    second = 16 * 64 * 9 + 16 * 16 * 25 + 32 * 8 * 49
    third = 64 * 64 * 9 + 64 * 16 * 25
    fourth = 64 * 128 * 9 + 64 * 32 * 25
    head = 128 * 9 + 1
    assert count(critics.PyConvCritic(144, 64)) == stem + first + second + third + fourth + head


def test_there_is_no_batch_normalisation_in_the_pyconv_trunk():
    assert not any(
        isinstance(layer, nn.BatchNorm2d) for layer in critics.PyConvCritic(48, 64).modules()
    )


def test_dense_critic_counted_by_hand():
    critic = critics.DenseCritic(16, 32)
    assert critic(torch.zeros(2, 3, 16, 16)).shape == (2, 1)
    assert count(critic) == (768 * 32 + 32) + (32 * 32 + 32) + (32 + 1)


def test_conv_critic_normalises_all_but_its_first_layer():
    layers = list(critics.ConvCritic(64, 8).trunk)
    kinds = [type(layer) for layer in layers]
    assert kinds[:2] == [nn.Conv2d, nn.LeakyReLU]
    assert kinds.count(nn.BatchNorm2d) == 3
    plain = critics.ConvCritic(64, 8, normalise=False)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in plain.modules())


def test_conv_critic_counted_by_hand():
    """Four 5x5 convolutions 3 -> 8 -> 16 -> 32 -> 32, a bias only in the first; the other three
    are normalised; a 3x3 head."""
    convolutions = (3 * 8 * 25 + 8) + 8 * 16 * 25 + 16 * 32 * 25 + 32 * 32 * 25
    normalisation = 2 * (16 + 32 + 32)
    head = 32 * 9 + 1
    assert count(critics.ConvCritic(64, 8)) == convolutions + normalisation + head


def test_the_signal_keeps_its_size_through_the_trunk():
    """Without normalisation, a default initialisation shrinks it about tenfold."""
    torch.manual_seed(0)
    trunk = critics.PyConvTrunk(3, 64, 64)
    x = torch.randn(8, 3, 64, 64)
    assert 0.3 < trunk(x).std() / x.std() < 3
