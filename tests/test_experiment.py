"""The composition root: what a configuration runs, what that needs, and what cannot be."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import maskbench
from maskbench import experiment
from maskbench.config import merge, read_layers
from maskbench.errors import MaskbenchError
from maskbench.recognition.kinds import BARE
from maskbench.restoration.specs import RestorerParams
from maskbench.synthesis.specs import METHODS

DEFAULT = Path(maskbench.__file__).parents[2] / "params.yaml"
NAMES = sorted(read_layers([DEFAULT])["synthesis"]["methods"])
REFERENCES = {"best_homography", "six_point_homography", "half_mask", "occlusion", "refine"}
LAID_OVER = {"keypoint", "mean_placement"} | REFERENCES - {"refine"}  # without steps


def checked(overlay=None):
    return experiment.check(merge(read_layers([DEFAULT]), overlay or {}), "own.yaml")


def refused(overlay):
    with pytest.raises(MaskbenchError) as caught:
        checked(overlay)
    return str(caught.value)


@pytest.fixture(scope="module")
def found():
    return checked(
        {
            "datasets": {"mfr2": {"adapter": "mfr2", "path": "mfr2"}},
            "recognition": {"tests": ["orl", "mfr2"]},
            "run": {"restorers": ["edgeconnect"], "replicates": 7},
        }
    )


def test_a_configuration_is_checked_without_heavy_imports():
    code = f"""
import sys
from pathlib import Path
from maskbench import experiment
experiment.load([Path({str(DEFAULT)!r})])
print([name for name in ("torch", "pandas", "mlflow", "matplotlib", "cv2") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_trained_methods_have_every_replicate_and_others_every_fold(found):
    """Seven replicates on five folds."""
    assert [seed for method, seed in found.runs if method == "keypoint"] == [*range(5)]
    assert [seed for method, seed in found.runs if method == "pywgan_div"] == [*range(7)]
    assert sorted({method for method, _ in found.runs}) == NAMES
    assert found.runs == sorted(found.runs)


def test_recognisers_run_for_every_training_set_and_replicate(found):
    runs = found.recogniser_runs
    assert len(runs) == len(set(runs))
    frozen = [run for run in runs if run[0] == "dlib_resnet"]
    assert frozen == [("dlib_resnet", "none", fold) for fold in range(5)]
    sets = {training for name, training, _ in runs if name == "arcface"}
    trees = {"cyclegan_schedule", "simgan_schedule", "simgan_four_blocks", "simgan_deep_critic"}
    assert sets == {BARE, *NAMES} - REFERENCES - trees
    few = {training for name, training, _ in runs if name == "softmax"}
    assert few == {BARE, "keypoint", "iamgan", "mfgan"}
    assert {seed for name, _, seed in runs if name == "arcface"} == {*range(7)}
    assert ("maskfacenet", "keypoint", 6) in runs
    assert ("dlib_resnet_projected", "keypoint", 0) in runs


def test_a_recogniser_learns_from_the_synthesis_of_its_replicate_or_fold(found):
    assert found.run_of("pywgan_div", 6) == ("pywgan_div", 6)
    assert found.run_of("keypoint", 6) == ("keypoint", 1)


def test_what_learns_nothing_is_tested_once_on_each_fold_of_the_test_people(found):
    assert found.folds() == [0, 1, 2, 3, 4] and found.folds("mfr2") == [0]
    for dataset, folds in (("orl", [*range(5)]), ("mfr2", [0])):
        tested = [(name, seed) for where, name, seed in found.tested if where == dataset]
        assert [seed for name, seed in tested if name == "facenet"] == folds
        assert [seed for name, seed in tested if name == "arcface"] == [*range(7)]
        assert [seed for name, seed in tested if name == "mrii"] == [*range(7)]  # by its restorer
        assert [seed for name, seed in tested if name == "dlib_resnet_projected"] == [*range(7)]


def test_a_recogniser_may_learn_from_a_reference_that_it_names():
    named = {"recognition": {"recognisers": {"arcface": {"training": "best_homography"}}}}
    runs = checked(named).recogniser_runs
    assert [run for run in runs if run[0] == "arcface"] == [("arcface", "best_homography", 0)]


def test_really_masked_people_are_known_by_their_adapter(found):
    assert found.datasets == ["orl", "mfr2"]
    assert found.really_masked == ["mfr2"]
    restored = [one for one in found.restorations if one[1] == "edgeconnect"]
    assert restored[:2] == [("orl", "edgeconnect", 0), ("mfr2", "edgeconnect", 0)]
    assert restored[-1] == ("mfr2", "edgeconnect", 6) and len(restored) == 14
    # of the other restorers those that a recogniser wants
    assert {name for _, name, _ in found.restorations} == {"edgeconnect", "cyclegan"}


def test_a_method_whose_stage_another_takes_over_is_trained_for_it():
    chosen = {"methods": ["mfgan_wo_inv"], "restorers": [], "recognisers": []}
    found = checked({"run": chosen})
    assert found.runs == [("mfgan_wo_inv", 0)]
    assert set(found.methods) == {"keypoint", "mfgan", "mfgan_wo_inv"}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"continues": {"stage": "corect"}}, r"stage: corect: unknown stage; did you mean correct"),
        ({"continues": {"method": "cyclegan"}}, "method: cyclegan is cyclegan, not mfgan; name an"),
        ({"continues": {"method": "mfgan_wo_sty"}}, "goes on from a stage of mfgan; name that"),
        ({"continues": {"method": "mfgan_wo_inv"}}, "mfgan_wo_inv: unknown method"),
        ({"style_length": 8}, "correct is not that of mfgan: other style_length; give both the sa"),
        ({"continues": {"stage": "diverse"}}, "diverse is not that of mfgan: other .*stages"),
        (
            {"stages": [{"name": "correct", "steps": 1}]},
            "correct is not that of mfgan: other stages",
        ),
    ],
)
def test_only_what_is_the_same_is_taken_over(block, message):
    with pytest.raises(MaskbenchError, match=f"methods.mfgan_wo_inv.continues.*{message}"):
        checked({"synthesis": {"methods": {"mfgan_wo_inv": block}}})


