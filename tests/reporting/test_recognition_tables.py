"""Tables of recognition: every cell by hand, units, blocks, and what stands unmeasured."""

import csv

import pytest

from maskbench.reporting.collect_measurements import collect_measurements
from maskbench.reporting.make_table import make_table
from maskbench.reporting.paper_table import reported
from maskbench.reporting.recognition_names import (
    PROTOCOLS,
    encoder_of,
    join_variant,
    recogniser_order,
    recogniser_title,
    split_variant,
    training_set_order,
)

NET = "iresnet18 (64 px, width 16), from scratch, 300 steps of arcface"


@pytest.fixture
def table(evaluation, make_measurement, tmp_path):
    """Make a table from rows (method, seed, metric, value, changes); gives lines and the CSV."""

    def make(name, rows):
        folders = []
        for number, (method, seed, metric, value, more) in enumerate(rows):
            facts = {"stage": "recognition", "backbone": "net", "n": 500} | more
            row = make_measurement(method, seed, metric, value, **facts)
            folders.append(evaluation([row], root=f"r{number}"))
        collect_measurements(folders, tmp_path / "m.csv")
        make_table(name, tmp_path / "m.csv", tmp_path / "tables")
        text = (tmp_path / "tables" / f"{name}.md").read_text()
        with open(tmp_path / "tables" / f"{name}.csv", newline="") as stream:
            return text, list(csv.DictReader(stream))

    return make


def lines(text):
    """The tables of a page, a list of dicts from heading to cell each."""
    tables = []
    for part in text.split("\n\n"):
        if part.startswith("| "):
            cells = [
                [cell.strip().replace("\\_", "_") for cell in line.strip("|").split(" |")]
                for line in part.splitlines()
            ]
            tables.append([dict(zip(cells[0], line, strict=True)) for line in cells[2:]])
    return tables


def test_table2_of_paper_2_by_hand(table):
    """Shares are shown as percents beside the paper's percents; the CSV holds shares for both."""
    text, rows = table(
        "table2_maskfacenet",
        [
            ("maskfacenet", 0, "accuracy", 0.70, {"ci_low": 0.65, "ci_high": 0.75}),
            ("maskfacenet", 1, "accuracy", 0.72, {"ci_low": 0.66, "ci_high": 0.78}),
            ("mrii", 0, "accuracy", 0.8, {"backbone": "facenet after edgeconnect"}),
            ("facenet", 0, "accuracy", None, {"n": 0, "note": "no weights", "backbone": "absent"}),
            ("dlib_resnet", 0, "accuracy", 0.6, {}),
            ("arcface", 0, "accuracy", 0.99, {"variant": "keypoint"}),
            ("maskfacenet", 0, "accuracy", 0.9, {"variant": "bare_bare"}),
        ],
    )
    (found,) = lines(text)
    facenet, maskfacenet, mrii, dlib = found
    printed, here = "Accuracy (%) ↑ reported", "Accuracy (%) ↑ measured"
    assert [row["Model (paper)"] for row in found] == ["FaceNet", "MaskFaceNet", "MRII", ""]
    assert [row[printed] for row in found] == ["67.28", "75.06", "82.39", ""]
    assert maskfacenet[here] == "71.00 ± 1.41 (2 seeds) [65.00, 78.00]"
    assert (mrii[here], dlib[here]) == ("80.00 (1 seed)", "60.00 (1 seed)")
    assert facenet[here] == "not measured"
    assert facenet["Differs in; remarks"] == "no weights"
    assert maskfacenet["Differs in; remarks"] == (
        "pictures; network and training; how accuracy is computed"
    )
    # The paper's network and restorer, and yet not its weights.
    assert mrii["Differs in; remarks"].startswith(
        "pictures; weights (not named in the paper); how accuracy is computed; mask removal ("
    )
    assert dlib["Differs in; remarks"] == ""  # nothing reported to differ from
    assert maskfacenet["Measured on"] == "orl test, 500 pairs"
    assert "## Tested on orl test, mtcnn+0.2/144" in text
    (csv_row,) = [row for row in rows if row["method"] == "maskfacenet"]
    assert float(csv_row["reported"]) == pytest.approx(0.7506)
    assert float(csv_row["mean"]) == pytest.approx(0.71)
    assert csv_row["paper_row"] == "MaskFaceNet"


