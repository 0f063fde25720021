"""The shared training of the adversarial methods, on real faces and a small configuration."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from maskbench.artifacts import sha256_of
from maskbench.masks.maskedset import MaskedSet
from maskbench.masks.overlay import overlay
from maskbench.networks import stn
from maskbench.synthesis.adversarial import AdversarialMethod
from maskbench.synthesis.base import TrainingData
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training import state

from ..trainings import Listening

TRAINED = [
    name for name, spec in METHODS.all().items() if isinstance(spec.load(), AdversarialMethod)
]
TINY = {
    "train_size": 24, "steps": 4, "batch_size": 4, "critic_warmup": 2, "log_every": 2,
    "sheet_every": 2, "checkpoint_every": 0,
}  # fmt: skip


def block_of(method, **changes):
    width = 64 if method == "pywgan_div" else 8
    return METHODS.parse(method, {**TINY, "generator_width": width, "critic_width": width,
                                  **changes})  # fmt: skip


def started(small, method, seed=0, **changes):
    """A method that learns, at its first step."""
    block = block_of(method, **changes)
    learner = block.spec.load()
    learner.start(block, TrainingData(*small.opened(), small.styles), seed)
    return learner


def train(small, method, out, faces=None, masked=None, seed=0, run=None, **changes):
    train_synthesis(
        block_of(method, **changes), faces or small.faces, masked or small.masked, small.pictures,
        styles=small.styles, seed=seed, out=out, scratch=out.parent / f"scratch-{out.name}",
        run=run,
    )  # fmt: skip
    return out


@pytest.mark.parametrize("method", ["pywgan_div", "gan_direct"])
def test_networks_run_in_bfloat16_and_geometry_does_not(small, tmp_path, monkeypatch, method):
    """Two steps, the equivariance's inverses included; coordinates stay float32."""
    kinds = set()
    grid = stn.sampling_grid

    def spied(h, *size):
        kinds.add(h.dtype)
        points = grid(h, *size)
        kinds.add(points.dtype)
        return points

    monkeypatch.setattr(stn, "sampling_grid", spied)
    more = {"equivariance": 10.0} if method == "pywgan_div" else {}
    for precision in ("float32", "bfloat16"):
        train(small, method, tmp_path / precision, precision=precision, steps=2, **more)
    assert kinds <= {torch.float32}
    weights = [
        state.load(tmp_path / precision / "state.safetensors")["critic"]
        for precision in ("float32", "bfloat16")
    ]
    pairs = [(weights[0][name], weights[1][name]) for name in weights[0]]
    assert all(b.dtype == a.dtype for a, b in pairs)
    assert any(not torch.equal(a, b) for a, b in pairs)  # bfloat16 was really in use


def test_the_critic_sees_nothing_outside_the_oval(small):
    """Whatever lies in the corners, the scores are the same; inside it counts."""
    training = started(small, "pywgan_div", view=0.8)
    assert training.window.shape == (24, 24)
    assert training.window[12, 12] == 1 and training.window[0, 0] == training.window[12, 0] == 0
    assert training.window[3, 12] > training.window[12, 3]  # upright
    pictures = torch.rand(2, 3, 24, 24)
    changed, inside = pictures.clone(), pictures.clone()
    changed[:, :, :2], inside[:, :, 12, 12] = 1 - changed[:, :, :2], 0
    shown = [training.shown(x) for x in (pictures, changed, inside)]
    assert torch.equal(shown[0], shown[1]) and not torch.equal(shown[0], shown[2])
    assert torch.equal(started(small, "pywgan_div").shown(pictures), pictures * 2 - 1)
    shown = started(small, "pywgan_div", view=0.8, standardise=True).shown(pictures)
    assert not shown[:, :, :2].any()
    assert torch.allclose(shown[:, :, 6:18, 8:16].mean(), torch.tensor(0.0), atol=0.1)


@pytest.mark.parametrize("method", TRAINED)
def test_every_method_trains_and_applies(small, tmp_path, method):
    run = Listening()
    model = train(small, method, tmp_path / "model", run=run)
    assert [step for step, _ in run.points] == [2, 2, 4]  # the warm-up has two steps of its own
    curves = pd.read_parquet(model / "curves.parquet")
    assert list(curves.columns) == ["step", "name", "value"]
    names = {f"train/{name}" for name in ("critic_loss", "distance", "generator_loss")}
    assert names | {"warmup/critic_loss"} <= set(curves["name"])
    assert np.isfinite(curves["value"]).all()
    assert [p.name for p in sorted((model / "sheets").iterdir())] == [
        "1_train_000000.png", "1_train_000002.png", "1_train_000004.png",
    ]  # fmt: skip
    values = state.load(model / "state.safetensors")
    assert (values["index"], values["step"]) == (1, 4)
    faces = small.opened()[0]
    rows = faces.of_split("test")
    styles = ["kn95", "floral"]  # the second was not trained on
    out = tmp_path / "out"
    synthesise(block_of(method), model, small.faces, small.pictures, styles, "test", 0, out)
    made = MaskedSet.open(out)
    assert list(made.faces["style"]) == styles * len(rows)
    assert list(made.faces["bare_id"]) == list(faces.faces["face_id"].iloc[rows].repeat(2))
    assert set(made.faces["method"]) == {method}
    assert set(made.faces["split"]) == {"test"}
    assert made.faces["face_id"].is_unique
    assert made.images.shape == (2 * len(rows), *faces.images.shape[1:])
    if METHODS.get(method).family == "placed":
        bare = faces.images[np.repeat(rows, 2)]
        free = np.array(made.masks) == 0
        assert (made.images[free] == bare[free]).all()
        assert (made.masks.reshape(len(made), -1).max(1) > 128).all()


