"""Trainings of recognisers: resume after SIGKILL, equal runs, and tests of what they learnt."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from maskbench.artifacts import sha256_of
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.measurements import read_metrics
from maskbench.recognition.backbones.build import build
from maskbench.recognition.backbones.inception_resnet import InceptionResnetV1
from maskbench.recognition.embed import training_set_of
from maskbench.recognition.embed_test import embed_test
from maskbench.recognition.encoders import FACENET, Absent, encoder_of, load_facenet
from maskbench.recognition.evaluate_recognition import evaluate_recognition
from maskbench.recognition.kinds import RECOGNISERS
from maskbench.recognition.projection import BIAS, Projection, mask_bias
from maskbench.recognition.recogniser import Model
from maskbench.recognition.train_recogniser import train_recogniser
from maskbench.recognition.trained_network import encoder_of as own_encoder
from maskbench.recognition.training_set import of_pictures

from ..trainings import finish, kill_after, start

SMALL = {
    "use": "network", "backbone": "iresnet18", "loss": "arcface", "size": 32, "width": 8,
    "steps": 60, "people": 6, "bare": 2, "masked": 2, "optimiser": "adamw", "lr": 0.003,
    "checkpoint_every": 3, "log_every": 5,
}  # fmt: skip
CONFIG = MetricsConfig(bootstrap=20)


def train(people, block, out, training_set="keypoint", seed=0, embeddings=()):
    """Train a recogniser; its folder."""
    masked = None if embeddings or training_set == "bare" else people.training
    train_recogniser(
        RECOGNISERS.parse("small", block), training_set, seed, people.faces, people.weights, out,
        out.parent / "scratch", masked, embeddings,
    )  # fmt: skip
    return out


def evaluated(people, block, model, out, training_set="keypoint", embeddings=()):
    """The rows of an evaluation, by (protocol, metric) and for unseen styles (unseen, metric)."""
    evaluate_recognition(
        RECOGNISERS.parse("small", block), [training_set], 0, out=out, config=CONFIG, folds=10,
        models=[model] if model else [], embeddings=embeddings, run_id="run", **people.test,
    )  # fmt: skip
    return {
        (row.protocol if row.styles == "seen" else row.styles, row.metric): row
        for row in read_metrics(out / training_set)
    }


def begin(people, block, out, scratch, embeddings=()):
    masked = None if embeddings else people.training
    return start(
        train_recogniser, RECOGNISERS.parse("small", block), "keypoint", 1, people.faces,
        people.weights, out, scratch, masked, embeddings,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["network", "adapter"])
def test_killed_and_started_again_ends_byte_identical(people, tmp_path, kind):
    block, embeddings = SMALL, ()
    if kind == "adapter":
        block = {"use": "adapter", "steps": 400, "people": 6, "checkpoint_every": 3}
        embeddings = people.embedded
    finish(begin(people, block, tmp_path / "unbroken", tmp_path / "a", embeddings))
    scratch, out = tmp_path / "b", tmp_path / "broken"
    assert kill_after(begin(people, block, out, scratch, embeddings), scratch, checkpoints=1)
    assert not out.exists()
    assert list(scratch.glob("*/state.safetensors"))
    finish(begin(people, block, out, scratch, embeddings))
    assert sha256_of(out) == sha256_of(tmp_path / "unbroken")
    assert not list(scratch.glob("*"))


def test_it_learns_and_each_number_says_how(people, tmp_path):
    model = train(people, SMALL, tmp_path / "model")
    curve = pd.read_parquet(model / "curves.parquet")["value"].to_numpy()
    assert curve[-1] < 0.7 * curve[0]
    rows = evaluated(people, SMALL, model, tmp_path / "numbers")
    untrained = train(people, SMALL | {"steps": 1, "lr": 1e-6}, tmp_path / "untrained")
    before = evaluated(people, SMALL | {"steps": 1}, untrained, tmp_path / "before")
    assert rows["standard", "auc"].value > max(0.6, before["standard", "auc"].value)
    assert rows["standard", "auc"].method == "small"
    assert rows["standard", "auc"].step == "recognition"
    assert "iresnet18 (32 px, width 8), from scratch, 60 steps" in rows["standard", "auc"].backbone
    assert (
        rows["standard", "auc"].ci_low
        <= rows["standard", "auc"].value
        <= rows["standard", "auc"].ci_high
    )
    assert rows["standard", "auc"].training_set == "keypoint"
    assert {protocol for protocol, _ in rows} == {
        "standard", "bare_bare", "masked_masked", "unseen", "same_picture",
    }  # fmt: skip
    assert {row.n_people for row in rows.values()} == {6}
    pictures = pd.read_parquet(tmp_path / "numbers" / "keypoint" / "pictures.parquet")
    assert np.load(tmp_path / "numbers" / "keypoint" / "embeddings.npy").shape == (
        len(pictures),
        512,
    )
    scores = pd.read_parquet(tmp_path / "numbers" / "keypoint" / "scores.parquet")
    assert {"bare_bare", "bare_masked"} <= set(scores["protocol"])
    roc = pd.read_parquet(tmp_path / "numbers" / "keypoint" / "roc.parquet")
    assert (roc.groupby("protocol")["tar"].max() == 1).all()
    cmc = pd.read_parquet(tmp_path / "numbers" / "keypoint" / "cmc.parquet")
    assert cmc["share"].iloc[-1] == 1


def test_fewer_people_than_a_batch_wants_are_learnt_from_and_the_number_says_so(
    people, tmp_path, caplog
):
    block = SMALL | {"people": 14, "steps": 2}
    model = train(people, block, tmp_path / "model")
    assert "8 people a batch instead of 14" in caplog.text
    rows = evaluated(people, block, model, tmp_path / "numbers")
    assert "2 steps of 32 pictures" in rows["standard", "auc"].backbone


def test_one_person_alone_gives_no_number_and_a_reason(people, tmp_path):
    faces = tmp_path / "faces"
    shutil.copytree(people.faces, faces)
    table = pd.read_parquet(faces / "faces.parquet")
    alone = (table["split"] == "test") | (table["identity"] == "s9")
    table.assign(split=table["split"].where(alone, "val")).to_parquet(faces / "faces.parquet")
    few = dataclasses.replace(people, faces=faces)
    model = train(few, SMALL, tmp_path / "model", "bare")
    rows = evaluated(people, SMALL, model, tmp_path / "numbers", "bare")
    assert rows["standard", "auc"].value is None
    assert "1 training people with pictures: two are needed" in rows["standard", "auc"].note


def test_a_training_that_diverged_costs_no_other_its_table(people, tmp_path):
    model = train(people, SMALL | {"steps": 8, "lr": 1e30}, tmp_path / "model")
    rows = evaluated(people, SMALL, model, tmp_path / "numbers")
    assert rows["standard", "auc"].value is None
    assert "diverged: lower lr of recognition.recognisers.small" in rows["standard", "auc"].note


def test_the_same_twice_and_another_seed_another_network(people, tmp_path):
    block = SMALL | {"steps": 6}
    one, two = (train(people, block, tmp_path / name) for name in ("one", "two"))
    assert sha256_of(one) == sha256_of(two)
    other = train(people, block, tmp_path / "other", seed=1)
    assert sha256_of(one / "state.safetensors") != sha256_of(other / "state.safetensors")


def test_bare_learns_from_as_many_pictures_and_none_masked(people, tmp_path):
    block = SMALL | {"steps": 2, "training": ["bare", "keypoint"]}
    model = train(people, block, tmp_path / "bare", training_set="bare")
    rows = evaluated(people, block, model, tmp_path / "numbers", training_set="bare")
    assert {row.training_set for row in rows.values()} == {"bare"}
    with_masks = of_pictures(people.faces, people.training, 32, tmp_path / "a")
    without = of_pictures(people.faces, None, 32, tmp_path / "b")
    assert not without.masked.any()
    assert with_masks.masked.sum() == 2 * len(without.masked)


@pytest.mark.parametrize("loss", ["softmax", "triplet", "cosface", "quintuplet"])
def test_every_loss_trains(people, tmp_path, loss):
    block = SMALL | {"loss": loss, "steps": 3, "log_every": 1, "schedule": "drops"}
    model = train(people, block, tmp_path / loss)
    curve = pd.read_parquet(model / "curves.parquet")
    assert np.isfinite(curve["value"]).all()


def test_testing_on_people_who_were_learnt_from_is_refused(people, tmp_path):
    """The leak that no split may have: the description's people are the test's."""
    block = SMALL | {"steps": 1}
    model = train(people, block, tmp_path / "model")
    facts = json.loads((model / "recogniser.json").read_text())
    assert set(facts["people"]["orl"]) == {f"s{number}" for number in range(7, 15)}
    facts["people"]["orl"].append("s3")
    (model / "recogniser.json").write_text(json.dumps(facts))
    with pytest.raises(MaskbenchError, match=r"s3.*learnt from"):
        evaluated(people, block, model, tmp_path / "numbers")
    assert not (tmp_path / "numbers").exists()


def test_fine_tuning_starts_from_the_given_weights(people, tmp_path):
    first = train(people, SMALL | {"steps": 3}, tmp_path / "first")
    block = SMALL | {"start": str(first / "state.safetensors"), "steps": 1, "lr": 1e-12}
    block |= {"weight_decay": 0}
    second = train(people, block, tmp_path / "second")
    first_layer = "network.trunk.0.weight"
    weights = []
    for model in (first, second):
        encoder = own_encoder(Model.open(RECOGNISERS.parse("small", block), model))
        weights.append(dict(encoder._network.named_parameters())[first_layer])
    assert torch.allclose(*weights, atol=1e-6)
    wrong = SMALL | {"start": str(first / "state.safetensors"), "width": 16}
    with pytest.raises(MaskbenchError, match="no weights of iresnet18"):
        train(people, wrong, tmp_path / "wrong")
    with pytest.raises(MaskbenchError, match=r"nowhere.safetensors: no such"):
        train(people, SMALL | {"start": "nowhere.safetensors"}, tmp_path / "nowhere")
    with pytest.raises(MaskbenchError, match="set backbone: inception_resnet_v1"):
        train(people, SMALL | {"start": "facenet"}, tmp_path / "facenet")


def test_absent_weights_leave_rows_that_say_so(people, tmp_path):
    block = {"use": "pretrained", "network": "facenet"}
    embed_test("facenet", weights=people.weights, out=tmp_path / "e", **people.test)
    rows = evaluated(people, block, None, tmp_path / "n", "none", [tmp_path / "e"])
    assert rows["standard", "auc"].value is None
    assert "facenet_vggface2.pt" in rows["standard", "auc"].note


def test_facenets_published_weights_load_by_their_names(people, tmp_path):
    """A file as it is published: the network's own names, and a classifier that is left out."""
    torch.manual_seed(0)
    published = InceptionResnetV1().eval()
    with torch.no_grad():
        for module in published.modules():
            if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
                module.running_mean.normal_()
    state = published.state_dict() | {"logits.weight": torch.zeros(8631, 512),
                                      "logits.bias": torch.zeros(8631)}  # fmt: skip
    folder = tmp_path / "weights"
    folder.mkdir()
    torch.save(state, folder / FACENET)
    encoder = encoder_of("facenet", folder)
    from maskbench.faces.faceset import FaceSet

    faces = FaceSet.open(people.faces)
    found = encoder(faces, [0, 1])
    import cv2

    for row in (0, 1):
        face = np.asarray(faces.images[row])
        picture = cv2.resize(face, (160, 160), interpolation=cv2.INTER_CUBIC)
        both = np.stack([picture, picture[:, ::-1]]).astype(np.float32)
        with torch.no_grad():
            expected = published((torch.from_numpy(both).permute(0, 3, 1, 2) - 127.5) / 128).sum(0)
        assert found[row] == pytest.approx(expected.numpy(), rel=1e-3, abs=1e-3)
    with pytest.raises(MaskbenchError, match="not FaceNet's weights"):
        torch.save({"wrong": torch.zeros(1)}, folder / "other.pt")
        load_facenet(InceptionResnetV1(), folder / "other.pt")
    (folder / FACENET).unlink()
    with pytest.raises(Absent):
        encoder_of("facenet", folder)


