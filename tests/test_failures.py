"""What a run makes where blocks of its configuration failed."""

import shlex
from pathlib import Path

import pytest
import yaml

import maskbench
from maskbench import experiment
from maskbench.config import merge, read_layers
from maskbench.failures import way_out, without

DEFAULT = Path(maskbench.__file__).parents[2] / "params.yaml"


def checked(overlay):
    return experiment.check(merge(read_layers([DEFAULT]), overlay))


@pytest.fixture(scope="module")
def found():
    recognisers = {"explicit": {"use": "network", "loss": "arcface", "training": "gan_stn"}}
    return checked({"recognition": {"recognisers": recognisers}})


STRIPS = {"efficientnet_lite0_strip", "dlib_resnet_strip"}  # by EdgeConnect
BY_CYCLEGAN = {
    "inception_strip", "vgg19_strip", "efficientnet_lite0_cyclegan_strip",
    "dlib_resnet_cyclegan_strip",
}  # fmt: skip
PAINTED = {
    "attgan", "cyclegan", "cyclegan_schedule", "iamgan", "mfgan", "mfgan_wo_cor", "mfgan_wo_inv",
    "mfgan_wo_sty", "refine", "sagan", "simgan", "simgan_deep_critic", "simgan_four_blocks",
    "simgan_schedule", "stargan",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name", "lost"),
    [
        ("recogniser", "triplet", {"recognisers": {"triplet"}}),
        ("method", "gan_stn", {"methods": {"gan_stn"}, "recognisers": {"explicit"}}),
        ("method", "mfgan", {"methods": {"mfgan", "mfgan_wo_inv", "mfgan_wo_sty"}}),
        ("network", "facenet", {"recognisers": {"facenet", "mrii"}}),
        (
            "restorer",
            "edgeconnect",
            {"restorers": {"edgeconnect"}, "recognisers": {"mrii", *STRIPS}},
        ),
        (
            "guide",
            "segmenter",
            {
                "methods": PAINTED,
                "restorers": {"edgeconnect", "cyclegan", "cyclegan_schedule"},
                "recognisers": {"mrii", *STRIPS, *BY_CYCLEGAN},
            },
        ),
    ],
)
def test_what_failed_and_what_needs_it_is_left_out_and_nothing_else(found, kind, name, lost):
    left = without(found, {(kind, name)})
    every = {
        "methods": found.running,
        "restorers": found.restorers,
        "recognisers": found.recognisers,
    }
    assert {key: set(every[key]) - set(names) for key, names in left.items()} == lost
    again = checked(
        {"run": left, "recognition": {"recognisers": found.config.recognition.recognisers}}
    )
    made = {*again.methods, *again.restorers, *again.recognisers, *again.guides}
    assert not made & {name, *(name for names in lost.values() for name in names)}


def test_nothing_is_made_without_the_masks_of_the_test_people(found):
    assert without(found, {("method", "keypoint")}) == {}


def test_the_command_is_the_run_s_own(found):
    failed = [
        {"dataset": "orl", "recogniser": "cosface", "training_set": "keypoint", "seed": "0"},
        {"dataset": "orl", "recogniser": "cosface", "training_set": "bare", "seed": "0"},
    ]
    own = ["snakemake", "tables", "--config", "output=my/results", "tracking={}", "--cores", "2"]
    line = way_out(found, failed, own, ["output=my/results", "tracking={}"])
    what, _, command = line.partition("; results without it: ")
    assert what == "failed: recogniser cosface"
    *begin, run = shlex.split(command)
    assert begin == [*own[:2], *own[-2:], *own[2:5]]
    chosen = yaml.safe_load(run.removeprefix("run="))["recognisers"]
    assert set(found.recognisers) - set(chosen) == {"cosface"}


@pytest.mark.parametrize("failed", [[], [{"dataset": "orl"}]])
def test_what_everything_needs_has_no_way_out(found, failed):
    assert way_out(found, failed, ["snakemake"], []) == ""