def test_table_ii_of_paper_4_stands_until_its_methods_are_measured(table):
    text, rows = table(
        "table2_mfgan",
        [
            ("arcface", 0, "accuracy", 0.801, {"variant": "keypoint", "backbone": NET}),
            ("arcface", 0, "tar_at_far_1e-3", None,
             {"variant": "keypoint", "backbone": NET, "note": "too few impostors"}),
            ("arcface", 0, "rank_5", 0.7, {"variant": "keypoint", "backbone": NET, "n": 80}),
            ("arcface", 0, "accuracy", 0.75, {"variant": "bare", "backbone": NET}),
            ("softmax", 0, "accuracy", 0.74, {"variant": "bare"}),
            ("arcface", 0, "accuracy", 0.79, {"variant": "my_method", "backbone": NET}),
            ("arcface", 0, "accuracy", 0.9, {"variant": "mfgan", "dataset": "rmfrd"}),
            ("dlib_resnet", 0, "accuracy", 0.9, {"dataset": "mfr2"}),  # not in this table
        ],
    )  # fmt: skip
    orl, rmfrd = lines(text)  # a block a data set
    labels = [(row["Training set (paper)"], row["Model (paper)"]) for row in orl]
    sets, losses = ("MTF", "IAMGAN", "MFGAN"), ("Softmax", "Triplet", "CosFace", "ArcFace")
    assert labels[:12] == [(each, loss) for each in sets for loss in losses]
    mtf_arcface, iamgan_arcface = orl[3], orl[7]
    accuracy, tar, rank = (
        f"{title} (%) ↑ measured" for title in ("Accuracy", "TAR at FAR 1e-3", "Rank 5")
    )
    assert mtf_arcface[accuracy] == "80.1 (1 seed)"
    assert mtf_arcface[tar] == "not measured"
    assert mtf_arcface[rank] == "70.0 (1 seed)"
    assert mtf_arcface["Network here"] == NET
    assert mtf_arcface["Measured on"] == "orl test, 500 pairs, 80 probes"
    assert mtf_arcface["Differs in; remarks"] == (
        "pictures; network and training; masks (our overlay, not MaskTheFace's); gallery; "
        "TAR at FAR 1e-3: too few impostors"
    )
    assert iamgan_arcface["Accuracy (%) ↑ reported"] == "83.7"
    assert iamgan_arcface[accuracy] == "not measured"
    assert iamgan_arcface["Learnt from"] == "IAMGAN"
    assert [(row["Recogniser here"], row["Learnt from"]) for row in orl[12:]] == [
        ("Softmax", "bare faces"),
        ("ArcFace", "bare faces"),
        ("ArcFace", "my_method"),
    ]
    assert rmfrd[11][accuracy] == "90.0 (1 seed)"
    # The paper's own data set: only its pairs are not published.
    assert rmfrd[11]["Differs in; remarks"] == "pairs; network and training"
    missing = [row for row in rows if row["dataset"] == "" and row["mean"]]
    assert missing == []