def test_a_projection_removes_the_mean_difference(people, tmp_path):
    block = {"use": "projection", "network": "dlib_resnet"}
    model = train(people, block, tmp_path / "model", embeddings=people.embedded)
    found, table = training_set_of(people.embedded)
    bare = {face: found.values[row] for row, face in enumerate(table["face_id"])}
    masked = table[table["masked"]]
    expected = mask_bias(
        np.stack([bare[face] for face in masked["bare_id"]]), found.values[masked.index]
    )
    assert np.load(model / BIAS) == pytest.approx(expected)
    opened = Model.open(RECOGNISERS.parse("small", block), model)
    projected = Projection().embed(opened, None, found.values)
    assert projected @ expected == pytest.approx(0, abs=1e-5)
    rows = evaluated(people, block, model, tmp_path / "n", embeddings=[people.tested])
    assert rows["standard", "auc"].backbone == "dlib_resnet without bias of orl keypoint"


def test_an_adapter_learns_on_frozen_embeddings(people, tmp_path):
    block = {"use": "adapter", "steps": 30, "people": 6}
    model = train(people, block, tmp_path / "model", embeddings=people.embedded)
    rows = evaluated(people, block, model, tmp_path / "numbers", embeddings=[people.tested])
    assert rows["standard", "auc"].value > 0.8
    assert rows["standard", "auc"].backbone.startswith("dlib_resnet + adapter")


