"""Claims that follow from printed numbers, and what the papers' files hold."""

import pytest

from maskbench.reporting.papers import papers
from maskbench.reporting.papers.claims import Quantity
from maskbench.reporting.papers.orders import orders, with_orders
from maskbench.reporting.papers.tables import Table
from maskbench.synthesis.specs import METHODS


def table(rows, *columns, **more):
    columns = [{"metric": each} if isinstance(each, str) else each for each in columns]
    return Table(
        title="A table", number="Table 1", where={"step": "recognition"}, columns=columns,
        rows=rows, **more,
    )  # fmt: skip


def row(labels, method, training_set=None, differs=None, **printed):
    return {
        "labels": labels, "method": method, "training_set": training_set, "printed": printed,
        "differs": differs or {},
    }  # fmt: skip


def compared(claims):
    """(better, worse) by method, or by training set where methods are the same."""
    return [
        tuple(
            side.method if c.left.method != c.right.method else side.training_set
            for side in c.sides
        )
        for c in claims
    ]


def test_neighbours_by_the_printed_number_the_better_one_first():
    rows = [row(["A"], "a", ssim=0.6, lpips=0.2), row(["B"], "b", ssim=0.9, lpips=0.05),
            row(["C"], "c", ssim=0.8, lpips=0.1)]  # fmt: skip
    found = orders(table(rows, "ssim", "lpips"))
    assert compared(found) == [("b", "c"), ("c", "a"), ("b", "c"), ("c", "a")]
    assert [c.relation for c in found] == [">", ">", "<", "<"]
    first, last = found[0], found[-1]
    assert (first.id, first.printed) == ("ssim_b_over_c", (0.9, 0.8))
    assert (last.id, last.printed) == ("lpips_c_below_a", (0.1, 0.2))
    assert first.says == "SSIM is higher for B than for C."
    assert last.says == "LPIPS is lower for C than for A."
    assert first.left == Quantity(method="b", metric="ssim", step="recognition")


def test_rows_of_one_recogniser_are_compared():
    rows = [row([masks, loss], loss.lower(), masks.lower(), rank_5=value)
            for masks, loss, value in [("X", "Softmax", 1), ("X", "ArcFace", 9),
                                       ("Y", "Softmax", 2), ("Y", "ArcFace", 3)]]  # fmt: skip
    found = orders(table(rows, "rank_5", labels=["Masks", "Model"]))
    assert [c.id for c in found] == [
        "learnt_from_y_over_x_softmax_rank_5", "learnt_from_x_over_y_arcface_rank_5",
    ]  # fmt: skip
    assert found[0].says == "Rank 5 is higher for Y than for X (Softmax)."


def test_equal_numbers_make_no_claim_but_both_have_neighbours():
    rows = [row([m.upper()], m, auc=v) for m, v in (("a", 1.0), ("b", 1.0), ("c", 2.0), ("d", 0.5))]
    assert compared(orders(table(rows, "auc"))) == [
        ("c", "a"), ("c", "b"), ("a", "d"), ("b", "d"),
    ]  # fmt: skip


def test_what_makes_no_claim():
    rows = [row(["A"], "a", auc=1, artificial_percent=3, people=4, undefined_metric=1),
            row(["B"], "b", auc=2, artificial_percent=5, people=6, undefined_metric=2,
                differs={"auc": ["another network"]})]  # fmt: skip
    printed_only = {"metric": "artificial_percent", "measured": False}
    assert orders(table(rows, "auc", "undefined_metric", printed_only)) == []


def test_a_column_about_the_training_set_is_measured_by_synthesis():
    rows = [row([m], "arcface", m, psnr=v) for m, v in (("x", 20.0), ("y", 21.0))]
    (one,) = orders(table(rows, {"metric": "psnr", "of_training_set": True}))
    assert one.id == "psnr_y_over_x"
    assert one.left == Quantity(method="y", metric="psnr", step="synthesis")


def test_words_about_an_order_take_its_place_and_get_its_numbers(claim):
    printed = table([row([m], m, auc=v) for m, v in (("a", 1), ("b", 2), ("c", 3))], "auc")
    sides = [Quantity(method=m, metric="auc") for m in "abc"]
    written = [
        claim(sides[0], "<", sides[1], "in_words"),
        claim(sides[2], ">", sides[0], "not_neighbours"),
        claim(sides[2], ">", 0.5, "not_printed"),
    ]
    found = {one.id: one.printed for one in with_orders(written, [printed])}
    assert found == {
        "in_words": (1, 2), "not_neighbours": (3, 1), "not_printed": None, "auc_c_over_b": (3, 2),
    }  # fmt: skip


