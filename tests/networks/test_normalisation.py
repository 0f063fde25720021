"""Normalisation layers: values and gradients against the formula in double precision."""

import copy

import pytest
import torch
from torch import nn

from maskbench.networks.normalisation import InstanceNorm, normalisation
from maskbench.networks.translation import ResnetGenerator
from maskbench.restoration import edgeconnect_networks

FORMATS = (torch.contiguous_format, torch.channels_last)


def formula(x):
    mean = x.mean((2, 3), keepdim=True)
    spread = x.var((2, 3), keepdim=True, unbiased=False)
    return (x - mean) / (spread + 1e-5).sqrt()


@pytest.mark.parametrize("pictures", [1, 2, 3])
@pytest.mark.parametrize("of_input", FORMATS)
@pytest.mark.parametrize("of_gradient", FORMATS)
def test_instance_norm_and_its_gradients_in_every_memory_format(pictures, of_input, of_gradient):
    random = torch.Generator().manual_seed(1)
    x, gradient = torch.randn(2, pictures, 16, 9, 8, generator=random)
    exact = x.double().requires_grad_()
    wanted = formula(exact)
    (wanted_gradient,) = torch.autograd.grad(wanted, exact, gradient.double(), create_graph=True)
    (wanted_second,) = torch.autograd.grad(wanted_gradient.square().sum(), exact)

    seen = x.contiguous(memory_format=of_input).requires_grad_()
    made = InstanceNorm(16)(seen)
    given = gradient.contiguous(memory_format=of_gradient)
    (found,) = torch.autograd.grad(made, seen, given, create_graph=True)
    (second,) = torch.autograd.grad(found.square().sum(), seen)
    torch.testing.assert_close(made.double(), wanted, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.double(), wanted_gradient, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(second.double(), wanted_second, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ResnetGenerator(3, 3, 16, 2),
        lambda: edgeconnect_networks.Generator(3, 1, 16, 2, spectral=True),
    ],
    ids=["resnet", "edgeconnect"],
)
@pytest.mark.parametrize("pictures", [1, 2])
def test_generators_have_the_same_gradients_channels_last(make, pictures):
    torch.manual_seed(0)
    network, x = make().eval(), torch.rand(pictures, 3, 32, 32)  # no step of a spectral norm
    found = []
    for form in FORMATS:
        one = copy.deepcopy(network).to(memory_format=form)
        one(x.contiguous(memory_format=form)).square().mean().backward()
        found.append([parameter.grad for parameter in one.parameters()])
    for contiguous, last in zip(*found, strict=True):
        torch.testing.assert_close(last, contiguous, atol=1e-4, rtol=1e-3)


def test_layers_by_name():
    assert isinstance(normalisation("batch", 4), nn.BatchNorm2d)
    assert isinstance(normalisation("none", 4), nn.Identity)
    assert not normalisation("instance", 4).affine
    assert normalisation("affine_instance", 4).affine
