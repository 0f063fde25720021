"""Tables of recognition: every cell by hand, units, parts, and what stands unmeasured."""

import pytest

NET = "iresnet18 (64 px, width 16), from scratch, 300 steps"


@pytest.fixture
def recognition(tables):
    """Make tables from rows of recognition (recogniser, training set, metric, value, columns)."""

    def make(*rows):
        facts = {"step": "recognition", "backbone": "net", "n": 500}
        return tables(
            *(
                (
                    name,
                    more.pop("seed", 0),
                    metric,
                    value,
                    facts | {"training_set": trained_on} | more,
                )
                for name, trained_on, metric, value, more in rows
            )
        )

    return make


def test_table_2_of_paper_2_by_hand(recognition):
    """Shares are shown in percent beside the paper's percents; the CSV holds shares for both."""
    made = recognition(
        ("maskfacenet", "keypoint", "accuracy_1nn", 0.70, {"ci_low": 0.65, "ci_high": 0.75}),
        ("maskfacenet", "keypoint", "accuracy_1nn", 0.72,
         {"seed": 1, "ci_low": 0.66, "ci_high": 0.78}),
        ("mrii", "none", "accuracy_1nn", 0.8, {"backbone": "facenet after edgeconnect"}),
        ("facenet", "none", "accuracy_1nn", None,
         {"n": 0, "note": "no weights", "backbone": "absent"}),
        ("dlib_resnet", "none", "accuracy_1nn", 0.6, {}),
        ("arcface", "keypoint", "accuracy_1nn", 0.99, {}),  # not in this table
        ("maskfacenet", "keypoint", "accuracy_1nn", 0.9, {"protocol": "bare_bare"}),
    )  # fmt: skip
    (rows,) = made.grids("table2_maskfacenet")
    assert [row["Recogniser"].rstrip("¹²³⁴⁵⁶⁷⁸⁹ ") for row in rows] == [
        "FaceNet", "MaskFaceNet", "MRII", "dlib ResNet",
    ]  # fmt: skip
    printed, here = "Accuracy, 1-NN (%) ↑, paper", "Accuracy, 1-NN (%) ↑, paper here"
    assert [row[printed] for row in rows] == ["67.28", "75.06", "82.39", ""]
    assert [row[here] for row in rows] == ["–", "71.00 ± 1.41 [65.00, 78.00]", "80.00", "60.00"]
    text = made.text("table2_maskfacenet")
    assert "not measured: no weights" in text and "network in the paper: FaceNet, trained" in text
    assert "Measured on orl test (500 probes of 8 people), crop mtcnn+0.2/144." in text
    maskfacenet = made.number("table2_maskfacenet", method="maskfacenet")
    assert float(maskfacenet["reported"]) == pytest.approx(0.7506)
    assert float(maskfacenet["mean"]) == pytest.approx(0.71)
    assert maskfacenet["paper_row"] == "MaskFaceNet"
    assert maskfacenet["differs_in"].startswith("pictures; network and training; batches")
    # The paper's network and restorer, and yet not its weights.
    mrii = made.number("table2_maskfacenet", method="mrii")
    assert mrii["differs_in"].startswith("pictures; weights (not named in the paper); batches")
    assert mrii["differs_in"].endswith("ours learns here)")
    # Nothing reported to differ from.
    assert made.number("table2_maskfacenet", method="dlib_resnet")["differs_in"] == ""


