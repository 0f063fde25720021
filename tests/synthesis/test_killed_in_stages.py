"""Trainings of several stages, killed by SIGKILL once in each of them."""

from __future__ import annotations

import pytest

from maskbench.artifacts import sha256_of
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training import state

from ..trainings import killed_in

EVERY = 2  # steps between two checkpoints; a stage has four
BLOCK = {
    "train_size": 16, "steps": 4, "batch_size": 2, "blocks": 1, "generator_width": 4,
    "critic_width": 6, "log_every": 3, "sheet_every": 0, "checkpoint_every": EVERY,
    "ema": 0.9, "switches": {"whole_critic": True, "compose": True, "r1": 1, "r1_every": 2},
}  # fmt: skip
OWN = {
    "mfgan": {
        "pool": 3, "style_length": 4, "encoder_width": 4, "encoder_norm": "none", "unlabelled": 0.5,
        "stages": [
            {"name": "correct", "steps": 4, "weights": {"invariance": 0, "style": 0}},
            {"name": "authentic", "steps": 4, "weights": {"style": 0}},
            {"name": "diverse", "steps": 4},
        ],
    },
    "iamgan": {
        "pool": 3, "recogniser_steps": 4, "recogniser_size": 16, "recogniser_width": 16,
        "recogniser_batch": 4,
    },
    "simgan": {"pool": 3, "pretraining": 4, "critic_pretraining": 4, "switches": {}},
    "refine": {"pool": 3, "pretraining": 4, "critic_pretraining": 4, "switches": {}},
    "cyclegan": {
        "pool": 3,
        "stages": [  # as a tree of paper 3
            {"name": "initial", "steps": 4},
            {"name": "aside", "steps": 4, "weights": {"identity": 0.1}},
            {"name": "continued", "steps": 4, "continues": "initial"},
        ],
    },
    "stargan": {}, "attgan": {"halvings": 2}, "sagan": {},
}  # fmt: skip
STAGES = {"mfgan": 3, "iamgan": 2, "simgan": 3, "refine": 3, "cyclegan": 3}  # others: 1
ADVERSARIAL = {
    "train_size": 16, "steps": 4, "batch_size": 2, "critic_warmup": 0, "log_every": 3,
    "sheet_every": 0, "checkpoint_every": EVERY,
}  # fmt: skip


def test_every_method_is_killed_here():
    learnt = {name for name, spec in METHODS.all().items() if spec.family == "translation"}
    assert learnt == set(OWN)


@pytest.mark.parametrize(
    "name", [*OWN, "gan_direct", "gan_stn", "dcgan_stn", "wgan_stn", "pywgan_div"]
)
def test_killed_in_each_stage_and_started_again_ends_byte_identical(small, guides, tmp_path, name):
    block = METHODS.parse(name, BLOCK | OWN[name] if name in OWN else ADVERSARIAL)
    stages = STAGES.get(name, 1)
    given = {
        "method": block, "faces": small.faces, "masked_domain": small.masked,
        "mask_pictures": small.pictures, "styles": small.styles, "seed": 1,
        "guides": [guides[guide] for guide in block.spec.guides],
    }  # fmt: skip
    broken = given | {"out": tmp_path / "broken", "scratch": tmp_path / "b"}
    for stage in range(stages):
        # in its third step: the training goes on from the second step of the stage before
        killed_in(3 if stage == 0 else 5, "train(**given)", train=train_synthesis, given=broken)
        (checkpoint,) = (tmp_path / "b").glob("*/state.safetensors")
        left = state.load(checkpoint)
        assert (left["index"], left["step"]) == (stage, EVERY)
    train_synthesis(**broken)
    train_synthesis(**given, out=tmp_path / "unbroken", scratch=tmp_path / "a")
    assert sha256_of(tmp_path / "broken") == sha256_of(tmp_path / "unbroken")
