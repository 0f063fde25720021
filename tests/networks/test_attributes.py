"""Networks with labels: published sizes, and what labels and attention do."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from maskbench.networks.attributes import (
    AttentionPainter,
    DenseLabelCritic,
    LabelAutoencoder,
    LabelCritic,
    LabelledPainter,
    WholeLabelCritic,
)
from maskbench.networks.translation import Painter, ResnetGenerator

star = partial(ResnetGenerator, blocks=6, norm="affine_instance", padding="zeros", kernel=4)


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("network", "count"),
    [
        # StarGAN's log prints 8,430,528 and 44,762,048; our last layer has three biases.
        (lambda: Painter(partial(star, width=64), maps=5), 8_430_531),
        (lambda: LabelCritic(128, 5, 64, 6), 44_762_048),
        # Layer by layer from AttGAN's table I with 13 labels.
        (lambda: Painter(partial(LabelAutoencoder, labels=13, width=64, halvings=5)), 43_459_203),
        (lambda: DenseLabelCritic(128, 13, 64, 5, 1024), 44_718_990),
    ],
)
def test_published_networks_have_the_published_number_of_parameters(network, count):
    with torch.device("meta"):
        assert parameters(network()) == count


def test_sagan_has_six_million_parameters_in_each_network():
    with torch.device("meta"):
        painter, critic = AttentionPainter(1, 32, 4, 3), LabelCritic(128, 1, 32, 6)
    for network in (painter.attribute, painter.attention):
        assert parameters(network) / 1e6 == pytest.approx(6.11, abs=0.005)
    assert parameters(critic) / 1e6 == pytest.approx(11.2, abs=0.05)


def test_shapes_at_published_size():
    with torch.device("meta"):
        pictures, labels = torch.empty(2, 3, 128, 128), torch.empty(2, 5)
        painters = [
            (Painter(partial(star, width=64), maps=5), True),
            (Painter(partial(LabelAutoencoder, labels=5, width=64, halvings=5)), False),
            (AttentionPainter(5, 32, 4, 3), True),
        ]
        for painter, as_maps in painters:
            made = LabelledPainter(painter, 5, as_maps=as_maps)(pictures, labels)
            assert made.pictures.shape == pictures.shape
        assert made.opacity.shape == (2, 1, 128, 128)
        for critic, scores in (
            (LabelCritic(128, 5, 64, 6), (2, 1, 2, 2)),
            (DenseLabelCritic(128, 5, 64, 5, 1024), (2, 1)),
            (WholeLabelCritic(128, 5, 8), (2, 1)),
        ):
            judged = critic(pictures)
            assert (judged.scores.shape, judged.labels.shape) == (scores, (2, 5))


@pytest.mark.parametrize("padding", ["zeros", "reflect"])
def test_reflection_would_hide_labels_from_instance_normalisation(padding):
    """A constant map stays constant under a reflected border, and its mean is taken away."""
    torch.manual_seed(0)
    network = partial(
        ResnetGenerator, width=4, blocks=1, norm="affine_instance", padding=padding, kernel=4
    )
    painter = LabelledPainter(Painter(network, maps=2), 2, as_maps=True)
    picture = torch.rand(1, 3, 16, 16)
    first, second = (painter(picture, torch.tensor([v])).pictures for v in ([0.0, 1.0], [1.0, 0.0]))
    assert torch.allclose(first, second, atol=1e-4) == (padding == "reflect")


@pytest.mark.parametrize("halvings", [2, 3])
def test_labels_join_the_code_and_the_first_doubling(halvings):
    torch.manual_seed(0)
    network = LabelAutoencoder(3, 3, labels=2, width=4, halvings=halvings)
    x = torch.rand(2, 3, 16, 16)
    labels = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    assert network(x, labels).shape == (2, 3, 16, 16)
    assert not torch.equal(network(x, labels), network(x, 1 - labels))
    inputs = [layer[0].in_channels for layer in network.decoder] + [network.last.in_channels]
    code = 4 * 2 ** (halvings - 1)
    made = network.decoder[0][0].out_channels
    assert inputs[:2] == [code + 2, made + code // 2 + 2]


def test_attention_says_where_the_picture_changes():
    torch.manual_seed(0)
    painter = AttentionPainter(2, 4, 1, 2, coordinates=True).eval()
    picture, maps = torch.rand(2, 3, 16, 16) * 2 - 1, torch.rand(2, 2, 16, 16)
    made = painter(picture, maps=maps)
    colours = painter.attribute(picture, maps=maps).pictures
    wanted = colours * made.opacity + picture * (1 - made.opacity)
    assert torch.allclose(made.pictures, wanted, atol=1e-6)
    assert torch.equal(made.opacity, painter(picture, maps=1 - maps).opacity)  # labels move it not
    with torch.no_grad():  # opaque nowhere: the picture is as it was
        painter.attention.layers[-1].weight.zero_()
        painter.attention.layers[-1].bias.fill_(-50)
    assert torch.equal(painter(picture, maps=maps).pictures, picture)


def test_a_label_that_was_not_taught_changes_nothing():
    torch.manual_seed(0)
    network = partial(LabelAutoencoder, labels=3, width=4, halvings=2)
    painter = LabelledPainter(Painter(network), 3, as_maps=False).eval()
    painter.taught.copy_(torch.tensor([1.0, 0.0, 1.0]))
    picture = torch.rand(1, 3, 16, 16)
    made = [
        painter(picture, torch.tensor([labels])).pictures
        for labels in ([1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0])
    ]
    assert torch.equal(made[0], made[1]) and not torch.equal(made[0], made[2])