def test_run_chooses_and_what_that_needs_is_made():
    chosen = {"methods": ["pywgan_div"], "restorers": [], "recognisers": ["arcface"]}
    found = checked({"run": chosen})
    assert found.runs == [("pywgan_div", 0)]
    assert list(found.methods) == ["keypoint", "pywgan_div"]  # test people wear the overlay
    assert {run[1] for run in found.recogniser_runs} == {BARE, "pywgan_div"}
    assert not found.restorers and not found.guides and not found.restorations
    found = checked({"run": {**chosen, "recognisers": ["mrii", "maskfacenet"]}})
    assert list(found.restorers) == ["edgeconnect"] and list(found.guides) == ["segmenter"]
    assert ("maskfacenet", "keypoint", 0) in found.recogniser_runs


def test_the_overlay_is_made_wherever_masks_are_measured():
    real = {"real": {"adapter": "rmfrd", "path": "real"}}
    chosen = {"methods": ["wgan_stn"], "restorers": [], "recognisers": []}
    synthesis = {"real_domain": {"source": "real"}}
    found = checked({"datasets": real, "synthesis": synthesis, "run": chosen})
    assert list(found.methods) == ["keypoint", "wgan_stn"] and found.running == ("wgan_stn",)


def test_a_method_that_takes_masks_off_is_a_restorer(monkeypatch):
    spec = METHODS.get("gan_direct")
    roles = frozenset({"masker", "unmasker"})
    with pytest.raises(TypeError, match="gan_direct: an unmasker's Params must extend"):
        replace(spec, roles=roles)
    params = type("Both", (spec.Params, RestorerParams), {})
    both = replace(spec, roles=roles, guides=("segmenter",), Params=params)
    monkeypatch.setitem(METHODS._specs, "gan_direct", both)
    found = checked({"run": {"methods": ["gan_direct"], "recognisers": []}})
    assert list(found.restorers) == ["edgeconnect", "gan_direct"]
    assert found.restorers["gan_direct"] is found.methods["gan_direct"]
    strip = {"recognition": {"recognisers": {"own": {"use": "restored", "restorer": "gan_direct"}}}}
    run = {"run": {"methods": ["keypoint"], "restorers": [], "recognisers": ["own"]}}
    found = checked(merge(strip, run))
    assert list(found.restorers) == ["gan_direct"] and list(found.methods) == [
        "gan_direct",
        "keypoint",
    ]
    assert found.runs == [("keypoint", 0)] and list(found.guides) == ["segmenter"]
    assert found.restorations == [("orl", "gan_direct", 0)]


