"""Parameters and multiply-adds, counted by hand."""

from __future__ import annotations

import pytest

from maskbench.measurements import read_metrics
from maskbench.synthesis.measure_costs import NO_NETWORK, measure_costs
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.train_synthesis import train_synthesis

SMALL = {
    "train_size": 24, "steps": 1, "batch_size": 2, "critic_warmup": 0, "sheet_every": 0,
    "relight": False,
}  # fmt: skip
SIDE = 48  # of the faces
WARP = 9 * SIDE**2  # three coordinates of a picture from three of each pixel


@pytest.fixture
def measured(small, tmp_path):
    def run(method, **params):
        block = METHODS.parse(method, params)
        train_synthesis(
            block, small.faces, small.masked, small.pictures, styles=small.styles, seed=0,
            out=tmp_path / "model", scratch=tmp_path / "scratch",
        )  # fmt: skip
        out = tmp_path / "costs"
        measure_costs(
            {method: block}, [tmp_path / "model"], small.faces, small.pictures, small.styles, 0, out
        )  # fmt: skip
        rows = read_metrics(out / method)
        assert {(row.step, row.split, row.n) for row in rows} == {("costs", "any", 1)}
        return {row.metric: row for row in rows}

    return run


def test_convolutions_and_dense_layers(measured):
    found = measured("dcgan_stn", **SMALL, generator_width=8, critic_width=8, hidden=128)
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
    found = measured("pywgan_div", **SMALL, generator_width=64, critic_width=64)
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
