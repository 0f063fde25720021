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
    values = merge(read_layers([DEFAULT]), {"output": "out", "synthesis": {"seeds": [3, 5]}})
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


def test_unknown_figure(config):
    with pytest.raises(MaskbenchError, match=r"fig55: unknown figure; did you mean fig5\?"):
        experiment.figure_inputs("fig55", config)
