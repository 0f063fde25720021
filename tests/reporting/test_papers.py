"""What the papers' files hold: printed numbers by hand, and errors that name file and key."""

import pytest

from maskbench.errors import MaskbenchError
from maskbench.reporting.papers import papers, read_paper, tables


def printed(name, *metrics):
    return [[row.printed[metric] for metric in metrics] for row in tables()[name].rows]


def test_printed_numbers_of_paper_1():
    assert printed("table1_pywgan", "is", "human_real_rate") == [
        [2.641, 0], [2.492, 30], [2.185, 72], [2.297, 79],
    ]  # fmt: skip
    assert printed("table2_pywgan", "ssim", "lpips") == [
        [0.625, 0.181], [0.793, 0.110], [0.907, 0.049], [0.941, 0.011],
    ]  # fmt: skip


def test_printed_numbers_of_paper_2():
    assert printed("table2_maskfacenet", "accuracy_1nn") == [[67.28], [75.06], [82.39]]


def test_printed_numbers_of_paper_3():
    """The stages of the printed tables, their epochs and, of each column, the sum."""
    for name, epochs, train, test in (("table1_cyclegan", 102, 377.78, 377.59),
                                      ("table2_cyclegan", 178, 1757.49, 1298.28)):  # fmt: skip
        columns = zip(*printed(name, "epochs", "fid_train", "fid_test"), strict=True)
        assert tuple(round(sum(column), 2) for column in columns) == (epochs, train, test)


def test_printed_numbers_of_paper_4():
    mfgan = printed("table2_mfgan", "accuracy", "tar_at_far_1e-3", "rank_5")
    # Column sums of each training set, added by hand, and the paper's own differences of the best.
    for first, sums in ((0, (311.9, 267.1, 258.6)), (4, (332.6, 282.7, 298.2)),
                        (8, (360.6, 309.1, 320.1))):  # fmt: skip
        columns = zip(*mfgan[first : first + 4], strict=True)
        assert tuple(round(sum(column), 1) for column in columns) == sums
    assert round(mfgan[11][0] - mfgan[7][0], 1) == 7.2
    assert round(mfgan[11][1] - mfgan[7][1], 1) == 6.8
    assert round(mfgan[9][2] - mfgan[5][2], 1) == 5.7
    assert printed("table3_mfgan", "accuracy", "fid") == [
        [76.3, 64.29], [80.3, 58.46], [85.4, 47.66], [87.2, 25.98], [90.9, 21.73],
    ]  # fmt: skip


def test_printed_separations_follow_from_the_printed_means():
    """The root of the summed variances gives the printed sigma of five rows, up to what rounding
    of the printed means (0.0005 each) and deviations leaves open; VGG19's strip it does not."""
    for row in tables()["table3_cyclegan"].rows:
        value = row.printed
        gap = value["cos_same_mean"] - value["cos_diff_mean"]
        low, high = (
            (gap + sign * 0.001)
            / sum((value[name] - sign * 0.0005) ** 2 for name in ("cos_same_sd", "cos_diff_sd"))
            ** 0.5
            for sign in (-1, 1)
        )
        follows = low <= value["sigma_separation"] <= high
        assert follows == (row.method != "vgg19_strip"), row.method


def test_every_printed_number_has_a_column_and_every_row_its_labels():
    for name, table in tables().items():
        columns = {c.key(metric) for c in table.columns for metric in c.metrics}
        for row in table.rows:
            assert set(row.printed) <= columns, (name, row.labels)
            assert len(row.labels) == len(table.labels), (name, row.labels)


def test_what_stands_for_a_printed_number():
    ablation = tables()["table3_mfgan"]
    accuracy, psnr = ablation.columns[0], ablation.columns[4]
    assert ablation.selection(ablation.rows[0], accuracy) == {
        "step": "recognition", "method": "arcface", "training_set": "cyclegan",
        "metric": "accuracy", "protocol": "standard", "subset": "all", "styles": "seen",
        "checkpoint": "final",
    }  # fmt: skip
    pictures = ablation.selection(ablation.rows[0], psnr)
    assert (pictures["step"], pictures["method"]) == ("synthesis", "cyclegan")
    assert "training_set" not in pictures


def test_papers_stand_in_their_order():
    assert list(papers()) == ["pywgan_div", "maskfacenet", "cyclegan", "mfgan", "ours"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title: t\norder: 1\ntabels: {}", r"my\.yaml: tabels: unknown key; did you mean tables"),
        (
            "title: t\norder: 1\ntables: {a: {title: t, where: {}, columns: [{metrik: ssim}]}}",
            r"my\.yaml(.|\n)*tables\.a\.columns\.0\.metrik: unknown key",
        ),
    ],
)
def test_a_wrong_key_is_named(text, words):
    with pytest.raises(MaskbenchError, match=words):
        read_paper(text, "my.yaml")


def test_what_is_inferred_of_a_lost_table_is_said_beside_it():
    """Table I of the fourth paper: only the two methods of Table III have printed numbers."""
    first, third = (tables()[f"table{n}_mfgan"] for n in (1, 3))
    printed = {row.labels[0]: row.printed for row in first.rows if row.printed}
    (cyclegan, *_, whole) = (row.printed for row in third.rows)
    metrics = ("ssim_outside_mask", "psnr", "fid")
    assert printed == {
        "CycleGAN (from Table III)": {name: cyclegan[name] for name in metrics},
        "MFGAN (from Table III)": {name: whole[name] for name in metrics},
    }
    assert "inferred from Table III" in first.title and "lost" in first.notes[0]
