"""Tables of mask synthesis: every cell by hand, beside what the paper prints."""

import pytest

FEW = {"backbone": "net", "note": "few pictures"}


@pytest.fixture
def made(tables):
    """Two of the paper's four methods and one that the paper does not have, two seeds each."""
    rows = []
    for method, base in (("gan_stn", 0.6), ("pywgan_div", 0.9), ("my_method", 0.7)):
        for seed in (0, 1):
            value = base + seed / 50
            rows += [
                (method, seed, "ssim", value, {"ci_low": base, "ci_high": value}),
                (method, seed, "lpips", 1 - value, {"backbone": "efficientnet_lite0"}),
                (method, seed, "is", 2 + value, {"backbone": "inception_v3"}),
                (method, seed, "ssim", 0.1, {"styles": "unseen", "n": 80}),
                (method, seed, "fid", 30.0, FEW),
            ]
    return tables(*rows)


def test_likeness_beside_what_is_printed(made):
    (rows,) = made.grids("table2_pywgan")
    assert [(row["Model (paper)"], row["Method"]) for row in rows] == [
        ("GAN", "GAN + STN"),
        ("DCGAN³", "DCGAN + STN"),
        ("WGAN³", "WGAN + STN"),
        ("Proposed Method", "Py-WGAN-div"),
        ("", "my_method"),
    ]
    printed = [row["SSIM ↑, paper"] for row in rows]
    assert printed == ["0.625", "0.793", "0.907", "0.941", ""]
    here = [row["SSIM ↑, paper here"] for row in rows]
    assert here == [
        "0.610 ± 0.014 [0.600, 0.620]", "–", "–", "0.910 ± 0.014 [0.900, 0.920]",
        "0.710 ± 0.014 [0.700, 0.720]",
    ]  # fmt: skip
    assert [row["LPIPS ↓, paper"] for row in rows] == ["0.181", "0.110", "0.049", "0.011", ""]
    assert rows[0]["LPIPS ↓, paper here"] == "0.390 ± 0.014"
    text = made.text("table2_pywgan")
    assert "Measured on orl test (400 pictures of 8 people), crop mtcnn+0.2/144." in text
    assert "Mean ± standard deviation over 2 seeds [95% interval over people" in text
    assert "Differs from the paper in: pictures; training of the methods; reference picture" in text
    assert "¹ network: efficientnet_lite0" in text
    assert "² differs from the paper in: network (not named in the paper)" in text
    assert "³ not measured in this run" in text


def test_what_people_judged_stands_as_printed(made):
    scores, judged = made.grids("table1_pywgan")
    assert [row["Judged real (%) ↑, paper"] for row in judged] == ["0", "30", "72", "79"]
    here = [row["Judged real (%) ↑, paper here"] for row in judged]
    assert here == ["no study was run"] * 4
    assert [row["Inception Score ↑, paper"] for row in scores[:4]] == [
        "2.641", "2.492", "2.185", "2.297",
    ]  # fmt: skip
    text = made.text("table1_pywgan")
    assert "100 groups of pictures" in text
    # The score's network is the paper's.
    assert "Differs from the paper in: pictures; training of the methods.\n" in text
    assert not made.number("table1_pywgan", paper_row="GAN", metric="human_real_rate")["mean"]


def test_what_people_said_stands_beside_it(tables):
    """Counted by hand: 0.05 and 0.6 of the votes, in percent as the paper prints them."""
    study = {"step": "study", "n": 660, "note": "20 raters, Krippendorff's alpha 0.41"}
    made = tables(
        ("gan_stn", 0, "human_real_rate", 0.05, {**study, "ci_low": 0.0, "ci_high": 0.12}),
        ("pywgan_div", 0, "human_real_rate", 0.6, {**study, "ci_low": 0.5, "ci_high": 0.71}),
        ("all", 0, "krippendorff_alpha", 0.41, study),
        ("pywgan_div", 0, "is", 2.5, {"backbone": "inception_v3"}),
    )
    (rows,) = made.grids("table1_pywgan")
    assert [row["Judged real (%) ↑, paper here"] for row in rows] == [
        "5 [0, 12]", "–", "–", "60 [50, 71]",
    ]  # fmt: skip
    text = made.text("table1_pywgan")
    assert "660 votes on pictures of 8 people" in text and "400 pictures of 8 people" in text
    assert "20 raters, Krippendorff's alpha 0.41" in text
    assert "no study was run" not in text
    gan = made.number("table1_pywgan", paper_row="GAN", metric="human_real_rate")
    assert (gan["step"], float(gan["mean"]), float(gan["reported"])) == ("study", 0.05, 0)
    assert "people asked" in gan["differs_in"]


def test_a_score_over_1008_classes_is_of_another_network_than_the_paper_s(tables):
    made = tables(("gan_stn", 0, "is", 2.5, {"backbone": "inception_v3_fid"}))
    gan = made.number("table1_pywgan", paper_row="GAN", metric="is")
    assert gan["differs_in"] == "pictures; training of the methods; network"


