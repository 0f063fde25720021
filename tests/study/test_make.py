"""A study's folder from the results of a run, and the commands around it."""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import maskbench
from maskbench import experiment
from maskbench.artifacts import atomic_dir
from maskbench.cli import app
from maskbench.config import merge, read_layers
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSetWriter
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSetWriter
from maskbench.measurements import read_metrics
from maskbench.study.evaluate_study import evaluate_study
from maskbench.study.make import broken, make_study
from maskbench.study.plan import read_plan, read_votes
from maskbench.study.store import Store

from .studies import knows

PARAMS = Path(maskbench.__file__).parents[2] / "params.yaml"
METHODS = ("keypoint", "wgan_stn", "pywgan_div")
SIZE = 12
# Of a fold's two people one turns the head, the other bows it on one of two faces.
HEADS = [("ann", 0, 0), ("ann", 25, 0), ("bob", 0, 0), ("bob", 0, 20)]
STUDY = {"groups": 12, "raters": 4, "catch_share": 0.34, "methods": list(METHODS)}


def pixels(*words):
    """A picture that these words alone have."""
    seed = np.frombuffer("/".join(map(str, words)).encode(), np.uint8)
    return np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def a_row(fold, number, split="test"):
    who, yaw, pitch = HEADS[number]
    return {
        "face_id": f"{who}{fold}/{number}", "identity": f"{who}{fold}", "source": "x.png",
        "split": split, "box": [0.0] * 4, "score": 1.0, "crop_box": [0.0] * 4,
        "landmarks": np.zeros(136, np.float32), "yaw": float(yaw), "pitch": float(pitch),
        "roll": 0.0,
    }  # fmt: skip


def write_faces(folder, dataset, fold=0):
    spec = {"dataset": dataset, "crop": "mtcnn+0.2/12", "fold": fold}
    with atomic_dir(folder) as tmp, FaceSetWriter(tmp, SIZE, spec) as writer:
        for number in range(len(HEADS)):
            writer.add(pixels(dataset, fold, number), a_row(fold, number))


@pytest.fixture
def run(tmp_path):
    """The results of three methods in two replicates, each on people of its own, and photographs
    of really masked people."""
    own = {
        "output": str(tmp_path / "results"),
        "run": {"methods": list(METHODS), "recognisers": [], "restorers": [], "replicates": 2},
        "datasets": {"worn": {"adapter": "flat", "path": "worn"}},
        "synthesis": {"real_domain": {"source": "worn"}},
        "study": STUDY,
    }
    found = experiment.check(merge(read_layers([PARAMS]), own))
    root, styles = tmp_path / "results", found.config.masks.figure_styles
    write_faces(root / "faces" / "worn" / "fold0", "worn")
    for fold in (0, 1):
        write_faces(root / "faces" / "orl" / f"fold{fold}", "orl", fold)
        for method in METHODS:
            spec = {"dataset": "orl", "crop": "mtcnn+0.2/12", "fold": fold}
            out = root / "masked" / "orl" / method / f"seed{fold}"
            with atomic_dir(out) as tmp, MaskedSetWriter(tmp, SIZE, spec) as writer:
                for number in range(len(HEADS)):
                    for style in (*styles, "polka"):
                        bare = a_row(fold, number)
                        more = {"bare_id": bare["face_id"], "method": method, "style": style}
                        bare["face_id"] += style
                        image = pixels(method, fold, number, style)
                        writer.add(image, bare | more, np.zeros((SIZE, SIZE), np.uint8))
    with atomic_dir(root / "mask_pictures") as tmp:
        MaskPictures.draw(SIZE, styles).save(tmp)
    return found


def shown(folder, name):
    return np.asarray(Image.open(folder / "pictures" / name))


