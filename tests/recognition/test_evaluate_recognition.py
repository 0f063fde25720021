"""What is made of embeddings; whole evaluations are in test_train_recogniser.py."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from maskbench.config import MetricsConfig
from maskbench.measurements import read_metrics
from maskbench.metrics.numbers import write_numbers
from maskbench.recognition.evaluate_recognition import remarked
from maskbench.recognition.measure import measure, nothing, validation_auc
from maskbench.recognition.specs import NETWORKS
from maskbench.recognition.test_set import TestSet


def really_masked_set() -> TestSet:
    """Three people with bare and masked pictures, and one who is never seen without a mask."""
    rows = [
        {"identity": person, "kind": kind, "face_id": f"{person}/{kind}{i}"}
        for person in ("ann", "bob", "cy", "dot")
        for kind in ("bare", "masked")
        for i in range(2)
        if not (person == "dot" and kind == "bare")
    ]
    table = pd.DataFrame(rows).assign(
        style="", undetected=False, photo=lambda frame: frame["face_id"]
    )
    return TestSet("own", "crop", table, (), None)


def test_probes_of_people_without_a_bare_picture_are_counted():
    test = really_masked_set()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(len(test.table), 8)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    found = measure(x, test, 2, MetricsConfig(bootstrap=20), "network").numbers
    numbers = {(n.protocol, n.metric): n for n in found}
    assert {n.backbone for n in found} == {"network"}
    assert numbers["standard", "rank_1"].n == 6
    assert "3 people in the gallery" in numbers["standard", "rank_1"].note
    assert (
        "2 probes left out: their people are not in the gallery"
        in numbers["standard", "rank_1"].note
    )


def masked_by_us(people: int, photographs: int) -> TestSet:
    """Bare faces, each with two masks."""
    rows = [
        (f"{who}/{n}{style and '@' + style}", f"p{who}", kind, f"{who}/{n}", style)
        for who in range(people)
        for n in range(photographs)
        for kind, style in (("bare", ""), ("masked", "kn95"), ("masked", "kf94"))
    ]
    table = pd.DataFrame(rows, columns=["face_id", "identity", "kind", "photo", "style"])
    return TestSet("own", "crop", table.assign(undetected=False), (), None)


@pytest.mark.parametrize(
    ("people", "photographs", "why"),
    [
        (1, 1, "no genuine pairs"),
        (3, 1, "no genuine pairs"),
        (1, 4, "no impostor pairs"),
    ],
)
def test_one_picture_a_person_gives_no_number_and_a_reason(people, photographs, why):
    test = masked_by_us(people, photographs)
    x = np.random.default_rng(0).normal(size=(len(test.table), 8)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    found = measure(x, test, 10, MetricsConfig(bootstrap=20), "network")
    numbers = {n.metric: n for n in found.numbers if (n.protocol, n.styles) == ("standard", "seen")}
    for name in ("auc", "eer", "accuracy", "accuracy_best_threshold", "tar_at_far_1e-2"):
        assert (numbers[name].value, numbers[name].note) == (None, why)
    assert numbers["rank_1"].value is None and numbers["rank_1"].note
    assert len(found.tables["roc"]) == 0


def test_a_file_that_lies_there_twice_is_never_compared_with_itself():
    """Of really masked people, whose official pairs may name both files."""
    test = really_masked_set()
    photo = test.table["photo"].replace("bob/masked1", "bob/bare0")
    again = replace(test, table=test.table.assign(photo=photo.map(lambda name: f"sha of {name}")))
    pairs = again.pairs("bare", "masked", 100, 0)
    names = again.table["face_id"].to_numpy()
    compared = set(zip(names[pairs.first], names[pairs.second], strict=True))
    assert ("bob/bare0", "bob/masked1") not in compared
    assert len(compared) == 6 * 8 - 1
    x = np.eye(len(test.table), 8, dtype=np.float32) + 1
    found = measure(x, again, 2, MetricsConfig(bootstrap=20), "network")
    numbers = {(n.protocol, n.metric): n for n in found.numbers}
    assert numbers["standard", "rank_1"].n == 5  # the copy's photograph is in the gallery
    assert not [n for n in found.numbers if n.protocol == "same_picture"]


def test_who_may_be_known_to_a_published_network_is_said():
    """VGGFace2 names its people n000001 to n009294; its lists do not come with the weights."""
    facenet, dlib = NETWORKS.get("facenet"), NETWORKS.get("dlib_resnet")
    remark = facenet.remark_on(["ann", "n000261"])
    assert "8,631 people of VGGFace2's training split" in remark
    assert facenet.remark_on(["ann", "n00026", "s1"]) == "" == dlib.remark_on(["n000261"])
    assert "FaceScrub" in dlib.people
    (first, *_) = remarked(nothing("why"), remark, "facenet").numbers
    assert first.note == f"why; {remark}"


def test_the_auc_of_validation_people_is_that_of_all_pairs_but_those_of_one_photograph():
    test = masked_by_us(3, 2)
    x = np.random.default_rng(1).normal(size=(len(test.table), 8)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    number = validation_auc(x, test, MetricsConfig(bootstrap=20), "network")
    bare, masked = (test.of_kind(kind) for kind in ("bare", "masked"))
    table, pairs = test.table, []
    for i in bare:
        for j in masked:
            if table["photo"][i] != table["photo"][j]:
                pairs.append((table["identity"][i] == table["identity"][j], float(x[i] @ x[j])))
    assert number.value == pytest.approx(roc_auc_score(*zip(*pairs, strict=True)))
    assert (number.metric, number.protocol, number.other) == ("auc", "validation", {"split": "val"})
    assert (number.n, number.n_people, number.backbone) == (6 * 12 - 12, 3, "network")


def test_without_resamples_everything_is_measured_without_intervals(tmp_path):
    test = masked_by_us(4, 3)
    x = np.random.default_rng(0).normal(size=(len(test.table), 8)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    measured, with_intervals = (
        measure(x, test, 2, MetricsConfig(bootstrap=count), "network").numbers for count in (0, 20)
    )
    assert [n.value for n in measured] == [n.value for n in with_intervals]
    facts = {"step": "recognition", "dataset": "own", "split": "test", "method": "m", "seed": 0}
    write_numbers(tmp_path, measured, facts | {"crop": "crop"})
    assert {row.ci_low for row in read_metrics(tmp_path)} == {None}
