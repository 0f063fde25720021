"""Configuration: overlays, unknown keys with the nearest known one, schema, shipped files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

import maskbench
from maskbench import experiment, schema
from maskbench.config import Config, merge, read_layers, validate
from maskbench.errors import MaskbenchError

ROOT = Path(maskbench.__file__).parents[2]
DEFAULT = ROOT / "params.yaml"
OVERLAYS = sorted(path for path in (ROOT / "config").rglob("*.yaml"))


@pytest.fixture(scope="module")
def values():
    return read_layers([DEFAULT])


def refused(values, overlay):
    with pytest.raises(MaskbenchError) as caught:
        experiment.check(merge(values, overlay), "params.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("overlay", "sentence"),
    [
        ({"synthesys": {}}, "params.yaml: synthesys: unknown key; did you mean synthesis?"),
        ({"faces": {"sise": 1}}, "params.yaml: faces.sise: unknown key; did you mean size?"),
        (
            {"faces": {"detector": {"min_faces": 1}}},
            "params.yaml: faces.detector.min_faces: unknown key; did you mean min_face?",
        ),
        (
            {"datasets": {"orl": {"split_sede": 1}}},
            "params.yaml: datasets.orl.split_sede: unknown key; did you mean split_seed?",
        ),
        (
            {"synthesis": {"methods": {"pywgan_div": {"generator_lerning_rate": 1}}}},
            "params.yaml: synthesis.methods.pywgan_div: generator_lerning_rate: unknown key",
        ),
        (
            {"synthesis": {"methods": {"pywgan_div": {"critic_width": 32}}}},
            "params.yaml: synthesis.methods.pywgan_div: critic_width: input should be",
        ),
        (
            {"synthesis": {"methods": {"pywgan_dif": {}}}},
            "params.yaml: synthesis.methods: pywgan_dif: unknown method; did you mean pywgan_div?",
        ),
        (
            {"masks": {"figure_styles": ["kn59"]}},
            "figure_styles that are not among styles: ['kn59']",
        ),
        ({"masks": {"unseen_styles": ["stripes"]}}, "stripes: unknown mask style; did you mean"),
        ({"synthesis": {"dataset": "ORL"}}, "data set ORL is used but not listed under datasets"),
        ({"faces": {"size": "large"}}, "params.yaml: faces.size: input should be a valid integer"),
        ({"datasets": {"orl": {"shares": {"test": 0.9}}}}, "train + val + test must be 1"),
        ({"synthesis": {"seeds": []}}, "params.yaml: synthesis.seeds"),
        (
            {"synthesis": {"methods": ["keypoint"]}},
            "params.yaml: synthesis.methods: input should be a valid dictionary",
        ),
        (
            {"datasets": {2024: {"adapter": "orl"}}},
            "params.yaml: datasets.2024: input should be a valid string",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_a_way_out(values, overlay, sentence):
    assert sentence in refused(values, overlay)


def test_all_wrong_keys_are_listed(values):
    message = refused(values, {"faces": {"sise": 1, "margn": 0}})
    assert "faces.sise" in message
    assert "did you mean margin?" in message


def test_missing_and_broken_files_are_named(tmp_path):
    with pytest.raises(MaskbenchError, match=r"none\.yaml"):
        read_layers([tmp_path / "none.yaml"])
    (tmp_path / "broken.yaml").write_text("a: [1,\nb: 2")
    with pytest.raises(MaskbenchError, match=r"broken\.yaml"):
        read_layers([tmp_path / "broken.yaml"])
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(MaskbenchError, match=r"list\.yaml"):
        read_layers([tmp_path / "list.yaml"])


def test_byte_order_marks_are_read_and_other_encodings_named(tmp_path):
    path = tmp_path / "own.yaml"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_bytes("output: résultats\r\n".encode(encoding))
        assert read_layers([path]) == {"output": "résultats"}
    for encoding, why in (
        ("utf-16", "own.yaml: is UTF-16"),
        ("latin-1", "own.yaml, line 2: is no"),
    ):
        path.write_bytes("# a\noutput: résultats\n".encode(encoding))
        with pytest.raises(MaskbenchError, match=f"{why}.*save it as UTF-8"):
            read_layers([path])


def test_overlays_merge_mappings_and_replace_the_rest():
    below = {"a": {"x": 1, "y": [1, 2]}, "b": 1}
    assert merge(below, {"a": {"y": [3]}, "c": 2}) == {"a": {"x": 1, "y": [3]}, "b": 1, "c": 2}
    assert below == {"a": {"x": 1, "y": [1, 2]}, "b": 1}


def layers(overlay):
    """What an overlay lies on."""
    below = {"mfr2": "lfw.yaml", "maskfacenet_cloth": "paper/maskfacenet.yaml"}.get(overlay.stem)
    return [DEFAULT, *([ROOT / "config" / below] if below else []), overlay]


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_shipped_overlays_are_right_and_keep_to_their_own_folder(overlay):
    """All replicates of the default experiment lie in its own folder, their reports do not."""
    if overlay.stem != "full":
        assert experiment.load(layers(overlay)).config.output.startswith("results/")
    outputs = [experiment.load(layers(other)).config.output for other in OVERLAYS]
    assert len(set(outputs)) == len(outputs)


def test_maskfacenet_as_published_trains_nothing_else():
    found = experiment.load(layers(ROOT / "config/paper/maskfacenet.yaml"))
    learners = {run[0] for run in found.recogniser_runs if run[1] != "none"}
    assert learners == {"maskfacenet"}
    assert list(found.methods) == ["keypoint"]


def test_people_of_the_test_are_not_learnt_from():
    config = experiment.load(layers(ROOT / "config/mfr2.yaml")).config
    assert "Nancy_Pelosi" in config.datasets["lfw"].exclude
    assert config.datasets["mfr2"].shares.test == 1


def test_default_file_states_every_key(values):
    """Nobody has to read code to find a key: params.yaml holds them all, with their defaults."""

    def missing(model, block, place):
        for name, field in model.model_fields.items():
            if name not in block:
                yield f"{place}{name}"
            elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from missing(field.annotation, block[name], f"{place}{name}.")

    assert list(missing(Config, values, "")) == []
    dataset = Config.model_fields["datasets"].annotation.__args__[1]
    for name in dataset.model_fields:
        assert name in values["datasets"]["orl"]


def test_files_that_are_made_from_others_are_current():
    command = [sys.executable, "-m", "maskbench.schema", "--check"]
    end = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert end.returncode == 0, end.stdout + end.stderr


def test_schema_accepts_what_the_models_accept_and_refuses_unknown_keys(values):
    jsonschema = pytest.importorskip("jsonschema")
    whole = json.loads(schema.text())
    jsonschema.validate(values, whole)
    for overlay in ({"sise": 1}, {"synthesis": {"methods": {"wgan_stn": {"stepps": 1}}}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(merge(values, overlay), whole)


def test_configuration_never_changes(values):
    config = validate(Config, values, "params.yaml")
    with pytest.raises(ValueError, match="frozen"):
        config.output = "elsewhere"


def test_round_trip_through_yaml_is_the_same_configuration(values):
    found = experiment.check(values, "params.yaml")
    again = yaml.safe_load(yaml.safe_dump(found.config.model_dump(mode="json")))
    assert experiment.check(again, "again") == found
