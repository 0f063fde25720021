"""FID against pytorch-fid, closed forms and itself."""

import numpy as np
import pytest
from pytorch_fid.fid_score import calculate_frechet_distance

from maskbench.errors import MaskbenchError
from maskbench.metrics.fid import fid


def _sets(n: int, m: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(d, d)) / np.sqrt(d)
    x = rng.normal(size=(n, d)) @ mixing
    y = rng.normal(0.2, 1.3, size=(m, d)) @ mixing.T
    return x.astype(np.float32), y.astype(np.float32)


@pytest.mark.parametrize(("n", "m", "d"), [(300, 250, 40), (90, 80, 64)])
def test_equals_pytorch_fid(n, m, d):
    x, y = _sets(n, m, d)
    statistics = [x.mean(0), np.cov(x, rowvar=False), y.mean(0), np.cov(y, rowvar=False)]
    expected = calculate_frechet_distance(*statistics)
    assert fid(x, y) == pytest.approx(expected, rel=1e-3)


def test_fewer_pictures_than_dimensions_agrees_with_the_whole_covariances():
    x, y = _sets(30, 25, 64)
    c1, c2 = (np.cov(features, rowvar=False, dtype=np.float64) for features in (x, y))
    root = np.sqrt(np.clip(np.linalg.eigvals(c1 @ c2).real, 0, None)).sum()
    gap = x.mean(0, dtype=np.float64) - y.mean(0, dtype=np.float64)
    assert fid(x, y) == pytest.approx((gap**2).sum() + np.trace(c1 + c2) - 2 * root, rel=1e-6)


@pytest.mark.parametrize("n", [5, 40])
def test_closed_form_of_two_gaussians_with_commuting_covariances(n):
    # Tr(A + B - 2 sqrt(A B)) = sum (sqrt(a) - sqrt(b))^2 on common axes.
    axes, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))
    a, b = np.array([4.0, 1.0, 0.25, 9.0, 0.0]), np.array([1.0, 1.0, 4.0, 0.0, 0.0])
    # Columns of length 1 at right angles to each other and to the mean.
    columns = np.linalg.qr(np.eye(n)[:, :5] - 1 / n)[0][:, : min(n - 1, 5)]
    columns = np.pad(columns, ((0, 0), (0, 5 - columns.shape[1]))) * np.sqrt(n - 1)
    first, second = (columns * np.sqrt(v) @ axes.T for v in (a, b))
    shift = np.arange(5.0)
    expected = (shift**2).sum() + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    assert fid(first, second + shift) == pytest.approx(expected)


def test_zero_for_equal_sets_and_symmetric(tmp_path):
    x, y = _sets(50, 60, 20)
    assert fid(x, x) == pytest.approx(0, abs=1e-9)
    assert fid(x, y) == pytest.approx(fid(y, x))
    np.save(tmp_path / "x.npy", x)
    assert fid(np.load(tmp_path / "x.npy", mmap_mode="r"), y) == fid(x, y)


def test_one_picture_is_an_error():
    x, _ = _sets(3, 3, 4)
    with pytest.raises(MaskbenchError, match="two"):
        fid(x[:1], x)
