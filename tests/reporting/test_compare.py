"""The numbers of two runs side by side."""

from typer.testing import CliRunner

from maskbench.cli import app
from maskbench.measurements import read_measurements, to_frame
from maskbench.reporting.compare import OUTCOMES, compare, counts, farthest


def test_every_outcome_by_hand(make_measurement):
    bounds = {"ci_low": 0.4, "ci_high": 0.6}
    theirs = [
        make_measurement("equal", 0, "ssim", 0.5),
        make_measurement("unmeasured", 0, "ssim", None),
        make_measurement("within", 0, "ssim", 0.5, **bounds),
        make_measurement("outside", 0, "ssim", 0.5, **bounds),
        make_measurement("far", 0, "ssim", 0.5, **bounds),
        make_measurement("bare", 0, "ssim", 0.5),
        make_measurement("lost", 0, "ssim", None, **bounds),
        make_measurement("there", 0, "ssim", 0.5),
    ]
    values = {
        "equal": 0.5, "unmeasured": None, "within": 0.6, "outside": 0.61, "far": 0.1, "bare": 0.6,
        "lost": 0.5, "here": 0.5,
    }  # fmt: skip
    ours = [make_measurement(name, 0, "ssim", value) for name, value in values.items()]
    compared = compare(to_frame(ours), to_frame(theirs))
    found = compared.set_index("method")["outcome"].to_dict()
    assert found == {
        "equal": "equal", "unmeasured": "equal", "within": "within the interval",
        "outside": "outside it", "far": "outside it", "bare": "without interval",
        "lost": "within the interval", "here": "only here", "there": "only there",
    }  # fmt: skip
    assert list(counts(compared)) == list(OUTCOMES)
    assert sum(counts(compared).values()) == 9
    assert farthest(compared, 1)["method"].tolist() == ["far"]


def test_another_seed_network_or_crop_is_another_number(make_measurement):
    row = make_measurement("m", 0, "ssim", 0.5)
    for change in ({"backbone": "other"}, {"crop": "other/64"}, {"fold": 1}):
        changed = make_measurement("m", 0, "ssim", 0.5, **change)
        assert set(compare(to_frame([row]), to_frame([changed]))["outcome"]) == {
            "only here", "only there",
        }  # fmt: skip


def test_the_command_counts_and_names_what_lies_outside(tmp_path, make_measurement):
    bounds = {"ci_low": 0.4, "ci_high": 0.6}
    files = {}
    for name, value in (("own", 0.7), ("theirs", 0.5)):
        rows = [make_measurement("wgan_stn", 0, "ssim", value, **bounds)]
        files[name] = tmp_path / f"{name}.csv"
        to_frame(rows).to_csv(files[name], index=False)
    out = tmp_path / "compared.csv"
    arguments = ["compare", str(files["theirs"]), "--measurements", str(files["own"])]
    done = CliRunner().invoke(app, [*arguments, "--out", str(out)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "1 outside it" in done.output and "0.4 to 0.6" in done.output
    assert "wgan_stn" in out.read_text()
    assert len(read_measurements(files["own"])) == 1
