"""Sheets of pictures: who is shown, which pictures, at which place; the same bytes."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures import examples as arrangement
from maskbench.reporting.figures.failures import worst
from maskbench.reporting.figures.mask_pictures import checkerboard
from maskbench.reporting.figures.methods import choose_poses
from maskbench.reporting.figures.page import degrees
from maskbench.reporting.figures.people import choose_really_masked, evenly, examples, put_back
from maskbench.reporting.figures.request import NothingMeasured
from maskbench.reporting.figures.snapshots import ends, snapshots

BAR = (14 / 48) * (28 / 48)  # the mask's share of a picture of conftest.py


def near(pixels, colour, tolerance=40):
    """Where a picture has a colour; resampling rings at edges."""
    return np.abs(pixels - colour).max(-1) <= tolerance


def test_methods_show_every_method_and_style(draw, inputs_of):
    """The masks' colours stand in the figure as often as methods x styles x faces ask for."""
    pixels = draw("fig5", inputs_of("fig5"))
    side = 0.62 * 200 * 0.97  # pixels a picture
    for column in range(2):
        found = near(pixels, (200, 60 + 80 * column, 120), 30).sum() / (BAR * side**2)
        assert found == pytest.approx(7 * 4, rel=0.12)


def test_figure_5_shows_its_papers_methods_alone(figure_of, faces, masked):
    sets = [masked(name) for name in ("keypoint", "mean_placement", "cyclegan")]
    inputs = {"faces": [faces], "masked": sets}
    (axes,) = figure_of("fig5", inputs, figure_styles=("surgical_blue", "kn95")).axes
    assert len(axes.images) == 4 + 2 * 4 * 2  # bare faces, and two methods in two styles
    words = [text.get_text() for text in axes.texts]
    assert {"Key-point matching", "Mean placement"} < set(words) and "CycleGAN" not in words


def test_methods_name_a_missing_style(draw, inputs_of, tmp_path):
    with pytest.raises(MaskbenchError, match=r"no style striped on face .*it has: kn95, surg"):
        draw("fig5", inputs_of("fig5"), figure_styles=("striped",))
    assert not (tmp_path / "fig5.png").exists()


POSES = {
    "(a) frontal": (0.0, 0.0),
    "(b) frontal": (0.0, 0.0),
    "(c) turned right": (35.0, 0.0),
    "(d) bowed": (0.0, 25.0),
}


def heads(rows):
    return pd.DataFrame(rows, columns=["face_id", "identity", "yaw", "pitch"])


def test_poses_are_chosen_by_measurement_from_different_people():
    faces = heads(
        [
            ("a1", "a", 0.0, 0.0),
            ("a2", "a", 33.0, 0.0),  # the best turned one: a's frontal face is then taken by none
            ("b1", "b", 20.0, 1.0),
            ("b2", "b", 1.0, 1.0),
            ("c1", "c", 0.0, 24.0),
            ("c2", "c", 0.0, 0.5),
            ("d1", "d", -2.0, 2.0),
            ("e1", "e", -40.0, -30.0),
        ]
    )
    chosen = [(label, faces["face_id"][row]) for label, row in choose_poses(faces, POSES)]
    assert chosen == [
        ("(a) frontal", "b2"),
        ("(b) frontal", "d1"),
        ("(c) turned right", "a2"),
        ("(d) bowed", "c1"),
    ]


def test_poses_are_measured_from_the_median_face():
    faces = heads([("a", "a", 0, -14), ("b", "b", 1, -13), ("c", "c", 12, -14), ("d", "d", 0, -2)])
    chosen = {
        label: faces["face_id"][row] for label, row in choose_poses(faces, POSES, (0.0, -14.0))
    }
    assert chosen == {
        "(a) frontal": "a",
        "(b) frontal": "b",
        "(c) turned right": "c",
        "(d) bowed": "d",
    }


def test_too_few_people_give_other_faces_of_the_same_and_then_fewer_rows():
    faces = heads([("a1", "a", 30, 0), ("a2", "a", 0, 20), ("a3", "a", 0, 0)])
    chosen = [(label, faces["face_id"][row]) for label, row in choose_poses(faces, POSES)]
    assert chosen == [("(a) frontal", "a3"), ("(c) turned right", "a1"), ("(d) bowed", "a2")]
    unnamed = heads([(str(i), "", yaw, 0) for i, yaw in enumerate((0, 30, 1, 2))])
    assert len({row for _, row in choose_poses(unnamed, POSES)}) == 4


