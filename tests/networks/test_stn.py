import math

import cv2
import numpy as np
import pytest
import torch

from maskbench.networks import stn


def random_p(count, scale=0.2, seed=0):
    return (torch.rand(count, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1) * scale


def test_determinant_is_one():
    assert torch.allclose(torch.linalg.det(stn.homography(random_p(16, 0.5))), torch.ones(16))


def test_zero_is_the_identity_and_minus_the_inverse():
    assert torch.equal(stn.homography(torch.zeros(1, 8))[0], torch.eye(3))
    p = random_p(8)
    product = stn.homography(p) @ stn.homography(-p)
    assert torch.allclose(product, torch.eye(3).expand(8, 3, 3), atol=1e-5)


def test_adding_numbers_composes_equal_directions():
    p = random_p(4)
    assert torch.allclose(
        stn.homography(3 * p), torch.linalg.matrix_power(stn.homography(p), 3), atol=1e-4
    )


def test_places_of_the_eight_numbers():
    """A = [[p3, p2, p1], [p6, -p3 - p7, p5], [p4, p8, p7]]: read off the derivative at 0."""
    places = [(0, 2), (0, 1), (0, 0), (2, 0), (1, 2), (1, 0), (2, 2), (2, 1)]
    jacobian = torch.autograd.functional.jacobian(
        lambda p: stn.homography(p)[0], torch.zeros(1, 8)
    )[:, :, 0]
    for number, place in enumerate(places):
        expected = torch.zeros(3, 3)
        expected[place] = 1
        if number in (2, 6):
            expected[1, 1] = -1
        assert torch.allclose(jacobian[:, :, number], expected, atol=1e-6)


def test_affine_special_cases():
    translation = stn.homography(torch.tensor([[0.3, 0, 0, 0, -0.2, 0, 0, 0]]))[0]
    assert torch.allclose(translation, torch.tensor([[1, 0, 0.3], [0, 1, -0.2], [0, 0, 1.0]]))
    angle = 0.4
    rotation = stn.homography(torch.tensor([[0, -angle, 0, 0, 0, angle, 0, 0]]))[0]
    cos, sin = math.cos(angle), math.sin(angle)
    expected = torch.tensor([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
    assert torch.allclose(rotation, expected, atol=1e-5)
    # p7 = -2 p3 scales both axes alike against the third: x and y by exp(3 p3)
    scale = stn.homography(torch.tensor([[0, 0, 0.1, 0, 0, 0, -0.2, 0]]))[0]
    scale = scale / scale[2, 2]
    assert torch.allclose(scale, torch.diag(torch.tensor([1, 1, 1.0])) * 0 + torch.diag(
        torch.tensor([math.exp(0.3), math.exp(0.3), 1.0])
    ), atol=1e-6)  # fmt: skip


@pytest.mark.parametrize("size", [48, 31])
def test_warp_is_opencv_warp_perspective(size):
    rng = np.random.default_rng(0)
    picture = cv2.GaussianBlur(rng.random((40, 40, 4), dtype=np.float32), (0, 0), 2)
    h = stn.homography(random_p(1, 0.15, seed=3))
    ours = stn.warp(torch.from_numpy(picture).permute(2, 0, 1)[None], h, size)[0]

    def to_pixels(n):  # canonical -> pixel centres at integers
        return np.array([[n / 2, 0, n / 2 - 0.5], [0, n / 2, n / 2 - 0.5], [0, 0, 1]])

    matrix = to_pixels(40) @ h[0].numpy().astype(np.float64) @ np.linalg.inv(to_pixels(size))
    theirs = cv2.warpPerspective(
        picture, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    # OpenCV interpolates with 1/32 pixel steps.
    assert np.abs(ours.permute(1, 2, 0).numpy() - theirs).max() < 0.02


def test_identity_warp_returns_the_picture_and_outside_is_empty():
    picture = torch.rand(2, 4, 20, 20)
    assert torch.allclose(stn.warp(picture, stn.homography(torch.zeros(2, 8))), picture, atol=1e-5)
    far = torch.zeros(2, 8)
    far[:, 0] = 5
    assert stn.warp(picture, stn.homography(far)).abs().max() == 0


def test_points_behind_the_horizon_are_empty():
    h = torch.eye(3)[None].clone()
    h[0, 2, 0] = 2  # depth = 1 + 2 x: negative left of x = -1/2
    warped = stn.warp(torch.ones(1, 1, 32, 32), h)
    assert warped[..., : 32 // 4 - 1].abs().max() == 0
    assert warped[..., 20:].min() > 0.999
    assert torch.isfinite(warped).all()


def test_premultiplied_edges_have_no_halo():
    """A red disc on transparent white stays red at its edge, however it is moved."""
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    alpha = (((x - 15.5) ** 2 + (y - 15.5) ** 2).sqrt() < 9).float()
    rgba = torch.ones(1, 4, 32, 32)
    rgba[0, 1:3] = 1 - alpha  # red inside, white outside
    rgba[0, 3] = alpha
    warped = stn.warp(stn.premultiply(rgba), stn.homography(random_p(1, 0.1, 1)))
    assert warped[:, 1:3].max() < 1e-6
    black = torch.zeros(1, 3, 32, 32)
    assert torch.allclose(stn.composite(black, warped)[:, 0], warped[:, 3], atol=1e-6)


def test_composite_by_hand_and_gradient_reaches_every_number():
    face = torch.full((1, 3, 1, 1), 0.5)
    layer = torch.tensor([0.2, 0.1, 0.0, 0.25]).view(1, 4, 1, 1)
    assert torch.allclose(stn.composite(face, layer).flatten(), torch.tensor([0.575, 0.475, 0.375]))
    p = random_p(1, 0.05).requires_grad_()
    picture = torch.rand(1, 4, 24, 24, generator=torch.Generator().manual_seed(1))
    stn.warp(picture, stn.homography(p)).square().sum().backward()
    assert (p.grad != 0).all()


def turned(angle, dx=0.0, dy=0.0, size=1.0, mirror=1.0):
    cos, sin = math.cos(angle) / size, math.sin(angle) / size
    return torch.tensor([[[cos * mirror, -sin, dx], [sin * mirror, cos, dy], [0, 0, 1.0]]])


def numbers_of(h):
    """The numbers of a homography near the identity, by Newton's method."""
    h = h / torch.linalg.det(h).pow(1 / 3)
    p = torch.zeros(1, 8)
    for _ in range(30):
        error = (stn.homography(p) - h).flatten()
        jacobian = torch.autograd.functional.jacobian(lambda q: stn.homography(q).flatten(), p)
        p = p - torch.linalg.lstsq(jacobian[:, 0], error[:, None]).solution.T
    assert torch.allclose(stn.homography(p), h, atol=1e-4)
    return p


def test_placements_that_follow_the_face_have_no_gap():
    wanted = stn.homography(random_p(1, 0.2, seed=4))  # on the face as it was
    maps, others = turned(0.2, 0.1, -0.05, 1.1), turned(-0.15, -0.2, 0.1, 0.9)
    p, q = numbers_of(wanted @ maps), numbers_of(wanted @ others)
    assert stn.equivariance_gap(p, maps, q, others).item() < 1e-6
    assert stn.equivariance_gap(p, maps, p, others).item() > 0.05


def test_a_mirrored_face_wears_the_mirrored_mask():
    mirror = torch.diag(torch.tensor([-1.0, 1, 1]))
    wanted = stn.homography(random_p(1, 0.2, seed=5))
    maps, others = turned(0.1, 0.1), turned(-0.2, 0.05, 0.1, mirror=-1.0)
    p, q = numbers_of(wanted @ maps), numbers_of(mirror @ wanted @ others)
    assert stn.equivariance_gap(p, maps, q, others).item() < 1e-6
    assert stn.equivariance_gap(q, others, p, maps).item() < 1e-6


def test_a_small_mask_is_no_way_out_of_the_gap():
    shrink = torch.zeros(1, 8)
    shrink[0, 2], shrink[0, 6] = 0.1, -0.2  # both axes by exp(0.3)
    maps, others = turned(0.2, 0.1), turned(-0.1, 0.0, 0.2)
    zero = torch.zeros(1, 8)
    large = stn.equivariance_gap(zero, maps, zero, others)
    small = stn.equivariance_gap(shrink, maps, shrink, others)
    # One and the same wrong answer on both copies, far apart in p: the same order of size.
    assert 0.2 < (small / large).item() < 5
    exact = numbers_of(stn.homography(shrink) @ maps)
    also = numbers_of(stn.homography(shrink) @ others)
    assert stn.equivariance_gap(exact, maps, also, others).item() < 1e-6
