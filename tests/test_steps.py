"""What decides a job: its own settings, its forerunners', the code behind it, and nothing else."""

import shutil
from pathlib import Path

import pytest

import maskbench
from maskbench import cli, experiment, steps
from maskbench.config import merge, read_layers

ROOT = Path(maskbench.__file__).parents[2]


@pytest.fixture(scope="module")
def values():
    return read_layers([ROOT / "params.yaml"])


RESTORATION = {
    "train_segmenter", "train_restorer", "restore", "evaluate_segmenter", "evaluate_restoration",
}  # fmt: skip


def changed(values, overlay):
    """The (step, method) jobs whose settings an overlay changes."""
    one = experiment.check(values, "params.yaml")
    two = experiment.check(merge(values, overlay), "overlay")
    jobs = [(step, method) for step in steps.STEPS for method in ("keypoint", "wgan_stn")]
    # Restorers and the test people's masks have to do with the key-point overlay alone.
    jobs = [job for job in jobs if job[0] not in RESTORATION or job[1] == "keypoint"]
    return {
        job
        for job in jobs
        if steps.settings(job[0], one, method=job[1]) != steps.settings(job[0], two, method=job[1])
    }


def test_steps_are_commands():
    commands = {command.name for command in cli.app.registered_commands}
    assert set(steps.STEPS) <= commands


def test_modules_exist_and_name_their_function():
    for name, step in steps.STEPS.items():
        path = Path(maskbench.__file__).parent / (step.module.replace(".", "/") + ".py")
        assert f"def {name}(" in path.read_text(), path


def test_a_method_s_block_decides_that_method_and_what_hangs_on_it(values):
    overlay = {"synthesis": {"methods": {"wgan_stn": {"steps": 7}}}}
    found = changed(values, overlay)
    chain = {"train_synthesis", "synthesise", "evaluate_synthesis", "synthesise_training"}
    chain |= {"embed", "train_recogniser", "evaluate_recognition"}  # of this training set
    after = {"collect_measurements", "make_table", "judge_claims", "summarise"}
    assert {step for step, method in found if method == "wgan_stn"} == chain | after
    assert {step for step, method in found if method == "keypoint"} == set()
    one = experiment.check(values, "params.yaml")
    two = experiment.check(merge(values, overlay), "overlay")
    for step in after:
        assert steps.settings(step, one) != steps.settings(step, two)


def test_metrics_decide_no_training(values):
    found = {step for step, _ in changed(values, {"metrics": {"bootstrap": 7}})}
    assert {"evaluate_synthesis", "collect_measurements", "make_table", "judge_claims"} <= found
    assert not found & {"fetch", "split", "crop_faces", "train_synthesis", "synthesise"}


def test_a_recogniser_s_block_decides_that_recogniser(values):
    overlay = {"recognition": {"recognisers": {"arcface": {"steps": 7}}}}
    one = experiment.check(values, "params.yaml")
    two = experiment.check(merge(values, overlay), "overlay")
    for step in ("train_recogniser", "evaluate_recognition"):
        for name in ("arcface", "softmax"):
            before, after = (
                steps.settings(step, config, recogniser=name, among=["keypoint"])
                for config in (one, two)
            )
            assert (before != after) == (name == "arcface"), (step, name)
    assert {"collect_measurements", "judge_claims", "make_table", "summarise"} <= {
        step for step, _ in changed(values, overlay)
    }
    assert not {"train_synthesis", "embed", "restore"} & {
        step for step, _ in changed(values, overlay)
    }


def test_a_test_data_set_decides_its_tests_alone(values):
    real = {"adapter": "mfr2", "path": "mfr2"}
    base = merge(values, {"datasets": {"mfr2": real}, "recognition": {"tests": ["orl", "mfr2"]}})
    one = experiment.check(base, "base")
    two = experiment.check(merge(base, {"datasets": {"mfr2": {"max_identities": 3}}}), "overlay")
    for step in ("evaluate_recognition", "train_recogniser", "collect_measurements"):
        for dataset in ("orl", "mfr2", ""):
            before, after = (
                steps.settings(step, config, dataset=dataset, recogniser="dlib_resnet", among=[])
                for config in (one, two)
            )
            concerned = dataset == "mfr2" or (not dataset and step != "train_recogniser")
            assert (before != after) == concerned, (step, dataset)
    # What is learnt from decides the test on another data set as well.
    three = experiment.check(merge(base, {"datasets": {"orl": {"split_seed": 3}}}), "three")
    tests = [
        steps.settings("evaluate_recognition", config, dataset="mfr2", recogniser="arcface")
        for config in (one, three)
    ]
    assert tests[0] != tests[1]