def test_the_choice_does_not_depend_on_the_order_of_rows():
    rows = [(f"{p}{i}", p, 7.0 * i, 3.0 * i) for p in "abcdef" for i in range(4)]
    faces, turned = heads(rows), heads(rows[::-1])
    ids = [faces["face_id"][row] for _, row in choose_poses(faces, POSES)]
    assert ids == [turned["face_id"][row] for _, row in choose_poses(turned, POSES)]


def test_put_back_restores_the_place_of_the_crop():
    """A crop of the same scale, shifted and partly outside: pixels go back where they came from."""
    rng = np.random.default_rng(0)
    original = rng.integers(0, 255, (40, 30, 3), dtype=np.uint8)
    crop = np.zeros((20, 20, 3), np.uint8)
    mask = np.zeros((20, 20), np.uint8)
    crop[5:9, 6:12] = (255, 0, 0)
    mask[5:9, 6:12] = 255
    back = put_back(original, crop, mask, (-3.0, 10.0, 17.0, 30.0))
    changed = (back != original).any(-1)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert (rows[0], rows[-1]) == (15, 18)
    assert (columns[0], columns[-1]) == (3, 8)
    assert (back[15:19, 3:9] == (255, 0, 0)).all()


def test_put_back_scales():
    original = np.zeros((40, 40, 3), np.uint8)
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    crop = np.repeat(mask[..., None], 3, -1)
    back = put_back(original, crop, mask, (10.0, 10.0, 30.0, 30.0))  # half the size
    area = back[..., 0].astype(float).sum() / 255
    assert area == pytest.approx(100, rel=0.15)
    y, x = np.nonzero(back[..., 0] > 127)
    assert (y.mean(), x.mean()) == (pytest.approx(19.5), pytest.approx(19.5))


def test_examples_are_different_people_in_different_styles():
    rows = [
        {
            "identity": person,
            "bare_id": f"{person}{i}",
            "style": style,
            "yaw": 10.0 * i,
            "pitch": 0.0,
        }
        for person in "cab"
        for i in (1, 0)
        for style in ("kn95", "striped")
    ]
    table = pd.DataFrame(rows)
    chosen = table.iloc[examples(table, ("striped", "absent", "kn95"), 3)]
    assert list(chosen["bare_id"]) == ["a0", "b0", "c0"]
    assert list(chosen["style"]) == ["striped", "kn95", "striped"]
    assert examples(table, ("absent",), 3) == []


def test_snapshots_are_ordered_by_stage_and_step(models):
    assert [step for _, step, _ in snapshots(models[0])] == list(range(0, 60, 5))
    sheets = models[0] / "sheets"
    (sheets / "1_train_000005.png").rename(sheets / "0_warm_up_000900.png")
    assert [(stage, step) for stage, step, _ in snapshots(models[0])][:2] == [
        ("warm_up", 900), ("train", 0),
    ]  # fmt: skip
    with pytest.raises(MaskbenchError, match="no pictures"):
        snapshots(sheets)


def test_the_ends_of_stages_are_shown(staged, figure_of):
    models = [staged("cyclegan_schedule"), staged("cyclegan")]
    found = ends(models, {"cyclegan_schedule/slower": "b", "cyclegan_schedule/initial": "a",
                          "cyclegan_schedule/none": "c", "cyclegan/initial": "d"})  # fmt: skip
    assert [(words, path.stem[-13:]) for words, path in found] == [
        ("b", "slower_000040"), ("a", "nitial_000040"),
    ]  # fmt: skip
    (axes,) = figure_of("cyclegan_stages", {"models": models}).axes
    assert len(axes.images) == 6
    with pytest.raises(NothingMeasured, match="no training saved"):
        figure_of("cyclegan_stages", {"models": [staged("simgan_schedule")]})


def test_methods_are_compared_on_the_same_people_in_one_style_each(figure_of, faces, masked):
    sets = [masked("keypoint"), masked("half_mask", ("",)), masked("best_homography")]
    inputs = {"faces": [faces], "every_masked": sets}
    (axes,) = figure_of("mfgan_fig7", inputs, figure_styles=("kn95", "surgical_blue")).axes
    assert len(axes.images) == 4 * 3  # bare, and two methods that are not left out
    words = [text.get_text().replace("\n", " ") for text in axes.texts]
    assert words == ["Face", "Key-point matching", "Half mask"]
    green = [int(np.asarray(image.get_array())[35, 20, 1]) for image in axes.images[4:8]]
    assert green == [140, 60, 140, 60]  # the masks of kn95 and surgical_blue in turn


