"""Titles and orders: from the registries and the papers' files, listed nowhere else."""

import pytest

from maskbench import experiment
from maskbench.reporting import names
from maskbench.reporting.names import condition_order, condition_title, in_order, title_of
from maskbench.synthesis.specs import METHODS


def test_titles():
    assert title_of("pywgan_div") == METHODS.get("pywgan_div").title
    assert title_of("mfgan_wo_inv") == "MFGAN without L_inv"  # a paper's, not in a registry
    assert title_of("vgg19_projected") == "VGG19, projected"
    assert (title_of("bare"), title_of("none"), title_of("my_own")) == ("bare faces", "", "my_own")


@pytest.fixture
def known():
    """Blocks of a configuration by what they are made from."""
    yield lambda **origins: names.know(origins)
    names.know(None)


def test_a_block_is_called_after_what_it_is_made_from(known):
    known(small="pywgan_div", facenet_restored="facenet")
    assert title_of("small") == "Py-WGAN-div (small)"
    assert title_of("facenet_restored") == "FaceNet (facenet_restored)"
    assert in_order({"small", "keypoint", "pywgan_div", "edgeconnect"}) == [
        "keypoint", "pywgan_div", "small", "edgeconnect",
    ]  # fmt: skip


def test_origins_of_the_configured_blocks():
    """The default blocks have titles; of others the spec, the loss or the network says what."""
    default = experiment.load()
    blocks = {**default.methods, **default.restorers}
    assert names.origins(blocks, default.config.recognition.recognisers) == {}
    gan = METHODS.parse("small", {"use": "gan_stn"}, others={"gan_stn": {"steps": 1}})
    own = {
        "fast": {"kind": "network", "loss": "arcface"},
        "plain": {"kind": "projection", "network": "facenet"},
        "bared": {"kind": "restored", "networks": ["vgg19", "dlib_resnet"]},
        "short": {"use": "softmax", "steps": 9},
    }
    assert names.origins({"small": gan}, own) == {
        "small": "gan_stn", "fast": "arcface", "plain": "facenet", "bared": "vgg19",
        "short": "softmax",
    }  # fmt: skip


def test_a_networks_approaches_follow_it_and_unknown_names_come_last():
    names = {"my_own", "dlib_resnet_strip", "arcface", "dlib_resnet", "dlib_resnet_projected"}
    assert in_order(names) == [
        "dlib_resnet", "dlib_resnet_projected", "dlib_resnet_strip", "arcface", "my_own",
    ]  # fmt: skip
    assert in_order({"pywgan_div", "none", "zzz", "bare", "keypoint"}) == [
        "none", "bare", "keypoint", "pywgan_div", "zzz",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("styles", "unseen", "mask styles kept for the test"),
        ("protocol", "bare_bare", "bare with bare faces"),
        ("protocol", "my_own_pairs", "my own pairs"),
    ],
)
def test_words_for_conditions(column, value, words):
    assert condition_title(column, value) == words


def test_conditions_in_order():
    assert condition_order("styles", ["unseen", "seen"]) == ["seen", "unseen"]
    assert condition_order("protocol", ["zzz", "bare_bare", "standard"]) == [
        "standard", "bare_bare", "zzz",
    ]  # fmt: skip
