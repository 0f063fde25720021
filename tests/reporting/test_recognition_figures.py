"""Figures of recognition: what they read, which recognisers they choose, the same bytes."""

import numpy as np
import pandas as pd
import pytest
from maskbench.reporting.figures.embeddings import (
    bare_masked_cosines,
    before_and_after,
    choose,
    principal_axes,
    read_embeddings,
)
from maskbench.reporting.figures.real_masks import choose as choose_worn
from maskbench.reporting.figures.recognition_curves import LINES, losses
from maskbench.reporting.figures.recognition_curves import draw as draw_curves
from maskbench.reporting.make_figure import make_figure
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures import (
    cmc,
    cosine_histograms,
    maskfacenet_fig3,
    real_masks,
    restoration_sheet,
    roc_det,
)
from maskbench.reporting.figures.evaluations import looks, main_ones, read_tested
from maskbench.reporting.figures.style import FigureInputs, clean_style

NAMES = ("roc_det", "cmc", "cosine_histograms", "embeddings")


@pytest.mark.parametrize("name", NAMES)
def test_same_inputs_same_bytes_in_any_order(name, recognition, tmp_path):
    make_figure(name, tmp_path / "a.png", recognition=recognition)
    make_figure(name, tmp_path / "b.png", recognition=recognition[::-1])
    data = (tmp_path / "a.png").read_bytes()
    assert data == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.std() > 10
    assert (pixels[0] == 255).mean() > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_nothing_measured_is_said(name, absent, tmp_path):
    with pytest.raises(MaskbenchError, match=f"figure {name}.*check --recognition"):
        make_figure(name, tmp_path / "f.png", recognition=[absent("facenet")])
    with pytest.raises(MaskbenchError, match="needs recognition; give --recognition"):
        make_figure(name, tmp_path / "f.png")


def test_of_several_trainings_the_first_seed_is_read(recognised):
    folders = [recognised("arcface", "bare", seed=seed) for seed in (2, 1, 3)]
    folders.append(recognised("arcface", "keypoint", seed=5))
    found = read_tested(folders)
    assert [(one.key, one.seed) for one in found] == [
        (("arcface", "bare"), 1),
        (("arcface", "keypoint"), 5),
    ]
    assert found[1].label == "ArcFace (Key-point matching)"
    assert found[0].number("auc", "bare_bare") > found[0].number("auc", "")
    assert found[0].number("auc", "masked_masked") is None


def test_a_folder_of_something_else_is_refused(evaluation, make_measurement):
    with pytest.raises(MaskbenchError, match="not the evaluation of one recogniser"):
        read_tested([evaluation([make_measurement("gan_stn", 0, "ssim", 0.5)])])


def test_a_broken_table_names_its_file(recognised):
    folder = recognised("arcface", "bare")
    (one,) = read_tested([folder])
    pd.DataFrame({"protocol": []}).to_parquet(folder / "roc.parquet")
    with pytest.raises(MaskbenchError, match=r"roc.parquet: lacks far, tar"):
        one.table("roc.parquet", ("protocol", "far", "tar"))
    (folder / "roc.parquet").write_bytes(b"none")
    with pytest.raises(MaskbenchError, match=r"roc.parquet: not a readable table"):
        one.table("roc.parquet", ("protocol", "far", "tar"))
    np.save(folder / "embeddings.npy", np.zeros((3, 2)))
    with pytest.raises(MaskbenchError, match=r"embeddings \(3, 2\) for 112 pictures"):
        read_embeddings(one)


def test_the_main_recognisers_come_first_and_bare_training_last():
    keys = [("dlib_resnet", ""), ("vgg19", "")]
    keys += [(name, s) for name in ("softmax", "arcface") for s in ("bare", "keypoint", "zzz")]
    assert main_ones(keys, 3) == [("dlib_resnet", ""), ("arcface", "bare"), ("arcface", "keypoint")]
    five = main_ones(keys, 5)
    assert five[1:3] == [("softmax", "keypoint"), ("softmax", "zzz")]
    assert main_ones(keys, 99) == [
        ("dlib_resnet", ""),
        *((name, s) for name in ("softmax", "arcface") for s in ("bare", "keypoint", "zzz")),
        ("vgg19", ""),
    ]


