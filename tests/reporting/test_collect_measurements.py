import dataclasses
import math

import pytest

from maskbench.errors import MaskbenchError
from maskbench.measurements import read_measurements
from maskbench.reporting.collect_measurements import collect_measurements


def test_union_is_sorted_and_complete(evaluation, make_measurement, tmp_path):
    late = evaluation([make_measurement("wgan_stn", 0, "ssim", 0.5, styles="unseen")])
    early = evaluation(
        [
            make_measurement("gan_stn", 1, "ssim", 1 / 3, ci_low=0.25, ci_high=0.5),
            make_measurement("gan_stn", 1, "fid", None, note="too few"),
        ]
    )
    collect_measurements([late, early], tmp_path / "measurements.csv")
    lines = (tmp_path / "measurements.csv").read_text().splitlines()
    assert lines[0] == (
        "step,dataset,fold,split,method,training_set,restorer,protocol,subset,checkpoint,styles,"
        "seed,metric,value,n_people,n,ci_low,ci_high,backbone,crop,mlflow_run_id,note"
    )
    assert lines[1:] == [
        "synthesis,orl,0,test,gan_stn,,,standard,all,final,seen,1,fid,,8,400,,,none,mtcnn+0.2/144,,"
        "too few",
        "synthesis,orl,0,test,gan_stn,,,standard,all,final,seen,1,ssim,0.33333333,8,400,0.25,0.5,none,"
        "mtcnn+0.2/144,,",
        "synthesis,orl,0,test,wgan_stn,,,standard,all,final,unseen,0,ssim,0.5,8,400,,,none,"
        "mtcnn+0.2/144,,",
    ]


def test_two_runs_differ_in_run_ids_alone(evaluation, make_measurement, tmp_path):
    rows = [make_measurement("gan_stn", s, "is", 2 + s / 7, mlflow_run_id="a") for s in range(3)]
    first = [evaluation([row], root="one") for row in rows]
    again = [evaluation([dataclasses.replace(row, mlflow_run_id="b")], root="two") for row in rows]
    collect_measurements(first, tmp_path / "1.csv")
    collect_measurements(again[::-1], tmp_path / "2.csv")
    one, two = ((tmp_path / name).read_bytes() for name in ("1.csv", "2.csv"))
    assert one != two
    assert one.replace(b",a,", b",,") == two.replace(b",b,", b",,")


def test_reading_keeps_empty_text_and_unmeasured_numbers(evaluation, make_measurement, tmp_path):
    rows = [make_measurement("gan_stn", 0, "fid", None), make_measurement("gan_stn", 0, "is", 2.5)]
    collect_measurements([evaluation(rows)], tmp_path / "m.csv")
    frame = read_measurements(tmp_path / "m.csv")
    assert list(frame["training_set"]) == ["", ""]
    assert math.isnan(frame["value"][0])
    assert frame["value"][1] == 2.5
    assert list(frame["seed"]) == [0, 0]


def test_the_same_number_twice_is_refused(evaluation, make_measurement, tmp_path):
    rows = [make_measurement("gan_stn", 0, "ssim", 0.5)]
    folders = [evaluation(rows, root="one"), evaluation(rows, root="two")]
    with pytest.raises(
        MaskbenchError, match=r"measured twice: .*gan_stn standard all final seen 0 ssim"
    ):
        collect_measurements(folders, tmp_path / "m.csv")
    assert not (tmp_path / "m.csv").exists()


def test_missing_evaluation_is_named(tmp_path):
    with pytest.raises(MaskbenchError, match=r"nowhere"):
        collect_measurements([tmp_path / "nowhere"], tmp_path / "m.csv")


def test_foreign_csv_is_refused(tmp_path):
    (tmp_path / "m.csv").write_text("method,value\na,1\n")
    with pytest.raises(MaskbenchError, match="lacks the columns step"):
        read_measurements(tmp_path / "m.csv")
