"""Embeddings of bare and masked faces, before and after learning from masks.

Before is a frozen network and after the adapter on it; where there is no adapter, one recogniser
trained on bare and on masked faces. Each panel has its own two principal axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from maskbench.errors import MaskbenchError
from maskbench.reporting.aggregate import number
from maskbench.reporting.figures.evaluations import (
    Key,
    Tested,
    in_table_order,
    label,
    read_tested,
)
from maskbench.reporting.figures.request import NothingMeasured, Request
from maskbench.reporting.figures.specs.charts import ScatterOptions
from maskbench.reporting.figures.style import COLOURS, GREY, new_figure, panel_grid
from maskbench.reporting.names import BARE

PEOPLE, PICTURES = 7, 8  # shown at most; bare pictures of each
WIDTH, ROW = 7.2, 3.55  # inches
KINDS = ("bare", "masked")
MARKS: dict[str, dict[str, Any]] = {
    "bare": {"marker": "o", "markersize": 4},
    "masked": {
        "marker": "^",
        "markersize": 4.2,
        "markerfacecolor": "white",
        "markeredgewidth": 0.9,
    },
}
COLUMNS = ("face_id", "identity", "kind", "photo", "style")


@dataclass(frozen=True)
class Embedded:
    """Embeddings (N, D) of unit length and their pictures (columns above)."""

    vectors: np.ndarray
    pictures: pd.DataFrame


def draw(request: Request) -> Figure:
    """Two panels for each data set that was tested on."""
    of_dataset: dict[str, dict[Key, Tested]] = {}
    for one in read_tested(request.inputs["recognition"]):
        if (one.folder / "embeddings.npy").exists():
            of_dataset.setdefault(one.dataset, {})[one.key] = one
    if not of_dataset:
        raise NothingMeasured(
            request.place, "no recogniser has embeddings", "look at the notes of its evaluations"
        )
    figure = new_figure(WIDTH, ROW * len(of_dataset) + 0.35)
    grid = panel_grid(
        figure, len(of_dataset), 2, top=0.45, bottom=0.42, wspace=0.08, hspace=0.28, left=0.03
    )
    for row, (dataset, there) in enumerate(sorted(of_dataset.items())):
        for column, key in enumerate(before_and_after(list(there), request.options)):
            axes = figure.add_subplot(grid[row, column])
            _panel(axes, read_embeddings(there[key]), f"{dataset}: {label(key)}")
    marks = [
        Line2D([], [], color=GREY, linestyle="", label=kind, **look) for kind, look in MARKS.items()
    ]
    figure.legend(handles=marks, loc="lower center", ncols=2)
    return figure


def before_and_after(keys: Sequence[Key], options: ScatterOptions) -> list[Key]:
    """The two recognisers to compare; one where there is nothing to compare it with."""
    ordered = in_table_order(keys)
    masked = [key for key in ordered if key[1] != BARE]
    frozen = [key for name in options.before for key in ordered if key[0] == name]
    adapters = [key for name in options.after for key in masked if key[0] == name]
    if frozen and adapters:
        return [frozen[0], adapters[0]]
    for name, training_set in ordered:
        after = [key for key in masked if key[0] == name]
        if training_set == BARE and after:
            return [(name, BARE), after[0]]
    return ordered[:1]


def read_embeddings(one: Tested) -> Embedded:
    """An evaluation's embeddings, scaled to unit length.

    Raises:
        MaskbenchError: the array cannot be read or does not fit its pictures.
    """
    path = one.folder / "embeddings.npy"
    pictures = one.table("pictures.parquet", COLUMNS)
    try:
        vectors = np.load(path, allow_pickle=False).astype(np.float64)
    except (OSError, ValueError) as error:
        raise MaskbenchError(path, f"not a readable array ({error})", "evaluate again") from error
    if vectors.ndim != 2 or len(vectors) != len(pictures):
        what = f"embeddings {vectors.shape} for {len(pictures)} pictures"
        raise MaskbenchError(path, what, "evaluate again")
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embedded(vectors / np.where(length > 0, length, 1), pictures.reset_index(drop=True))


def choose(pictures: pd.DataFrame) -> np.ndarray:
    """Row numbers: some people with bare and masked pictures, one mask style a bare picture."""
    table = pictures.assign(row=np.arange(len(pictures)), bare=pictures["kind"] == "bare")
    table = table[table["kind"].isin(KINDS)].sort_values(
        ["identity", "face_id", "style"], kind="stable"
    )
    both = table.groupby("identity")["bare"].agg(["any", "all"])
    people = list(both.index[both["any"] & ~both["all"]])[:PEOPLE]
    chosen: list[int] = []
    for person in people:
        own = table[table["identity"] == person]
        bare = own[own["bare"]].head(PICTURES)
        masked = own[~own["bare"]]
        known = masked[masked["photo"].isin(set(bare["photo"]))]
        masked = known.groupby("photo", sort=True).head(1) if len(known) else masked.head(PICTURES)
        chosen += [*bare["row"], *masked["row"]]
    return np.array(chosen, int)


def principal_axes(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates on the first two principal axes and the axes' shares of the variance.

    The sign of an axis is that which makes its largest coefficient positive.

    Args:
        vectors: (N, D).

    Returns:
        (N, 2) and (2,); zeros for axes that there are not.
    """
    centred = vectors - vectors.mean(0)
    _, scale, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])
    points = np.zeros((len(vectors), 2))
    points[:, : len(axes)] = centred @ (axes * signs[:, None]).T
    shares = np.zeros(2)
    if scale.any():
        shares[: len(axes)] = (scale**2 / (scale**2).sum())[:2]
    return points, shares