def test_table_ii_of_paper_4_stands_until_its_methods_are_measured(recognition):
    made = recognition(
        ("arcface", "keypoint", "accuracy", 0.801, {"backbone": f"{NET}, orl keypoint"}),
        ("arcface", "keypoint", "tar_at_far_1e-3", None,
         {"backbone": f"{NET}, orl keypoint", "note": "too few impostors"}),
        ("arcface", "keypoint", "rank_5", 0.7, {"backbone": f"{NET}, orl keypoint", "n": 80}),
        ("arcface", "bare", "accuracy", 0.75, {"backbone": f"{NET}, orl bare"}),
        ("softmax", "bare", "accuracy", 0.74, {}),
        ("arcface", "my_method", "accuracy", 0.79, {"backbone": f"{NET}, orl my_method"}),
        ("arcface", "mfgan", "accuracy", 0.9, {"dataset": "rmfrd"}),
        ("dlib_resnet", "none", "accuracy", 0.9, {"dataset": "mfr2"}),  # not in this table
    )  # fmt: skip
    text = made.text("table2_mfgan")
    orl, rmfrd = (part.split("\n\n") for part in text.split("Measured on ")[1:])
    assert orl[0].startswith("orl test (500 pairs of 8 people, 80 probes of 8 people)")
    assert rmfrd[0].startswith("rmfrd test (500 pairs of 8 people)")
    assert f"Network: {NET}, where not noted otherwise." in orl[0]
    numbers = made.numbers("table2_mfgan")
    orl_rows = numbers[numbers["dataset"].eq("orl") & numbers["metric"].eq("accuracy")]
    sets, losses = ("MTF", "IAMGAN", "MFGAN"), ("Softmax", "Triplet", "CosFace", "ArcFace")
    assert list(orl_rows["paper_row"][:12]) == [f"{s} / {loss}" for s in sets for loss in losses]
    assert list(zip(orl_rows["method"][12:], orl_rows["training_set"][12:], strict=True)) == [
        ("softmax", "bare"), ("arcface", "bare"), ("arcface", "my_method"),
    ]  # fmt: skip
    of = {"dataset": "orl", "paper_row": "MTF / ArcFace"}
    accuracy = made.number("table2_mfgan", metric="accuracy", **of)
    assert (float(accuracy["mean"]), float(accuracy["reported"])) == (0.801, 0.785)
    assert accuracy["differs_in"].split(":")[0] == (
        "pictures; network and training; masks of the training set"
    )
    tar = made.number("table2_mfgan", metric="tar_at_far_1e-3", **of)
    assert (tar["mean"], tar["note"]) == ("", "too few impostors")
    rank = made.number("table2_mfgan", metric="rank_5", **of)
    assert "gallery" in rank["differs_in"].split("; ")
    iamgan = made.number(
        "table2_mfgan", metric="accuracy", dataset="orl", paper_row="IAMGAN / ArcFace"
    )
    assert (float(iamgan["reported"]), iamgan["mean"]) == (0.837, "")
    # The paper's own data set: only its pairs are not published.
    (mfgan,) = [
        row for _, row in numbers.iterrows()
        if (row["dataset"], row["paper_row"], row["metric"])
        == ("rmfrd", "MFGAN / ArcFace", "accuracy")
    ]  # fmt: skip
    assert (mfgan["mean"], mfgan["differs_in"]) == ("0.9", "pairs; network and training")


def test_what_all_rows_share_stands_once(recognition):
    """A printed table is no wider than a page, and no sentence is repeated in it."""
    made = recognition(
        *(
            (loss, trained_on, metric, 0.8, {"backbone": f"{NET}, orl {trained_on}"})
            for loss in ("softmax", "triplet", "cosface", "arcface")
            for trained_on in ("bare", "keypoint", "gan_stn", "pywgan_div")
            for metric in ("accuracy", "tar_at_far_1e-3", "rank_5")
        )
    )
    text = made.text("table2_mfgan")
    assert text.count(NET) == 1 and text.count("pictures; network and training") == 1
    assert max(len(line) for line in text.splitlines() if line.startswith("|")) <= 112
    assert text.count("not measured in this run") == 1  # eight rows, one footnote


def test_table_iii_of_paper_4_takes_pictures_from_synthesis(tables):
    facts = {"step": "recognition", "backbone": "net", "training_set": "mfgan_wo_inv"}
    made = tables(
        ("arcface", 0, "accuracy", 0.8, facts),
        ("mfgan_wo_inv", 0, "psnr", 21.5, {}),
        ("mfgan_wo_inv", 0, "psnr", 11.5, {"styles": "unseen"}),
        ("mfgan_wo_inv", 0, "fid", 60.0, {"backbone": "inception_v3"}),
    )
    numbers = made.numbers("table3_mfgan")
    assert list(numbers["paper_row"].drop_duplicates()) == [
        "CycleGAN", "w/o L_inv", "w/o λ_cor", "w/o L_sty", "All",
    ]  # fmt: skip
    row = numbers[numbers["paper_row"] == "w/o L_inv"].set_index("metric")
    both = {m: (float(row.loc[m, "reported"]), row.loc[m, "mean"]) for m in row.index}
    assert both["accuracy"] == (pytest.approx(0.803), "0.8")
    assert both["psnr"] == (20.44, "21.5") and both["fid"] == (58.46, "60")
    assert both["ssim_outside_mask"] == (0.747, "")
    fid = row.loc["fid", "differs_in"].split("; ")
    assert fid[:3] == [
        "pictures", "training of the methods", "network (not named in the paper)",
    ]  # fmt: skip
    assert "Recogniser: ArcFace." in made.text("table3_mfgan")


