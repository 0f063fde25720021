"""Pictures to tensors and back, and their size."""

import cv2
import numpy as np
import torch

from maskbench.imaging.resize import resized
from maskbench.imaging.tensors import as_images, as_tensor, luma, resize


def pictures(count=3, size=12, channels=3):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, size, size, channels), dtype=np.uint8)


def test_there_and_back_to_the_bit():
    images = pictures()
    tensor = as_tensor(images)
    assert tensor.shape == (3, 3, 12, 12) and tensor.dtype == torch.float32
    assert tensor[1, 2, 3, 4] == images[1, 3, 4, 2] / np.float32(255)
    assert np.array_equal(as_images(tensor), images)
    assert as_images(torch.full((1, 1, 2, 2), 1.7)).max() == 255


def test_single_channels_get_a_dimension_and_pictures_a_size():
    masks = pictures()[..., 0]
    assert as_tensor(masks).shape == (3, 1, 12, 12)
    assert as_tensor(list(masks), 6).shape == (3, 1, 6, 6)
    by_hand = masks[0].reshape(6, 2, 6, 2).mean((1, 3))
    assert np.abs(resized(masks[0], 6) - by_hand).max() <= 1


def test_sizes_grow_by_cubic_interpolation_and_stay_where_they_fit():
    image = pictures()[0]
    assert resized(image, 12) is image
    wanted = cv2.resize(image, (20, 20), interpolation=cv2.INTER_CUBIC)
    assert np.array_equal(resized(image, 20), wanted)


def test_tensors_are_averaged_over_squares_where_that_goes():
    image = torch.rand(1, 3, 8, 8)
    assert torch.allclose(resize(image, 4), image.view(1, 3, 4, 2, 4, 2).mean((3, 5)))
    assert resize(image, 8) is image
    assert torch.allclose(resize(torch.full((1, 3, 9, 9), 0.4), 6), torch.full((1, 3, 6, 6), 0.4))


def test_luma_is_that_of_bt_601():
    colour = torch.tensor([1.0, 0.5, 0.25]).view(1, 3, 1, 1)
    assert abs(luma(colour).item() - (0.299 + 0.587 / 2 + 0.114 / 4)) < 1e-6
