"""The composition root: which trainings a configuration asks for, what figures are made from."""

from pathlib import Path

import pytest

import maskbench
from maskbench import experiment
from maskbench.config import merge, read_layers
from maskbench.errors import MaskbenchError
from maskbench.reporting import figures

DEFAULT = Path(maskbench.__file__).parents[2] / "params.yaml"


@pytest.fixture(scope="module")
def config():
    worn = {"adapter": "mfr2", "path": "mfr2"}
    overlay = {
        "output": "out",
        "datasets": {"mfr2": worn},
        "synthesis": {"seeds": [3, 5]},
        "recognition": {"seeds": [5, 6], "tests": ["orl", "mfr2"]},
    }
    values = merge(read_layers([DEFAULT]), overlay)
    return experiment.check(values, "trial")


def test_trained_methods_have_every_seed_and_others_one(config):
    runs = experiment.trainings(config)
    assert [seed for method, seed in runs if method == "keypoint"] == [0]
    assert [seed for method, seed in runs if method == "pywgan_div"] == [3, 5]
    assert {method for method, _ in runs} == set(config.synthesis.methods)
    assert runs == sorted(runs)


def test_a_method_of_no_module_is_named_with_the_nearest(config):
    wrong = config.synthesis.model_copy(update={"methods": {"wgan_snt": {}}})
    with pytest.raises(MaskbenchError, match="wgan_snt: unknown method; did you mean wgan_stn"):
        experiment.trainings(config.model_copy(update={"synthesis": wrong}), "x.yaml")


@pytest.mark.parametrize("name", figures.names())
def test_every_figure_knows_what_it_is_made_from(config, name):
    inputs = experiment.figure_inputs(name, config)
    assert inputs
    for need, paths in inputs.items():
        assert paths, need
        assert all(str(path).startswith("out/") for path in paths)


def test_figure_5_shows_one_training_of_each_method(config):
    masked = experiment.figure_inputs("fig5", config)["masked"]
    shown = [path.parent.name for path in masked]
    assert sorted(shown) == sorted(config.synthesis.methods)
    assert Path("out/masked/orl/pywgan_div/seed3") in masked


def test_the_pipeline_s_figures_show_the_key_point_overlay(config):
    for name in ("maskfacenet_fig1", "maskfacenet_fig2", "maskfacenet_fig3"):
        assert experiment.figure_inputs(name, config)["masked"] == [
            Path("out/masked/orl/keypoint/seed0")
        ]


def test_fits_are_of_every_training_set_and_seed(config):
    fits = experiment.fits(config)
    assert len(fits) == len(set(fits))
    assert [fit for fit in fits if fit[0] == "dlib_resnet"] == [("dlib_resnet", "none", 0)]
    sets = {training for name, training, _ in fits if name == "arcface"}
    assert sets == {"bare", *config.synthesis.methods}
    assert {seed for name, _, seed in fits if name == "arcface"} == {5, 6}
    assert ("maskfacenet", "keypoint", 6) in fits
    assert ("dlib_resnet_projected", "keypoint", 0) in fits


def test_tests_of_really_masked_people_are_known_by_their_adapter(config):
    assert experiment.really_masked(config) == ["mfr2"]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"arcface": {"training": "keypiont"}}, "did you mean keypoint"),
        ({"arcface": {"training": ["bare", "cyclegan"]}}, "cyclegan: unknown training set"),
        ({"mine": {"kind": "restored", "restorer": "edgeconect"}}, "did you mean edgeconnect"),
        ({"mine": {"kind": "pretrained", "network": "x", "steps": 3}}, "recognisers.mine"),
    ],
)
def test_recognisers_that_refer_to_nothing_are_refused(block, message):
    values = merge(read_layers([DEFAULT]), {"recognition": {"recognisers": block}})
    with pytest.raises(MaskbenchError, match=message):
        experiment.check(values, "own.yaml")


def test_recognition_needs_the_reference_masks():
    values = read_layers([DEFAULT])
    del values["synthesis"]["methods"]["keypoint"]
    with pytest.raises(MaskbenchError, match="keypoint"):
        experiment.check(values, "own.yaml")


def test_unknown_figure(config):
    with pytest.raises(MaskbenchError, match=r"fig55: unknown figure; did you mean fig5\?"):
        experiment.figure_inputs("fig55", config)
