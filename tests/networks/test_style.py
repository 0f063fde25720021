"""Networks of mask styles: AdaIN, the generator that follows a code, the encoder that reads one."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from maskbench.networks.style import AdaIN, ResBlock, StyledGenerator, StyleEncoder
from maskbench.networks.translation import ResnetGenerator


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_adain_is_instance_normalisation_with_a_gain_and_a_shift():
    layer, maps = AdaIN(2, 3), torch.randn(2, 3, 5, 4) * 3 + 1
    with torch.no_grad():
        layer.dense.weight.zero_()
        layer.dense.weight[0, 0], layer.dense.weight[5, 1] = 0.5, 2.0  # gain of map 0, shift of 2
    made = layer(maps, torch.tensor([[4.0, 0.0], [0.0, -1.5]]))
    plain = F.instance_norm(maps)
    assert torch.allclose(made[0, 0], 3 * plain[0, 0], atol=1e-5)  # 1 + 0.5 * 4
    assert torch.allclose(made[1, 2], plain[1, 2] - 3, atol=1e-5)  # 2 * -1.5
    assert torch.allclose(made[:, 1], plain[:, 1], atol=1e-5)


def test_without_a_code_the_generator_is_cyclegans():
    torch.manual_seed(0)
    styled, plain = StyledGenerator(3, 3, 4, 1, style=5), ResnetGenerator(3, 3, 4, 1)
    plain.load_state_dict(styled.state_dict(), strict=False)
    faces = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(styled(faces), styled(faces, torch.zeros(2, 5)))
        assert not torch.allclose(styled(faces), plain(faces))  # the constant's gain and shift
        styled.constant.zero_()
        assert torch.allclose(styled(faces), plain(faces), atol=1e-5)
        codes = torch.tensor([[0.0] * 5, [1.0] * 5])
        assert torch.allclose(styled(faces, codes)[0], plain(faces)[0], atol=1e-5)
        assert not torch.allclose(styled(faces, codes)[1], plain(faces)[1])


def test_the_published_generator_has_adain_in_both_up_sampling_blocks():
    network = StyledGenerator(3, 3, 64, 9, style=64)
    layers = [layer for layer in network.modules() if isinstance(layer, AdaIN)]
    assert [layer.dense.out_features for layer in layers] == [2 * 128, 2 * 64]
    more = 65 * 2 * 128 + 65 * 2 * 64 + 64  # two dense layers from 64 numbers, and the constant
    assert parameters(network) == parameters(ResnetGenerator(3, 3, 64, 9)) + more


def test_the_blocks_of_a_stage_are_iresnets():
    """Duta et al. 2020, figure 1: what stands before, between and after the convolutions."""
    torch.manual_seed(0)
    maps = torch.randn(4, 2, 8, 8)
    blocks = [
        ResBlock(2, 3, "start"), ResBlock(3, 3, "middle", first=True), ResBlock(3, 3, "middle"),
        ResBlock(3, 3, "end"),
    ]  # fmt: skip
    start, *others = (
        [layer for layer in block.body if isinstance(layer, nn.Conv2d)] for block in blocks
    )

    def norm(x):
        return F.batch_norm(x, None, None, training=True)

    def half(conv, x):
        return norm(F.conv2d(x, conv.weight, None, conv.stride, 1))

    body = half(start[1], F.relu(half(start[0], maps)))
    pooled = F.conv2d(F.max_pool2d(maps, 3, 2, 1), blocks[0].shortcut[1].weight)
    expected = body + norm(pooled)
    assert torch.allclose(blocks[0](maps), expected, atol=1e-5)
    for place, block, (first, second) in zip(range(3), blocks[1:], others, strict=True):
        x = F.relu(expected if place == 0 else norm(expected))
        wanted = expected + F.conv2d(F.relu(half(first, x)), second.weight, padding=1)
        wanted = F.relu(norm(wanted)) if place == 2 else wanted
        assert torch.allclose(block(expected), wanted, atol=1e-4)
        expected = wanted


def test_the_encoder_has_two_stages_of_three_blocks_and_a_branch_a_kind():
    encoder = StyleEncoder(64, 64, 5)

    def stage(before, after):
        convolutions = 9 * (before * after + 5 * after * after) + before * after
        # three norms in the start block, one in the middle, three at the end; gain and shift each
        return convolutions + 2 * after * (3 + 1 + 3)

    stem, branches = 64 * 3 * 9 + 64, (128 * 16 + 1) * 5 * 64
    assert parameters(encoder) == stem + stage(64, 64) + stage(64, 128) + branches
    with torch.no_grad():
        assert encoder.trunk(torch.zeros(2, 3, 64, 64)).shape == (2, 128, 16, 16)


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_a_kind_chooses_its_branch(norm):
    torch.manual_seed(0)
    encoder, pictures = StyleEncoder(4, 6, 3, norm), torch.rand(2, 3, 32, 32)
    kinds = torch.tensor([2, 0])
    assert not encoder(pictures, kinds).any()  # before it learns
    nn.init.normal_(encoder.branches.weight)
    codes = encoder(pictures, kinds)
    features = F.adaptive_avg_pool2d(encoder.trunk(pictures), 4).flatten(1)
    third = encoder.branches.weight[12:]  # of three branches of six numbers
    assert torch.allclose(codes[0], third @ features[0], atol=1e-5)
    codes[0].sum().backward()
    changed = encoder.branches.weight.grad.abs().sum(1) > 0
    assert changed.tolist() == [False] * 12 + [True] * 6