def test_the_first_network_that_is_there_is_tested(people, tmp_path):
    block = {"use": "restored", "networks": ["facenet", "dlib_resnet"]}
    embed_test("facenet", weights=people.weights, out=tmp_path / "e", **people.test)
    folders = [tmp_path / "e", people.tested]
    rows = evaluated(people, block, None, tmp_path / "n", "none", folders)
    assert rows["standard", "auc"].value is not None
    assert rows["standard", "auc"].backbone == "dlib_resnet after edgeconnect"
    assert rows["standard", "auc"].restorer == "edgeconnect"


def test_embeddings_of_other_pictures_are_refused(people, tmp_path):
    other = people.test | {"styles": 2}
    embed_test("dlib_resnet", weights=people.weights, out=tmp_path / "e", **other)
    block = {"use": "pretrained", "network": "dlib_resnet"}
    with pytest.raises(MaskbenchError, match="embeddings of other pictures"):
        evaluated(people, block, None, tmp_path / "n", "none", [tmp_path / "e"])
    with pytest.raises(MaskbenchError, match="embed the test set first"):
        evaluated(people, block, None, tmp_path / "n", "none")


def test_embeddings_do_not_depend_on_their_neighbours(people):
    from maskbench.faces.faceset import FaceSet

    faces = FaceSet.open(people.faces)
    for name in ("dlib_resnet", "efficientnet_lite0"):
        encoder = encoder_of(name, people.weights)
        together = encoder(faces, [0, 1, 2])
        assert (encoder(faces, [1])[0] == together[1]).all(), name


