"""Networks of image-to-image translation against the shapes and counts of their references."""

import pytest
import torch
from torch import nn

from maskbench.networks.translation import (
    Painter,
    PatchCritic,
    ResnetGenerator,
    WholeCritic,
    places,
)


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("width", "blocks", "millions"),
    [(64, 9, 11.38), (64, 6, 7.84), (32, 6, 1.97), (16, 6, 0.49)],  # the reference code's networks
)
def test_the_residual_generator_has_the_published_parameters(width, blocks, millions):
    network = ResnetGenerator(3, 3, width, blocks)
    assert parameters(network) / 1e6 == pytest.approx(millions, abs=0.005)


def test_the_patch_critic_has_the_published_parameters_and_patches():
    critic = PatchCritic(64)
    assert parameters(critic) / 1e6 == pytest.approx(2.76, abs=0.005)
    assert critic(torch.zeros(1, 3, 256, 256)).shape == (1, 1, 30, 30)  # Isola et al. 2017
    picture = torch.zeros(1, 3, 256, 256, requires_grad=True)
    plain = PatchCritic(2, norm="none")
    plain(picture)[0, 0, 15, 15].backward()
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == 70


def test_one_more_convolution_sees_more():
    sizes = [parameters(PatchCritic(8, extra=extra)) for extra in (0, 1)]
    assert sizes[1] - sizes[0] == 64 * 64 * 9 + 64  # 3x3, 64 channels, bias


def test_generators_keep_the_size():
    for norm in ("instance", "affine_instance", "batch", "none"):
        network = ResnetGenerator(5, 4, 2, 1, norm, "zeros")
        assert network(torch.rand(2, 5, 12, 20)).shape == (2, 4, 12, 20)


@pytest.mark.parametrize("size", [32, 64, 72])
def test_the_whole_critic_sees_every_pixel(size):
    pictures = torch.rand(2, 3, size, size, requires_grad=True)
    scores = WholeCritic(size, 2, outputs=3)(pictures)
    assert scores.shape == (2, 3)
    scores[0, 0].backward()
    assert (pictures.grad[0].abs().sum(0) > 0).all() and not pictures.grad[1].any()


class Constant(nn.Module):
    """Colours of zeros and an opacity by its logit, for every pixel; notes what it was shown."""

    def __init__(self, inputs, outputs, logit=0.0):
        super().__init__()
        self.inputs, self.outputs, self.logit = inputs, outputs, logit

    def forward(self, x):
        assert x.shape[1] == self.inputs
        self.shown = x
        made = torch.zeros(len(x), self.outputs, *x.shape[2:])
        if self.outputs == 4:
            made[:, 3] = self.logit
        return made


def test_composition_lays_colours_over_the_picture_by_their_opacity():
    pictures = torch.rand(2, 3, 4, 4) * 2 - 1
    quarter = torch.tensor(1 / 3).log().item()  # sigmoid of it is 1/4
    made = Painter(lambda i, o: Constant(i, o, quarter), compose=True)(pictures)
    assert torch.allclose(made.opacity, torch.full((2, 1, 4, 4), 0.25))
    assert torch.allclose(made.pictures, 0.75 * pictures)
    plain = Painter(Constant)(pictures)
    assert plain.opacity is None and not plain.pictures.any()


def test_a_painter_sees_maps_and_places():
    painter = Painter(Constant, maps=2, coordinates=True)
    painter(torch.zeros(1, 3, 3, 5), maps=torch.ones(1, 2, 3, 5))
    shown = painter.network.shown[0]
    assert shown[3:5].eq(1).all()
    assert shown[5, :, 0].tolist() == [-1, 0, 1]  # down
    assert shown[6, 0].tolist() == [-1, -0.5, 0, 0.5, 1]  # across
    assert torch.equal(places(torch.zeros(1, 3, 3, 5))[0], shown[5:])
