"""Official pairs: a small list by hand, and MFR2's own where it lies on this machine."""

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from maskbench.config import MetricsConfig
from maskbench.datasets.adapters import mfr2
from maskbench.recognition.measure import measure
from maskbench.recognition.official import confounds, of_one_bare_picture
from maskbench.recognition.test_set import Pairs, TestSet


def listed_set(rows, pairs):
    """A set of (person, style) rows, "" for bare ones, with an official list of (i, j)."""
    table = pd.DataFrame(rows, columns=["identity", "style"])
    table["face_id"] = [f"{person}/{i}" for i, person in enumerate(table["identity"])]
    table["kind"] = np.where(table["style"] == "", "bare", "masked")
    table = table.assign(photo=table["face_id"], undetected=False)
    first, second = np.array(pairs).T
    who = table["identity"].to_numpy()
    official = Pairs(first, second, who[first] == who[second], official=True)
    return TestSet("own", "crop", table, (), official)


@pytest.fixture
def small():
    rows = [("ann", ""), ("ann", "kn95"), ("ann", "kn95"), ("bob", ""), ("bob", "kf94")]
    rows += [("bob", "cloth"), ("cy", ""), ("cy", "kn95")]
    # genuine: two of one bare picture, two of two masked ones (one of them in one type);
    # impostor: one of two bare ones, two of one bare one, one of two masked ones.
    pairs = [(0, 1), (4, 3), (1, 2), (4, 5), (0, 3), (0, 7), (1, 6), (2, 4)]
    return listed_set(rows, pairs)


def test_of_an_official_list_the_pairs_with_one_mask_are_the_standard_ones(small):
    chosen = of_one_bare_picture(small.official, small)
    assert list(zip(chosen.first, chosen.second, strict=True)) == [(0, 1), (4, 3), (0, 7), (1, 6)]
    assert chosen.same.tolist() == [True, True, False, False]
    assert chosen.official


def test_confounds_by_hand(small):
    """Masks a pair: genuine 1, 1, 2, 2; impostor 0, 1, 1, 2. Of sixteen combinations the genuine
    pair wins eight (1 > 0 twice, 2 > 0 twice, 2 > 1 four times), and six are ties."""
    words = confounds(small.official, small)
    assert "3 of 8 pairs are masked with masked" in words
    assert "50% of genuine and 0% of impostor pairs" in words
    assert f"AUC of {(8 + 0.5 * 6) / 16:.3f}" in words


def test_a_list_of_bare_with_masked_pictures_has_no_such_confounds(small):
    assert confounds(of_one_bare_picture(small.official, small), small) == ""


def test_the_whole_list_is_a_protocol_of_its_own_and_says_its_confounds(small):
    x = np.random.default_rng(0).normal(size=(len(small.table), 4)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    found = measure(x, small, 2, MetricsConfig(bootstrap=10), "network")
    numbers = {(n.protocol, n.metric): n for n in found.numbers}
    assert numbers["standard", "auc"].n == 4
    assert numbers["official", "auc"].n == 8
    assert numbers["bare_masked", "auc"].n == 3 * 5
    notes = {n.note for n in found.numbers if n.protocol == "official"}
    assert all("3 of 8 pairs are masked with masked" in note for note in notes)
    assert not any(
        "masked with masked" in n.note for n in found.numbers if n.protocol != "official"
    )
    listed = found.tables["scores"].groupby("protocol", observed=True).size()
    assert listed[["standard", "official", "bare_masked"]].tolist() == [4, 8, 15]


def test_mfr2s_list_holds_what_the_page_says(data_root):
    """Of 848 pairs 383 are of a bare with a masked face, 396 of masked ones; of all pairs of a bare
    with a masked picture there are 16,758. The confounds are computed anew from the two files."""
    root = data_root / "mfr2"
    rows = mfr2.rows(root)
    row_of = {row.source.removesuffix(".png"): n for n, row in enumerate(rows)}
    listed = mfr2.read_pairs(root / mfr2.PAIRS)
    test = listed_set(
        [(row.identity, row.extra["mask"]) for row in rows],
        [(row_of[pair.first], row_of[pair.second]) for pair in listed],
    )
    photo = [hashlib.sha256((root / row.source).read_bytes()).hexdigest() for row in rows]
    test = replace(test, table=test.table.assign(photo=photo))
    assert test.official.same.tolist() == [pair.same for pair in listed]
    headline = of_one_bare_picture(test.official, test)
    assert (len(test.official), len(headline)) == (848, 383)
    assert (headline.same.sum(), (~headline.same).sum()) == (184, 199)
    assert len(test.pairs("bare", "masked", 500_000, 0)) == 98 * 171 == 16_758

    labels = mfr2.read_labels(root / "mfr2_labels.txt")
    masks = []
    for pair in listed:
        names = [name.rpartition("/")[2].rpartition("_") for name in (pair.first, pair.second)]
        masks.append([labels[who, int(number)] for who, _, number in names])
    count = np.array([(a != "") + (b != "") for a, b in masks])
    alike = np.array([a == b != "" for a, b in masks])
    same = np.array([pair.same for pair in listed])
    assert (count == 2).sum() == 396
    auc = roc_auc_score(same, count)
    shares = [alike[(count == 2) & kind].mean() for kind in (same, ~same)]
    assert (round(auc, 3), [round(share, 2) for share in shares]) == (0.607, [0.44, 0.18])
    words = confounds(test.official, test)
    for text in ("396 of 848 pairs", "44% of genuine and 18% of impostor", "AUC of 0.607"):
        assert text in words