def test_table_iii_of_paper_4_takes_pictures_from_synthesis(table):
    pictures = {"stage": "synthesis", "backbone": "none"}
    text, rows = table(
        "table3_mfgan",
        [
            ("arcface", 0, "accuracy", 0.8, {"variant": "mfgan_wo_inv"}),
            ("mfgan_wo_inv", 0, "psnr", 21.5, pictures),
            ("mfgan_wo_inv", 0, "psnr", 11.5, pictures | {"variant": "unseen_styles"}),
            ("mfgan_wo_inv", 0, "fid", 60.0, pictures | {"backbone": "inception_v3"}),
        ],
    )
    (found,) = lines(text)
    assert [row["Variant (paper)"] for row in found] == [
        "CycleGAN", "w/o L_inv", "w/o λ_cor", "w/o L_sty", "All",
    ]  # fmt: skip
    row = found[1]
    assert row["Accuracy (%) ↑ reported"] == "80.3"
    assert row["Accuracy (%) ↑ measured"] == "80.0 (1 seed)"
    assert (row["PSNR (dB) ↑ reported"], row["PSNR (dB) ↑ measured"]) == ("20.44", "21.50 (1 seed)")
    assert (row["FID ↓ reported"], row["FID ↓ measured"]) == ("58.46", "60.00 (1 seed)")
    assert row["Network here"] == "net; FID: inception_v3"
    differs = row["Differs in; remarks"].split("; ")
    assert differs[:3] == ["pictures", "network and training", "training of the methods"]
    assert [text.split(" (")[0] for text in differs[3:]] == [
        "FID network", "FID reference", "PSNR reference",
    ]  # fmt: skip
    (fid,) = [r for r in rows if r["metric"] == "fid" and r["paper_row"] == "w/o L_inv"]
    assert fid["differs_in"].startswith("pictures; training of the methods; FID network (")
    assert found[4]["PSNR (dB) ↑ measured"] == "not measured"
    (psnr,) = [r for r in rows if r["metric"] == "psnr" and r["paper_row"] == "w/o L_inv"]
    assert (float(psnr["reported"]), float(psnr["mean"])) == (20.44, 21.5)


def test_table3_of_paper_3_shows_deviations_and_both_error_rates(table):
    def of(method, **numbers):
        return [
            (method, 0, metric, value, {"variant": "same_picture"})
            for metric, value in numbers.items()
        ]

    numbers = {"cos_same_mean": 0.9, "cos_same_sd": 0.03, "error_rate_gaussian": 0.05}
    text, rows = table(
        "table3_cyclegan",
        [
            *of("dlib_resnet", **numbers, error_rate_empirical=0.06),
            *of("dlib_resnet_projected", sigma_separation=2.5),
            *of("efficientnet_lite0", **numbers),  # no other approach: not shown
            ("dlib_resnet", 0, "cos_same_mean", 0.1, {}),  # another protocol
        ],
    )
    (found,) = lines(text)
    labels = [(row["Approach (paper)"], row["Encoder (paper)"]) for row in found]
    assert labels[:2] == [("Baseline", "Incep."), ("Bias Projection", "Incep.")]
    assert found[4]["Cosine, same face ↑ reported"] == "0.890 ± 0.036"
    assert found[4]["Difference in σ ↑ reported"] == "2.677"
    assert found[4]["Error rate, Gaussian ↓ reported"] == "0.022"
    assert "Error rate, empirical ↓ reported" not in found[0]  # the paper has none
    baseline, projected = found[6:]
    assert baseline["Recogniser here"] == "dlib ResNet, frozen"
    assert baseline["Cosine, same face ↑ measured"] == "0.900 ± 0.030 (1 seed)"
    assert baseline["Error rate, Gaussian ↓ measured"] == "0.050 (1 seed)"
    assert baseline["Error rate, empirical ↓ measured"] == "0.060 (1 seed)"
    assert projected["Recogniser here"] == "dlib ResNet, frozen: bias projection"
    assert projected["Difference in σ ↑ measured"] == "2.500 (1 seed)"
    spreads = {r["paper_row"]: r["reported"] for r in rows if r["metric"] == "cos_same_sd"}
    assert float(spreads["CycleGAN Strip / VGG19"]) == 0.024