def test_two_trainings_are_equal_to_the_byte_and_the_seed_counts(small, tmp_path):
    first = train(small, "pywgan_div", tmp_path / "a")
    assert sha256_of(first) == sha256_of(train(small, "pywgan_div", tmp_path / "b"))
    other = train(small, "pywgan_div", tmp_path / "c", seed=1)
    assert sha256_of(first / "state.safetensors") != sha256_of(other / "state.safetensors")


def test_test_people_and_landmarks_do_not_reach_the_training(small, tmp_path):
    """Other test people, and landmarks replaced by noise, give the same training to the byte."""
    faces, masked, _ = small.opened()
    changed = tmp_path / "faces"
    shutil.copytree(faces.path, changed)
    images, table = np.array(faces.images), faces.faces.copy()
    images[faces.of_split("test")] = 255 - images[faces.of_split("test")]
    np.save(changed / "images.npy", images)
    rng = np.random.default_rng(0)
    for frame, path in ((table, changed), (masked.faces.copy(), tmp_path / "masked")):
        if path.name == "masked":
            shutil.copytree(masked.path, path)
            np.save(path / "masks.npy", np.zeros_like(masked.masks))
        frame["landmarks"] = [rng.random(136).astype(np.float32) for _ in range(len(frame))]
        for column in ("yaw", "pitch", "roll"):
            frame[column] = rng.random(len(frame)).astype(np.float32)
        frame.to_parquet(path / "faces.parquet", index=False)
    first = train(small, "pywgan_div", tmp_path / "a")
    second = train(
        small, "pywgan_div", tmp_path / "b",
        faces=changed, masked=tmp_path / "masked",
    )  # fmt: skip
    assert sha256_of(first) == sha256_of(second)


def test_training_moves_the_mask_onto_the_face(small, tmp_path):
    """Forty steps on three people: the overlap with the key-point overlay of the same faces."""
    faces, _, pictures = small.opened()
    params = {
        "train_size": 32, "steps": 40, "batch_size": 8, "critic_warmup": 40, "ema": 0.9,
        "generator_lr": 3e-4, "critic_lr": 1e-3, "match": "faces", "sheet_every": 0,
    }  # fmt: skip
    model = train(small, "pywgan_div", tmp_path / "model", **params)
    block = block_of("pywgan_div", **params)
    trained = block.spec.load().open(block, model)
    untouched = started(small, "pywgan_div", **params)

    def overlap(method):
        rows = faces.of_split("train").tolist()
        shares = []
        pairs = [(row, style) for row in rows for style in small.styles]
        for row, style, _, coverage in method.pictures_of(faces, pictures, pairs):
            wanted = overlay(
                np.array(faces.images[row]), faces.landmarks[row], *pictures.picture(style)
            )[1]
            a, b = coverage > 127, wanted > 127
            shares.append((a & b).sum() / (a | b).sum())
        return float(np.mean(shares))

    before, after = overlap(untouched), overlap(trained)
    assert before < 0.35
    assert after > before + 0.2


def test_numbers_are_composed_by_adding(small):
    """Two passes of a generator that always says the same move twice as far."""

    class Same(torch.nn.Module):
        def forward(self, stacked):
            out = torch.zeros(len(stacked), 8)
            out[:, 0] = 0.1
            return out

    faces, textures = torch.rand(2, 3, 24, 24), torch.rand(2, 4, 24, 24)
    for updates in (1, 2, 3):
        method = block_of("pywgan_div").spec.load()
        method.block = block_of("pywgan_div", updates=updates)
        p, squares = method.numbers(Same(), faces, textures)
        assert torch.allclose(p[:, 0], torch.full((2,), 0.1 * updates))
        assert squares.item() == pytest.approx(updates * 0.01 / 8)


def test_a_later_pass_sees_the_picture_as_warped_so_far():
    method, seen = block_of("pywgan_div").spec.load(), []
    method.block = block_of("pywgan_div", updates=2)

    class Watching(torch.nn.Module):
        def forward(self, stacked):
            seen.append(stacked[:, 3:].clone())
            out = torch.zeros(len(stacked), 8)
            out[:, 4] = 0.5
            return out

    textures = torch.zeros(1, 4, 24, 24)
    textures[:, :, 10:14] = 1
    method.numbers(Watching(), torch.rand(1, 3, 24, 24), textures)
    rows = [int(s[0, 3, :, 12].argmax()) for s in seen]
    assert rows[0] == 10
    assert rows[1] == pytest.approx(10 - 6, abs=1)  # a quarter of the side upwards