def test_lines_are_told_apart():
    keys = [(f"r{n}", s) for n in range(4) for s in ("bare", "keypoint", "iamgan", "mfgan")]
    styles = {(look["color"], str(look["linestyle"])) for look in looks(keys).values()}
    assert len(styles) == len(keys)


def test_curves_are_those_of_the_standard_pairs(recognised):
    """The drawn ROC is the file's: step by step, of the official pairs where there are any."""
    folder = recognised("dlib_resnet", "", dataset="mfr2", standard="official")
    with clean_style():
        figure = roc_det.draw(FigureInputs(recognition=(folder,)))
    table = pd.read_parquet(folder / "roc.parquet")
    table = table[table["protocol"] == "official"].sort_values(["far", "tar"])
    line = figure.axes[0].lines[0]
    assert list(line.get_ydata()) == list(table["tar"])
    assert figure.axes[0].get_title(loc="left") == "ROC, mfr2"
    kept = table["far"].to_numpy() > 0
    assert list(np.asarray(line.get_xdata())[kept]) == list(table["far"][kept])


def test_cmc_is_the_files(recognised):
    folder = recognised("dlib_resnet", "", 0.8, 1.0)
    with clean_style():
        figure = cmc.draw(FigureInputs(recognition=(folder,)))
    shares = pd.read_parquet(folder / "cmc.parquet")["share"]
    assert list(figure.axes[0].lines[0].get_ydata()) == list(shares)


def test_histograms_are_shares_of_each_kind(recognised):
    folder = recognised("dlib_resnet", "", 1.0, 0.8)
    with clean_style():
        figure = cosine_histograms.draw(FigureInputs(recognition=(folder,)))
    assert figure.get_size_inches()[0] == 2 * cosine_histograms.WIDTH
    bare, masked = figure.axes
    for axes in (bare, masked):
        filled = axes.patches[::2]  # genuine, impostor
        assert len(filled) == 2
        for patch in filled:
            assert patch.get_data().values.sum() == pytest.approx(1)
    scores = pd.read_parquet(folder / "scores.parquet")
    genuine = scores[(scores["protocol"] == "bare_masked") & scores["same"]]["score"]
    values, edges, _ = masked.patches[0].get_data()
    middle = ((edges[1:] + edges[:-1]) / 2 * values).sum()
    assert middle == pytest.approx(genuine.mean(), abs=(edges[1] - edges[0]) / 2)


def test_histograms_show_every_data_set(recognised):
    folders = [recognised("dlib_resnet", dataset=name) for name in ("lfw", "mfr2", "orl", "rmfrd")]
    with clean_style():
        figure = cosine_histograms.draw(FigureInputs(recognition=tuple(folders)))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split(":")[0] for title in titles[::2]] == ["lfw", "mfr2", "orl", "rmfrd"]
    assert figure.get_size_inches()[0] == 4 * cosine_histograms.WIDTH  # panels stay as wide


def test_no_legend_or_label_leaves_the_page(recognition):
    for module in (roc_det, cmc, cosine_histograms):
        with clean_style():
            figure = module.draw(FigureInputs(recognition=tuple(recognition)))
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            page, box = figure.bbox, figure.get_tightbbox(canvas.get_renderer())
            size = figure.get_size_inches()
        assert page.width > 0
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= size[0] + 1e-6
        assert box.y1 <= size[1] + 1e-6


def test_before_and_after():
    frozen, bare, masked = ("dlib_resnet", ""), ("arcface", "bare"), ("arcface", "keypoint")
    adapted = ("adapter_arcface", "keypoint")
    assert before_and_after([bare, masked, adapted, frozen]) == [frozen, adapted]
    assert before_and_after([frozen, masked, bare]) == [bare, masked]
    assert before_and_after([("adapter_arcface", "bare"), frozen]) == [frozen]
    assert before_and_after([("adapter_arcface", "bare"), frozen, adapted]) == [frozen, adapted]


