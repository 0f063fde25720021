"""Variety: nothing but what was asked for, and coverages that stay true."""

import numpy as np
import pytest
import torch

from maskbench.guides.pairs import Pairs
from maskbench.guides.specs.segmenter import Variety
from maskbench.guides.variety import Random, mark, repaint, turns, vary
from maskbench.imaging.augmentation import move
from maskbench.imaging.tensors import luma

STILL = Variety(
    repaint=0, marks=0, slip=0, stretch=0, rotation=0, scaling=0, translation=0, light=0,
    colour=0, grey=0, blur=0, noise=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def batch(small):
    pairs = Pairs(*small.opened(), "train", 64)
    numbers = list(range(8))
    return pairs.bare(numbers), pairs.masked_faces(numbers), pairs.coverage(numbers)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_without_variety_the_pictures_come_back_mirrored_or_not(batch):
    _, masked, coverage = batch
    pictures, found, _ = vary(*batch, STILL, generator())
    mirrored = 0
    for picture, covered, true, cover in zip(pictures, found, masked, coverage, strict=True):
        straight = (picture - true).abs().max() < 0.02  # 8 bits, and grey of rounded colours
        turned = (picture - true.flip(2)).abs().max() < 0.02
        assert straight or turned
        expected = cover if straight else cover.flip(2)
        torch.testing.assert_close(covered, expected, atol=1e-5, rtol=0)
        mirrored += int(turned)
    assert 0 < mirrored < len(masked)


def test_the_same_seed_gives_the_same_pictures(batch):
    a, b = (vary(*batch, Variety(), generator(3)) for _ in range(2))
    assert torch.equal(a[0], b[0]) and torch.equal(a[1], b[1])
    assert not torch.equal(a[0], vary(*batch, Variety(), generator(4))[0])


def test_pictures_are_pictures_and_grey_stays_grey(batch):
    for seed in range(5):
        pictures, coverage, _ = vary(*batch, Variety(), generator(seed))
        for values in (pictures, coverage):
            assert float(values.min()) >= 0 and float(values.max()) <= 1
        assert float((pictures - pictures.mean(1, keepdim=True)).abs().max()) < 1e-5
    colour = batch[0] * torch.tensor([1.0, 0.7, 0.5]).view(1, 3, 1, 1)
    pictures, *_ = vary(colour, colour, batch[2] * 0, Variety(grey=0), generator())
    assert float((pictures - pictures.mean(1, keepdim=True)).abs().amax((1, 2, 3)).min()) > 0.05


def test_a_bare_face_stays_bare(batch):
    bare = batch[0]
    always = Variety(repaint=1, marks=1)
    _, coverage, _ = vary(bare, bare.clone(), torch.zeros_like(batch[2]), always, generator())
    assert float(coverage.max()) == 0


@pytest.mark.parametrize("change", [repaint, mark])
def test_new_paint_stays_on_the_mask(batch, change):
    bare, masked, coverage = batch
    layer = torch.minimum((masked - bare * (1 - coverage)).clamp(min=0), coverage)
    painted = change(layer, coverage, Random(len(bare), generator()))
    assert float((painted - layer).abs().mean()) > 0.005
    assert (painted <= coverage + 1e-5).all() and (painted >= 0).all()
    assert float(painted[(coverage == 0).expand_as(painted)].abs().max()) == 0


def test_masks_slip_without_their_faces(batch):
    bare, masked, coverage = batch
    slipping = STILL.model_copy(update={"slip": 0.1})
    pictures, found, _ = vary(bare, masked, coverage, slipping, generator())
    still, *_ = vary(bare, masked, coverage, STILL, generator())
    top = (slice(None), slice(None), slice(0, 16))  # foreheads do not move
    torch.testing.assert_close(pictures[top].amax(), still[top].amax(), atol=0.02, rtol=0)
    moved = (found - torch.where(found.flip(3) == coverage, coverage.flip(3), coverage)).abs()
    assert float(moved.mean()) > 0.01


def test_moving_by_known_amounts():
    x = torch.zeros(1, 1, 9, 9)
    x[0, 0, 4, 6] = 1

    class Fixed(Random):
        def uniform(self, low, high, channels=1):
            return torch.full((1, 1, 1, 1), high)

    fixed = Fixed(1, generator())
    quarter = move(x, turns(fixed, 90, 0, 0, mirror=False))
    assert np.unravel_index(int(quarter.argmax()), (9, 9)) in {(2, 4), (6, 4)}
    torch.testing.assert_close(move(x, turns(fixed, 0, 0, 0, mirror=False)), x)
    wide = move(torch.ones(1, 1, 9, 9), turns(fixed, 0, 0, 2), "zeros")
    assert float(wide.max()) == 0  # two sides away there is nothing


def test_luma_weighs_green_most():
    assert luma(torch.eye(3).view(3, 3, 1, 1)).flatten().tolist() == pytest.approx(
        [0.299, 0.587, 0.114]
    )