def test_stages_and_splits_are_compared_each_with_its_own():
    columns = [{"metric": "fid", "split": split} for split in ("train", "test")]
    rows = [row([name], "a", fid_train=x, fid_test=y) | {"checkpoint": name}
            for name, x, y in (("first", 9, 8), ("then", 5, 6))]  # fmt: skip
    train, test = orders(table(rows, *columns))
    assert (train.id, test.id) == (
        "fid_train_a_then_below_a_first", "fid_test_a_then_below_a_first",
    )  # fmt: skip
    assert (test.left.checkpoint, test.left.split, test.printed) == ("then", "test", (6, 8))
    assert test.says == "FID is lower for then than for first (test people)."


def all_claims():
    return [
        one
        for paper in papers().values()
        for one in with_orders(paper.claims, tuple(paper.tables.values()))
    ]


def test_the_papers_claims_by_hand_and_by_rule():
    """Of Table 2 of the first paper three orders a metric, and so on; the ids differ."""
    by_hand = {name: len(paper.claims) for name, paper in papers().items()}
    by_rule = {
        name: len(with_orders(paper.claims, (table,))) - len(paper.claims)
        for paper in papers().values()
        for name, table in paper.tables.items()
    }
    least = {"pywgan_div": 16, "maskfacenet": 4, "cyclegan": 26, "mfgan": 80, "ours": 61}
    assert all(by_hand[name] >= count for name, count in least.items())
    assert by_rule.items() >= {
        "table1_pywgan": 5, "table2_pywgan": 6, "table2_maskfacenet": 1, "table1_cyclegan": 8,
        "table2_cyclegan": 12, "table3_cyclegan": 8, "table1_mfgan": 0,
        "table2_mfgan": 24, "table3_mfgan": 18, "synthesis_quality": 0, "recognition": 0,
    }.items()  # fmt: skip
    assert len(all_claims()) == sum(by_hand.values()) + sum(by_rule.values())
    ids = [one.id for one in all_claims()]
    assert len(set(ids)) == len(ids)
    assert {
        "ssim_wgan_stn_over_dcgan_stn", "lpips_pywgan_div_below_wgan_stn",
        "learnt_from_iamgan_over_keypoint_softmax_rank_5", "fid_mfgan_wo_sty_below_mfgan_wo_cor",
    } <= set(ids)  # fmt: skip


def test_claims_about_placement_ask_for_the_face():
    """Claims about the quality of pictures do not."""
    placement = ("placement_iou", "covers_nose_mouth", "leaves_eyes", "beyond_outline")
    asked = {one.id: one.keeps_face for one in all_claims() if isinstance(one.left, Quantity)}
    wanted = {one.id: one.left.metric in placement for one in all_claims() if one.id in asked}
    assert asked == wanted and sum(asked.values()) > 14


def test_the_mean_placement_is_to_be_passed_by_every_method_that_learns_where_masks_sit():
    families = {"placed": set(), "translation": set(), "painted": set()}
    for name, spec in METHODS.all().items():
        if spec.trained:
            families[spec.family].add(name)
    placing = families["placed"] - {"mean_placement"}
    painting = families["translation"] - {"refine"}  # whose masks lie where the overlay's do
    for metric, wanted in (("placement_iou", placing | painting), ("ssim", placing)):
        passed = {
            one.left.method
            for one in papers()["ours"].claims
            if one.right == Quantity(method="mean_placement", metric=metric) and one.relation == ">"
        }
        assert passed == wanted


def test_no_claim_contradicts_the_printed_numbers():
    printed = [one for one in all_claims() if one.printed]
    assert len(printed) > 100
    for one in printed:
        left, right = one.printed
        holds = left > right if one.relation.startswith(">") else left < right
        assert holds, one.id


def test_the_rank_5_of_another_loss_is_no_order():
    """Table III prints the triplet loss's rank 5 in a row that is ArcFace's elsewhere."""
    ids = {one.id for one in all_claims()}
    assert "learnt_from_mfgan_wo_sty_over_mfgan_wo_cor_arcface_rank_5" in ids
    assert not any("mfgan_over_mfgan_wo_sty" in name and "rank_5" in name for name in ids)


@pytest.mark.parametrize("column", ["method", "training_set"])
def test_names_in_claims_are_known(column):
    """Those of a spec or of the papers' ``names``: a slip would never be measured."""
    from maskbench.reporting.names import title_of

    names = {
        getattr(side, column)
        for one in all_claims()
        for side in one.sides
        if isinstance(side, Quantity) and getattr(side, column)
    }
    assert [name for name in sorted(names) if title_of(name) == name] == []
