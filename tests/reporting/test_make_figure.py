import numpy as np
import pandas as pd
import pytest
from maskbench.reporting.figures.fig5 import choose_poses
from maskbench.reporting.figures.loss_curves import losses
from maskbench.reporting.figures.mask_styles import checkerboard
from maskbench.reporting.figures.maskfacenet_fig1 import put_back
from maskbench.reporting.figures.placement_training import evenly, snapshots
from maskbench.reporting.figures.sheets import degrees, examples
from maskbench.reporting.make_figure import figure_names, make_figure
from PIL import Image

from maskbench.errors import MaskbenchError
from maskbench.masks.draw_masks import draw_masks

STYLES = ("surgical_blue", "kn95")


@pytest.fixture(scope="session")
def mask_pictures(tmp_path_factory):
    root = tmp_path_factory.mktemp("drawn")
    draw_masks(out=root, size=64)
    (found,) = {path.parent for path in root.rglob("styles.json")}
    return found


@pytest.fixture
def inputs(
    faces,
    masked,
    models,
    pictures,
    mask_pictures,
    recognition,
    recognisers,
    restored,
    worn,
    unmasked,
):
    return {
        "faces": faces,
        "masked": [masked("keypoint"), masked("wgan_stn"), masked("pywgan_div")],
        "models": models,
        "mask_pictures": mask_pictures,
        "pictures": pictures,
        "styles": STYLES,
        "unseen_styles": ("floral",),
        "recognition": recognition,
        "recognisers": recognisers,
        "restored": [restored],
        "worn": [worn],
        "unmasked": [unmasked],
    }


def test_all_figures_are_found():
    assert figure_names() == (
        "cmc",
        "cosine_histograms",
        "embeddings",
        "fig5",
        "loss_curves",
        "mask_styles",
        "maskfacenet_fig1",
        "maskfacenet_fig2",
        "maskfacenet_fig3",
        "placement_training",
        "real_masks",
        "recognition_curves",
        "restoration_sheet",
        "roc_det",
    )


@pytest.mark.parametrize("name", figure_names())
def test_same_inputs_same_bytes(name, inputs, tmp_path):
    for out in ("a.png", "b.png"):
        make_figure(name, tmp_path / out, **inputs)
    data = (tmp_path / "a.png").read_bytes()
    assert data == (tmp_path / "b.png").read_bytes()
    for word in (b"tIME", b"Software", b"Matplotlib", b"Creation"):
        assert word not in data
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert min(pixels.shape[:2]) > 150
    assert pixels.std() > 10  # something is drawn
    assert (pixels[0] == 255).mean() > 0.9  # on white


def test_fig5_shows_every_method_and_style(inputs, tmp_path, masked):
    """The masks' colours stand in the figure as often as methods x styles x faces ask for."""
    make_figure("fig5", tmp_path / "f.png", **inputs)
    pixels = np.asarray(Image.open(tmp_path / "f.png").convert("RGB")).astype(int)
    for column in range(len(STYLES)):
        colour = (200, 60 + 80 * column, 120)
        found = np.abs(pixels - colour).max(-1) <= 30  # resampling rings at edges
        side = 0.62 * 200 * 0.97  # pixels a picture
        one = (14 / 48) * (28 / 48) * side**2  # the bar's share of a picture
        assert found.sum() / one == pytest.approx(3 * 4, rel=0.12)


def test_fig5_names_a_missing_style(inputs, tmp_path):
    with pytest.raises(MaskbenchError, match=r"no style striped on face .*it has: kn95, surg"):
        make_figure("fig5", tmp_path / "f.png", **(inputs | {"styles": ("striped",)}))
    assert not (tmp_path / "f.png").exists()


@pytest.mark.parametrize(
    ("name", "without", "option"),
    [
        ("fig5", "faces", "--faces"),
        ("mask_styles", "mask_pictures", "--mask-pictures"),
        ("loss_curves", "models", "--models"),
    ],
)
def test_a_needed_input_is_asked_for(name, without, option, inputs, tmp_path):
    del inputs[without]
    with pytest.raises(MaskbenchError, match=f"needs {without}; give {option}"):
        make_figure(name, tmp_path / "f.png", **inputs)