def test_what_is_shown_is_what_the_plan_says(run, tmp_path):
    plan = make_study(run, tmp_path / "study")
    assert plan == read_plan(tmp_path / "study")
    assert plan.rule == run.config.study.rule
    groups = [trial for trial in plan.trials if not trial.catch]
    assert (len(groups), len(plan.trials), len(plan.raters)) == (12, 16, 4)
    for trial in groups:
        fold = trial.fold
        number = next(
            n for n in range(4)
            if np.array_equal(shown(tmp_path / "study", trial.face), pixels("orl", fold, n))
        )  # fmt: skip
        who, yaw, pitch = HEADS[number]
        assert trial.identity == f"{who}{fold}"
        pose = "pose_turned" if yaw else "pose_bowed" if pitch else "pose_frontal"
        assert trial.pose == pose
        for one in trial.pictures:
            assert one.seed == fold  # by networks that never saw the person
            made = pixels(one.method, fold, number, trial.style)
            assert np.array_equal(shown(tmp_path / "study", one.file), made)
    judged = Counter(one.method for trial in groups for one in trial.pictures)
    assert judged == dict.fromkeys(METHODS, 8)
    assert set(Counter(trial.identity for trial in groups).values()) == {3}
    assert "polka" not in {trial.style for trial in groups}  # kept for another test


def test_half_of_the_catch_trials_are_photographs(run, tmp_path):
    plan = make_study(run, tmp_path / "study")
    catches = [trial for trial in plan.trials if trial.catch]
    kinds = Counter(one.kind for trial in catches for one in trial.pictures)
    assert kinds == {"broken": 4, "photograph": 4}
    worn = [pixels("worn", 0, n) for n in range(4)]
    for trial in catches:
        for one in trial.pictures:
            found = shown(tmp_path / "study", one.file)
            assert any(np.array_equal(found, each) for each in worn) == (one.kind == "photograph")


def test_broken_pictures_keep_their_pixels_and_lose_their_face():
    picture = pixels("any")
    for turn in (0, 1):
        found = broken(picture, turn)
        assert found.shape == picture.shape and (found != picture).any()
        assert np.array_equal(np.sort(found, axis=None), np.sort(picture, axis=None))


