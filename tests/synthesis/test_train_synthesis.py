"""The steps train_synthesis and synthesise, and trainings that are killed."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from maskbench.artifacts import sha256_of
from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MaskedSet
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training import state

from ..trainings import Listening, Stopped, Stopping, finish, kill_after, start

BLOCK = {
    "train_size": 24, "steps": 24, "batch_size": 4, "critic_warmup": 3, "log_every": 3,
    "sheet_every": 7, "checkpoint_every": 2, "generator_width": 64, "critic_width": 64,
}  # fmt: skip


def begin(small, method, out, scratch):
    # The width of dcgan_stn is that of its first convolution; a pyramid needs a multiple of 64.
    narrow = {"generator_width": 8, "critic_width": 8} if method == "dcgan_stn" else {}
    block = METHODS.parse(method, BLOCK | narrow)
    return start(
        train_synthesis, block, small.faces, small.masked, small.pictures,
        styles=small.styles, seed=3, out=out, scratch=scratch,
    )  # fmt: skip


# dcgan_stn has batch statistics, gan_stn dropout: both are part of what must come back.
@pytest.mark.parametrize("method", ["pywgan_div", "gan_stn", "dcgan_stn"])
def test_killed_and_started_again_ends_byte_identical(small, tmp_path, method):
    finish(begin(small, method, tmp_path / "unbroken", tmp_path / "scratch_a"))
    scratch, out = tmp_path / "scratch_b", tmp_path / "broken"
    kills = 0
    for checkpoints in (1, 3):  # killed twice: after the first one and again some steps on
        kills += kill_after(begin(small, method, out, scratch), scratch, checkpoints)
        assert not out.exists() or kills == 0
    assert kills >= 1
    (checkpoint,) = scratch.glob("*/state.safetensors")
    left = state.load(checkpoint)
    assert left["index"] in (0, 1) and 0 < left["step"] < BLOCK["steps"]
    finish(begin(small, method, out, scratch))
    assert sha256_of(out) == sha256_of(tmp_path / "unbroken")
    assert list(scratch.iterdir()) == []  # nothing is left once the model is whole


def run_step(small, out, scratch, seed=0, run=None, workers=1, **changes):
    train_synthesis(
        METHODS.parse("pywgan_div", {**BLOCK, "steps": 4, **changes}),
        small.faces, small.masked, small.pictures, styles=small.styles, seed=seed,
        out=out, scratch=scratch, run=run, workers=workers,
    )  # fmt: skip


def test_two_processes_that_share_each_batch_have_the_losses_of_one(small, tmp_path):
    """With a gradient penalty, jitter and twins, whose random numbers are those of the batch."""
    found = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        run_step(small, out, tmp_path / "scratch", workers=workers, log_every=1)
        curves = pd.read_parquet(out / "curves.parquet")
        # The critic's last bias has no gradient but rounding's, of which Adam makes whole steps;
        # it moves all scores alike, and shows in this loss alone.
        found.append(curves[curves["name"] != "train/generator_loss"])
    one, two = found
    assert one[["step", "name"]].equals(two[["step", "name"]])
    assert two["value"].to_numpy() == pytest.approx(one["value"].to_numpy(), rel=1e-3, abs=1e-4)


def test_another_trainings_checkpoint_is_never_taken_up(small, tmp_path):
    """Trainings of another seed and of other parameters were stopped in the same scratch folder."""
    run_step(small, tmp_path / "alone", tmp_path / "scratch_a")
    scratch = tmp_path / "scratch_b"
    for number, changes in enumerate(({"seed": 1}, {"critic_lr": 0.5}), 1):
        with pytest.raises(Stopped):
            run_step(small, tmp_path / "other", scratch, run=Stopping(), **changes)
        left = list(scratch.glob("*/state.safetensors"))
        assert len(left) == number
        assert all(state.load(file)["step"] == 2 for file in left)
    run_step(small, tmp_path / "beside", scratch)
    assert sha256_of(tmp_path / "beside") == sha256_of(tmp_path / "alone")
    assert len(list(scratch.iterdir())) == 2  # theirs are kept: they may yet go on


def test_the_model_folder_says_what_it_was_trained_with(small, tmp_path):
    run_step(small, tmp_path / "model", tmp_path / "scratch", seed=3)
    note = json.loads((tmp_path / "model" / "params.json").read_text())
    assert (note["method"], note["use"], note["seed"], note["styles"]) == (
        "pywgan_div", "pywgan_div", 3, list(small.styles)
    )  # fmt: skip
    assert note["crop"] == {"size": 48, "margin": 0.2} and note["mask_size"] == 48
    again = METHODS.parse("pywgan_div", note["params"])
    assert again.params == METHODS.parse("pywgan_div", {**BLOCK, "steps": 4}).params


def test_synthesise_takes_the_models_own_parameters(small, tmp_path):
    run_step(small, tmp_path / "model", tmp_path / "scratch")

    def put_on(method, out, **changes):
        synthesise(
            METHODS.parse(method, {**BLOCK, **changes}), tmp_path / "model", small.faces,
            small.pictures, ["kn95"], "test", 0, tmp_path / out,
        )  # fmt: skip
        return sha256_of(tmp_path / out)

    assert put_on("pywgan_div", "a") == put_on("pywgan_div", "b", train_size=32, relight=False)
    with pytest.raises(MaskbenchError, match="is a model of pywgan_div, not of wgan_stn"):
        put_on("wgan_stn", "c")


def test_curves_go_to_the_tracking_run(small, tmp_path):
    run = Listening()
    run_step(small, tmp_path / "model", tmp_path / "scratch", run=run, log_every=2)
    curves = pd.read_parquet(tmp_path / "model" / "curves.parquet")
    assert [step for step, _ in run.points] == [2, 2, 4]  # the first is the warm-up's
    at_four = curves[curves["step"] == 4].set_index("name")["value"].to_dict()
    assert run.points[-1][1] == pytest.approx(at_four)


def test_synthesise_writes_every_face_of_the_split_in_every_style(small, tmp_path):
    run_step(small, tmp_path / "model", tmp_path / "scratch")
    for name in ("a", "b"):
        synthesise(
            METHODS.parse("pywgan_div", BLOCK), tmp_path / "model", small.faces, small.pictures,
            ["kn95", "striped", "floral"], "test", 0, tmp_path / name,
        )  # fmt: skip
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b")
    masked = MaskedSet.open(tmp_path / "a")
    faces = small.opened()[0]
    assert len(masked) == 3 * len(faces.of_split("test"))
    assert set(masked.faces["bare_id"]) == set(
        faces.faces["face_id"][faces.faces["split"] == "test"]
    )


def test_errors_leave_nothing_behind(small, tmp_path):
    method = METHODS.parse("pywgan_div", BLOCK)
    with pytest.raises(MaskbenchError, match=r"state\.safetensors"):
        synthesise(
            method, tmp_path / "no_model", small.faces, small.pictures, ["kn95"], "test", 0,
            tmp_path / "out",
        )  # fmt: skip
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob("*.partial")) == list(tmp_path.glob(".*")) == []