def test_failures_are_the_lowest_numbers_of_different_people(figure_of, faces, masked, measured):
    table = pd.DataFrame(
        [("a1", "x", 0.5, 1.0), ("a2", "x", 0.4, 0.8), ("b1", "x", 0.9, 0.0), ("c1", "x", 1, 1)],
        columns=["face_id", "style", "covers", "eyes"],
    )
    people = pd.Series(["a", "a", "b", "c"])
    assert worst(table, people, ("covers", "eyes"), 3) == [2, 1, 3]
    assert worst(table, people, ("covers",), 1) == [1]
    numbers = 1 - np.arange(14) / 14
    inputs = {"faces": [faces], "masked": [masked("cyclegan")],
              "measured": [measured("cyclegan", ssim_outside_mask=numbers)]}  # fmt: skip
    (axes,) = figure_of("mfgan_fig6", inputs, figure_styles=("surgical_blue",)).axes
    assert len(axes.images) == 6
    words = [text.get_text() for text in axes.texts]
    # emil, dora and carl are the last; of two pictures each, those of the styles that are shown
    assert words[1:] == [f"SSIM outside {1 - i / 14:.2f}" for i in (12, 10, 8)]


def test_corrections_are_shown_from_the_lowest_to_the_highest_penalty(figure_of, inputs_of):
    (axes,) = figure_of("mfgan_fig5", inputs_of("mfgan_fig5")).axes
    words = [text.get_text() for text in axes.texts]
    assert [text for text in words if "λ_cor" in text] == [
        f"x = W D = {x:.2f}    λ_cor = {(x * x + 1) ** 0.5:.2f}" for x in (0, 1, 2, 3)
    ]  # fmt: skip
    assert len(axes.images) == 2 * 4
    frame, *_ = (line for line in axes.lines if len(line.get_xdata()) == 5)
    assert list(frame.get_xdata()) == [0.25, 0.75, 0.75, 0.25, 0.25]  # of 48 pixels, at the left


def test_masks_after_photographs_stand_below_them(figure_of, inputs_of):
    (axes,) = figure_of("mfgan_fig8", inputs_of("mfgan_fig8")).axes
    assert len(axes.images) == 2 * (1 + 7) + 7  # photographs with their column, and faces
    words = [text.get_text() for text in axes.texts]
    assert words[0].startswith("MFGAN") and words[1:] == ["surgical blue", "kn95"]


@pytest.mark.parametrize(("count", "most"), [(1, 8), (8, 8), (13, 8), (100, 9)])
def test_evenly_keeps_both_ends(count, most):
    chosen = evenly(count, most)
    assert len(chosen) == min(count, most)
    assert (chosen[0], chosen[-1]) == (0, count - 1)


def test_checkerboard_is_light_and_even():
    board = checkerboard(144, 12)
    assert board.shape == (144, 144, 1)
    assert board.min() > 230
    assert board[0, 0] != board[0, 12] == board[12, 0]
    assert (board == 255).mean() == 0.5


@pytest.mark.parametrize(("value", "text"), [(12.4, "+12°"), (-3.2, "−3°"), (-0.4, "0°")])
def test_degrees(value, text):
    assert degrees(value) == text


def test_a_column_a_person_shows_each_picture_in_its_row(draw, inputs_of):
    """The fixture's restorer paints masks green: in the third row, and nowhere else."""
    pixels = draw("restoration_sheet", inputs_of("restoration_sheet"))
    side = 1.04 * 200
    green = near(pixels, (10, 250, 10))
    assert green.sum() / (BAR * side**2) == pytest.approx(5, rel=0.12)  # one for each person
    third = (arrangement.HEAD + 2 * (1 + arrangement.RIM)) * side
    assert np.flatnonzero(green.any(1)).min() > third


def test_a_row_a_person_ends_with_the_restored_face(draw, inputs_of):
    """Green in the fourth column, and nowhere else."""
    pixels = draw("maskfacenet_fig3", inputs_of("maskfacenet_fig3"))
    side = 1.12 * 200
    green = near(pixels, (10, 250, 10))
    assert green.sum() / (BAR * side**2) == pytest.approx(3, rel=0.12)
    assert np.flatnonzero(green.any(0)).min() > (3 * (1 + arrangement.GAP)) * side