def bare_masked_cosines(embedded: Embedded) -> tuple[float, float]:
    """Mean cosine of a bare with a masked picture: of the same person (of another photograph of
    theirs), and of different people."""
    bare, masked = ((embedded.pictures["kind"] == kind).to_numpy() for kind in KINDS)
    person = embedded.pictures["identity"].to_numpy()
    cosines = embedded.vectors[bare] @ embedded.vectors[masked].T
    same = person[bare][:, None] == person[masked][None, :]
    photo = embedded.pictures["photo"].to_numpy()
    apart = photo[bare][:, None] != photo[masked][None, :]
    return _mean(cosines[same & apart]), _mean(cosines[~same])


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _panel(axes: Axes, embedded: Embedded, title: str) -> None:
    rows = choose(embedded.pictures)
    axes.set_title(title, fontweight="bold", fontsize=7.5, pad=13)
    axes.set_xticks([])
    axes.set_yticks([])
    if len(rows) < 2:
        axes.text(0.5, 0.5, "nobody has bare and masked pictures", transform=axes.transAxes,
                  ha="center", color=GREY)  # fmt: skip
        return
    place, shares = principal_axes(embedded.vectors[rows])
    shown = embedded.pictures.iloc[rows].assign(x=place[:, 0], y=place[:, 1])
    for index, (_, person) in enumerate(shown.groupby("identity", sort=True)):
        colour = COLOURS[index % len(COLOURS)]
        bare = person[person["kind"] == "bare"]
        masked = person[person["kind"] != "bare"]
        start = dict(zip(bare["photo"], zip(bare["x"], bare["y"], strict=True), strict=True))
        middle = (float(bare["x"].mean()), float(bare["y"].mean()))
        for photo, x, y in zip(masked["photo"], masked["x"], masked["y"], strict=True):
            x0, y0 = start.get(photo, middle)
            axes.plot([x0, x], [y0, y], color=colour, linewidth=0.6, alpha=0.6)
        for kind, look in MARKS.items():
            points = person[(person["kind"] == "bare") == (kind == "bare")]
            axes.plot(points["x"], points["y"], color=colour, linestyle="", **look)
    axes.set_aspect("equal", "datalim")
    axes.margins(0.06)
    same, different = bare_masked_cosines(embedded)
    words = f"mean cosine bare–masked: same person {number(same, 2)}, others {number(different, 2)}"
    axes.text(0.0, 1.02, words, transform=axes.transAxes, fontsize=6.5, color=GREY)
    axes.set_xlabel(f"axis 1 ({shares[0]:.0%} of the variance)", labelpad=2, fontsize=7)
    axes.set_ylabel(f"axis 2 ({shares[1]:.0%})", labelpad=2, fontsize=7)
