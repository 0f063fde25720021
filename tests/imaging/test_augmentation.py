import math

import torch

from maskbench.imaging import augmentation as module
from maskbench.imaging.augmentation import Augmentation, blur, move, random_maps, standardise

STILL = Augmentation(translation=0, rotation=0, scaling=0, flip=False)


def augment(images, ranges, source):
    """The pictures alone."""
    return module.augment(images, ranges, source)[0]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_no_ranges_change_nothing():
    images = torch.rand(4, 3, 20, 20)
    assert torch.allclose(augment(images, STILL, generator()), images, atol=1e-5)


def test_flip_alone_mirrors_some_and_leaves_the_others():
    images = torch.rand(16, 3, 12, 12)
    out = augment(images, STILL.model_copy(update={"flip": True}), generator())
    same = (out - images).abs().amax((1, 2, 3)) < 1e-5
    mirrored = (out - images.flip(3)).abs().amax((1, 2, 3)) < 1e-5
    assert (same ^ mirrored).all()
    assert 0 < same.sum() < 16


def test_a_dot_moves_within_the_translation():
    images = torch.zeros(64, 1, 41, 41)
    images[:, :, 20, 20] = 1
    out = augment(images, STILL.model_copy(update={"translation": 0.1}), generator())
    mass = out[:, 0] / out[:, 0].sum((1, 2), keepdim=True)
    x = (mass.sum(1) * torch.arange(41)).sum(1) - 20
    assert x.abs().max() <= 0.1 * 41 + 1e-3
    assert x.abs().max() > 0.05 * 41
    assert x.min() < 0 < x.max()


def test_scaling_and_rotation_of_a_bar():
    images = torch.zeros(64, 1, 61, 61)
    images[:, :, 30, 10:51] = 1  # a horizontal bar, 41 long
    turned = augment(images, STILL.model_copy(update={"rotation": 20.0}), generator())
    weight = turned[:, 0]
    y, x = torch.meshgrid(torch.arange(61.0) - 30, torch.arange(61.0) - 30, indexing="ij")
    slope = (weight * x * y).sum((1, 2)) / (weight * x * x).sum((1, 2))
    angle = torch.rad2deg(torch.atan(slope))
    assert 12 < angle.abs().max() < 20.5
    scaled = augment(images, STILL.model_copy(update={"scaling": 0.2}), generator())
    length = (scaled[:, 0].sum(1) > 0.3 * scaled[:, 0].sum(1).amax(1, keepdim=True)).sum(1)
    assert length.min() >= 0.8 * 41 - 2
    assert length.max() <= 41 / 0.8 + 2
    assert length.min() < 37 < 45 < length.max()


def test_light_stays_within_its_range_and_keeps_grey_grey():
    images = torch.full((32, 3, 8, 8), 0.5)
    out = augment(images, STILL.model_copy(update={"light": 0.2}), generator())
    assert (out - 0.5).abs().max() <= 0.1 + 1e-6
    assert out.flatten(1).std(1).max() < 1e-6
    assert out.flatten(1)[:, 0].std() > 0.01


def test_the_generator_decides():
    images = torch.rand(4, 3, 16, 16)
    first = augment(images, Augmentation(), generator(1))
    assert torch.equal(first, augment(images, Augmentation(), generator(1)))
    assert not torch.equal(first, augment(images, Augmentation(), generator(2)))


def test_the_maps_say_how_each_picture_was_moved():
    images = torch.rand(6, 3, 24, 24)
    moved, maps = module.augment(images, Augmentation(stretch=0.2), generator())
    assert torch.equal(moved, move(images, maps))
    assert maps.shape == (6, 3, 3)
    assert torch.equal(maps[:, 2], torch.tensor([0.0, 0, 1]).expand(6, 3))


def test_stretch_changes_the_proportion_within_its_range_and_keeps_the_area():
    maps = random_maps(200, STILL.model_copy(update={"stretch": 0.2}), generator())
    wide, tall = 1 / maps[:, 0, 0], 1 / maps[:, 1, 1]
    assert torch.allclose(wide * tall, torch.ones(200), atol=1e-5)
    proportion = wide / tall
    assert proportion.min() >= 0.8 - 1e-5
    assert proportion.max() <= 1 / 0.8 + 1e-5
    assert proportion.min() < 0.85 < 1.15 < proportion.max()


def test_without_stretch_maps_are_similarities_and_mirrors_have_a_negative_determinant():
    ranges = Augmentation()
    maps = random_maps(200, ranges, generator())
    linear = maps[:, :2, :2]
    product = linear.transpose(1, 2) @ linear
    assert torch.allclose(product[:, 0, 0], product[:, 1, 1], atol=1e-5)
    assert product[:, 0, 1].abs().max() < 1e-5
    mirrored = torch.linalg.det(linear) < 0
    assert 60 < mirrored.sum() < 140
    angles = torch.atan2(-linear[:, 0, 1], linear[:, 1, 1])
    assert angles.abs().max() <= math.radians(ranges.rotation) + 1e-5


def test_blur_is_a_gaussian():
    dot = torch.zeros(1, 1, 41, 41)
    dot[0, 0, 20, 20] = 1
    out = blur(dot, 2.5)[0, 0]
    offset = torch.arange(41.0) - 20
    assert abs(out.sum().item() - 1) < 1e-4
    assert abs((out.sum(0) * offset**2).sum().item() ** 0.5 - 2.5) < 0.05
    assert blur(dot, 0.1) is dot
    flat = torch.full((2, 3, 16, 16), 0.3)
    assert torch.allclose(blur(flat, 3.0), flat, atol=1e-6)


def test_standardised_colours_have_mean_0_and_deviation_one_half_inside_the_window():
    torch.manual_seed(0)
    images = torch.rand(3, 3, 16, 16) * torch.tensor([0.2, 0.5, 1.0]).view(3, 1, 1, 1) + 0.1
    window = torch.zeros(16, 16)
    window[4:12, 2:14] = 1
    out = standardise(images, window)
    inside = out[:, :, 4:12, 2:14].flatten(2)
    assert inside.mean(2).abs().max() < 1e-6
    assert torch.allclose(inside.std(2, correction=0), torch.full((3, 3), 0.5), atol=0.1)
    assert (inside.std(2, correction=0)[1:] > 0.48).all()
    assert not out[:, :, 0].any()
    # Brightness and colour of the light are gone, but for the guard of single-coloured pictures.
    lit = standardise(images * 0.8 + 0.15, window)
    assert (lit - out).abs().max() < 0.2
    assert not standardise(torch.full((1, 3, 8, 8), 0.7)).abs().gt(1e-5).any()
