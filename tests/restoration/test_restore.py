"""The step restore: what comes out can stand in the place of what went in."""

import shutil

import numpy as np
import pandas as pd
import pytest

from maskbench.artifacts import sha256_of
from maskbench.errors import MaskbenchError
from maskbench.guides.segmenter import Segmenter
from maskbench.guides.specs import GUIDES
from maskbench.guides.train_guide import train_guide
from maskbench.masks.maskedset import MaskedSet
from maskbench.restoration.base import unmask
from maskbench.restoration.edgeconnect import EdgeConnectPainter
from maskbench.restoration.restore import restore
from maskbench.restoration.specs import RESTORERS
from maskbench.restoration.train_restorer import train_restorer

BLOCK = {
    "train_size": 32, "width": 4, "critic_width": 4, "blocks": 1, "edge_steps": 2, "steps": 2,
    "batch_size": 2, "published_maps": False,
}  # fmt: skip


def block(**changes):
    return RESTORERS.parse("edgeconnect", {**BLOCK, **changes})


@pytest.fixture(scope="module")
def models(small, tmp_path_factory):
    """A restorer and a segmenter that have hardly learnt anything."""
    root = tmp_path_factory.mktemp("models")
    train_restorer(
        block(), small.faces, small.masked, small.weights, 0, root / "restorer", root / "s"
    )
    quick = {"train_size": 32, "fold": 1, "width": 8, "depth": 2, "steps": 60}
    guide = GUIDES.parse("segmenter", quick)
    train_guide(guide, small.faces, small.masked, 0, root / "segmenter", root / "s")
    return root / "restorer", root / "segmenter"


def test_a_maskedset_comes_out_row_by_row(small, models, tmp_path):
    restore(block(), models[0], None, small.masked, tmp_path / "out")
    before, after = MaskedSet.open(small.masked), MaskedSet.open(tmp_path / "out")
    pd.testing.assert_frame_equal(after.faces, before.faces)
    untouched = after.masks == 0
    assert np.array_equal(after.images[untouched], before.images[untouched])
    assert (after.masks[np.asarray(before.masks) >= 64] > 0).all()  # every mask is in its hole
    assert (after.images != before.images).any(axis=(1, 2, 3)).all()
    assert after.spec["restored_by"] == "edgeconnect"
    restore(block(), models[0], None, small.masked, tmp_path / "again")
    assert sha256_of(tmp_path / "again") == sha256_of(tmp_path / "out")


def test_the_step_does_what_the_interface_does(small, models, tmp_path):
    before = MaskedSet.open(small.masked)
    restore(block(), models[0], None, small.masked, tmp_path / "out")
    painter = block().spec.load().open(models[0], block().params)
    direct, _ = unmask(painter, np.array(before.images), np.array(before.masks), block().params)
    assert np.array_equal(direct, MaskedSet.open(tmp_path / "out").images)


def test_what_a_hole_holds_is_not_looked_at(small, models):
    before = MaskedSet.open(small.masked)
    painter = EdgeConnectPainter(models[0], block().params)
    holes = np.asarray(before.masks[:4]) > 0
    images = np.array(before.images[:4])
    other = images.copy()
    other[holes] = np.random.default_rng(0).integers(0, 256, (holes.sum(), 3), np.uint8)
    assert np.array_equal(painter(images, holes), painter(other, holes))
    assert painter(np.zeros((1, 64, 64, 3), np.uint8), np.ones((1, 64, 64), bool)).shape == (
        1, 64, 64, 3,
    )  # fmt: skip


def test_a_faceset_takes_the_segmenter_and_gets_empty_columns(small, models, tmp_path):
    restore(block(), *models, small.faces, tmp_path / "out")
    faces, after = small.opened()[0], MaskedSet.open(tmp_path / "out")
    assert list(after.faces["face_id"]) == list(faces.faces["face_id"])
    assert (after.faces[["bare_id", "method", "style"]] == "").all().all()
    found = Segmenter.open(models[1]).predict(np.array(faces.images))
    covered = (found >= 64).mean(axis=(1, 2)) >= 0.02
    assert np.array_equal((after.masks > 0).any(axis=(1, 2)), covered)
    assert np.array_equal(after.images[~covered], faces.images[~covered])
    with pytest.raises(MaskbenchError, match=r"no segmenter is given.*guide segmenter"):
        restore(block(), models[0], None, small.faces, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_where_masks_are_known_from(small, models, tmp_path):
    """Coverages are wiped: with masks_from coverage nothing is painted; with segmenter, and for
    really masked people in either case, what it finds."""
    wiped = tmp_path / "wiped"
    shutil.copytree(small.masked, wiped)
    before = MaskedSet.open(small.masked)
    np.save(wiped / "masks.npy", np.zeros(before.masks.shape, np.uint8))
    table = pd.read_parquet(wiped / "faces.parquet")
    table.loc[table.index[:5], "method"] = "real"
    table.to_parquet(wiped / "faces.parquet", index=False)
    restore(block(), *models, wiped, tmp_path / "known")
    known = (np.asarray(MaskedSet.open(tmp_path / "known").masks) > 0).any(axis=(1, 2))
    assert known[:5].any() and not known[5:].any()
    restore(block(masks_from="segmenter"), *models, wiped, tmp_path / "found")
    found = MaskedSet.open(tmp_path / "found")
    again = Segmenter.open(models[1]).predict(np.array(before.images))
    covered = (again >= 64).mean(axis=(1, 2)) >= 0.02
    assert np.array_equal((found.masks > 0).any(axis=(1, 2)), covered) and covered.any()


def test_models_that_do_not_fit(small, models, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(models[0], copy)
    (copy / "state.safetensors").write_bytes(b"damaged")
    with pytest.raises(MaskbenchError, match="not a readable training state"):
        restore(block(), copy, None, small.masked, tmp_path / "out")
    note = (copy / "params.json").read_text().replace('"width": 4', '"width": 8')
    shutil.copy(models[0] / "state.safetensors", copy)
    (copy / "params.json").write_text(note)
    with pytest.raises(MaskbenchError, match="another network"):
        restore(block(), copy, None, small.masked, tmp_path / "out")
    with pytest.raises(MaskbenchError, match="is a model of segmenter"):
        shutil.copy(models[1] / "params.json", copy)
        restore(block(), copy, None, small.masked, tmp_path / "out")