def pictures(rows):
    return pd.DataFrame(rows, columns=["face_id", "identity", "kind", "photo", "style"])


def test_people_with_both_kinds_and_one_mask_a_photograph():
    table = pictures(
        [
            ("b1", "b", "bare", "b1", ""),
            ("a2", "a", "bare", "a2", ""),
            ("a1", "a", "bare", "a1", ""),
            ("a1:x", "a", "masked", "a1", "x"),
            ("a1:n", "a", "masked", "a1", "n"),
            ("a2:z", "a", "unseen", "a2", "z"),
            ("c1", "c", "masked", "c1", "x"),
            ("d1", "d", "bare", "d1", ""),
            ("d2", "d", "masked", "d2", "cloth"),
        ]
    )
    chosen = list(table["face_id"].iloc[choose(table)])
    assert chosen == ["a1", "a2", "a1:n", "d1", "d2"]


def test_principal_axes_agree_with_the_covariance():
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, 1, (200, 5)) @ np.diag([5.0, 3.0, 1.0, 0.5, 0.1])
    points, shares = principal_axes(vectors)
    values = np.sort(np.linalg.eigvalsh(np.cov(vectors.T)))[::-1]
    assert points.var(0, ddof=1) == pytest.approx(values[:2])
    assert shares == pytest.approx(values[:2] / values.sum())
    turned, _ = principal_axes(np.vstack([vectors, vectors])[:200] + 7.0)
    assert turned == pytest.approx(points)
    assert principal_axes(np.ones((4, 3)))[0] == pytest.approx(np.zeros((4, 2)))


def test_mean_cosines_by_hand(recognised):
    (one,) = read_tested([recognised("dlib_resnet")])
    embedded = read_embeddings(one)
    table, same, different = embedded.pictures, [], []
    for i in np.flatnonzero(table["kind"] == "bare"):
        for j in np.flatnonzero(table["kind"] == "masked"):
            cosine = float(embedded.vectors[i] @ embedded.vectors[j])
            if table["identity"][i] != table["identity"][j]:
                different.append(cosine)
            elif table["photo"][i] != table["photo"][j]:
                same.append(cosine)
    expected = (np.mean(same), np.mean(different))
    assert bare_masked_cosines(embedded) == pytest.approx(expected)


def test_restoration_sheet_shows_each_picture_in_its_row(faces, masked, restored, tmp_path):
    source, folder = masked("keypoint"), restored
    inputs = {"faces": faces, "masked": [source], "restored": [folder]}
    make_figure("restoration_sheet", tmp_path / "a.png", **inputs)
    make_figure("restoration_sheet", tmp_path / "b.png", **inputs)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    green = np.abs(pixels - (10, 250, 10)).max(-1) <= 40
    width = restoration_sheet.LEFT + restoration_sheet.COLUMNS * 1.04
    side = restoration_sheet.WIDTH / width * 200
    bars = green.sum() / ((14 / 48) * (28 / 48) * side**2)
    assert bars == pytest.approx(5, rel=0.12)  # one for each of the five people
    third = (0.2 + 2 * 1.04) * side  # where the row of restored faces begins
    assert np.flatnonzero(green.any(1)).min() > third


def test_figure_3_of_paper_2_ends_with_the_restored_face(faces, masked, restored, tmp_path):
    """The fixture's restorer paints masks green: in the fourth column, and nowhere else."""
    inputs = {"faces": faces, "masked": [masked("keypoint")], "restored": [restored]}
    make_figure("maskfacenet_fig3", tmp_path / "f.png", **inputs)
    pixels = np.asarray(Image.open(tmp_path / "f.png").convert("RGB")).astype(int)
    green = np.abs(pixels - (10, 250, 10)).max(-1) <= 40
    side = maskfacenet_fig3.SIDE * 200
    assert green.sum() / ((14 / 48) * (28 / 48) * side**2) == pytest.approx(3, rel=0.12)
    assert np.flatnonzero(green.any(0)).min() > (3 * 1.05 + 0.04) * side
    with pytest.raises(MaskbenchError, match="needs restored; give --restored"):
        make_figure("maskfacenet_fig3", tmp_path / "g.png", **(inputs | {"restored": []}))