def test_unknown_figure_names_the_nearest(tmp_path):
    with pytest.raises(MaskbenchError, match="did you mean mask_styles"):
        make_figure("mask_style", tmp_path / "f.png")


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
    chosen = [(label, faces["face_id"][row]) for label, row in choose_poses(faces)]
    assert chosen == [
        ("(a) frontal", "b2"),
        ("(b) frontal", "d1"),
        ("(c) turned right", "a2"),
        ("(d) bowed", "c1"),
    ]


def test_poses_are_measured_from_the_median_face():
    faces = heads([("a", "a", 0, -14), ("b", "b", 1, -13), ("c", "c", 12, -14), ("d", "d", 0, -2)])
    chosen = {label: faces["face_id"][row] for label, row in choose_poses(faces, (0.0, -14.0))}
    assert chosen == {
        "(a) frontal": "a",
        "(b) frontal": "b",
        "(c) turned right": "c",
        "(d) bowed": "d",
    }


def test_too_few_people_give_other_faces_of_the_same_and_then_fewer_rows():
    faces = heads([("a1", "a", 30, 0), ("a2", "a", 0, 20), ("a3", "a", 0, 0)])
    chosen = [(label, faces["face_id"][row]) for label, row in choose_poses(faces)]
    assert chosen == [("(a) frontal", "a3"), ("(c) turned right", "a1"), ("(d) bowed", "a2")]
    unnamed = heads([(str(i), "", yaw, 0) for i, yaw in enumerate((0, 30, 1, 2))])
    assert len({row for _, row in choose_poses(unnamed)}) == 4


def test_the_choice_does_not_depend_on_the_order_of_rows():
    rows = [(f"{p}{i}", p, 7.0 * i, 3.0 * i) for p in "abcdef" for i in range(4)]
    faces, turned = heads(rows), heads(rows[::-1])
    ids = [faces["face_id"][row] for _, row in choose_poses(faces)]
    assert ids == [turned["face_id"][row] for _, row in choose_poses(turned)]


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
        {"identity": person, "of": f"{person}{i}", "style": style, "yaw": 10.0 * i, "pitch": 0.0}
        for person in "cab"
        for i in (1, 0)
        for style in ("kn95", "striped")
    ]
    table = pd.DataFrame(rows)
    chosen = table.iloc[examples(table, ("striped", "absent", "kn95"), 3)]
    assert list(chosen["of"]) == ["a0", "b0", "c0"]
    assert list(chosen["style"]) == ["striped", "kn95", "striped"]
    assert examples(table, ("absent",), 3) == []


def test_snapshots_are_ordered_by_step(models):
    assert [step for step, _ in snapshots(models[0])] == list(range(0, 60, 5))
    with pytest.raises(MaskbenchError, match="no step_"):
        snapshots(models[0] / "snapshots")


@pytest.mark.parametrize(("count", "most"), [(1, 8), (8, 8), (13, 8), (100, 9)])
def test_evenly_keeps_both_ends(count, most):
    chosen = evenly(count, most)
    assert len(chosen) == min(count, most)
    assert (chosen[0], chosen[-1]) == (0, count - 1)


def test_curves_of_untrained_methods_are_passed_over(models, tmp_path):
    empty = tmp_path / "models" / "tiny" / "keypoint" / "seed0"
    empty.mkdir(parents=True)
    table = losses((*models, empty))
    assert set(table["row"]) == {"wgan_stn", "pywgan_div"}
    assert len(table) == 4 * 2 * 6
    with pytest.raises(MaskbenchError, match="no training has curves; check --models"):
        losses((empty,))


def test_checkerboard_is_light_and_even():
    board = checkerboard(144, 12)
    assert board.shape == (144, 144, 1)
    assert board.min() > 230
    assert board[0, 0] != board[0, 12] == board[12, 0]
    assert (board == 255).mean() == 0.5


@pytest.mark.parametrize(("value", "text"), [(12.4, "+12°"), (-3.2, "−3°"), (-0.4, "0°")])
def test_degrees(value, text):
    assert degrees(value) == text