def test_table_3_of_paper_3_shows_deviations_and_both_error_rates(recognition):
    same = {"protocol": "same_picture"}
    numbers = {"cos_same_mean": 0.9, "cos_same_sd": 0.03, "error_rate_gaussian": 0.05}
    made = recognition(
        *(("dlib_resnet", "none", m, v, dict(same)) for m, v in numbers.items()),
        ("dlib_resnet", "none", "error_rate_empirical", 0.06, dict(same)),
        ("dlib_resnet_projected", "keypoint", "sigma_separation", 2.5, dict(same)),
        ("dlib_resnet", "none", "cos_same_mean", 0.1, {}),  # another protocol
    )
    text = made.text("table3_cyclegan")
    assert "0.890 ± 0.036" in text and "0.900 ± 0.030" in text
    cells = {
        name: [row[name] for grid in made.grids("table3_cyclegan") for row in grid if name in row]
        for name in ("Diff. in σ ↑", "Error, Gauss ↓", "Error, emp. ↓")
    }
    assert cells["Diff. in σ ↑"][:6] == ["1.367", "1.416", "2.003", "1.957", "2.677", "3.352"]
    assert cells["Error, Gauss ↓"][:6] == ["0.149", "0.147", "0.047", "0.082", "0.022", "0.002"]
    assert [cell for cell in cells["Error, emp. ↓"] if cell] == ["0.060"]  # the paper has none
    assert cells["Diff. in σ ↑"][-1] == "2.500"
    assert "dlib ResNet, projected" in text
    spread = made.number(
        "table3_cyclegan", paper_row="CycleGAN Strip / VGG19", metric="cos_same_sd"
    )
    assert float(spread["reported"]) == 0.024


def test_recognition_has_a_part_for_each_protocol(recognition):
    made = recognition(
        ("arcface", "keypoint", "auc", 0.9, {"ci_low": 0.8, "ci_high": 0.95}),
        ("arcface", "bare", "auc", 0.8, {}),
        ("arcface", "keypoint", "auc", 0.99, {"protocol": "bare_bare"}),
        ("dlib_resnet", "none", "auc", 0.93, {"dataset": "mfr2"}),
        ("dlib_resnet", "none", "undetected", 2.0, {"dataset": "mfr2", "note": "taken whole"}),
    )
    text = made.text("recognition")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert [heading.split(",")[0] for heading in headings] == [
        "## Standard pairs (bare with masked faces",
        "## Standard pairs (bare with masked faces",
        "## Bare with bare faces",
    ]
    mfr2, standard, bare_bare = made.grids("recognition")
    assert [(row["Trained on"], row["AUC ↑"]) for row in standard] == [
        ("bare faces", "0.800"), ("Key-point matching", "0.900"),
    ]  # fmt: skip
    assert bare_bare[0]["AUC ↑"] == "0.990"
    assert mfr2[0]["Undetected ↓"] == "2" and "¹ taken whole" in text
    assert "[0.800, 0.950]" in made.text("recognition", "html")  # its width spares the text's
    assert set(made.numbers("recognition")["protocol"]) == {"standard", "bare_bare"}


def test_what_the_masks_of_a_list_say_stands_in_its_caption(recognition):
    words = "396 of 848 pairs are masked with masked faces"
    official = {"dataset": "mfr2", "protocol": "official", "note": words}
    made = recognition(
        ("dlib_resnet", "none", "auc", 0.9, {"dataset": "mfr2"}),
        ("dlib_resnet", "none", "auc", 0.95, official),
        ("dlib_resnet", "none", "accuracy", 0.8, official | {"note": f"4 folds; {words}"}),
    )
    standard, _, whole = made.text("recognition").partition("## The whole official list")
    assert words in whole.partition("|")[0] and words not in standard
    assert "¹ 4 folds" in whole


ABSENT = {"n": 0, "backbone": "absent", "note": "its weights are not there"}


