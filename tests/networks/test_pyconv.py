import pytest
import torch

from maskbench.networks.critics import PyConvTrunk
from maskbench.networks.pyconv import PYRAMIDS, PyConv, plain


@pytest.mark.parametrize("levels", [2, 3, 4])
@pytest.mark.parametrize("size", [9, 12])
@pytest.mark.parametrize("stride", [1, 2])
def test_shape_is_that_of_one_padded_convolution(levels, size, stride):
    out = PyConv(32, 64, levels, stride)(torch.zeros(2, 32, size, size))
    assert out.shape == (2, 64, -(-size // stride), -(-size // stride))


def test_pyramids_are_the_published_ones():
    assert [(level.kernel, level.groups) for level in PYRAMIDS[4]] == [
        (3, 1), (5, 4), (7, 8), (9, 16),
    ]  # fmt: skip
    assert [level.share for level in PYRAMIDS[3]] == [0.25, 0.25, 0.5]
    assert all(sum(level.share for level in levels) == 1 for levels in PYRAMIDS.values())


def test_parameters_counted_by_hand():
    # 16 outputs a level, 64 inputs: 16 * 64 * (9/1 + 25/4 + 49/8 + 81/16)
    assert sum(p.numel() for p in PyConv(64, 64, 4).parameters()) == 9216 + 6400 + 6272 + 5184
    # 3: 16*64*9, 16*16*25, 32*8*49
    assert sum(p.numel() for p in PyConv(64, 64, 3).parameters()) == 9216 + 6400 + 12544
    # 2: 32*64*9, 32*16*25
    assert sum(p.numel() for p in PyConv(64, 64, 2).parameters()) == 18432 + 12800


def test_each_level_is_a_grouped_convolution_of_its_own():
    torch.manual_seed(0)
    layer = PyConv(16, 64, 4)
    x = torch.randn(1, 16, 11, 11)
    out = layer(x)
    # The last level (9x9, 16 groups, one input channel each), by hand at one place.
    weight = layer.levels[3].weight
    by_hand = (weight[5, 0] * x[0, 5, 1:10, 1:10]).sum()
    assert torch.isclose(out[0, 48 + 5, 5, 5], by_hand, atol=1e-4)


@pytest.mark.parametrize(("inputs", "outputs"), [(24, 64), (64, 48)])
def test_channels_that_groups_do_not_divide_are_refused(inputs, outputs):
    with pytest.raises(ValueError, match="PyConv4"):
        PyConv(inputs, outputs, 4)


def test_a_plain_twin_has_one_convolution_for_each_pyramid():
    network = PyConvTrunk(7, 32, 64)
    twin = plain(network)
    assert any(isinstance(part, PyConv) for part in network.modules())
    assert not any(isinstance(part, PyConv) for part in twin.modules())
    x = torch.zeros(1, 7, 32, 32)
    assert twin(x).shape == network(x).shape
    # 16 -> 64 -> 64 -> 128 -> 128 channels. Four, three, two and two levels:
    pyramids = (2304 + 1600 + 1568 + 1296) + (9216 + 6400 + 12544) + (36864 + 25600)
    pyramids += 73728 + 51200
    convolutions = 9 * (16 * 64 + 64 * 64 + 64 * 128 + 128 * 128)
    count = lambda net: sum(p.numel() for p in net.parameters())  # noqa: E731
    stem = 7 * 16 * 49 + 16
    assert (count(network), count(twin)) == (stem + pyramids, stem + convolutions)
