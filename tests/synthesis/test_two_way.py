"""A method that paints and un-paints: from its registration to masked and to bare pictures."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest

from maskbench.artifacts import sha256_of
from maskbench.errors import MaskbenchError
from maskbench.guides.segmenter import Segmenter
from maskbench.guides.specs import GUIDES
from maskbench.guides.train_guide import train_guide
from maskbench.masks.maskedset import MaskedSet
from maskbench.registry import Block
from maskbench.restoration.restore import restore
from maskbench.synthesis.base import Faces
from maskbench.synthesis.model import open_method
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.synthesise_training import synthesise_training
from maskbench.synthesis.train_synthesis import train_synthesis

from ..two_way import SPEC, registered


@pytest.fixture(scope="module", name="trained")
def _trained(small, tmp_path_factory):
    """A block and its model folder."""
    folder = tmp_path_factory.mktemp("two_way")
    with registered():
        block = METHODS.parse("two_way", {"sheet_every": 50})
        train_synthesis(
            block, small.faces, small.masked, small.pictures, small.styles, seed=0,
            out=folder / "model", scratch=folder / "scratch",
        )  # fmt: skip
        yield block, folder / "model"


def test_one_picture_a_face_without_a_style(small, trained, tmp_path):
    block, model = trained
    faces = small.opened()[0]
    synthesise(block, model, small.faces, small.pictures, ["kn95", "floral"], "test", 0,
               tmp_path / "masked")  # fmt: skip
    masked = MaskedSet.open(tmp_path / "masked")
    rows = faces.of_split("test")
    assert masked.faces["bare_id"].tolist() == faces.faces["face_id"].iloc[rows].tolist()
    assert set(masked.faces["style"]) == {""} and set(masked.faces["method"]) == {"two_way"}
    assert masked.faces["face_id"].is_unique
    synthesise_training(block, model, small.faces, small.pictures, small.styles, 2, 0,
                        tmp_path / "training")  # fmt: skip
    learnt = MaskedSet.open(tmp_path / "training")
    assert len(learnt) == len(faces) - len(rows)


def test_masks_lie_where_mouths_are_and_coverage_is_the_change(small, trained, tmp_path):
    block, model = trained
    synthesise(block, model, small.faces, small.pictures, (), "train", 0, tmp_path / "masked")
    masked = MaskedSet.open(tmp_path / "masked")
    cover = np.array(masked.masks) > 127
    assert cover[:, 30:40, 16:32].mean() > 0.2 > 20 * cover[:, :12].mean()


def test_masks_come_off(small, trained):
    block, model = trained
    faces, masked, _ = small.opened()
    bare = faces.images[[faces.faces["face_id"].tolist().index(i) for i in masked.faces["bare_id"]]]
    pictures = np.array(masked.images)
    restored = open_method(model, block).take_off(pictures)
    assert restored.shape == pictures.shape and restored.dtype == np.uint8
    inside = np.array(masked.masks) > 127
    before = np.abs(pictures.astype(int) - bare)[inside].mean()
    assert np.abs(restored.astype(int) - bare)[inside].mean() < 0.6 * before


def test_its_block_says_where_masks_are(small, trained, tmp_path):
    _, model = trained
    before = MaskedSet.open(small.masked)
    for cover, untouched in ((0.02, 0), (1.0, len(before))):
        block = METHODS.parse("two_way", {"least_cover": cover})
        restore(block, model, None, small.masked, tmp_path / str(cover))
        after = MaskedSet.open(tmp_path / str(cover))
        assert (after.images == before.images).all(axis=(1, 2, 3)).sum() == untouched
        assert (np.asarray(after.masks) == 0).all(axis=(1, 2)).sum() == untouched
    block = METHODS.parse("two_way", {"masks_from": "segmenter"})
    with pytest.raises(MaskbenchError, match="no segmenter is given"):
        restore(block, model, None, small.masked, tmp_path / "found")


def test_another_weight_is_another_block_and_another_model(small, trained, tmp_path):
    _, model = trained
    ablation = METHODS.parse(
        "two_way_no_back", {"use": "two_way", "back": 0.0, "steps": 2}, others={}
    )
    assert (ablation.name, ablation.spec) == ("two_way_no_back", SPEC)
    train_synthesis(
        ablation, small.faces, small.masked, small.pictures, small.styles, seed=0,
        out=tmp_path / "model", scratch=tmp_path / "scratch",
    )  # fmt: skip
    assert sha256_of(model) != sha256_of(tmp_path / "model")
    with pytest.raises(MaskbenchError, match="is a model of two_way, not of two_way_no_back"):
        open_method(model, ablation)
    assert open_method(tmp_path / "model", ablation).block == ablation


def test_people_of_both_domains_are_recorded(small, trained, tmp_path):
    real = tmp_path / "real"
    shutil.copytree(small.masked, real)
    spec = json.loads((real / "spec.json").read_text())
    (real / "spec.json").write_text(json.dumps(spec | {"dataset": "rmfrd"}))
    block = METHODS.parse("short", {"use": "two_way", "steps": 1}, others={})
    train_synthesis(
        block, small.faces, real, small.pictures, small.styles, seed=0, out=tmp_path / "model",
        scratch=tmp_path / "scratch",
    )  # fmt: skip
    people = {"orl": ["s1", "s2", "s3"], "rmfrd": ["s1", "s2", "s3"]}
    assert json.loads((tmp_path / "model" / "params.json").read_text())["people"] == people
    restore(block, tmp_path / "model", None, small.masked, tmp_path / "restored")
    assert MaskedSet.open(tmp_path / "restored").spec["learnt_from"] == people


def test_sheets_show_one_picture_a_face(trained):
    _, model = trained
    assert sorted(p.name for p in (model / "sheets").iterdir()) == [
        "0_train_000000.png", "0_train_000050.png", "0_train_000100.png",
    ]  # fmt: skip


def test_coverage_from_the_segmenter_where_the_spec_names_it(small, trained, tmp_path):
    block, model = trained
    guide = GUIDES.parse(
        "segmenter",
        {"train_size": 24, "fold": 1, "width": 4, "depth": 1, "steps": 3, "batch_size": 4},
    )
    train_guide(
        guide, small.faces, small.masked, seed=0, out=tmp_path / "segmenter",
        scratch=tmp_path / "scratch",
    )  # fmt: skip
    faces = Faces.of(small.opened()[0], [0, 1])
    params = block.params.model_copy(update={"coverage_from": "segmenter"})
    without = Block("two_way", SPEC, params)
    nobody = SPEC.load().open(without, model)
    with pytest.raises(MaskbenchError, match="no such guide"):
        nobody.put_on(faces, None)
    named = Block("two_way", dataclasses.replace(SPEC, guides=("segmenter",)), params)
    method = named.spec.load().open(named, model, [tmp_path / "segmenter"])
    pictures, coverage = method.put_on(faces, None)
    assert np.array_equal(coverage, Segmenter.open(tmp_path / "segmenter").predict(pictures))
    assert np.array_equal(pictures, open_method(model, block).put_on(faces, None)[0])