def test_restorers_run_on_bare_tests_only_where_a_recogniser_wants_them():
    other = {
        "datasets": {"lfw": {"adapter": "lfw"}},
        "recognition": {"tests": ["orl", "lfw"]},
        "run": {"restorers": ["edgeconnect"]},
    }
    assert ("lfw", "edgeconnect", 0) in checked(other).restorations
    without = merge(other, {"run": {"recognisers": ["arcface"]}})
    assert checked(without).restorations == [("orl", "edgeconnect", 0)]


def test_blocks_start_from_their_family_and_from_each_other():
    own = {"small": {"use": "pywgan_div", "train_size": 16}, "plain": {"use": "pywgan_div"}}
    methods = checked({"synthesis": {"methods": own}}).methods
    small, plain, full = (methods[name] for name in ("small", "plain", "pywgan_div"))
    assert plain.params == full.params and plain.spec is full.spec and plain.name == "plain"
    assert small.params == full.params.model_copy(update={"train_size": 16})
    assert methods["gan_stn"].params.match == "faces"  # of the family
    assert methods["pywgan_div"].params.equivariance == 10  # its own
    assert methods["gan_direct"].params.match == "styles"  # of another family
    wide = {"wide": {"use": "arcface", "width": 16}}
    recognisers = checked({"recognition": {"recognisers": wide}}).recognisers
    same = recognisers["arcface"].params.model_copy(update={"width": 16})
    assert recognisers["wide"].params == same and same.loss == "arcface" and same.steps == 120


def test_values_of_a_small_run_win_over_blocks_of_all_methods():
    own = {"small": {"use": "pywgan_div", "steps": 9}}
    methods = checked({"synthesis": {"override": {"steps": 3}, "methods": own}}).methods
    steps = {name: getattr(block.params, "steps", None) for name, block in methods.items()}
    learnt = {*NAMES, "small"} - LAID_OVER
    assert steps == dict.fromkeys(LAID_OVER) | dict.fromkeys(learnt, 3)
    assert methods["small"].params.equivariance == 10
    assert "synthesis.override: stepps: unknown key; did you mean steps?" in refused(
        {"synthesis": {"override": {"stepps": 3}}}
    )


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"arcface": {"training": "keypiont"}}, "did you mean keypoint"),
        ({"arcface": {"training": ["bare", "cycle_gan"]}}, "cycle_gan: unknown training set"),
        ({"own": {"use": "restored", "restorer": "edgeconect"}}, "did you mean edgeconnect"),
        ({"own": {"use": "pretrained", "network": "x", "steps": 3}}, "recognisers.own"),
        ({"own": {"use": "projection", "training": "bare"}}, "bare: unknown training set"),
        ({"own": {"use": ["network"]}}, "own.use: ['network']: unknown kind of recogniser"),
        ({"own": {"use": "adaptor"}}, "own.use: adaptor: unknown kind of recogniser; did you mean"),
        ({"own": {"network": "vgg19"}}, "own: unknown kind of recogniser; known: adapter"),
        ({"arcface": None}, "arcface is null; write arcface: {}, or leave it out under run"),
    ],
)
def test_recognisers_that_refer_to_nothing_are_refused(overlay, message):
    assert message in refused({"recognition": {"recognisers": overlay}})


