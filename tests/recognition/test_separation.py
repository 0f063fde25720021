"""The third paper's own arithmetic, and thresholds carried from bare to masked pairs."""

import numpy as np
import pytest

from maskbench.recognition.separation import separation, transferred


def scores_with(mean, sd):
    """Two scores with this mean and deviation."""
    return np.array([mean - sd, mean + sd])


# Table 3's rows: its means and deviations give its other two columns.
TABLE3 = [
    (0.963, 0.021, 0.904, 0.037, 1.367, 0.149),
    (0.970, 0.019, 0.906, 0.041, 1.416, 0.147),
    (0.989, 0.009, 0.901, 0.043, 2.003, 0.047),
    (0.768, 0.064, 0.569, 0.079, 1.957, 0.082),
    (0.890, 0.036, 0.660, 0.078, 2.677, 0.022),
    (0.945, 0.024, 0.654, 0.080, 3.352, 0.002),
]


@pytest.mark.parametrize(("same", "same_sd", "other", "other_sd", "sigma", "error"), TABLE3)
def test_the_papers_table(same, same_sd, other, other_sd, sigma, error):
    found = separation(scores_with(same, same_sd), scores_with(other, other_sd))
    # Their means and deviations are printed to three digits.
    assert found.sigma == pytest.approx(sigma, rel=0.05)
    assert found.error_gaussian == pytest.approx(error, abs=0.009)
    assert found.fdr == pytest.approx(found.sigma**2)


def test_normal_scores_err_as_often_as_the_gaussian_rate_says():
    rng = np.random.default_rng(0)
    same, other = rng.normal(0.7, 0.1, 200_000), rng.normal(0.3, 0.2, 200_000)
    found = separation(same, other)
    assert found.error_empirical == pytest.approx(found.error_gaussian, abs=0.002)
    distance = (found.same_mean - found.threshold) / found.same_sd
    assert distance == pytest.approx((found.threshold - found.different_mean) / found.different_sd)


def test_scores_that_are_not_normal_are_counted_as_they_are():
    same, other = np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.1, 0.2])
    found = separation(same, other)
    wrong = (same < found.threshold).mean() + (other >= found.threshold).mean()
    assert found.error_empirical == wrong / 2
    assert found.error_empirical != pytest.approx(found.error_gaussian, abs=1e-3)


@pytest.mark.parametrize(("same", "other"), [([1.0], [0.0, 0.1]), ([1.0, 1.0], [0.0, 0.0])])
def test_no_deviation_is_an_error(same, other):
    with pytest.raises(ValueError):
        separation(np.array(same), np.array(other))


def test_a_threshold_of_bare_pairs_on_masked_ones():
    bare = np.arange(1000) / 1000  # the ten highest may pass at FMR100
    genuine = np.array([0.5, 0.985, 0.99, 0.995])
    found = transferred(bare, genuine, np.array([0.2, 0.995, 0.3, 0.4]), 0.01)
    assert (bare >= found.threshold).sum() == 10
    assert found.fnmr == 0.5 and found.fmr == 0.25
    with pytest.raises(ValueError, match="do not resolve"):
        transferred(bare[:99], genuine, bare, 0.01)
    with pytest.raises(ValueError, match="no masked pairs"):
        transferred(bare, genuine[:0], bare, 0.01)