def test_every_number_as_a_row(made):
    gan = made.number("table2_pywgan", paper_row="GAN", metric="lpips")
    assert float(gan["mean"]) == pytest.approx(0.39)
    assert (float(gan["reported"]), gan["reported_network"]) == (0.181, "not named")
    assert (gan["backbone"], int(float(gan["seeds"]))) == ("efficientnet_lite0", 2)
    assert gan["differs_in"].startswith(
        "pictures; training of the methods; network (not named in the paper); reference picture"
    )
    wgan = made.number("table2_pywgan", paper_row="WGAN", metric="ssim")
    assert (wgan["reported"], wgan["mean"]) == ("0.907", "")
    own = made.number("table2_pywgan", method="my_method", metric="ssim")
    assert (own["paper_row"], own["reported"]) == ("", "")


def test_quality_has_a_part_for_seen_and_for_unseen_styles(made):
    seen, unseen = made.text("synthesis_quality").split("\n## ")[1:]
    assert seen.startswith("Mask styles seen in training")
    assert unseen.startswith("Mask styles kept for the test")
    assert "(400 pictures of 8 people)" in seen and "(80 pictures of 8 people)" in unseen
    first, second = made.grids("synthesis_quality")
    assert first[0]["FID ↓"] == "30.00 ± 0.00"
    assert "few pictures" in seen and "FID" not in unseen.split("\n- ")[0]
    assert [row["SSIM ↑"] for row in second] == ["0.100 ± 0.000"] * 3


def test_a_row_of_other_seeds_has_a_footnote(tables):
    rows = [("gan_stn", seed, "is", 2.0, {}) for seed in (0, 1, 2)]
    rows += [("wgan_stn", seed, "is", 2.0, {}) for seed in (0, 1, 2)]
    made = tables(*rows, ("keypoint", 0, "is", 3.0, {"n": 40}))
    (grid,) = made.grids("synthesis_quality")
    assert [row["Method"] for row in grid] == ["Key-point matching¹ ²", "GAN + STN", "WGAN + STN"]
    text = made.text("synthesis_quality")
    assert "over 3 seeds" in text and "¹ 40 pictures of 8 people  \n² 1 seed" in text


def test_networks_are_never_mixed(tables):
    made = tables(*(("gan_stn", s, "is", 2.0 + s, {"backbone": f"net{s}"}) for s in (0, 1)))
    (grid,) = made.grids("synthesis_quality")
    assert [row["Inception Score ↑"] for row in grid] == ["2.000", "3.000"]
    assert "¹ network: net0" in made.text("synthesis_quality")


@pytest.mark.parametrize("table", ["table2_pywgan", "synthesis_quality"])
def test_a_row_says_that_its_method_lost_the_face(table, tables):
    """By the mean over seeds, also in a table that does not show how far the face is kept."""
    kept = {"gan_direct": (0.3, 0.4), "gan_stn": (0.49, 0.52)}
    rows = [
        (method, seed, metric, value, {})
        for method, values in kept.items()
        for seed, value in enumerate(values)
        for metric in ("ssim", "ssim_outside_mask")
    ]
    made = tables(*rows)
    text, (grid,) = made.text(table), made.grids(table)
    assert text.count("did not keep the face") == 1
    assert "did not keep the face: SSIM outside the mask 0.350, below 0.5" in text
    (mark,) = {line[0] for line in text.splitlines() if line[1:].startswith(" did not keep")}
    marked = [row["Method"] for row in grid if mark in row["Method"]]
    assert marked == [f"GAN without STN{mark}"]


def test_a_tree_of_trainings_has_a_row_a_stage_and_both_distances(tables):
    tree = {"backbone": "net", "n": 80, "n_people": 8}
    rows = [
        ("cyclegan_schedule", 0, "fid", value, tree | {"checkpoint": stage, "split": split})
        for stage, *values in (("initial", 90.0, 95.0), ("opaque", 40.0, 42.5))
        for split, value in zip(("train", "test"), values, strict=True)
    ]
    rows.append(("cyclegan_schedule", 0, "fid", 41.0, {"backbone": "net"}))  # of all test faces
    made = tables(*rows)
    (grid,) = made.grids("table1_cyclegan")
    paper, here = ([row for row in grid if row[""] == place] for place in ("paper", "here"))
    name, shown = "Stage", ("Epochs", "Train FID ↓", "Test FID ↓")
    assert [[row[column] for column in shown] for row in paper[::5]] == [
        ["10", "78.10", "78.30"], ["30", "28.43", "28.48"],
    ]  # fmt: skip
    assert [[row[column] for column in (name, *shown)] for row in here] == [
        ["initial", "", "90.00", "95.00"], ["opaque", "", "40.00", "42.50"],
    ]  # fmt: skip
    assert "Measured on orl train and test (80 pictures of 8 people)" in made.text(
        "table1_cyclegan"
    )
    one = made.number("table1_cyclegan", checkpoint="opaque", split="test")
    assert (float(one["reported"]), float(one["mean"])) == (28.48, 42.5)
    assert "key-point overlays of the same people" in one["differs_in"]
