import csv

import pytest

from maskbench.errors import MaskbenchError
from maskbench.reporting.collect_measurements import collect_measurements
from maskbench.reporting.make_table import make_table, table_names
from maskbench.reporting.paper_table import reported


@pytest.fixture
def measurements(evaluation, make_measurement, tmp_path):
    """Two of the paper's four methods and one that the paper does not have."""
    folders = []
    for method, base in (("gan_stn", 0.6), ("pywgan_div", 0.9), ("my_method", 0.7)):
        for seed in (0, 1):
            value = base + seed / 50
            rows = [
                make_measurement(method, seed, "ssim", value, ci_low=base, ci_high=value),
                make_measurement(method, seed, "lpips", 1 - value, backbone="efficientnet_lite0"),
                make_measurement(method, seed, "is", 2 + value, backbone="inception_v3"),
                make_measurement(method, seed, "ssim", 0.1, variant="unseen_styles", n=80),
                make_measurement(method, seed, "fid", 30.0, backbone="net", note="few pictures"),
            ]
            folders.append(evaluation(rows))
    collect_measurements(folders, tmp_path / "measurements.csv")
    return tmp_path / "measurements.csv"


def lines(path):
    """Cells of a Markdown table's lines."""
    rows = [line for line in path.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split(" |")] for row in rows]


def test_table2_by_hand(measurements, tmp_path):
    make_table("table2_pywgan", measurements, tmp_path / "tables")
    head, _, gan, dcgan, wgan, proposed, own = lines(tmp_path / "tables" / "table2_pywgan.md")
    assert head[2:6] == [
        "SSIM ↑ reported",
        "SSIM ↑ measured",
        "LPIPS ↓ reported",
        "LPIPS ↓ measured",
    ]
    assert gan[0] == "GAN"
    assert gan[2:6] == [
        "0.625",
        "0.610 ± 0.014 (2 seeds) [0.600, 0.620]",
        "0.181",
        "0.390 ± 0.014 (2 seeds)",
    ]
    assert gan[6:] == [
        r"efficientnet\_lite0",
        "orl test, 400 pictures, mtcnn+0.2/144",
        "pictures; training of the methods; SSIM reference; LPIPS network; LPIPS reference",
    ]
    assert proposed[0] == "Proposed Method"
    assert proposed[3] == "0.910 ± 0.014 (2 seeds) [0.900, 0.920]"
    for missing, printed in ((dcgan, "0.793"), (wgan, "0.907")):
        assert missing[2:4] == [printed, "not measured"]
        assert missing[7] == ""
    assert own[0] == ""  # no row of the paper, hence nothing reported
    assert own[1] == r"my\_method"
    assert own[2:4] == ["", "0.710 ± 0.014 (2 seeds) [0.700, 0.720]"]


def test_table1_keeps_the_people_as_the_papers(measurements, tmp_path):
    make_table("table1_pywgan", measurements, tmp_path / "tables")
    text = (tmp_path / "tables" / "table1_pywgan.md").read_text()
    head, _, gan, *_, proposed, own = lines(tmp_path / "tables" / "table1_pywgan.md")
    people = head.index("Judged real by people (%) reported")
    assert [row[people] for row in (gan, proposed, own)] == ["0", "79", ""]
    assert "not measured here" in text
    assert gan[-1] == "pictures; training of the methods"  # the score's network is the paper's


def test_every_number_as_a_row(measurements, tmp_path):
    make_table("table2_pywgan", measurements, tmp_path / "tables")
    with open(tmp_path / "tables" / "table2_pywgan.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    (gan,) = [row for row in rows if row["paper_row"] == "GAN" and row["metric"] == "lpips"]
    assert float(gan["mean"]) == pytest.approx(0.39)
    assert float(gan["reported"]) == 0.181
    assert gan["backbone"] == "efficientnet_lite0"
    assert gan["reported_backbone"] == "not named"
    assert gan["differs_in"] == (
        "pictures; training of the methods; LPIPS network; LPIPS reference"
    )
    (absent,) = [row for row in rows if row["paper_row"] == "WGAN" and row["metric"] == "ssim"]
    assert (absent["reported"], absent["mean"]) == ("0.907", "")


def test_quality_has_a_block_a_variant_and_names_network_and_pictures(measurements, tmp_path):
    make_table("synthesis_quality", measurements, tmp_path / "tables")
    text = (tmp_path / "tables" / "synthesis_quality.md").read_text()
    seen, unseen = text.split("## ")[1:]
    assert seen.startswith("Mask styles seen in training (orl test, mtcnn+0.2/144)")
    assert unseen.startswith("Mask styles kept for the test")
    fid = next(line for line in seen.splitlines() if line.startswith("| FID"))
    assert fid.startswith("| FID ↓ | net | orl test | 400 | 30.00 ± 0.00 (2 seeds) |")
    assert "FID: few pictures" in text
    assert next(line for line in unseen.splitlines() if "SSIM" in line).split(" | ")[3] == "80"


@pytest.mark.parametrize(("metric", "noted"), [("is", True), ("ssim", False)])
def test_empty_cells_of_the_overlay_are_explained(
    evaluation, make_measurement, tmp_path, metric, noted
):
    """What compares with the overlay has no value for the overlay itself."""
    folders = [
        evaluation([make_measurement("gan_stn", 0, "ssim", 0.6)]),
        evaluation([make_measurement("keypoint", 0, metric, 0.9)]),
    ]
    collect_measurements(folders, tmp_path / "measurements.csv")
    make_table("synthesis_quality", tmp_path / "measurements.csv", tmp_path / "tables")
    assert ("Empty cells:" in (tmp_path / "tables" / "synthesis_quality.md").read_text()) == noted


@pytest.mark.parametrize("name", table_names())
def test_same_bytes_and_whole_latex(name, measurements, tmp_path):
    for folder in ("a", "b"):
        make_table(name, measurements, tmp_path / folder / "tables")
    for ending in ("csv", "md", "html", "tex"):
        a, b = ((tmp_path / f / "tables" / f"{name}.{ending}").read_bytes() for f in ("a", "b"))
        assert a == b
    text = (tmp_path / "a" / "tables" / f"{name}.tex").read_text()
    body = text.split("\\toprule\n")[1].split("\\bottomrule")[0].splitlines()
    cells = {line.replace(r"\&", "").count("&") for line in body if line.endswith(r"\\")}
    assert len(cells - {0}) == 1  # 0: sub-headings
    assert "_" not in text.replace(r"\_", "").split("\\label")[0]


def test_reported_numbers_are_the_papers():
    tables = reported()
    printed = {
        name: [[row[key] for key in ("is", "artificial_percent", "ssim", "lpips") if key in row]
               for row in tables[name]["rows"].values()]
        for name in ("table1_pywgan", "table2_pywgan")
    }  # fmt: skip
    assert printed["table1_pywgan"] == [[2.641, 0], [2.492, 30], [2.185, 72], [2.297, 79]]
    assert printed["table2_pywgan"] == [
        [0.625, 0.181],
        [0.793, 0.110],
        [0.907, 0.049],
        [0.941, 0.011],
    ]


def test_unknown_table_names_the_nearest(measurements, tmp_path):
    with pytest.raises(MaskbenchError, match="did you mean table2_pywgan"):
        make_table("table2_pywgn", measurements, tmp_path / "tables")


def test_no_measurement_is_an_error(tmp_path):
    collect_measurements([], tmp_path / "m.csv")
    with pytest.raises(MaskbenchError, match="holds no measurement"):
        make_table("table2_pywgan", tmp_path / "m.csv", tmp_path / "tables")
