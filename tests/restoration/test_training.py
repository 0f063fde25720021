"""Trainings of restoration: killed and started again, other trainings beside them, bad inputs."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from PIL import Image

from maskbench.artifacts import sha256_of
from maskbench.errors import MaskbenchError
from maskbench.guides.specs import GUIDES
from maskbench.guides.train_guide import train_guide
from maskbench.restoration.specs import RESTORERS
from maskbench.restoration.train_restorer import train_restorer
from maskbench.training import state

from ..trainings import Listening, Stopped, Stopping, finish, kill_after, start

SEGMENTER = {
    "train_size": 32, "width": 4, "depth": 2, "steps": 60, "batch_size": 4, "log_every": 3,
    "checkpoint_every": 2,
}  # fmt: skip
RESTORER = {
    "train_size": 32, "width": 4, "critic_width": 4, "blocks": 1, "edge_steps": 15, "steps": 15,
    "batch_size": 2, "log_every": 3, "checkpoint_every": 2, "published_maps": False,
}  # fmt: skip


def begin(small, what, out, scratch):
    if what == "segmenter":
        guide = GUIDES.parse(what, SEGMENTER)
        return start(train_guide, guide, small.faces, small.masked, 3, out, scratch)
    restorer = RESTORERS.parse(what, RESTORER)
    return start(
        train_restorer, restorer, small.faces, small.masked, small.weights, 3, out, scratch
    )


# The restorer is killed in stage 1 and, five checkpoints later, in stage 2.
@pytest.mark.parametrize("what", ["segmenter", "edgeconnect"])
def test_killed_and_started_again_ends_byte_identical(small, tmp_path, what):
    finish(begin(small, what, tmp_path / "unbroken", tmp_path / "scratch_a"))
    scratch, out = tmp_path / "scratch_b", tmp_path / "broken"
    steps = []
    for checkpoints in (1, 8):
        killed = kill_after(begin(small, what, out, scratch), scratch, checkpoints)
        assert killed, "it ended before it could be killed"
        assert not out.exists()
        (checkpoint,) = scratch.glob("*/state.safetensors")
        values = state.load(checkpoint)
        steps.append((values["index"], values["step"]))
    assert (0, 0) < steps[0] < steps[1]
    assert what != "edgeconnect" or steps[1][0] == 1  # in stage 2
    finish(begin(small, what, out, scratch))
    assert sha256_of(out) == sha256_of(tmp_path / "unbroken")
    assert list(scratch.iterdir()) == []


def run(small, out, scratch, seed=0, tracking=None, **changes):
    train_restorer(
        RESTORERS.parse("edgeconnect", {**RESTORER, "edge_steps": 3, "steps": 3, **changes}),
        small.faces, small.masked, small.weights, seed, out, scratch, tracking,
    )  # fmt: skip


def test_another_trainings_checkpoint_is_never_taken_up(small, tmp_path):
    run(small, tmp_path / "alone", tmp_path / "scratch_a")
    scratch = tmp_path / "scratch_b"
    for number, changes in enumerate(({"seed": 1}, {"style": 3.0}, {"threshold": 200}), 1):
        with pytest.raises(Stopped):
            run(small, tmp_path / "other", scratch, tracking=Stopping(), **changes)
        assert len(list(scratch.glob("*/state.safetensors"))) == number
    run(small, tmp_path / "beside", scratch)
    assert sha256_of(tmp_path / "beside") == sha256_of(tmp_path / "alone")
    assert len(list(scratch.iterdir())) == 3


def test_curves_go_to_the_tracking_run_and_the_folder_says_how_it_was_made(small, tmp_path):
    tracking = Listening()
    run(small, tmp_path / "model", tmp_path / "s", seed=5, tracking=tracking)
    curves = pd.read_parquet(tmp_path / "model" / "curves.parquet")
    assert [step for step, _ in tracking.points] == [3, 3]
    assert set(curves["name"]) == {
        "edges/critic", "edges/adversarial", "edges/feature_matching", "edges/entropy",
        "colours/critic", "colours/adversarial", "colours/l1", "colours/perceptual",
        "colours/style",
    }  # fmt: skip
    with Image.open(
        tmp_path / "model" / "sheet.png"
    ) as sheet:  # the six of the one validation person
        assert sheet.size == (6 * 64, 4 * 64)
    note = json.loads((tmp_path / "model" / "params.json").read_text())
    assert (note["model"], note["seed"], note["dataset"]) == ("edgeconnect", 5, "orl")
    assert RESTORERS.parse("edgeconnect", note["params"]).params.edge_steps == 3


def test_bad_inputs_leave_nothing_behind(small, tmp_path):
    guide = GUIDES.parse("segmenter", SEGMENTER)
    with pytest.raises(MaskbenchError):
        train_guide(guide, small.faces, tmp_path / "none", 0, tmp_path / "out", tmp_path / "s")
    assert not (tmp_path / "out").exists() and list(tmp_path.glob(".*")) == []
