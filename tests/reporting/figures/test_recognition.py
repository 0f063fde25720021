"""Figures of recognition: what they read, which recognisers they choose, the same bytes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures import histogram
from maskbench.reporting.figures.evaluations import label, looks, main_ones, read_tested
from maskbench.reporting.figures.scatter import (
    bare_masked_cosines,
    before_and_after,
    choose,
    principal_axes,
    read_embeddings,
)
from maskbench.reporting.figures.specs.charts import ScatterOptions

NAMES = ("roc_det", "cmc", "cosine_histograms", "embeddings")
OPTIONS = ScatterOptions(before=("dlib_resnet", "facenet"), after=("adapter_arcface",))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_inputs_changes_nothing(name, draw, recognition, tmp_path):
    draw(name, {"recognition": recognition}, out=tmp_path / "a")
    draw(name, {"recognition": recognition[::-1]}, out=tmp_path / "b")
    assert (tmp_path / f"a/{name}.png").read_bytes() == (tmp_path / f"b/{name}.png").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_is_measured_the_figure_says_so(name, draw, absent, caplog, tmp_path):
    draw(name, {"recognition": [absent("facenet")]}, out=tmp_path / "a")
    assert f"figure {name}: no recogniser" in caplog.text
    assert "look at the notes of its evaluations" in caplog.text
    assert (tmp_path / "a" / f"{name}.png").stat().st_size > 1000


def test_of_several_trainings_the_first_seed_is_read(recognised):
    folders = [recognised("arcface", "bare", seed=seed) for seed in (2, 1, 3)]
    folders.append(recognised("arcface", "keypoint", seed=5))
    found = read_tested(folders)
    assert [(one.key, one.seed) for one in found] == [
        (("arcface", "bare"), 1),
        (("arcface", "keypoint"), 5),
    ]
    assert label(found[1].key) == "ArcFace (Key-point matching)"
    assert found[0].number("auc", "bare_bare") > found[0].number("auc", "standard")
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
    keys = [("dlib_resnet", "none"), ("vgg19", "none")]
    keys += [(name, s) for name in ("softmax", "arcface") for s in ("bare", "keypoint", "zzz")]
    assert main_ones(keys, 3) == [
        ("dlib_resnet", "none"),
        ("arcface", "bare"),
        ("arcface", "keypoint"),
    ]
    five = main_ones(keys, 5)
    assert five[1:3] == [("softmax", "keypoint"), ("softmax", "zzz")]
    assert main_ones(keys, 99) == [
        ("dlib_resnet", "none"),
        *((name, s) for name in ("softmax", "arcface") for s in ("bare", "keypoint", "zzz")),
        ("vgg19", "none"),
    ]


def test_lines_are_told_apart():
    keys = [(f"r{n}", s) for n in range(4) for s in ("bare", "keypoint", "iamgan", "mfgan")]
    styles = {(look["color"], str(look["linestyle"])) for look in looks(keys).values()}
    assert len(styles) == len(keys)


def test_curves_are_those_of_the_standard_pairs(figure_of, recognised):
    """The drawn ROC is the file's: step by step, of the official list where there is one."""
    folder = recognised("dlib_resnet", "none", dataset="mfr2", standard="standard")
    figure = figure_of("roc_det", {"recognition": [folder]})
    table = pd.read_parquet(folder / "roc.parquet")
    table = table[table["protocol"] == "standard"].sort_values(["far", "tar"])
    line = figure.axes[0].lines[0]
    assert list(line.get_ydata()) == list(table["tar"])
    assert figure.axes[0].get_title(loc="left") == "ROC, mfr2"
    kept = table["far"].to_numpy() > 0
    assert list(np.asarray(line.get_xdata())[kept]) == list(table["far"][kept])


def test_cmc_is_the_files(figure_of, recognised):
    folder = recognised("dlib_resnet", "none", 0.8, 1.0)
    figure = figure_of("cmc", {"recognition": [folder]})
    shares = pd.read_parquet(folder / "cmc.parquet")["share"]
    assert list(figure.axes[0].lines[0].get_ydata()) == list(shares)


def test_a_data_set_without_a_shown_recogniser_has_no_panel(figure_of, recognised):
    folders = [recognised(f"r{n}", "none") for n in range(8)]
    folders.append(recognised("r8", "none", dataset="mfr2"))
    (axes,) = figure_of("cmc", {"recognition": folders}).axes
    assert axes.get_title(loc="left") == "CMC, tiny"


def test_histograms_are_shares_of_each_kind(figure_of, recognised):
    folder = recognised("dlib_resnet", "none", 1.0, 0.8)
    figure = figure_of("cosine_histograms", {"recognition": [folder]})
    assert figure.get_size_inches()[0] == 2 * histogram.WIDTH
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


def test_histograms_show_every_data_set(figure_of, recognised):
    folders = [recognised("dlib_resnet", dataset=name) for name in ("lfw", "mfr2", "orl", "rmfrd")]
    figure = figure_of("cosine_histograms", {"recognition": folders})
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split(":")[0] for title in titles[::2]] == ["lfw", "mfr2", "orl", "rmfrd"]
    assert figure.get_size_inches()[0] == 4 * histogram.WIDTH  # panels stay as wide


def test_no_legend_or_label_leaves_the_page(figure_of, recognition):
    for name in NAMES[:3]:
        figure = figure_of(name, {"recognition": recognition})
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
    frozen, bare, masked = ("dlib_resnet", "none"), ("arcface", "bare"), ("arcface", "keypoint")
    adapted = ("adapter_arcface", "keypoint")
    assert before_and_after([bare, masked, adapted, frozen], OPTIONS) == [frozen, adapted]
    assert before_and_after([frozen, masked, bare], OPTIONS) == [bare, masked]
    assert before_and_after([("adapter_arcface", "bare"), frozen], OPTIONS) == [frozen]
    assert before_and_after([("adapter_arcface", "bare"), frozen, adapted], OPTIONS) == [
        frozen,
        adapted,
    ]


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
