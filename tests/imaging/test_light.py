import numpy as np
import torch

from maskbench.imaging import light as relight
from maskbench.imaging.tensors import luma


def test_grey_faces_get_grey_masks_and_coloured_ones_keep_them():
    faces = torch.rand(2, 1, 8, 8).expand(-1, 3, -1, -1).clone()
    faces[1, 0] += 0.3
    textures = torch.rand(2, 4, 8, 8)
    out = relight.match_colour(faces, textures)
    assert torch.equal(out[1], textures[1])
    assert torch.allclose(out[0, 0], out[0, 2])
    assert torch.equal(out[0, 3], textures[0, 3])
    assert torch.allclose(out[0, :1], luma(textures[:1, :3])[0])


def mask(size):
    alpha = torch.zeros(1, 1, size, size)
    alpha[:, :, size // 2 :, size // 4 : 3 * size // 4] = 1
    return alpha


def test_skin_in_good_light_leaves_the_mask_as_drawn():
    face = torch.full((1, 3, 48, 48), 165 / 255)
    assert torch.allclose(relight.light(face, mask(48)), torch.ones(1, 1, 48, 48), atol=1e-3)


def test_dark_skin_darkens_by_the_square_root():
    face = torch.full((1, 3, 48, 48), 165 / 255 / 4)
    factor = relight.light(face, mask(48))
    assert torch.allclose(factor, torch.full_like(factor, 0.5), atol=1e-2)


def test_side_light_is_followed_and_bounded():
    x = torch.linspace(-1, 1, 48)
    face = (0.5 * torch.exp(0.4 * x)).expand(1, 3, 48, 48)
    factor = relight.light(face, mask(48))[0, 0, 36]
    assert (factor.diff() >= 0).all()
    slope = (factor[30].log() - factor[18].log()) / (x[30] - x[18])
    assert abs(slope.item() - 0.8 * 0.4) < 0.05
    assert factor.max() <= np.exp(0.22) + 1e-5


def test_dark_lips_hardly_count():
    face = torch.full((1, 3, 48, 48), 165 / 255)
    face[:, :, 34:38, 18:30] = 0.1
    factor = relight.light(face, mask(48))
    assert (factor - 1).abs().max() < 0.05


def test_relit_colour_never_exceeds_alpha():
    warped = torch.tensor([0.4, 0.2, 0.0, 0.5]).view(1, 4, 1, 1)
    out = relight.relight(warped, torch.full((1, 1, 1, 1), 1.5)).flatten()
    assert torch.allclose(out, torch.tensor([0.5, 0.3, 0.0, 0.5]))
