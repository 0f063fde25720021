"""SSIM and PSNR against scikit-image."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from maskbench.errors import MaskbenchError
from maskbench.metrics.psnr import CEILING, psnr
from maskbench.metrics.ssim import Moments, ssim, ssim_map, ssim_outside_mask


@pytest.fixture
def pairs() -> tuple[np.ndarray, np.ndarray]:
    """Smooth random pictures and noisy copies, (3, 40, 52, 3)."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (3, 10, 13, 3))
    a = np.kron(coarse, np.ones((1, 4, 4, 1))).astype(np.uint8)
    noise = rng.normal(0, [[[[5]]], [[[25]]], [[[70]]]], a.shape)
    return a, np.clip(a + noise, 0, 255).astype(np.uint8)


def _published(a: np.ndarray, b: np.ndarray) -> tuple[float, np.ndarray]:
    return structural_similarity(
        a,
        b,
        channel_axis=-1,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )


def test_ssim_is_that_of_scikit_image(pairs):
    a, b = pairs
    expected = [_published(x, y) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(ssim(a, b), [e[0] for e in expected], atol=1e-9)
    whole = ssim_map(Moments.of(a[1]), Moments.of(b[1]))
    np.testing.assert_allclose(whole, expected[1][1].mean(-1), atol=1e-9)


def test_ssim_outside_mask_sees_only_free_pixels(pairs):
    a, b = pairs
    coverage = np.zeros(a.shape[:3], np.uint8)
    coverage[:, 20:, :] = 200
    # windows of 11 pixels, five either way, that end above row 20
    expected = [_published(x, y)[1].mean(-1)[:15].mean() for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(ssim_outside_mask(a, b, coverage), expected, atol=1e-9)
    changed = b.copy()
    changed[:, 20:] = 0
    np.testing.assert_array_equal(
        ssim_outside_mask(a, changed, coverage), ssim_outside_mask(a, b, coverage)
    )
    under = a.copy()
    under[:, 20:] = 0
    np.testing.assert_allclose(ssim_outside_mask(a, under, coverage), 1, atol=1e-12)
    assert np.isnan(ssim_outside_mask(a, b, np.full_like(coverage, 1))).all()


def test_too_small_a_picture_is_named():
    tiny = np.zeros((1, 8, 30, 3), np.uint8)
    with pytest.raises(MaskbenchError, match="11 pixels"):
        ssim(tiny, tiny)


def test_psnr_is_that_of_scikit_image_and_finite_for_equal_pictures(pairs):
    a, b = pairs
    expected = [peak_signal_noise_ratio(x, y, data_range=255) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(psnr(a, b), expected, rtol=1e-12)
    assert (psnr(a, a) == CEILING).all()
