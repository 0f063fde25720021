"""The JSON schema judges blocks of configuration as the models do."""

import json
from pathlib import Path

import pytest

import maskbench
from maskbench import experiment, schema
from maskbench.config import merge, read_layers
from maskbench.errors import MaskbenchError
from maskbench.guides.specs import GUIDES
from maskbench.recognition.kinds import RECOGNISERS
from maskbench.recognition.kinds.network import Augmentation
from maskbench.registry import Registry
from maskbench.restoration.specs import RESTORERS
from maskbench.synthesis.specs import METHODS

jsonschema = pytest.importorskip("jsonschema")
DEFAULT = Path(maskbench.__file__).parents[2] / "params.yaml"


@pytest.fixture(scope="module")
def values():
    """The experiment as shipped, with a block of every kind of recogniser and a restorer."""
    own = {
        "own_pretrained": {"use": "pretrained", "network": "vgg19"},
        "own_network": {
            "use": "network", "backbone": "iresnet18", "loss": "arcface", "size": 32, "steps": 2,
            "training": ["bare", "keypoint"], "augmentation": {"shift": 0.1}, "start": None,
        },
        "own_adapter": {"use": "adapter", "loss": "triplet", "adapter": {}},
        "own_projection": {"use": "projection"},
        "own_restored": {"use": "restored", "networks": ["facenet", "dlib_resnet"]},
    }  # fmt: skip
    own_methods = {"own": {"use": "pywgan_div", "steps": 9}, "pywgan_div": {"use": "pywgan_div"}}
    overlay = {
        "recognition": {"recognisers": own, "shared": {"network": {"steps": 9}}},
        "restoration": {"restorers": {"edgeconnect": {"masks_from": "coverage"}}},
        "guides": {"segmenter": {"steps": 9}},
        "synthesis": {
            "methods": own_methods,
            "shared": {"placed": {"steps": 9}},
            "override": {"blur": 0.1},
        },
        "run": {"methods": ["own"]},
    }
    return merge(read_layers([DEFAULT]), overlay)


@pytest.fixture(scope="module")
def validator():
    whole = json.loads(schema.text())
    jsonschema.Draft202012Validator.check_schema(whole)
    return jsonschema.Draft202012Validator(whole)


def test_what_the_models_accept_is_accepted(values, validator):
    experiment.check(values, "params.yaml")
    validator.validate(values)


RECOGNITION = {
    "unknown_key": {"own_network": {"stepps": 3}},
    "key_of_another_kind": {"own_projection": {"loss": "arcface"}},
    "unknown_loss": {"own_network": {"loss": "quintuplets"}},
    "loss_of_another_kind": {"own_network": {"loss": "self_restrained"}},
    "unknown_network": {"own_pretrained": {"network": "vgg16"}},
    "zero_steps": {"own_adapter": {"steps": 0}},
    "words_for_a_number": {"own_network": {"lr": "fast"}},
    "deep_in_the_block": {"own_network": {"augmentation": {"shft": 0}}},
    "of_synthesis": {"own_network": {"augmentation": {"cutout": 0.1}}},
    "adapters_own_keys": {"own_adapter": {"adapter": {"widht": 3}}},
    "no_network": {"own_restored": {"networks": []}},
    "no_kind": {"another": {"network": "vgg19"}},
    "no_block": {"another": 3},
}
RESTORATION = {
    "unknown_restorer": {"restorers": {"edgeconect": {}}},
    "unknown_key_of_a_restorer": {"restorers": {"edgeconnect": {"widht": 3}}},
    "place_of_masks": {"restorers": {"edgeconnect": {"masks_from": "guess"}}},
}
SEGMENTER = {
    "unknown_key_of_the_segmenter": {"stepps": 3},
    "deep_in_the_segmenter": {"variety": {"trun": 3}},
    "depth": {"depth": 7},
}
SYNTHESIS = {
    "unknown_method": {"methods": {"another": {"steps": 3}}},
    "unknown_key_of_a_method": {"methods": {"wgan_stn": {"stepps": 3}}},
    "unknown_key_of_an_own_block": {"methods": {"own": {"stepps": 3}}},
    "unknown_family": {"shared": {"placd": {}}},
    "unknown_override": {"override": {"stepps": 3}},
    "unknown_shared_key": {"shared": {"placed": {"stepps": 3}}},
    "shared_words_for_a_number": {"shared": {"placed": {"train_size": "small"}}},
}
OTHERS = {
    "shared_of_a_kind": {"recognition": {"shared": {"network": {"stepps": 3}}}},
    "unknown_adapter": {"datasets": {"orl": {"adapter": "ofl"}}},
    "unknown_guide": {"guides": {"segmentr": {}}},
    "null": {"synthesis": {"methods": {"gan_direct": None}}},
    "run": {"run": {"method": []}},
}
WRONG = [
    *({"recognition": {"recognisers": wrong}} for wrong in RECOGNITION.values()),
    *({"restoration": wrong} for wrong in RESTORATION.values()),
    *({"guides": {"segmenter": wrong}} for wrong in SEGMENTER.values()),
    *({"synthesis": wrong} for wrong in SYNTHESIS.values()),
    *OTHERS.values(),
]
NAMES = [*RECOGNITION, *RESTORATION, *SEGMENTER, *SYNTHESIS, *OTHERS]


@pytest.mark.parametrize("overlay", WRONG, ids=NAMES)
def test_what_the_models_refuse_is_refused(values, validator, overlay):
    changed = merge(values, overlay)
    with pytest.raises(MaskbenchError):
        experiment.check(changed, "params.yaml")
    assert not validator.is_valid(changed)


def test_every_registered_spec_and_every_kind_is_there():
    whole = schema.schema()
    known = whole["$defs"]
    sections = (
        (METHODS, known["SynthesisConfig"]["properties"]["methods"]),
        (RESTORERS, known["RestorationConfig"]["properties"]["restorers"]),
        (GUIDES, whole["properties"]["guides"]),
        (RECOGNISERS, known["RecognitionConfig"]["properties"]["recognisers"]),
    )
    registry: Registry
    for registry, section in sections:
        assert set(section["properties"]) == set(registry.all())
        named = section["additionalProperties"]["allOf"]
        assert [block["then"] for block in named] == section["additionalProperties"]["anyOf"]
        assert [b["if"]["properties"]["use"]["const"] for b in named] == list(registry.all())
    assert "required" not in known["recognition.network"]  # the values may be shared ones


def test_every_key_is_described():
    whole = schema.schema()
    blocks = {"": whole, **whole["$defs"]}
    nameless = [
        f"{name}.{key}"
        for name, block in blocks.items()
        for key, described in block.get("properties", {}).items()
        if not described.get("description")
    ]
    assert nameless == []


def test_areas_keep_their_own_definitions_of_one_name():
    known = schema.schema()["$defs"]
    both = [set(known[f"{a}.Augmentation"]["properties"]) for a in ("synthesis", "recognition")]
    assert both[0] != both[1]
    assert set(Augmentation.model_fields) == both[1]


def test_every_reference_leads_somewhere():
    whole = schema.schema()

    def references(node):
        if isinstance(node, dict):
            for key, child in node.items():
                if key == "$ref":
                    yield child
                elif key == "mapping" and isinstance(child, dict):
                    yield from child.values()
                else:
                    yield from references(child)
        elif isinstance(node, list):
            for child in node:
                yield from references(child)

    found = set(references(whole))
    assert len(found) > 10
    assert {place.split("/")[2] for place in found} == set(whole["$defs"])
    for place in found:
        node = whole
        for part in place.split("/")[1:]:
            node = node[part]