@pytest.mark.parametrize(
    ("name", "size", "dim"),
    [("iresnet18", 48, 512), ("mobilefacenet", 48, 128), ("inception_resnet_v1", 96, 512),
     ("resnet50", 64, 512)],
)  # fmt: skip
def test_backbones_are_seeded_and_scaled(name, size, dim):
    one, two, other = (build(name, size, 8, seed) for seed in (0, 0, 1))
    values = [torch.cat([p.flatten() for p in b.network.parameters()]) for b in (one, two, other)]
    assert torch.equal(values[0], values[1])
    assert not torch.equal(values[0], values[2])
    grey = torch.full((2, 3, size, size), 127.5)
    assert one.network.eval()(one.scaled(grey)).shape == (2, dim)
    assert one.scaled(grey).abs().max() < 0.6


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"network": "facenet"}, "name what it is under use"),
        ({"use": "netwrok"}, "did you mean network"),
        ({"use": "network", "backbone": "iresnet18", "loss": "arcfase"}, "arcface"),
        (SMALL | {"stepz": 3}, "did you mean steps"),
        ({"use": "pretrained", "network": "facenets"}, "facenet"),
        (SMALL | {"size": 50}, "multiple of 16"),
        (SMALL | {"training": []}, "at least one training set"),
        (SMALL | {"training": ["bare", "bare"]}, "none twice"),
        ({"use": "adapter", "loss": "self_restrained"}, "adapter.keep to 0"),
        (SMALL | {"loss": "softmax", "margin": 0.3}, "softmax has no margin"),
        (SMALL | {"loss": "triplet", "scale": 30}, "triplet has no scale"),
        (SMALL | {"loss": "quintuplet", "training": "every"}, "name synthesis methods"),
        (SMALL | {"loss": "quintuplet", "training": ["bare"]}, "zero without masked pictures"),
        (
            {"use": "adapter", "loss": "triplet", "adapter": {"form": "none", "keep": 0}},
            "nothing to learn",
        ),
    ],
)
def test_wrong_blocks_are_explained(block, message):
    with pytest.raises(MaskbenchError, match=message):
        RECOGNISERS.parse("small", block)