def test_restored_sets_of_other_faces_are_named(faces, masked, restored, tmp_path):
    source, folder = masked("keypoint"), restored
    table = pd.read_parquet(folder / "faces.parquet")
    table.assign(face_id="x" + table["face_id"]).to_parquet(folder / "faces.parquet")
    with pytest.raises(MaskbenchError, match="none of the restored sets holds its faces"):
        make_figure(
            "restoration_sheet", tmp_path / "f.png",
            faces=faces, masked=[source], restored=[folder],
        )  # fmt: skip


def test_curves_of_recognisers(recognisers, tmp_path):
    table = losses(tuple(recognisers))
    assert set(table["row"]) == {"softmax", "arcface"}
    assert len(table) == 2 * 2 * 4 * 3
    with clean_style():
        figure = draw_curves(FigureInputs(recognisers=tuple(recognisers)))
    assert [len(axes.lines) for axes in figure.axes] == [LINES, LINES]
    shown = [line.get_label() for line in figure.axes[0].lines]
    assert {"bare faces, seed 0", "Key-point matching, seed 0", "bare faces, seed 2"} <= set(shown)
    (legend,) = figure.legends
    assert legend.get_title().get_text() == f"{LINES} of 8 trainings are shown"
    FigureCanvasAgg(figure).draw()
    page, box = figure.bbox, legend.get_window_extent()
    assert box.x0 >= page.x0 and box.x1 <= page.x1
    above = [axes.get_tightbbox().y1 for axes in figure.axes]
    assert box.y0 >= max(above)
    make_figure("recognition_curves", tmp_path / "a.png", recognisers=recognisers)
    make_figure("recognition_curves", tmp_path / "b.png", recognisers=recognisers[::-1])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with pytest.raises(MaskbenchError, match="no training has curves; check --recognisers"):
        losses(tuple(recognisers[-2:]))


def test_real_masks_shows_people_with_a_mask_alone(worn, unmasked, faces, tmp_path):
    found = MaskedSet.open(unmasked)
    assert choose_worn(found, 9) == [1, 2, 3, 5, 6]  # one a person; the first head has no mask
    assert choose_worn(found, 2) == [1, 6]
    make_figure("real_masks", tmp_path / "f.png", worn=[faces, worn], unmasked=[unmasked])
    pixels = np.asarray(Image.open(tmp_path / "f.png").convert("RGB")).astype(int)
    side = real_masks.WIDTH / (real_masks.LEFT + real_masks.COLUMNS * real_masks.GAP) * 200
    bar = (14 / 48) * (28 / 48) * side**2
    for colour, line in (((250, 10, 10), 0), ((10, 250, 10), 2)):
        there = np.abs(pixels - colour).max(-1) <= 40
        assert there.sum() / bar == pytest.approx(5, rel=0.15)
        height = np.flatnonzero(there.any(1)) / side
        assert height.min() > real_masks.TOP + line * real_masks.GAP
        assert height.max() < real_masks.TOP + (line + 1) * real_masks.GAP


def test_real_masks_of_other_pictures_are_refused(faces, worn, unmasked, tmp_path):
    table = pd.read_parquet(unmasked / "faces.parquet")
    table.assign(face_id="x" + table["face_id"]).to_parquet(unmasked / "faces.parquet")
    with pytest.raises(MaskbenchError, match="not made from any of the sets given; check --worn"):
        make_figure("real_masks", tmp_path / "f.png", worn=[worn], unmasked=[unmasked])


def test_nobody_with_a_mask_is_said(worn, unmasked, tmp_path):
    np.save(unmasked / "masks.npy", np.zeros((7, 48, 48), np.uint8))
    with pytest.raises(MaskbenchError, match="no picture shows a mask"):
        make_figure("real_masks", tmp_path / "f.png", worn=[worn], unmasked=[unmasked])
