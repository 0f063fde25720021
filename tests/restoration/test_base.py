"""The registry of restorers, their blocks, and what a model remembers of its training."""

import json

import pytest

from maskbench.errors import MaskbenchError
from maskbench.restoration import base


def test_the_registry():
    assert "edgeconnect" in base.restorers()
    assert base.restorer("edgeconnect").name == "edgeconnect"
    with pytest.raises(MaskbenchError, match="did you mean edgeconnect"):
        base.restorer("edge_connect")


def test_blocks_are_checked():
    params = base.parse_params("edgeconnect", {"steps": 3})
    assert params.steps == 3 and params.masks_from == "coverage"
    with pytest.raises(
        MaskbenchError, match=r"restorers\.edgeconnect: learning_rat: unknown key; did you mean"
    ):
        base.parse_params("edgeconnect", {"learning_rat": 1})
    with pytest.raises(MaskbenchError, match="train_size"):
        base.parse_params("edgeconnect", {"train_size": 50})


def note(folder, **changes):
    params = base.parse_params("edgeconnect", {"width": 8, "grow": 0.1}).model_dump(mode="json")
    whole = {"restorer": "edgeconnect", "params": params, **changes}
    (folder / "params.json").write_text(json.dumps(whole))


def test_a_model_keeps_its_networks_and_takes_todays_holes(tmp_path):
    note(tmp_path)
    today = base.parse_params("edgeconnect", {"width": 64, "grow": 0.02, "masks_from": "segmenter"})
    own = base.own_params(tmp_path, "edgeconnect", today)
    assert (own.width, own.grow, own.masks_from) == (8, 0.02, "segmenter")


def test_models_of_others_and_damaged_notes(tmp_path):
    today = base.parse_params("edgeconnect", {})
    with pytest.raises(MaskbenchError, match=r"params\.json"):
        base.own_params(tmp_path, "edgeconnect", today)
    note(tmp_path, restorer="cyclegan")
    with pytest.raises(MaskbenchError, match="is a model of cyclegan, not of edgeconnect"):
        base.own_params(tmp_path, "edgeconnect", today)
    for text in ("[]", '{"restorer": "edgeconnect", "params": {"colour": 1}}', "{"):
        (tmp_path / "params.json").write_text(text)
        with pytest.raises(MaskbenchError):
            base.own_params(tmp_path, "edgeconnect", today)
    (tmp_path / "params.json").write_text('{"restorer": "edgeconnect", "params": [1]}')
    with pytest.raises(MaskbenchError):
        base.own_params(tmp_path, "edgeconnect", today)