def test_tracking_decides_nothing(values):
    assert changed(values, {"tracking": {"enabled": False}}) == set()


def test_the_real_domain_s_data_set_counts(values):
    real = {"adapter": "flat", "path": "real"}
    base = merge(
        values, {"datasets": {"real": real}, "synthesis": {"real_domain": {"source": "real"}}}
    )
    found = {step for step, _ in changed(base, {"datasets": {"real": {"max_identities": 3}}})}
    assert "train_synthesis" in found
    assert "crop_faces" not in found


def test_the_code_of_a_restorer_reaches_whatever_comes_after_it(values, copy):
    config = experiment.check(values, "params.yaml")

    def of(step, **more):
        steps._read.cache_clear()
        return steps.settings(step, config, among=["keypoint"], **more)["code"]

    after = [("restore", {}), ("evaluate_restoration", {}), ("collect_measurements", {})]
    after += [("evaluate_recognition", {"recogniser": "mrii", "after": ("restore",)})]
    before = [of(step, **more) for step, more in after]
    spared = of("evaluate_recognition", recogniser="dlib_resnet")
    module = copy / "restoration" / "edgeconnect_networks.py"
    module.write_text(module.read_text() + "\nNEW = 1\n")
    assert all(of(step, **more) != old for (step, more), old in zip(after, before, strict=True))
    assert of("evaluate_recognition", recogniser="dlib_resnet") == spared


def test_a_restorer_s_settings_reach_what_is_restored_by_it_alone(values):
    one = experiment.check(values, "params.yaml")
    another = {**one.restoration.restorers, "mean_face": {"blur": 3}}
    restoration = one.restoration.model_copy(update={"restorers": another})
    two = one.model_copy(update={"restoration": restoration})
    for step in ("train_restorer", "restore", "evaluate_restoration"):
        own = {"among": ["keypoint"], "restorer": "edgeconnect"}
        assert steps.settings(step, one, **own) == steps.settings(step, two, **own)
        own["restorer"] = "mean_face"
        assert "restoration.restorers.mean_face" in steps.settings(step, two, **own)
    assert "restoration.restorers.mean_face" in steps.settings("collect_measurements", two)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the package whose sources can be edited."""
    shutil.copytree(Path(maskbench.__file__).parent, tmp_path / "maskbench")
    monkeypatch.setattr(maskbench, "__file__", str(tmp_path / "maskbench" / "__init__.py"))
    steps._read.cache_clear()
    yield tmp_path / "maskbench"
    steps._read.cache_clear()


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    steps._read.cache_clear()


def test_code_counts_but_not_its_comments(copy):
    path = copy / "faces" / "crop_faces.py"
    modules = ("maskbench.faces.crop_faces",)
    before = steps.code_digest(modules)
    edit(path, '"""', '"""Another first line. ')
    path.write_text("# a comment\n" + path.read_text() + "\n\n# another\n")
    steps._read.cache_clear()
    assert steps.code_digest(modules) == before
    path.write_text(path.read_text() + "\nNEW = 1\n")
    steps._read.cache_clear()
    assert steps.code_digest(modules) != before


def test_imported_modules_count_and_unrelated_ones_do_not(copy):
    modules = ("maskbench.faces.crop_faces",)
    before = steps.code_digest(modules)
    for unrelated in ("synthesis/wgan_stn.py", "errors.py", "tracking.py"):
        (copy / unrelated).write_text((copy / unrelated).read_text() + "\nNEW = 1\n")
    steps._read.cache_clear()
    assert steps.code_digest(modules) == before
    mtcnn = copy / "faces" / "mtcnn.py"
    mtcnn.write_text(mtcnn.read_text() + "\nNEW = 1\n")
    steps._read.cache_clear()
    assert steps.code_digest(modules) != before


def test_packaged_drawings_count(copy):
    before = steps.code_digest((), ("masks/art/*.svg",))
    drawing = next((copy / "masks" / "art").glob("*.svg"))
    drawing.write_text(drawing.read_text() + " ")
    assert steps.code_digest((), ("masks/art/*.svg",)) != before


def test_a_figure_of_some_methods_depends_on_those_alone(values):
    one = experiment.check(values, "params.yaml")
    overlay = {"synthesis": {"methods": {"wgan_stn": {"steps": 7}}}}
    two = experiment.check(merge(values, overlay), "overlay")

    def figure(config, *among):
        return steps.settings("make_figure", config, after=("synthesise",), among=among)

    assert figure(one, "keypoint", "pywgan_div") == figure(two, "keypoint", "pywgan_div")
    assert figure(one, "keypoint", "wgan_stn") != figure(two, "keypoint", "wgan_stn")
