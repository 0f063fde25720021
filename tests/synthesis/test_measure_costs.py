"""Parameters and multiply-adds, counted by hand."""

from __future__ import annotations

import pytest

from maskbench.measurements import read_metrics
from maskbench.synthesis.measure_costs import NO_NETWORK, measure_costs
from maskbench.synthesis.specs import METHODS

SIDE = 48  # of the faces
WARP = 9 * SIDE**2  # three coordinates of a picture from three of each pixel


@pytest.fixture
def measured(small, guides, tmp_path):
    def run(method, **params):
        block = METHODS.parse(method, params)
        measure_costs(
            {method: block}, small.faces, small.pictures, small.styles, 0, tmp_path / "costs",
            [guides[name] for name in block.spec.guides], small.masked,
        )  # fmt: skip
        rows = read_metrics(tmp_path / "costs" / method)
        assert {(row.step, row.split, row.n) for row in rows} == {("costs", "any", 1)}
        return {row.metric: row for row in rows}

    return run


def test_convolutions_and_dense_layers(measured):
    found = measured("dcgan_stn", train_size=24, relight=False, generator_width=8, hidden=128)
    # 5x5 convolutions without bias, 7 -> 8 -> 16 -> 32 -> 32 channels, 12, 6, 6 and 6 pixels wide
    first, others = 25 * 7 * 8, 25 * (8 * 16 + 16 * 32 + 32 * 32)
    normalisation = 2 * (8 + 16 + 32 + 32)
    dense, updates = 6 * 6 * 32 * 128, 128 * 8
    whole = first + others + normalisation + dense + 128 + updates + 8
    assert found["parameters"].value == whole == 191_792
    adds = first * 12**2 + others * 6**2 + dense + updates + WARP
    assert found["multiply_adds"].value == adds == 1_868_416
    assert set(found) == {"parameters", "multiply_adds"}


def test_pyramids_beside_plain_convolutions(measured):
    found = measured("pywgan_div", train_size=24, relight=False, generator_width=64)
    # 24 pixels: 12 after the stem, then 6, 6, 6 and 6; test_pyconv.py counts the weights
    pyramids, plain = (6768, 28160, 62464, 124928), (9216, 36864, 73728, 147456)
    saved = sum(plain) - sum(pyramids)
    assert found["plain_parameters"].value - found["parameters"].value == saved
    saved_adds = found["plain_multiply_adds"].value - found["multiply_adds"].value
    assert saved_adds == saved * 6**2
    stem, dense, updates = 49 * 7 * 16, 128 * 6**2 * 128, 128 * 8
    adds = stem * 12**2 + sum(pyramids) * 6**2 + dense + updates + WARP
    assert found["multiply_adds"].value == adds


def test_a_method_without_a_network_has_nothing_to_count(measured):
    found = measured("keypoint")
    assert found["parameters"].value == 0
    assert (found["multiply_adds"].value, found["multiply_adds"].note) == (None, NO_NETWORK)


def test_of_a_translation_the_half_that_puts_masks_on_without_the_segmenter(measured):
    tiny = {"train_size": 16, "generator_width": 4, "blocks": 1}
    found = measured("cyclegan", **tiny)
    # 7x7 convolutions at either end, 3x3 between them: 3 -> 4 -> 8 -> 16, a block, and back
    ends, outer, inner, block = 49 * 3 * 4, 9 * 4 * 8, 9 * 8 * 16, 2 * 9 * 16 * 16
    biases = 4 + 8 + 16 + 2 * 16 + 8 + 4 + 3
    generator = 2 * (ends + outer + inner) + block + biases
    assert found["parameters"].value == generator == 8739
    adds = 2 * (ends * 16**2 + outer * 8**2 + inner * 4**2) + block * 4**2
    assert found["multiply_adds"].value == adds == 448_512


def test_the_style_encoder_counts_where_a_style_is_read(measured):
    def of(**own):
        tiny = {"train_size": 16, "generator_width": 4, "blocks": 1, "style_length": 8}
        return measured("mfgan", **tiny, **own)["parameters"].value

    # gains and shifts of 8 and of 4 channels from a code, and a constant code
    styled = 8739 + (8 * 16 + 16) + (8 * 8 + 8) + 8
    assert of(style=0) == styled
    # a convolution, two stages of six 3x3 convolutions and a 1x1 one, five branches of 8 numbers
    first, one = 27 * 4 + 4, 6 * (9 * 16 + 4) + 16 + 4
    two = 9 * 32 + 8 + 5 * (9 * 64 + 8) + 32 + 8
    encoder = first + one + two + 8 * 4**2 * 40 + 40
    assert of(encoder_width=4, encoder_norm="none") == styled + encoder == 18_399
