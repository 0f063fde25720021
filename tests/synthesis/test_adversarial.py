"""The shared training of the adversarial methods, on real faces and a small configuration."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from maskbench.artifacts import sha256_of
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.masks.overlay import overlay
from maskbench.synthesis import base, stn
from maskbench.training import state

METHODS = ("gan_direct", "gan_stn", "dcgan_stn", "wgan_stn", "pywgan_div")
TINY = {
    "train_size": 24, "steps": 4, "batch_size": 4, "critic_warmup": 2, "log_every": 2,
    "snapshot_every": 2, "checkpoint_every": 0,
}  # fmt: skip


def params_of(method, **changes):
    width = 64 if method == "pywgan_div" else 8
    return base.parse_params(
        method, {**TINY, "generator_width": width, "critic_width": width, **changes}
    )


def train(small, method, out, faces=None, masked=None, seed=0, log=lambda *_: None, **changes):
    opened = small.opened()
    out.mkdir()
    base.method(method).train(
        faces or opened[0], masked or opened[1], opened[2], params_of(method, **changes),
        styles=small.styles, seed=seed, out=out, scratch=out.parent / f"scratch-{out.name}",
        log=log,
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
    opened = small.opened()
    method, params = base.method("pywgan_div"), params_of("pywgan_div", view=0.8)
    training = method.training(*opened, params, small.styles, 0)
    assert training.window.shape == (24, 24)
    assert training.window[12, 12] == 1 and training.window[0, 0] == training.window[12, 0] == 0
    assert training.window[3, 12] > training.window[12, 3]  # upright
    pictures = torch.rand(2, 3, 24, 24)
    changed, inside = pictures.clone(), pictures.clone()
    changed[:, :, :2], inside[:, :, 12, 12] = 1 - changed[:, :, :2], 0
    shown = [training._shown(x) for x in (pictures, changed, inside)]
    assert torch.equal(shown[0], shown[1]) and not torch.equal(shown[0], shown[2])
    everything = method.training(*opened, params_of("pywgan_div"), small.styles, 0)
    assert torch.equal(everything._shown(pictures), pictures * 2 - 1)
    params = params_of("pywgan_div", view=0.8, standardise=True)
    shown = method.training(*opened, params, small.styles, 0)._shown(pictures)
    assert not shown[:, :, :2].any()
    assert torch.allclose(shown[:, :, 6:18, 8:16].mean(), torch.tensor(0.0), atol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_and_applies(small, tmp_path, method):
    logged = []
    model = train(small, method, tmp_path / "model", log=lambda *point: logged.append(point))
    assert [step for step, _ in logged] == [2, 4]
    curves = pd.read_parquet(model / "curves.parquet")
    assert list(curves.columns) == ["step", "name", "value"]
    assert {"critic_loss", "distance", "generator_loss"} <= set(curves["name"])
    assert np.isfinite(curves["value"]).all()
    assert [p.name for p in sorted((model / "snapshots").iterdir())] == [
        "step_000000.png", "step_000002.png", "step_000004.png",
    ]  # fmt: skip
    values = state.load(model / "state.safetensors")
    assert values["step"] == 4
    faces, _, pictures = small.opened()
    rows = faces.of_split("test")
    styles = ["kn95", "floral"]  # the second was not trained on
    out = tmp_path / "out"
    out.mkdir()
    base.method(method).apply(
        model, faces, pictures, params_of(method), rows=rows, styles=styles, seed=0, out=out
    )
    worn = MaskedSet.open(out)
    assert list(worn.faces["style"]) == styles * len(rows)
    assert list(worn.faces["bare_id"]) == list(faces.faces["face_id"].iloc[rows].repeat(2))
    assert set(worn.faces["method"]) == {method}
    assert set(worn.faces["split"]) == {"test"}
    assert worn.faces["face_id"].is_unique
    assert worn.images.shape == (2 * len(rows), *faces.images.shape[1:])
    if base.method(method).uses_stn:
        bare = faces.images[np.repeat(rows, 2)]
        free = np.array(worn.masks) == 0
        assert (worn.images[free] == bare[free]).all()
        assert (worn.masks.reshape(len(worn), -1).max(1) > 128).all()


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
        faces=FaceSet.open(changed), masked=MaskedSet.open(tmp_path / "masked"),
    )  # fmt: skip
    assert sha256_of(first) == sha256_of(second)


def test_training_moves_the_mask_onto_the_face(small, tmp_path):
    """Sixty steps on three people: the overlap with the key-point overlay of the same faces."""
    faces, _, pictures = small.opened()
    params = {
        "train_size": 32, "steps": 60, "batch_size": 16, "critic_warmup": 60, "ema": 0.9,
        "generator_lr": 3e-4, "critic_lr": 1e-3, "match": "faces", "snapshot_every": 0,
    }  # fmt: skip
    model = train(small, "pywgan_div", tmp_path / "model", **params)
    method, block = base.method("pywgan_div"), params_of("pywgan_div", **params)
    trained = method.load_generator(model, block)
    untouched = method.training(
        faces, small.opened()[1], pictures, block, small.styles, 0
    ).generator.eval()

    def overlap(generator):
        rows = faces.of_split("train").tolist()
        shares = []
        for row, style, _, coverage in method.pictures_of(
            generator, faces, pictures, block, rows, small.styles
        ):
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
    method = base.method("pywgan_div")

    class Same(torch.nn.Module):
        def forward(self, stacked):
            out = torch.zeros(len(stacked), 8)
            out[:, 0] = 0.1
            return out

    faces, textures = torch.rand(2, 3, 24, 24), torch.rand(2, 4, 24, 24)
    for updates in (1, 2, 3):
        p, squares = method.numbers(
            Same(), faces, textures, params_of("pywgan_div", updates=updates)
        )
        assert torch.allclose(p[:, 0], torch.full((2,), 0.1 * updates))
        assert squares.item() == pytest.approx(updates * 0.01 / 8)


def test_a_later_pass_sees_the_picture_as_warped_so_far():
    method, seen = base.method("pywgan_div"), []

    class Watching(torch.nn.Module):
        def forward(self, stacked):
            seen.append(stacked[:, 3:].clone())
            out = torch.zeros(len(stacked), 8)
            out[:, 4] = 0.5
            return out

    textures = torch.zeros(1, 4, 24, 24)
    textures[:, :, 10:14] = 1
    method.numbers(
        Watching(), torch.rand(1, 3, 24, 24), textures, params_of("pywgan_div", updates=2)
    )
    rows = [int(s[0, 3, :, 12].argmax()) for s in seen]
    assert rows[0] == 10
    assert rows[1] == pytest.approx(10 - 6, abs=1)  # a quarter of the side upwards