def test_an_absent_network_says_so_in_every_part(recognition):
    """Its evaluation has rows of the standard pairs alone."""
    made = recognition(
        ("dlib_resnet", "none", "fdr", 3.0, {}),
        ("dlib_resnet", "none", "fdr", 4.0, {"protocol": "bare_bare"}),
        ("dlib_resnet", "none", "fdr", 5.0, {"dataset": "mfr2"}),
        ("facenet", "none", "auc", None, dict(ABSENT)),
    )
    numbers = made.numbers("recognition_thresholds")
    facenet = numbers[numbers["method"] == "facenet"]
    assert list(zip(facenet["dataset"], facenet["protocol"], facenet["mean"], strict=True)) == [
        ("orl", "standard", ""), ("orl", "bare_bare", ""),
    ]  # fmt: skip
    assert set(facenet["note"]) == {"its weights are not there"}
    text = made.text("recognition_thresholds")
    assert text.count("¹ not measured: its weights are not there") == 2


def test_an_absent_network_says_so_in_each_row_of_table_3_of_paper_3(recognition):
    made = recognition(
        ("dlib_resnet", "none", "sigma_separation", 2.5, {"protocol": "same_picture"}),
        *(
            (f"inception{ending}", trained_on, "accuracy", None, dict(ABSENT))
            for ending, trained_on in (
                ("", "none"),
                ("_projected", "keypoint"),
                ("_strip", "none"),
            )
        ),
    )
    numbers = made.numbers("table3_cyclegan")
    rows = numbers[numbers["metric"] == "sigma_separation"]
    assert list(rows["note"][:4]) == ["its weights are not there"] * 3 + [""]  # VGG19: not asked
    text = made.text("table3_cyclegan")
    assert text.count("not measured: its weights are not there") == 1
    assert text.count("not measured in this run") == 1


def test_mask_removal_puts_masked_pictures_beside_restored_ones(tables):
    facts = {"step": "restoration"}
    restored = facts | {"restorer": "edgeconnect"}
    made = tables(
        ("edgeconnect", 0, "ssim", 0.9, restored),
        ("edgeconnect", 0, "identity_cosine", 0.8, restored | {"backbone": "dlib_resnet"}),
        ("unrestored", 0, "ssim", 0.6, facts),
        ("segmenter", 0, "mean_iou", 0.95, {"step": "guides", "backbone": "unet"}),
        ("segmenter", 0, "mask_found_on_bare", 0.00012, {"step": "guides", "backbone": "unet"}),
    )
    (rows,) = made.grids("mask_removal")
    assert [(row["Method"], row["SSIM ↑"]) for row in rows] == [
        ("Nothing restored", "0.600"), ("EdgeConnect (MRII)", "0.900"),
    ]  # fmt: skip
    assert rows[1]["Identity cosine ↑"] == "0.800"
    assert "¹ network: dlib_resnet" in made.text("mask_removal")
    ((segmenter,),) = made.grids("guides")
    assert (segmenter["Mean IoU of the mask ↑"], segmenter["False mask ↓"]) == ("0.950", "0.0001")


@pytest.mark.parametrize("name", ["recognition", "recognition_thresholds", "mask_removal"])
def test_a_run_without_recognition_says_so(name, tables):
    made = tables(("gan_stn", 0, "ssim", 0.5, {}))
    assert "Nothing of this kind was measured" in made.text(name)
    assert len(made.numbers(name)) == 0


def test_a_row_trained_on_masks_that_lost_the_face_says_so(tables):
    """Those that the recogniser learnt from, by their mean over seeds."""
    rows = [
        (method, seed, "ssim_outside_mask", kept, {"styles": styles})
        for method, both in {"gan_direct": (0.3, 0.4), "gan_stn": (0.9, 0.9)}.items()
        for seed, kept in enumerate(both)
        for styles in ("seen", "unseen")
    ]
    facts = {"step": "recognition", "backbone": "net"}
    rows += [
        ("arcface", 0, "auc", 0.8, facts | {"training_set": name})
        for name in ("bare", "gan_direct", "gan_stn")
    ]
    made = tables(*rows)
    text, (grid,) = made.text("recognition"), made.grids("recognition")
    words = "trained on masks of a method that did not keep the face: SSIM outside the mask 0.350"
    assert text.count(words) == 1
    (mark,) = {line[0] for line in text.splitlines() if words in line}
    marked = [row["Trained on"] for row in grid if mark in "".join(row.values())]
    assert [name.rstrip("⁰¹²³⁴⁵⁶⁷⁸⁹ ") for name in marked] == ["GAN without STN"]