def test_a_plan_is_the_same_again_and_its_secret_is_not(run, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        make_study(run, folder)
    assert (first / "plan.json").read_bytes() == (second / "plan.json").read_bytes()
    assert (first / "secret.key").read_bytes() != (second / "secret.key").read_bytes()
    assert (first / "secret.key").stat().st_mode & 0o077 == 0


def test_a_study_with_votes_is_not_made_again(run, tmp_path):
    folder = tmp_path / "study"
    plan = make_study(run, folder)
    Store(f"sqlite:///{folder}/votes.sqlite", plan).close()
    with pytest.raises(MaskbenchError, match=r"holds votes\.sqlite"):
        make_study(run, folder)
    assert read_plan(folder) == plan


def test_results_that_are_not_there(run, tmp_path):
    (tmp_path / "results" / "masked" / "orl" / "wgan_stn" / "seed1").rename(tmp_path / "away")
    with pytest.raises(MaskbenchError, match=r"wgan_stn/seed1: was not made yet; run: snakemake"):
        make_study(run, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_database_holds_votes_on_one_plan(run, tmp_path, monkeypatch):
    plan = make_study(run, tmp_path / "study")
    url = f"sqlite:///{tmp_path}/votes.sqlite"
    Store(url, plan).close()
    with pytest.raises(MaskbenchError, match="holds votes on another plan"):
        Store(url, plan.model_copy(update={"days": 3}))
    with pytest.raises(MaskbenchError, match="not a database"):
        Store("nonsense", plan)
    monkeypatch.setitem(sys.modules, "psycopg", None)  # not installed
    with pytest.raises(MaskbenchError, match=r"ann:\*\*\*@.*pip install 'psycopg\[binary\]'"):
        Store("postgresql://ann:secret@127.0.0.1/votes", plan)


@pytest.mark.parametrize("url", ["study.example.org", "ftp://a.example", "https://a.example/study"])
def test_an_address_is_whole_and_has_no_path(url, tmp_path):
    said = CliRunner().invoke(app, ["study", "links", str(tmp_path), "--url", url])
    assert said.exit_code == 2 and "without a path" in said.output


def test_from_the_command_line_to_numbers(run, tmp_path):
    """All raters take keypoint alone for real; the export alone gives the same numbers."""
    folder, out = tmp_path / "study", tmp_path / "votes.json"
    plan = make_study(run, folder)
    command = CliRunner()
    links = command.invoke(app, ["study", "links", str(folder), "--url", "https://a.example/"])
    lines = links.output.splitlines()
    assert lines[0] == "rater,link" and len(lines) == 5
    assert all(",https://a.example/r/" in line for line in lines[1:])
    none = command.invoke(app, ["study", "results", str(folder)])
    assert none.exit_code == 1 and "nobody has voted yet" in none.output
    assert not (folder / "votes.sqlite").exists()
    store = Store(f"sqlite:///{folder}/votes.sqlite", plan)
    for rater, turns in enumerate(plan.raters[:3]):
        store.consent(rater)
        for page, (number, _) in enumerate(turns):
            real = [knows(one) or one.method == "keypoint" for one in plan.trials[number].pictures]
            assert store.vote(rater, page, *real)
    store.close()
    said = command.invoke(app, ["study", "results", str(folder), "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert "rater 3 is not counted: did not take part" in said.output
    again = command.invoke(app, ["study", "results", str(out)])
    assert again.output == said.output
    evaluate_study(out, tmp_path / "metrics", run.config.metrics)
    rows = read_metrics(tmp_path / "metrics")
    rates = {(row.method, row.fold, row.seed): row for row in rows if row.method != "all"}
    assert set(rates) == {(method, fold, fold) for method in METHODS for fold in (0, 1)}
    for (method, _, _), row in rates.items():
        assert row.value == float(method == "keypoint")
        assert (row.step, row.dataset, row.split) == ("study", "orl", "test")
        assert row.metric == "human_real_rate" and row.n == 3 * 4
    (agreement,) = [row for row in rows if row.method == "all"]
    assert (agreement.metric, agreement.value) == ("krippendorff_alpha", 1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: v["votes"].append(v["votes"][0]), "rater 0 voted twice on trial"),
        (lambda v: v["votes"][0].update(rater=9), "the plan has no rater 9"),
        (lambda v: v["votes"][0].update(real=[1, 0]), "votes.0.real.0: .*boolean"),
        (lambda v: v["votes"][0].update(name="Ann"), "votes.0.name: .*not permitted"),
        (lambda v: v["plan"]["raters"][0].pop(), "rater 0 does not see each trial once"),
        (lambda v: v["plan"]["trials"][0].update(face="../../x.png"), "face: .*pattern"),
        (lambda v: v.update(withdrawn=[0]), "rater 0 has withdrawn"),
    ],
)
def test_votes_that_do_not_fit_their_plan(run, tmp_path, change, words):
    folder, out = tmp_path / "study", tmp_path / "votes.json"
    plan = make_study(run, folder)
    store = Store(f"sqlite:///{folder}/votes.sqlite", plan)
    store.consent(0)
    assert store.vote(0, 0, True, False)
    out.write_text(store.export().model_dump_json(), "utf-8")
    store.close()
    values = json.loads(out.read_text("utf-8"))
    change(values)
    out.write_text(json.dumps(values), "utf-8")
    with pytest.raises(MaskbenchError, match=f"{out.name}.*{words}.*export it again"):
        read_votes(out)


def test_methods_that_cannot_be_judged(run, tmp_path):
    with pytest.raises(MaskbenchError, match=r"study\.methods: pywgan: unknown method"):
        own = {"study": {"methods": ["keypoint", "pywgan"]}}
        experiment.check(merge(read_layers([PARAMS]), own))
    own = {"run": {"methods": ["keypoint"]}, "study": {"methods": None}}
    alone = experiment.check(merge(read_layers([PARAMS]), own))
    with pytest.raises(MaskbenchError, match="fewer than two methods"):
        make_study(alone, tmp_path / "study")