def test_coverage_stands_beside_the_masked_face(draw, inputs_of):
    pixels = draw("maskfacenet_fig2", inputs_of("maskfacenet_fig2"))
    side = 1.12 * 200
    right = pixels[:, round((1 + arrangement.GAP) * side) :]
    # The fixture's coverage is white on black.
    assert near(right, (0, 0, 0), 5).sum() / (3 * side**2) == pytest.approx(1 - BAR, rel=0.1)


def test_originals_keep_their_shape(draw, inputs_of):
    """The fixture's originals are 64 x 60 pixels, its crops square."""
    pixels = draw("maskfacenet_fig1", inputs_of("maskfacenet_fig1"))
    width = pixels.shape[1] / (1.35 * 200)
    assert width == pytest.approx(2 * 60 / 64 + 1 + 3 * arrangement.GAP + arrangement.RIM, abs=0.01)


def test_restored_sets_of_other_faces_are_named(draw, inputs_of):
    inputs = inputs_of("restoration_sheet")
    folder = inputs["restored"][0]
    table = pd.read_parquet(folder / "faces.parquet")
    table.assign(face_id="x" + table["face_id"]).to_parquet(folder / "faces.parquet")
    with pytest.raises(MaskbenchError, match="none of the restored sets holds its faces"):
        draw("restoration_sheet", inputs)


def test_really_masked_people_are_those_with_a_mask(draw, inputs_of, faces, unmasked):
    found = MaskedSet.open(unmasked)
    assert choose_really_masked(found, 9) == [1, 2, 3, 5, 6]  # one a person; the first has no mask
    assert choose_really_masked(found, 2) == [1, 6]
    inputs = inputs_of("real_masks")
    pixels = draw("real_masks", inputs | {"really_masked": [faces, *inputs["really_masked"]]})
    side = 0.78 * 200
    for colour, line in (((250, 10, 10), 0), ((10, 250, 10), 2)):
        there = near(pixels, colour)
        assert there.sum() / (BAR * side**2) == pytest.approx(5, rel=0.15)
        height = np.flatnonzero(there.any(1)) / side
        assert height.min() > arrangement.RIM + line * (1 + arrangement.RIM)
        assert height.max() < arrangement.RIM + (line + 1) * (1 + arrangement.RIM)


def test_really_masked_pictures_of_another_set_are_refused(draw, inputs_of, unmasked):
    table = pd.read_parquet(unmasked / "faces.parquet")
    table.assign(face_id="x" + table["face_id"]).to_parquet(unmasked / "faces.parquet")
    with pytest.raises(MaskbenchError, match="made from none of the given sets"):
        draw("real_masks", inputs_of("real_masks"))


def test_nobody_with_a_mask_is_named(draw, inputs_of, unmasked):
    np.save(unmasked / "masks.npy", np.zeros((7, 48, 48), np.uint8))
    with pytest.raises(MaskbenchError, match="no picture shows a mask"):
        draw("real_masks", inputs_of("real_masks"))


def test_the_wanted_method_is_shown_through_training(inputs_of, monkeypatch, draw):
    read = []
    monkeypatch.setattr(
        "maskbench.reporting.figures.snapshots.snapshots",
        lambda model: read.append(model.parent.name) or snapshots(model),
    )
    inputs = inputs_of("placement_training")
    draw("placement_training", inputs)
    draw("placement_training", {"models": inputs["models"][:2]})
    assert read == ["pywgan_div", "wgan_stn"]


@pytest.mark.parametrize("name", ["maskfacenet_fig3", "restoration_sheet", "real_masks", "fig5"])
def test_no_words_leave_the_page_or_run_into_others(name, figure_of, inputs_of, monkeypatch):
    monkeypatch.setattr(arrangement, "title_of", lambda name: "EdgeConnect (MRII)")
    figure = figure_of(name, inputs_of(name), figure_styles=("surgical_blue", "kn95"))
    FigureCanvasAgg(figure).draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    page = figure.bbox
    assert boxes
    for box in boxes:
        assert box.x0 >= page.x0 and box.x1 <= page.x1
        assert box.y0 >= page.y0 and box.y1 <= page.y1
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
