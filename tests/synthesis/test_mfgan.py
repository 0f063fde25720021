"""MFGAN and IAMGAN: what their stages and losses are, their styles."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from maskbench.artifacts import sha256_of
from maskbench.errors import MaskbenchError
from maskbench.guides.parts import PARTS
from maskbench.masks.styles import KINDS, kind_of
from maskbench.synthesis.base import TrainingData
from maskbench.synthesis.model import open_method
from maskbench.synthesis.painted.guided import correction_factor
from maskbench.synthesis.painted.iamgan import IamGan
from maskbench.synthesis.painted.mfgan import UNLABELLED, Mfgan, branch_of
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.specs.mfgan import Penalties
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training.checkpoint import STATE
from maskbench.training.stage import Ramp, Turn

from ..trainings import Stopped

BLOCK = {
    "train_size": 16, "batch_size": 2, "blocks": 1, "generator_width": 4, "critic_width": 4,
    "log_every": 3, "sheet_every": 0, "checkpoint_every": 2, "pool": 3, "ema": 0.9,
    "switches": {"whole_critic": True, "compose": True, "r1": 1, "r1_every": 2},
}  # fmt: skip
MFGAN = BLOCK | {
    "style_length": 4, "encoder_width": 4, "encoder_norm": "none", "unlabelled": 0.5,
    "stages": [
        {"name": "correct", "steps": 4, "weights": {"invariance": 0, "style": 0}},
        {"name": "authentic", "steps": 4, "weights": {"style": 0}},
        {"name": "diverse", "steps": 4},
    ],
}  # fmt: skip
IAMGAN = BLOCK | {
    "steps": 4, "recogniser_steps": 4, "recogniser_size": 16, "recogniser_width": 16,
    "recogniser_batch": 4,
}  # fmt: skip
BLOCKS = {"mfgan": MFGAN, "iamgan": IAMGAN}


def learner(kind, small, guides, **changes):
    found = kind()
    name = kind.__name__.lower()
    block = METHODS.parse(name, BLOCKS[name] | changes)
    named = {guide: guides[guide] for guide in block.spec.guides}
    found.start(block, TrainingData(*small.opened(), small.styles, named), 0)
    return found


def test_modules_come_in_stage_by_stage(small, guides):
    method = learner(Mfgan, small, guides)
    expected = {"masked", "bare", "cycle", "correction"}
    for stage, more in zip(
        method.stages, ((), ("invariance",), ("style", "diversity")), strict=True
    ):
        turn = Turn(stage, 1)  # without r1
        batch = method.batch(turn)
        expected |= set(more)
        assert set(method.losses("generator", batch, turn)) - {"held", "see_through"} == expected
        assert set(method.losses("critic", batch, turn)) == {"masked_critic", "bare_critic"}
    first, _, last = method.stages
    assert last.weights["diversity"] == Ramp(start=-1, end=0)  # maximised, less and less
    assert Turn(last, last.steps // 2).weight("diversity") == -0.5
    assert first.schedule.shape == "constant"


def test_a_weight_of_zero_takes_a_module_out(small, guides):
    for key, gone in (
        ("correction", {"correction"}), ("invariance", {"invariance"}),
        ("style", {"style", "diversity"}),
    ):  # fmt: skip
        method = learner(Mfgan, small, guides, **{key: 0})
        turn = Turn(method.stages[-1], 1)
        found = method.losses("generator", method.batch(turn), turn)
        modules = {"correction", "invariance", "style", "diversity"}
        assert modules - set(found) == gone
        assert found.keys() >= {"masked", "bare", "cycle"}


@dataclass
class StoppingIn:
    """A tracking run that stops a training in a stage."""

    stage: str

    def metrics(self, step, values):
        if any(name.startswith(f"{self.stage}/") for name in values):
            raise Stopped


@pytest.mark.parametrize(("key", "stage"), [("invariance", "correct"), ("style", "authentic")])
def test_a_variant_that_takes_over_stages_ends_as_one_that_trained_them(
    small, guides, tmp_path, key, stage
):
    def run(out, values, shared=None, stop=None):
        block = METHODS.parse("variant", {"use": "mfgan"} | MFGAN | values)
        train_synthesis(
            block, small.faces, small.masked, small.pictures, styles=small.styles, seed=1,
            out=tmp_path / out, scratch=tmp_path / "scratch",
            guides=[guides[guide] for guide in block.spec.guides], shared=shared, run=stop,
        )  # fmt: skip

    run("mfgan", {})
    run("apart", {key: 0})
    going_on = {key: 0, "continues": {"method": "mfgan", "stage": stage}}
    with pytest.raises(Stopped):
        run("shared", going_on, tmp_path / "mfgan", StoppingIn("diverse"))
    run("shared", going_on, tmp_path / "mfgan")
    for name in (STATE, "curves.parquet", "stages/correct.safetensors"):
        assert (tmp_path / "shared" / name).read_bytes() == (tmp_path / "apart" / name).read_bytes()
    assert sha256_of(tmp_path / "mfgan" / STATE) != sha256_of(tmp_path / "apart" / STATE)
    with pytest.raises(MaskbenchError, match=f"variant: goes on from stage {stage} of mfgan"):
        run("alone", going_on)


def test_each_pictures_adversarial_loss_is_multiplied_by_its_correction(small, guides):
    """Formula (2), with D against the wanted state: nose and mouth hidden, the rest seen."""
    assert tuple(Penalties.model_fields) == PARTS
    penalties = dict(zip(PARTS, (1, 2, 4, 8, 16, 32), strict=True))
    method = learner(
        Mfgan, small, guides, train_size=32, switches={}, objective="lsgan", threshold=None,
        penalties=penalties, correction=0.5, alpha=2, c=3,
    )  # fmt: skip
    turn = Turn(method.stages[0], 0)
    batch = method.batch(turn)
    found = method.losses("generator", batch, turn)
    made = batch.made["masked"].detach()
    with torch.no_grad():
        face, eyes, nose, mouth, ears, forehead = method.detector.presence(made).T
        scores = method.players["critic"].network["masked"](made)
    x = (1 - face) + 2 * (1 - eyes) + 4 * nose + 8 * mouth + 16 * (1 - ears) + 32 * (1 - forehead)
    factors = 1 + (0.5 * x / 3) ** 2 / 2
    single = (scores - 1).square().mean((1, 2, 3))
    assert found["masked"].item() == pytest.approx((factors * single).mean().item(), rel=1e-4)
    assert found["correction"].item() == pytest.approx(factors.mean().item(), rel=1e-4)
    assert not found["correction"].requires_grad  # noted, not minimised
    plain = learner(Mfgan, small, guides, train_size=32)
    hard = plain.factors(made.requires_grad_(), Turn(plain.stages[0], 0))
    assert not hard.requires_grad
    assert torch.equal(hard, correction_factor(hard_penalty(method, made), 1.0, 1.0))


def hard_penalty(method, made):
    seen = method.detector.presence(made) >= 0.5
    return (seen != torch.tensor([1, 1, 0, 0, 1, 1], dtype=torch.bool)).float().sum(1)


def test_style_losses_are_formulas_5_and_6(small, guides):
    method = learner(Mfgan, small, guides, unlabelled=0)
    network, turn = method.players["generator"].network, Turn(method.stages[-1], 1)
    nn.init.normal_(network["style"].branches.weight)
    batch = method.batch(turn)
    drawn = method.batches.state_dict()
    found = method.losses("generator", batch, turn)
    method.batches.load_state_dict(drawn)
    with torch.no_grad():
        kinds = torch.tensor([KINDS.index(kind_of(small.styles[i])) for i in batch.worn])
        first = network["style"](batch.masked, kinds)
        made = network["mask"](batch.bare, first).pictures
        other = method.batch(turn)  # the second references
        kinds_2 = torch.tensor([KINDS.index(kind_of(small.styles[i])) for i in other.worn])
        second = network["mask"](batch.bare, network["style"](other.masked, kinds_2)).pictures
        style = (first - network["style"](made, kinds)).abs().mean()
        back = network["mask"](network["unmask"](batch.masked).pictures, first).pictures
        there = network["unmask"](made).pictures
    cycle = (there - batch.bare).abs().mean() + (back - batch.masked).abs().mean()
    assert torch.allclose(batch.made["masked"], made, atol=1e-5)
    assert found["style"].item() == pytest.approx(style.item(), rel=1e-4)
    assert found["diversity"].item() == pytest.approx((made - second).abs().mean().item(), rel=1e-4)
    assert found["cycle"].item() == pytest.approx(cycle.item(), rel=1e-4)


def test_formula_5_does_not_teach_the_encoder_to_read(small, guides):
    """It reaches the encoder through the code that the generator is given, as if another encoder
    had read the made picture."""
    method = learner(Mfgan, small, guides)
    network, turn = method.players["generator"].network, Turn(method.stages[-1], 1)
    nn.init.normal_(network["style"].branches.weight)
    reader, weights = copy.deepcopy(network["style"]), list(network["style"].parameters())
    batch = method.batch(turn)
    loss = method.losses("generator", batch, turn)["style"]
    found = torch.autograd.grad(loss, weights, retain_graph=True)
    made, code, kinds = batch.made["masked"], batch.made["code"], batch.made["kinds"]
    wanted = torch.autograd.grad((reader(made, kinds) - code.detach()).abs().mean(), weights)
    assert any(one.any() for one in wanted)
    torch.testing.assert_close(found, wanted)


def test_kinds_choose_branches():
    assert [branch_of(s) for s in ("surgical_blue", "kn95", "denim", "checkered")] == [0, 1, 2, 3]
    assert branch_of("") == UNLABELLED == len(KINDS)


def test_photographs_of_no_known_kind_go_through_their_own_branch(small, guides):
    method = learner(Mfgan, small, guides, unlabelled=1)
    turn = Turn(method.stages[-1], 1)
    batch = method.batch(turn)
    method.losses("generator", batch, turn)
    assert (batch.made["kinds"] == UNLABELLED).all()
    method = learner(Mfgan, small, guides, unlabelled=0)
    batch = method.batch(turn)
    batch.worn[:] = -1
    method.losses("generator", batch, turn)
    assert (batch.made["kinds"] == UNLABELLED).all()


def test_masks_follow_their_reference(small, guides, tmp_path):
    faces, _, pictures = small.opened()

    def put_on(**changes):
        block = METHODS.parse("mfgan", MFGAN | changes)
        folders = [guides[guide] for guide in block.spec.guides]
        out = tmp_path / "_".join(["model", *changes])
        train_synthesis(
            block, small.faces, small.masked, small.pictures, styles=small.styles, seed=1,
            out=out, scratch=tmp_path / "scratch", guides=folders,
        )  # fmt: skip
        method = open_method(out, block, folders, small.masked)
        if not changes:
            nn.init.normal_(method.applied["generator"]["style"].branches.weight)
        pairs = [(0, "kn95"), (0, "surgical_black"), (1, "kn95")]
        found = list(method.pictures_of(faces, pictures, pairs))
        # In another place of an equal batch: processors round batches of other sizes differently.
        again = list(method.pictures_of(faces, pictures, [*pairs[1:], pairs[0]]))
        assert np.array_equal(found[1][2], again[0][2])
        assert found[0][2].shape == faces.images.shape[1:]
        return [image for *_, image, _ in found]

    kn95, black, other = put_on()
    assert not np.array_equal(kn95, black) and not np.array_equal(kn95, other)
    kn95, black, _ = put_on(style=0)
    assert np.array_equal(kn95, black)


def test_the_recogniser_sees_faces_without_masks(small, guides):
    method = learner(IamGan, small, guides)
    alone, train = (Turn(stage, 1) for stage in method.stages)
    batch = method.batch(alone)
    assert batch.bare.shape == (4, 3, 16, 16)
    assert set(method.losses("recogniser", batch, alone)) == {"recogniser"}
    faces = small.opened()[0]
    identities = faces.faces["identity"].iloc[faces.of_split("train")].to_numpy()
    assert len(method.people) == len(identities)
    assert [method.people.tolist()[i] for i in (0, 3, 6)] == [0, 1, 2]
    batch = method.batch(train)
    found = method.losses("generator", batch, train)
    free = (method.segmenter.find(batch.made["masked"]) < 0.5).float()
    network = method.players["recogniser"].network
    with torch.no_grad():
        a, b = (network(p * free) for p in (batch.made["masked"], batch.bare))
    cosine = (a * b).sum(1) / a.norm(dim=1) / b.norm(dim=1)
    pixels = ((batch.made["masked"] - batch.bare).abs() * free).mean()
    assert found["features"].item() == pytest.approx(1 - cosine.mean().item(), abs=1e-5)
    assert found["pixels"].item() == pytest.approx(pixels.item(), rel=1e-5)


def test_a_step_of_the_published_networks(small, guides):
    """At 32 pixels; the networks have no other size."""
    published = METHODS.parse("mfgan", {"train_size": 32, "pool": 0})
    assert [stage.steps for stage in published.params.stages] == [100_000, 200_000, 150_000]
    method = Mfgan()
    method.start(published, TrainingData(*small.opened(), small.styles, guides), 0)
    turn = Turn(method.stages[-1], 0)
    for name in ("generator", "critic"):
        counts = {
            one: sum(p.numel() for p in network.parameters())
            for one, network in method.players[name].network.items()
        }
        if name == "generator":
            batch = method.batch(turn)
            assert counts["unmask"] / 1e6 == pytest.approx(11.38, abs=0.005)
            assert counts["mask"] == counts["unmask"] + 25_024  # AdaIN and its constant
        else:  # the 70x70 critic's, and one more 3x3 convolution of 512 channels
            assert counts["masked"] / 1e6 == pytest.approx(2.76 + 512 * 513 * 9 / 1e6, abs=0.01)
        losses = method.losses(name, batch, turn)
        total = sum(turn.weight(k) * v for k, v in losses.items() if v.requires_grad)
        assert torch.isfinite(total)
        method.players[name].step(total, turn.rate(name))