def test_all_of_recognition_has_a_block_a_protocol(table):
    text, rows = table(
        "recognition",
        [
            ("arcface", 0, "auc", 0.9, {"variant": "keypoint", "ci_low": 0.8, "ci_high": 0.95}),
            ("arcface", 0, "auc", 0.8, {"variant": "bare"}),
            ("arcface", 0, "auc", 0.99, {"variant": "keypoint/bare_bare"}),
            ("dlib_resnet", 0, "auc", 0.93, {"dataset": "mfr2"}),
            ("dlib_resnet", 0, "undetected", 2.0, {"dataset": "mfr2", "note": "taken whole"}),
            ("dlib_resnet", 0, "genuine_mean", 0.5, {"dataset": "mfr2"}),
            ("gan_stn", 0, "ssim", 0.5, {"stage": "synthesis"}),
        ],
    )
    mfr2, standard, bare_bare = lines(text)
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings[0].startswith("## Standard pairs: bare with masked")
    assert headings[0].endswith("(mfr2 test, mtcnn+0.2/144)")
    assert headings[2] == "## Bare with bare faces (orl test, mtcnn+0.2/144)"
    assert [(row["Learnt from"], row["AUC ↑"]) for row in standard] == [
        ("bare faces", "0.800 (1 seed)"),
        ("Key-point matching", "0.900 (1 seed) [0.800, 0.950]"),
    ]
    assert bare_bare[0]["AUC ↑"] == "0.990 (1 seed)"
    assert mfr2[0]["Pictures without a detected face ↓"] == "2 (1 seed)"
    assert mfr2[0]["Remarks"] == "Pictures without a detected face: taken whole"
    assert mfr2[0]["Behind it"] == "500 pairs"
    assert "Genuine mean" not in text
    assert {row["protocol"] for row in rows} == {"", "bare_bare"}


ABSENT = {"n": 0, "backbone": "absent", "note": "its weights are not there"}


def test_an_absent_network_says_so_in_every_block(table):
    """Its evaluation has rows of the standard pairs alone; the others' say what is missing."""
    _, rows = table(
        "recognition_thresholds",
        [
            ("dlib_resnet", 0, "fdr", 3.0, {}),
            ("dlib_resnet", 0, "fdr", 4.0, {"variant": "bare_bare"}),
            ("dlib_resnet", 0, "fdr", 5.0, {"dataset": "mfr2"}),
            ("facenet", 0, "auc", None, ABSENT),
        ],
    )
    facenet = [row for row in rows if row["method"] == "facenet"]
    assert [(row["dataset"], row["protocol"], row["mean"]) for row in facenet] == [
        ("orl", "", ""),
        ("orl", "bare_bare", ""),
    ]  # it was not tested on mfr2
    assert {row["note"] for row in facenet} == {"its weights are not there"}


def test_an_absent_network_says_so_in_each_row_of_table3_of_paper_3(table):
    text, _ = table(
        "table3_cyclegan",
        [
            ("dlib_resnet", 0, "sigma_separation", 2.5, {"variant": "same_picture"}),
            *(
                (f"inception{ending}", 0, "accuracy", None, ABSENT)
                for ending in ("", "_projected", "_strip")
            ),
        ],
    )
    (found,) = lines(text)
    for row in found[:3]:
        assert row["Difference in σ ↑ measured"] == "not measured"
        assert row["Network here"] == "absent"
        assert row["Differs in; remarks"] == "its weights are not there"
    assert found[3]["Differs in; remarks"] == ""  # VGG19 was not asked for


def test_thresholds_have_their_own_table(table):
    text, rows = table(
        "recognition_thresholds",
        [("arcface", 0, "genuine_mean", 0.5, {}), ("arcface", 0, "auc", 0.9, {})],
    )
    assert lines(text)[0][0]["Genuine mean ↑"] == "0.500 (1 seed)"
    assert [row["metric"] for row in rows] == ["genuine_mean"]


def test_mask_removal_puts_masked_pictures_beside_restored_ones(table):
    facts = {"stage": "restoration", "backbone": "none"}
    text, rows = table(
        "mask_removal",
        [
            ("edgeconnect", 0, "ssim", 0.9, facts),
            ("edgeconnect", 0, "identity_cosine", 0.8, facts | {"backbone": "dlib_resnet"}),
            ("edgeconnect", 0, "ssim", 0.6, facts | {"variant": "masked"}),
            ("segmenter", 0, "mean_iou", 0.95, facts | {"backbone": "unet"}),
            ("segmenter", 0, "mask_found_on_bare", 0.00012, facts | {"backbone": "unet"}),
        ],
    )
    (found,) = lines(text)
    assert [(row["Method"], row["SSIM ↑"]) for row in found] == [
        ("EdgeConnect", "0.900 (1 seed)"),
        ("EdgeConnect", "0.600 (1 seed)"),
        ("Mask segmenter", ""),
    ]
    assert found[0]["Network"] == "Identity cosine: dlib_resnet"
    assert found[1]["Measured on"] == "the masked pictures themselves, nothing restored"
    assert found[2]["Network"] == "unet"
    assert found[2]["Share of a bare face taken for a mask ↓"] == "0.0001 (1 seed)"
    assert len(rows) == 5