def test_what_learns_nothing_has_no_training(people, tmp_path):
    with pytest.raises(MaskbenchError, match="learns nothing"):
        train(people, {"use": "pretrained", "network": "dlib_resnet"}, tmp_path / "m", "none")


def test_people_behind_given_weights_are_not_tested(people, tmp_path):
    """Whatever data set the earlier training saw."""
    small = SMALL | {"steps": 1}
    first = train(people, small, tmp_path / "first")
    facts = json.loads((first / "recogniser.json").read_text())
    assert list(facts["people"]) == ["orl"]
    facts["people"]["earlier"] = ["Ann_Lee"]
    (first / "recogniser.json").write_text(json.dumps(facts))
    block = small | {"start": str(first / "state.safetensors")}
    second = train(people, block, tmp_path / "second")
    assert json.loads((second / "recogniser.json").read_text())["people"] == facts["people"]
    faces = tmp_path / "faces"
    shutil.copytree(people.faces, faces)
    table = pd.read_parquet(faces / "faces.parquet")
    table["identity"] = table["identity"].replace("s3", "AnnLee")
    table.to_parquet(faces / "faces.parquet", index=False)
    renamed = dataclasses.replace(people, faces=faces)
    with pytest.raises(MaskbenchError, match=r"AnnLee.*learnt from.*datasets.earlier.exclude"):
        evaluated(renamed, block, second, tmp_path / "numbers")


def test_absent_weights_to_start_from_leave_nothing_behind(people, tmp_path):
    block = SMALL | {"backbone": "inception_resnet_v1", "start": "facenet"}
    model = train(people, block, tmp_path / "model")
    facts = json.loads((model / "recogniser.json").read_text())
    assert "facenet_vggface2.pt" in facts["absent"] and facts["people"] == {}
    assert not list(tmp_path.rglob("pictures.npy"))
    rows = evaluated(people, block, model, tmp_path / "numbers")
    assert rows["standard", "auc"].value is None
