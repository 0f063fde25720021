import pytest
import torch

from maskbench.networks import generators
from maskbench.networks.critics import PyConvTrunk

REACH = {"translation": 0.4, "scale": 0.3, "shear": 0.2, "perspective": 0.1}


def make(kind, size):
    if kind == "pyconv":
        return generators.PyConvGenerator(size, 64, 32, REACH)
    if kind == "dense":
        return generators.DenseGenerator(size, 32, REACH)
    return generators.ConvGenerator(size, 8, 32, REACH)


@pytest.mark.parametrize("kind", ["pyconv", "dense", "conv"])
@pytest.mark.parametrize("size", [48, 144])
def test_eight_numbers_that_start_at_zero(kind, size):
    stacked = torch.randn(2, generators.INPUTS, size, size)
    out = make(kind, size)(stacked)
    assert out.shape == (2, 8)
    assert torch.equal(out, torch.zeros(2, 8))


def test_numbers_stay_within_their_reach():
    head = generators.Updates(4, REACH)
    torch.nn.init.normal_(head.linear.weight, std=50)
    out = head(torch.randn(64, 4))
    reach = torch.tensor([0.4, 0.2, 0.3, 0.1, 0.4, 0.2, 0.3, 0.1])
    assert (out.abs() <= reach).all()
    assert torch.allclose(out.abs().amax(0), reach, rtol=1e-3)


def test_pyconv_generator_counted_by_hand_at_the_published_size():
    generator = generators.PyConvGenerator(144, 64, 128, REACH)
    trunk = sum(p.numel() for p in PyConvTrunk(7, 144, 64).parameters())
    dense = 128 * 5 * 5 * 128 + 128
    last = 128 * 8 + 8
    assert sum(p.numel() for p in generator.parameters()) == trunk + dense + last
    # The trunk is the critic's but for the seven channels of its input.
    critic = sum(p.numel() for p in PyConvTrunk(3, 144, 64).parameters())
    assert trunk - critic == 4 * 16 * 49


def test_the_other_generators_counted_by_hand():
    def count(kind, size):
        return sum(p.numel() for p in make(kind, size).parameters())

    head = 32 * 8 + 8
    assert count("dense", 16) == (7 * 256 * 32 + 32) + (32 * 32 + 32) + head
    # 5x5 convolutions 7 -> 8 -> 16 -> 32 -> 32 without bias, all normalised; 48, 24, 12, 6, 6
    convolutions = 25 * (7 * 8 + 8 * 16 + 16 * 32 + 32 * 32) + 2 * (8 + 16 + 32 + 32)
    assert count("conv", 48) == convolutions + (32 * 6 * 6 * 32 + 32) + head
    # 5x5 convolutions 7 -> 8 -> 16 -> 32, two of 32, 32 -> 16 -> 8, and 8 -> 3 with a bias
    widths = [(7, 8), (8, 16), (16, 32), (32, 32), (32, 32), (32, 16), (16, 8)]
    painter = sum(25 * a * b + 2 * b for a, b in widths) + 25 * 8 * 3 + 3
    assert sum(p.numel() for p in generators.PictureGenerator(8).parameters()) == painter


def test_the_first_step_moves_the_numbers():
    """A zero head stops the gradient to the trunk at the very first step, never its own."""
    torch.manual_seed(0)
    generator = make("pyconv", 48)
    stacked = torch.randn(4, generators.INPUTS, 48, 48)
    optimiser = torch.optim.SGD(generator.parameters(), 0.1)
    for _ in range(2):
        optimiser.zero_grad()
        (generator(stacked) - 0.1).square().sum().backward()
        optimiser.step()
    assert all(p.grad.abs().sum() > 0 for p in generator.parameters())
    assert (generator(stacked) != 0).all()


def test_picture_generator_paints_pictures_of_the_same_size():
    painted = generators.PictureGenerator(8)(torch.randn(2, generators.INPUTS, 48, 48))
    assert painted.shape == (2, 3, 48, 48)
    assert painted.min() >= 0
    assert painted.max() <= 1
