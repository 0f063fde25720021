"""A synthesis method that takes masks off is a restorer by its registration alone: from there to a
printed table's row."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from maskbench import experiment
from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.masks.draw_masks import draw_masks
from maskbench.masks.maskedset import MaskedSet
from maskbench.measurements import read_metrics
from maskbench.recognition.embed_test import embed_test
from maskbench.recognition.evaluate_recognition import evaluate_recognition
from maskbench.reporting.collect_measurements import collect_measurements
from maskbench.reporting.make_tables import make_tables
from maskbench.restoration.evaluate_restoration import evaluate_restoration
from maskbench.restoration.restore import restore
from maskbench.restoration.specs import RestorerParams
from maskbench.synthesis.base import Method
from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.train_synthesis import train_synthesis

NAME = "inverted"


class Inverted(Method):
    """Inverts the colours of the lower half of a face, and inverts them back."""

    def put_on(self, faces, styles):
        pictures = np.array(faces.images)
        half = pictures.shape[1] // 2
        pictures[:, half:] = 255 - pictures[:, half:]
        coverage = np.zeros(pictures.shape[:3], np.uint8)
        coverage[:, half:] = 255
        return pictures, coverage

    def take_off(self, pictures):
        return self.put_on(type("Only", (), {"images": pictures}), None)[0]


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    module = ModuleType("a_method_of_tests")
    module.Inverted = Inverted
    monkeypatch.setitem(sys.modules, module.__name__, module)
    METHODS.all()
    spec = SynthesisSpec(
        name=NAME, title="Inverted", paper="none", roles=frozenset({"masker", "unmasker"}),
        trained=False, styled=False, Params=RestorerParams,
        implementation="a_method_of_tests:Inverted",
    )  # fmt: skip
    monkeypatch.setitem(METHODS._specs, NAME, spec)


CONFIGURATION = {
    "datasets": {"orl": {"adapter": "orl"}},
    "masks": {
        "styles": ["kn95", "denim", "plaid", "camouflage"],
        "unseen_styles": ["floral"],
        "figure_styles": ["kn95"],
    },
    "synthesis": {"methods": {"keypoint": {}, NAME: {}}},
    "recognition": {
        "recognisers": {
            "inception_strip": {
                "use": "restored",
                "networks": ["dlib_resnet"],
                "restorer": NAME,
            }
        }
    },
    "run": {"methods": [NAME]},
}


def test_from_its_registration_to_a_row_of_table_3(people, tmp_path):
    found = experiment.check(CONFIGURATION)
    assert list(found.restorers) == [NAME]
    assert found.restorations == [("orl", NAME, 0)]
    method, unseen = found.restorers[NAME], ()
    draw_masks(out=tmp_path / "mask_pictures", size=64)
    model, masked = tmp_path / "model", tmp_path / "masked"
    train_synthesis(
        method, people.faces, people.training, tmp_path / "mask_pictures", ["kn95"], 0, model,
        tmp_path / "scratch",
    )  # fmt: skip
    synthesise(method, model, people.faces, tmp_path / "mask_pictures", ["kn95"], "test", 0, masked)
    restored = tmp_path / "restored"
    restore(method, model, None, masked, restored)
    bare, after = FaceSet.open(people.faces), MaskedSet.open(restored)
    truth = bare.images[bare.of_split("test")]
    assert np.array_equal(after.images, truth)
    assert not np.array_equal(MaskedSet.open(masked).images, truth)
    assert after.spec["learnt_from"] == {}

    config = MetricsConfig(bootstrap=20, weights="packaged")
    metrics = tmp_path / "metrics"
    evaluate_restoration(
        restored, masked, people.faces, people.weights, metrics, config, unseen, 0, NAME
    )
    rows = {(row.method, row.metric): row.value for row in read_metrics(metrics / "metrics.json")}
    assert rows[NAME, "psnr_in_hole"] == 100 and rows["unrestored", "psnr_in_hole"] < 20

    test = {"faces": people.faces, "masked": masked, "styles": 1, "unseen_styles": unseen}
    embed_test("dlib_resnet", weights=people.weights, out=tmp_path / "e", restored=restored, **test)
    tested = tmp_path / "tested"
    (run,) = found.recogniser_runs
    evaluate_recognition(
        found.recognisers[run[0]], [run[1]], run[2], out=tested, config=config, folds=2,
        embeddings=[tmp_path / "e"], **test,
    )  # fmt: skip
    own = {(row.protocol, row.metric): row for row in read_metrics(tested / run[1])}
    assert own["same_picture", "cos_same_mean"].value == pytest.approx(1)  # its own bare face
    assert own["same_picture", "cos_same_mean"].restorer == NAME

    collect_measurements([tested, metrics], tmp_path / "measurements.csv")
    make_tables(tmp_path / "measurements.csv", tmp_path / "tables")
    table = pd.read_csv(tmp_path / "tables" / "table3_cyclegan.csv")
    strip = table[table["paper_row"] == "CycleGAN Strip / Incep."].set_index("metric")
    assert set(strip["restorer"]) == {NAME} and set(strip["method"]) == {"inception_strip"}
    assert strip["mean"]["cos_same_mean"] == pytest.approx(1)
    assert strip["mean"]["cos_same_mean"] > strip["mean"]["cos_diff_mean"]
    others = table[table["paper_row"] == "CycleGAN Strip / VGG19"]
    assert others["mean"].isna().all()  # printed, not measured here