@pytest.mark.parametrize("name", ["recognition", "recognition_thresholds", "mask_removal"])
def test_a_run_without_recognition_says_so(name, table):
    text, rows = table(name, [("gan_stn", 0, "ssim", 0.5, {"stage": "synthesis"})])
    assert "Nothing of this kind was measured" in text
    assert rows == []


def test_reported_numbers_of_the_papers():
    tables = reported()
    mfgan = [
        [row[key] for key in ("accuracy", "tar_at_far_1e-3", "rank_5")]
        for row in tables["table2_mfgan"]["rows"]
    ]
    # Column sums of each training set, added by hand, and the paper's own differences of the best.
    for first, sums in ((0, (311.9, 267.1, 258.6)), (4, (332.6, 282.7, 298.2)),
                        (8, (360.6, 309.1, 320.1))):  # fmt: skip
        columns = zip(*mfgan[first : first + 4], strict=True)
        assert tuple(round(sum(column), 1) for column in columns) == sums
    assert round(mfgan[11][0] - mfgan[7][0], 1) == 7.2
    assert round(mfgan[11][1] - mfgan[7][1], 1) == 6.8
    assert round(mfgan[9][2] - mfgan[5][2], 1) == 5.7
    ablation = tables["table3_mfgan"]["rows"]
    assert [row["accuracy"] for row in ablation] == [76.3, 80.3, 85.4, 87.2, 90.9]
    assert [row["fid"] for row in ablation] == [64.29, 58.46, 47.66, 25.98, 21.73]


def test_printed_separations_follow_from_the_printed_means():
    """The root of the summed variances gives the printed sigma of five rows, up to what rounding
    of the printed means (0.0005 each) and deviations leaves open; VGG19's strip it does not."""
    for row in reported()["table3_cyclegan"]["rows"]:
        gap = row["cos_same_mean"] - row["cos_diff_mean"]
        low, high = (
            (gap + sign * 0.001)
            / sum((row[name] - sign * 0.0005) ** 2 for name in ("cos_same_sd", "cos_diff_sd"))
            ** 0.5
            for sign in (-1, 1)
        )
        follows = low <= row["sigma_separation"] <= high
        assert follows == (row["method"] != "vgg19_strip"), row["method"]


@pytest.mark.parametrize(
    ("variant", "parts"),
    [
        ("", ("", "")),
        ("keypoint", ("keypoint", "")),
        ("bare", ("bare", "")),
        ("bare_bare", ("", "bare_bare")),
        ("bare/bare_bare", ("bare", "bare_bare")),
        ("my_method/same_picture", ("my_method", "same_picture")),
    ],
)
def test_variants_are_a_training_set_and_a_protocol(variant, parts):
    assert split_variant(variant) == parts
    assert join_variant(*parts) == variant
    assert parts[1] in PROTOCOLS


def test_names_of_recognisers():
    assert encoder_of("vgg19_strip") == ("vgg19", "_strip")
    assert recogniser_title("vgg19_projected") == "VGG19: bias projection"
    assert recogniser_title("my_own") == "my_own"
    ordered = recogniser_order({"my_own", "dlib_resnet_strip", "arcface", "dlib_resnet"})
    assert ordered == ["dlib_resnet", "dlib_resnet_strip", "arcface", "my_own"]
    assert training_set_order({"pywgan_div", "", "zzz", "bare", "keypoint"}) == [
        "", "bare", "keypoint", "pywgan_div", "zzz",
    ]  # fmt: skip
