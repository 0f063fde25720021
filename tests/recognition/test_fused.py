"""Fused recognisers: the sum of standardised scores, on small embeddings and on small trainings."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import maskbench
from maskbench.artifacts import read_json
from maskbench.config import MetricsConfig, read_layers
from maskbench.errors import MaskbenchError
from maskbench.experiment import check
from maskbench.faces.faceset import FaceSet
from maskbench.measurements import read_metrics
from maskbench.recognition.encoders import encoder_of
from maskbench.recognition.evaluate_recognition import evaluate_recognition
from maskbench.recognition.fused import SCORES, joined
from maskbench.recognition.identification import ranks
from maskbench.recognition.kinds import RECOGNISERS, members_learnt_from
from maskbench.recognition.test_set import masked_by_us
from maskbench.recognition.train_recogniser import train_recogniser

FILE = Path(maskbench.__file__).parents[2] / "params.yaml"
CONFIG = MetricsConfig(bootstrap=20)
FROZEN = {"use": "pretrained", "network": "dlib_resnet"}
PROJECTED = {"use": "projection", "network": "dlib_resnet"}


def test_the_dot_product_is_the_standardised_sum_up_to_a_constant():
    rng = np.random.default_rng(0)
    of = np.repeat(np.arange(6), 4)
    parts = [rng.normal(size=(6, dim))[of] + rng.normal(size=(24, dim)) for dim in (3, 7)]
    mean, sd = (0.31, -0.2), (0.05, 0.4)
    first, second = np.triu_indices(24, 1)
    wanted = np.zeros(len(first))
    for part, m, d in zip(parts, mean, sd, strict=True):
        lengths = np.sqrt((part**2).sum(1))
        cosine = (part[first] * part[second]).sum(1) / lengths[first] / lengths[second]
        wanted += (cosine - m) / d
    x = joined(parts, sd)
    assert (x[first] * x[second]).sum(1) - (0.31 / 0.05 - 0.2 / 0.4) == pytest.approx(wanted)
    assert (x**2).sum(1) == pytest.approx(1 / 0.05 + 1 / 0.4)
    # As every recogniser is measured: by the cosine.
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    cosine = (unit[first] * unit[second]).sum(1)
    assert np.array_equal(np.argsort(cosine.round(12)), np.argsort(wanted.round(9)))
    same = of[first] == of[second]
    assert roc_auc_score(same, cosine) == roc_auc_score(same, wanted)
    table = np.zeros((24, 24))
    table[first, second] = table[second, first] = wanted
    bare, masked = np.arange(0, 24, 2), np.arange(1, 24, 2)
    best = [[table[probe, bare[of[bare] == who]].max() for who in range(6)] for probe in masked]
    place = [
        (row >= row[of[probe]]).sum() for row, probe in zip(np.array(best), masked, strict=True)
    ]
    assert ranks(unit[bare], of[bare], unit[masked], of[masked]).tolist() == place


@pytest.fixture(scope="module", name="split")
def _split(people, tmp_path_factory):
    """The small experiment with two of its training people kept for validation."""
    root = tmp_path_factory.mktemp("split")
    moved = {}
    for name in ("faces", "training"):
        shutil.copytree(getattr(people, name), root / name)
        table = pd.read_parquet(root / name / "faces.parquet")
        chosen = table["identity"].isin(["s13", "s14"])
        table["split"] = table["split"].mask(chosen, "val")
        table.to_parquet(root / name / "faces.parquet", index=False)
        moved[name] = root / name
    return replace(people, **moved)


def trained(people, block, out, **more):
    train_recogniser(
        block, "keypoint", 0, people.faces, people.weights, out, out.parent / "scratch",
        people.training, **more,
    )  # fmt: skip
    return out


def evaluated(people, block, training_set, out, **more):
    evaluate_recognition(
        block, [training_set], 0, out=out, config=CONFIG, folds=3, **people.test, **more
    )
    return out / training_set


def members(people, root):
    """A frozen network and a projection: their blocks and models, and their evaluations."""
    frozen = RECOGNISERS.parse("frozen", FROZEN)
    projected = RECOGNISERS.parse("projected", PROJECTED)
    model = trained(people, projected, root / "projected", embeddings=people.embedded)
    tested = {"embeddings": [people.tested]}
    evaluated(people, frozen, "none", root / "frozen_numbers", **tested)
    evaluated(people, projected, "keypoint", root / "numbers", models=[model], **tested)
    learnt = {"members": [frozen, projected], "models": [model]}
    return learnt, [root / "frozen_numbers", root / "numbers"]


FUSED = {"use": "fused", "recognisers": ["frozen", "projected"]}


def test_scores_are_standardised_on_validation_people_and_added(split, tmp_path):
    learnt, tested = members(split, tmp_path)
    fused = RECOGNISERS.parse("both", FUSED)
    model = trained(split, fused, tmp_path / "fused", **learnt)
    dataset = FaceSet.open(split.faces).dataset
    assert {"s13", "s14"} <= set(read_json(model / "recogniser.json")["people"][dataset])

    # Mean and deviation, anew from the pictures of the two people.
    validation = masked_by_us(split.faces, split.training, split="val")
    assert set(validation.identities) == {"s13", "s14"}
    x = validation.embeddings(encoder_of("dlib_resnet", split.weights))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    table = validation.table
    scores = [
        float(x[a] @ x[b])
        for a in np.flatnonzero(table["kind"] == "bare")
        for b in np.flatnonzero(table["kind"] == "masked")
        if table["photo"][a] != table["photo"][b]
    ]
    found = read_json(model / SCORES)
    assert found["pairs"] == len(scores) == 10 * 20 - 20
    first, second = found["recognisers"]
    assert (first["name"], second["name"]) == ("frozen", "projected")
    assert first["mean"] == pytest.approx(np.mean(scores), abs=1e-5)
    assert first["sd"] == pytest.approx(np.std(scores), abs=1e-5)

    folder = evaluated(
        split, fused, "keypoint", tmp_path / "fused_numbers", models=[model], members=tested
    )
    lists = [
        pd.read_parquet(path / "scores.parquet")
        for path in (tested[0] / "none", tested[1] / "keypoint", folder)
    ]
    keys = ["protocol", "first", "second", "same"]
    assert all(one[keys].equals(lists[0][keys]) for one in lists)
    a, b, both = (one["score"].to_numpy(float) for one in lists)
    wanted = a / first["sd"] + b / second["sd"]
    assert both == pytest.approx(wanted / (1 / first["sd"] + 1 / second["sd"]), abs=1e-5)
    rows = {(r.protocol, r.metric): r for r in read_metrics(folder) if r.styles == "seen"}
    pairs = lists[0]["protocol"] == "bare_masked"
    auc = roc_auc_score(lists[0]["same"][pairs], wanted[pairs])
    assert rows["standard", "auc"].value == pytest.approx(auc, abs=1e-4)
    assert rows["standard", "auc"].backbone.startswith("frozen + projected, standardised on ")


def test_what_cannot_be_standardised_or_added_has_no_number_but_a_reason(people, split, tmp_path):
    learnt, tested = members(split, tmp_path)
    fused = RECOGNISERS.parse("both", FUSED)
    model = trained(people, fused, tmp_path / "fused", **learnt)  # whose split has no validation
    folder = evaluated(
        people, fused, "keypoint", tmp_path / "fused_numbers", models=[model], members=tested
    )
    assert {row.value for row in read_metrics(folder)} == {None}
    dataset = FaceSet.open(people.faces).dataset
    why = f"no validation people: raise datasets.{dataset}.shares.val"
    assert read_metrics(folder)[0].note == why

    model = trained(split, fused, tmp_path / "again", **learnt)
    (tested[0] / "none" / "embeddings.npy").unlink()
    numbers = read_metrics(tested[0] / "none")
    folder = evaluated(
        split, fused, "keypoint", tmp_path / "absent", models=[model], members=tested
    )
    assert read_metrics(folder)[0].note == f"frozen: {numbers[0].note}"


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ({"recognisers": ["dlib_resnet"]}, "at least 2"),
        ({"recognisers": ["dlib_resnet", "dlib_resnet"]}, "twice"),
        ({"recognisers": ["dlib_resnet", "dlib_resnt"]}, "did you mean"),
        ({"recognisers": ["dlib_resnet", "mrii"]}, "takes masks off"),
        ({"recognisers": ["dlib_resnet", "fused"]}, "fused itself"),
        ({"recognisers": ["dlib_resnet", "arcface"], "training": "gan_stn"}, ""),
        ({"recognisers": ["dlib_resnet", "adapter_arcface"], "training": "gan_stn"}, "gan_stn"),
        ({"recognisers": ["dlib_resnet", "adapter_arcface"], "training": "bare"}, "training set"),
    ],
)
def test_what_cannot_be_fused_is_refused(block, what):
    values = read_layers([FILE])
    values["recognition"]["recognisers"]["both"] = {"use": "fused", **block}
    if not what:
        assert "both" in check(values).recognisers
        return
    with pytest.raises(MaskbenchError, match=rf"recognisers\.both.*{what}"):
        check(values)


def test_what_is_fused_runs_as_well():
    values = read_layers([FILE])
    values["run"] = {"recognisers": ["fused"]}
    experiment = check(values)
    assert list(experiment.recognisers) == ["dlib_resnet_upper", "adapter_arcface", "fused"]
    runs, blocks = experiment.recogniser_runs, experiment.recognisers
    assert members_learnt_from(blocks["fused"], runs) == [
        ("dlib_resnet_upper", "none"), ("adapter_arcface", "keypoint"),
    ]  # fmt: skip
    assert members_learnt_from(blocks["adapter_arcface"], runs) == []
