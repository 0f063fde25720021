"""Values of several folds become one."""

import numpy as np
import pytest

from maskbench.reporting.replicates import Replicate, pooled


def test_a_resample_without_anybody_in_one_fold_is_the_others_mean():
    """Few bowed faces: some resamples of a fold draw none of their people."""
    folds = [
        Replicate(0.5, np.array([0.4, np.nan, np.nan]), 0, 8, 10.0),
        Replicate(0.7, np.array([0.8, 0.6, np.nan]), 1, 8, 30.0),
    ]
    whole = pooled(folds)
    assert whole.value == pytest.approx(0.65)
    np.testing.assert_allclose(whole.resamples, [0.7, 0.6, np.nan])
