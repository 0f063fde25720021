"""The segmenter: its losses by hand, that it learns, what it is given and gives back."""

import json
import math

import numpy as np
import pytest
import torch

from maskbench.errors import MaskbenchError
from maskbench.guides.pairs import Pairs
from maskbench.guides.segmenter import Segmenter
from maskbench.guides.segmenter_training import SegmenterLearner, overlap, weights
from maskbench.guides.specs import GUIDES
from maskbench.guides.specs.segmenter import Variety
from maskbench.guides.train_guide import train_guide
from maskbench.training.devices import place
from maskbench.training.loop import Training
from maskbench.training.stage import Turn


def block(values):
    return GUIDES.parse("segmenter", values)


BLOCK = {"train_size": 32, "width": 4, "depth": 2, "steps": 6, "batch_size": 4, "log_every": 2}


def test_overlap_by_hand():
    logits = torch.full((3, 1, 4, 4), -50.0)
    coverage = torch.zeros(3, 1, 4, 4)
    logits[0, 0, :2], coverage[0, 0, 1:3] = 50, 1  # 8 and 8 pixels, 4 in common
    logits[1, 0, :2] = 50  # found on a bare face
    expected = [(2 * 4 + 1) / (8 + 8 + 1), 1 / 9, 1.0]  # both empty: they agree
    assert overlap(logits, coverage).tolist() == pytest.approx(expected)


def test_weights_by_hand():
    coverage = torch.zeros(1, 1, 9, 9)
    coverage[..., 5:] = 1
    row = weights(coverage, 3.0)[0, 0, 4]
    assert row.tolist() == [1, 1, 1, 4, 4, 4, 4, 1, 1]
    assert (weights(coverage, 0.0) == 1).all()


def learner(small, **changes):
    params = block({**BLOCK, "batch_size": 8, **changes}).params
    return SegmenterLearner(Pairs(*small.opened(), "train", 32), params, 0, place("float32"))


def test_the_learning_rate_rises_and_falls(small):
    (stage,) = learner(small, steps=110, warmup=10, learning_rate=1).stages

    def rate(step):
        return Turn(stage, step).rate("network")

    assert rate(0) == pytest.approx(0.1) and rate(9) == 1
    assert rate(10) == pytest.approx(1) and rate(60) == pytest.approx(0.5)
    assert rate(110) == pytest.approx(0)
    assert rate(35) == pytest.approx((1 + math.cos(math.pi / 4)) / 2)


def test_blocks_are_checked():
    with pytest.raises(MaskbenchError, match=r"guides\.segmenter: with: unknown key"):
        block({"with": 3})
    with pytest.raises(MaskbenchError, match=r"train_size 72 is no multiple of 16"):
        block({"train_size": 72})
    with pytest.raises(MaskbenchError, match=r"variety\.repaint"):
        block({"variety": {"repaint": 2}})


def test_the_first_of_a_batch_are_bare(small):
    own = learner(small, bare_share=0.25)
    _, coverage = own.batch(Turn(own.stages[0], 0))
    assert (coverage.amax((1, 2, 3)) > 0).tolist() == [False] * 2 + [True] * 6


def test_it_learns_to_find_masks(small, tmp_path):
    """A few seconds of training on two people; a third one's masks are then found, and nothing much
    on their bare faces."""
    quiet = Variety(repaint=0, light=0.1, blur=0, noise=0, rotation=3, scaling=0, translation=0.02)
    params = block(
        {"train_size": 32, "fold": 1, "width": 8, "depth": 2, "steps": 120, "batch_size": 8,
         "variety": quiet.model_dump()}
    )  # fmt: skip
    train_guide(params, small.faces, small.masked, 0, tmp_path / "model", tmp_path / "s")
    find = Segmenter.open(tmp_path / "model")
    faces, masked = small.opened()
    rows = masked.of_split("test")
    found = find.predict(masked.images[rows])
    assert found.shape == (len(rows), 64, 64) and found.dtype == np.uint8
    truth = masked.masks[rows] >= 128
    iou = ((found >= 128) & truth).sum((1, 2)) / ((found >= 128) | truth).sum((1, 2))
    assert iou.mean() > 0.6, iou
    bare = find.predict(faces.images[faces.of_split("test")]) >= 128
    assert bare.mean() < 0.6 * (found >= 128).mean()


def test_predictions_do_not_depend_on_their_neighbours_or_size(small, tmp_path):
    params = block(BLOCK)
    train_guide(params, small.faces, small.masked, 0, tmp_path / "model", tmp_path / "s")
    find = Segmenter.open(tmp_path / "model")
    images = small.opened()[1].images[:5]
    together = find.predict(images)
    alone = np.concatenate([find.predict(images[i : i + 1]) for i in range(5)])
    assert np.abs(together.astype(int) - alone).max() <= 1
    assert find.predict(images[:0]).shape == (0, 64, 64)
    assert find.predict(np.zeros((1, 90, 90, 3), np.uint8)).shape == (1, 90, 90)


def test_damaged_models_are_refused(small, tmp_path):
    with pytest.raises(MaskbenchError, match=r"params\.json"):
        Segmenter.open(tmp_path / "none")
    model = tmp_path / "model"
    train_guide(block(BLOCK), small.faces, small.masked, 0, model, tmp_path / "s")
    note = json.loads((model / "params.json").read_text())
    for change in ({"model": "edgeconnect"}, {"params": None}, {"params": {"width": -1}}):
        (model / "params.json").write_text(json.dumps({**note, **change}))
        with pytest.raises(MaskbenchError):
            Segmenter.open(model)
    note["params"]["width"] = 8
    (model / "params.json").write_text(json.dumps(note))
    with pytest.raises(MaskbenchError, match="another network"):
        Segmenter.open(model)
    (model / "state.safetensors").write_bytes(b"nothing")
    with pytest.raises(MaskbenchError, match="not a readable training state"):
        Segmenter.open(model)


def test_the_loss_is_what_it_says(small):
    own = learner(small, overlap=0.5, border=2.0)
    pictures, coverage = own.batch(Turn(own.stages[0], 0))
    own.batch = lambda turn: (pictures, coverage)  # the same once more
    with torch.no_grad():
        logits = own.players["network"].network(pictures * 2 - 1)
    found = torch.sigmoid(logits)
    bce = -(coverage * found.log() + (1 - coverage) * (1 - found).log())
    weight = weights(coverage, 2.0)
    losses = Training(own, 0, 10).advance()
    assert losses["cross_entropy"] == pytest.approx(
        float((bce * weight).sum() / weight.sum()), rel=1e-3
    )
    assert own.params.bare_share == 0.125 and len(pictures) == 8  # the first one is bare
    masked = overlap(logits, coverage)[1:].mean()
    assert losses["missed_overlap"] == pytest.approx(1 - float(masked), rel=1e-3)
    assert own.stages[0].weights == {"missed_overlap": 0.5}
