"""EdgeConnect's networks: published sizes by hand, shapes, normalisation, reach."""

import pytest
import torch
from torch import nn

from maskbench.restoration.edgeconnect_networks import Discriminator, Generator, Residual


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def generator_by_hand(inputs: int, outputs: int, bias_in_blocks: bool) -> int:
    total = 49 * inputs * 64 + 64
    total += 16 * 64 * 128 + 128 + 16 * 128 * 256 + 256
    total += 8 * 2 * (9 * 256 * 256 + (256 if bias_in_blocks else 0))
    total += 16 * 256 * 128 + 128 + 16 * 128 * 64 + 64
    return total + 49 * 64 * outputs + outputs


def test_parameters_at_the_published_widths():
    edges = Generator(3, 1, spectral=True, last="sigmoid")
    colours = Generator(4, 3)
    assert count(edges) == generator_by_hand(3, 1, bias_in_blocks=False)
    assert count(colours) == generator_by_hand(4, 3, bias_in_blocks=True)
    critic = sum(16 * a * b for a, b in ((3, 64), (64, 128), (128, 256), (256, 512), (512, 1)))
    assert count(Discriminator(3)) == critic


@pytest.mark.parametrize(("inputs", "outputs"), [(3, 1), (4, 3)])
def test_generators_keep_the_size_and_stay_in_the_unit_interval(inputs, outputs):
    network = Generator(inputs, outputs, width=4, blocks=2, spectral=outputs == 1)
    made = network(torch.randn(2, inputs, 32, 40) * 5).detach()
    assert made.shape == (2, outputs, 32, 40)
    assert float(made.min()) >= 0 and float(made.max()) <= 1


def spectral_layers(network: nn.Module) -> list[nn.Module]:
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return [m for m in network.modules() if isinstance(m, kinds) and hasattr(m, "parametrizations")]


def test_where_spectral_normalisation_is():
    assert not spectral_layers(Generator(4, 3, 4, 2))
    # all but the last convolution of the edge generator, all of a discriminator
    assert len(spectral_layers(Generator(3, 1, 4, 8, spectral=True))) == 3 + 16 + 2
    assert len(spectral_layers(Discriminator(2, 4))) == 5


def test_spectral_norms_come_to_one():
    torch.manual_seed(0)
    critic = Discriminator(3, 8).train()
    for _ in range(60):
        critic(torch.rand(1, 3, 32, 32))
    for layer in spectral_layers(critic):
        largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
        assert float(largest.detach()) == pytest.approx(1, abs=0.02)


def test_a_discriminators_patch_is_70_pixels():
    """Each logit depends on 70 x 70 pixels: 4 at the end, (4 - 1) s + 4 and so on before."""
    critic = Discriminator(1, 2).eval()
    x = torch.rand(1, 1, 142, 142, requires_grad=True)
    logits, maps = critic(x)
    assert logits.shape == (1, 1, 15, 15) and len(maps) == 5
    logits[0, 0, 7, 7].backward()
    touched = x.grad[0, 0].abs() > 0
    assert touched.any(0).sum() == touched.any(1).sum() == 70


def test_a_block_reaches_three_pixels_by_its_dilation():
    block = Residual(2, 2, False)
    for layer in block.body:  # instance norms would mix everything
        if isinstance(layer, nn.InstanceNorm2d | nn.ReLU):
            layer.forward = lambda x: x
    x = torch.rand(1, 2, 15, 15, requires_grad=True)
    block(x)[0, 0, 7, 7].backward()
    rows = (x.grad[0].abs().sum(0) > 0).any(1).nonzero().flatten().tolist()
    assert rows == list(range(4, 11))  # 2 by the dilated convolution, 1 by the plain one
