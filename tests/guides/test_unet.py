"""U-Net: the published network's size, and its form."""

import pytest
import torch
from torch import nn

from maskbench.guides.unet import UNet


def published_parameters() -> int:
    """Figure 1 of Ronneberger et al. by hand: 3x3 convolutions with batch norm instead of a bias,
    up-convolutions with bias, one class."""

    def block(inputs: int, outputs: int) -> int:
        return 9 * inputs * outputs + 9 * outputs * outputs + 2 * 2 * outputs

    down = sum(block(*pair) for pair in ((3, 64), (64, 128), (128, 256), (256, 512), (512, 1024)))
    grow = sum(4 * 2 * n * n + n for n in (512, 256, 128, 64))
    up = sum(block(2 * n, n) for n in (512, 256, 128, 64))
    return down + grow + up + 64 + 1


def test_parameters_at_the_published_width():
    with torch.device("meta"):
        assert sum(p.numel() for p in UNet().parameters()) == published_parameters() == 31_037_633


@pytest.mark.parametrize(("depth", "fold", "size"), [(4, 1, 32), (2, 1, 12), (3, 2, 48)])
def test_the_result_has_the_pictures_size(depth, fold, size):
    network = UNet(4, depth, fold=fold).eval()
    assert network(torch.rand(2, 3, size, size + fold * 2**depth)).shape == (
        2, 1, size, size + fold * 2**depth,
    )  # fmt: skip


def test_maps_are_copied_across():
    """A picture's details reach the result without the bottom: zeroing what comes from below leaves
    a result that still depends on single pixels."""
    torch.manual_seed(0)
    network = UNet(4, 2).eval()
    for grow in network.grow:
        nn.init.zeros_(grow.weight)
        nn.init.zeros_(grow.bias)
    x = torch.rand(1, 3, 16, 16)
    y = x.clone()
    y[0, :, 8, 8] += 1
    change = (network(x) - network(y))[0, 0].abs()
    assert change[8, 8] > 0
    # Four 3x3 convolutions of the first scale see 4 pixels each way, and nothing else comes in.
    far = change.clone()
    far[4:13, 4:13] = 0
    assert float(far.detach().max()) == 0