FLAT = {"adapter": "flat", "path": "somewhere"}


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (
            {"run": {"methods": ["pywgandiv"]}},
            "own.yaml: run.methods: pywgandiv: unknown method; did you mean pywgan_div?",
        ),
        ({"run": {"recognisers": ["arcfase"]}}, "run.recognisers: arcfase: unknown recogniser"),
        (
            {"synthesis": {"shared": {"placd": {}}}},
            "synthesis.shared: placd: unknown family; did you mean placed?",
        ),
        (
            {"synthesis": {"shared": {"placed": {"trainsize": 3}}}},
            "synthesis.shared.placed: trainsize: unknown key; did you mean train_size?",
        ),
        (
            {"recognition": {"shared": {"pretrained": {"netwrk": "x"}}, "recognisers": {}}},
            "recognition.shared.pretrained: netwrk: unknown key; did you mean network?",
        ),
        ({"synthesis": {"copies": 17}}, "synthesis.copies: 17 different styles a face, but"),
        ({"guides": {"segmentr": {}}}, "guides: segmentr: unknown guide; did you mean segmenter?"),
        ({"datasets": {"orl": {"adapter": "ofl"}}}, "datasets.orl.adapter: ofl: unknown adapter"),
        ({"datasets": {"orl": {"adapter": "folder"}}}, "datasets.orl.path: missing; the adapter"),
        ({"datasets": {"orl": FLAT}}, "flat knows nobody's name, but recognisers are tested on"),
        (
            {
                "datasets": {"orl": FLAT, "lfw": {"adapter": "lfw"}},
                "recognition": {"tests": ["lfw"]},
            },
            "flat knows nobody's name, but recognisers are trained on orl; use folder",
        ),
        (
            {
                "datasets": {"real": {"adapter": "mfr2", "folds": 5}, "lfw": {"adapter": "lfw"}},
                "synthesis": {"dataset": "lfw", "real_domain": {"source": "real"}},
                "recognition": {"tests": ["real"]},
            },
            "datasets.real.folds: 5, but critics that see its people train on other folds",
        ),
        (
            {
                "run": {"replicates": 2},
                "recognition": {"recognisers": {"arcface": {"start": "w/state.safetensors"}}},
            },
            "recognisers.arcface.start: one file, which may have learnt from the test people of",
        ),
        (
            {"datasets": {"orl": {"folds": 4}}},
            "datasets.orl.shares.test: 0.2 of the people, but folds of 1 / 4; set it to 0.25, or",
        ),
        (
            {"datasets": {"orl": {"folds": None, "official": True}}},
            "datasets.orl.official: AT&T/ORL has no published split; set it to false",
        ),
        (
            {"datasets": {"orl": {"folds": None, "shares": {"train": 0.9, "test": 0}}}},
            "datasets.orl.shares.test: 0, but people of orl are tested",
        ),
        (
            {
                "datasets": {"real": {**FLAT, "shares": {"train": 0, "val": 0, "test": 1}}},
                "synthesis": {"real_domain": {"source": "real"}},
            },
            "datasets.real.shares.train: 0, but people of real are learnt from",
        ),
    ],
)
def test_what_cannot_run_is_refused_before_anything_runs(overlay, message):
    assert message in refused(overlay)


@pytest.mark.parametrize("name", ["my-faces", "lfw.v2", "my faces", "a{b}", "../up", "~", ""])
@pytest.mark.parametrize(
    ("section", "block"),
    [
        ("datasets", {"adapter": "folder", "path": "somewhere"}),
        ("synthesis.methods", {"use": "keypoint"}),
        ("guides", {"use": "segmenter"}),
        ("restoration.restorers", {"use": "edgeconnect"}),
        ("recognition.recognisers", {"use": "network", "loss": "arcface"}),
    ],
)
def test_a_name_that_is_no_part_of_a_path_is_refused(section, block, name):
    overlay = {name: block}
    for key in reversed(section.split(".")):
        overlay = {key: overlay}
    message = f"own.yaml: {section}.{name}: a name may hold letters, digits and _ alone; call it "
    assert message in refused(overlay)


@pytest.mark.parametrize("name", ["bare", "none", "every"])
def test_a_name_with_a_meaning_of_its_own_is_refused(name):
    message = f"own.yaml: synthesis.methods.{name}: this name has a meaning of its own"
    assert message in refused({"synthesis": {"methods": {name: {"use": "keypoint"}}}})


@pytest.mark.parametrize(
    "output",
    [
        "my results",
        "~/res",
        "it's",
        "a&b",
        "a{b}",
        "$HOME",
        "a\n",
        "-x",
        "",
        ".",
        "..",
        "/",
        "a/..",
    ],
)
def test_an_output_that_shells_take_otherwise_is_refused(output):
    message = f"own.yaml: output: {output!r} does not name a folder of its own; use letters, digits"
    assert message in refused({"output": output})


def test_recognition_needs_the_reference_masks():
    values = read_layers([DEFAULT])
    del values["synthesis"]["methods"]["keypoint"]
    values["recognition"]["shared"]["adapter"]["training"] = "every"
    with pytest.raises(MaskbenchError, match=r"lacks keypoint|keypoint: unknown training set"):
        experiment.check(values, "own.yaml")
