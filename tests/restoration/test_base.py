"""The registry of restorers, their blocks, and what a model remembers of its training."""

import json

import pytest

from maskbench.errors import MaskbenchError
from maskbench.guides.model import trained_params
from maskbench.restoration.specs import RESTORERS

SPEC = RESTORERS.get("edgeconnect")


def test_the_registry():
    assert "edgeconnect" in RESTORERS.all()
    with pytest.raises(MaskbenchError, match="did you mean edgeconnect"):
        RESTORERS.get("edge_connect")


def test_blocks_are_checked():
    params = RESTORERS.parse("edgeconnect", {"steps": 3}).params
    assert params.steps == 3 and params.masks_from == "coverage"
    with pytest.raises(
        MaskbenchError, match=r"restorers\.edgeconnect: learning_rat: unknown key; did you mean"
    ):
        RESTORERS.parse("edgeconnect", {"learning_rat": 1})
    with pytest.raises(MaskbenchError, match="train_size"):
        RESTORERS.parse("edgeconnect", {"train_size": 50})


def note(folder, **changes):
    params = SPEC.Params(width=8, grow=0.1).model_dump(mode="json")
    whole = {"model": "edgeconnect", "params": params, **changes}
    (folder / "params.json").write_text(json.dumps(whole))


def test_a_model_keeps_its_networks_and_takes_todays_holes(tmp_path):
    note(tmp_path)
    own = trained_params(tmp_path, SPEC, grow=0.02, masks_from="segmenter")
    assert (own.width, own.grow, own.masks_from) == (8, 0.02, "segmenter")


def test_models_of_others_and_damaged_notes(tmp_path):
    with pytest.raises(MaskbenchError, match=r"params\.json"):
        trained_params(tmp_path, SPEC)
    note(tmp_path, model="cyclegan")
    with pytest.raises(MaskbenchError, match="is a model of cyclegan, not of edgeconnect"):
        trained_params(tmp_path, SPEC)
    for text in (
        "[]", '{"model": "edgeconnect", "params": {"colour": 1}}', "{",
        '{"model": "edgeconnect", "params": [1]}',
    ):  # fmt: skip
        (tmp_path / "params.json").write_text(text)
        with pytest.raises(MaskbenchError):
            trained_params(tmp_path, SPEC)
