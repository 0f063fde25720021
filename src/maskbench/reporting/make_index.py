"""The first page: who places best, whose masks help recognition, the verdicts, what the published
run says, and links."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from maskbench.artifacts import atomic_file
from maskbench.masks.maskedset import MaskedSet
from maskbench.measurements import read_measurements
from maskbench.metrics.catalogue import KEEPS_FACE, metric
from maskbench.reporting import answers, headline, submitted
from maskbench.reporting.answers import Value
from maskbench.reporting.claims_page import VERDICTS, conditions
from maskbench.reporting.names import know, reference_of, title_of
from maskbench.reporting.pages import render
from maskbench.reporting.papers import papers
from maskbench.reporting.published_runs import beside, published_runs, read_claims
from maskbench.reporting.replicates import Evaluations
from maskbench.reporting.submissions import read

BASELINE = "mean_placement"  # what the best method is compared with, beside the next one
PEOPLE, SIDE = 2, 96  # pictures of each method; pixels
DRAWING = 120  # pixels of an interval's axis


def make_index(
    measurements: Path,
    claims: Path,
    out: Path,
    metrics: Sequence[Path] = (),
    tables: Sequence[Path] = (),
    figures: Sequence[Path] = (),
    masked: Sequence[Path] = (),
    origins: Mapping[str, str] | None = None,
    configuration: Mapping[str, str] | None = None,
    submissions: Sequence[Path] = (),
    folds: int | None = None,
) -> None:
    """Write ``index.html``: one static file with links to the results beside it.

    Args:
        measurements: ``measurements.csv``.
        claims: ``claims.csv``.
        out: the page; links are relative to its folder.
        metrics: folders of evaluations, whose replicates give the intervals of differences.
        tables: the tables' HTML files.
        figures: the figures' PNG files.
        masked: masked sets, ``.../{method}/seed{seed}``; of several the first is shown.
        origins: of this run's blocks (:func:`maskbench.reporting.names.origins`).
        configuration: what decides its numbers
            (:func:`maskbench.reporting.published_runs.configuration`); without it no published run
            is set beside it.
        submissions: what others measured (:mod:`maskbench.reporting.submissions`).
        folds: into which the people of the synthesised faces are divided; None: into none.

    Raises:
        MaskbenchError: a file is missing or cannot be read.
    """
    know(origins)
    own = configuration or {}
    frame, verdicts = read_measurements(measurements), read_claims(claims)
    published = beside(own, frame, verdicts)
    evaluations, dataset = Evaluations(metrics), headline.main_dataset(frame)
    placed = answers.placement(frame, dataset)
    remarks = _remarks(placed)
    ranked = [name for name, of in placed.items() if answers.PLACEMENT in of and not remarks[name]]
    tested = sorted(set(frame.loc[frame["step"] == "recognition", "dataset"]))
    every = [answers.recognition(frame, evaluations, name) for name in tested]
    found = [one for one in every if one is not None]
    others = [read(path) for path in submissions]
    placing = submitted.placing(placed, others, frame, dataset)
    recognising = {
        one.dataset: submitted.recognising(one.trained, others, frame, one.dataset) for one in found
    }
    rows = [*placing, *(row for table in recognising.values() for row in table)]
    axes = {"placement": (0.0, 1.0), "trained": (0.5, 1.0)} | {
        one.dataset: _axis([each.gains[answers.AUC] for each in one.gained]) for one in found
    }
    filters: dict[str, Callable[..., object]] = {
        "shown": shown, "title": title, "interval": interval, "words": words, "span": span,
        "beside_page": lambda path: os.path.relpath(path, Path(out).parent),
    }  # fmt: skip
    page = render(
        "index.html",
        filters,
        dataset=dataset,
        facts=_facts(frame, dataset),
        folds=folds,
        placed=placed,
        placing=placing,
        recognising=recognising,
        submitted=submitted.entries(others, frame, rows),
        ranked=ranked,
        remarks=remarks,
        lead=answers.lead(evaluations, dataset, *ranked[:2]) if len(ranked) > 1 else None,
        over_mean=(
            answers.lead(evaluations, dataset, ranked[0], BASELINE)
            if BASELINE in ranked[2:] else None
        ),
        recognition=found,
        pictures=pictures(masked),
        verdicts=_counted(verdicts),
        published=published,
        published_people=(
            _facts(published.measurements, dataset)["synthesis"]["people"] if published else 0
        ),
        said=_counted(published.claims) if published else [],
        unlike={one.name: one.differs(own) for one in published_runs()},
        words=VERDICTS,
        links=_links(Path(out).parent, tables, figures),
        axes=axes,
        AUC=answers.AUC, TAR=answers.TAR, PLACEMENT=answers.PLACEMENT,
    )  # fmt: skip
    with atomic_file(Path(out)) as tmp:
        tmp.write_text(page, encoding="utf-8")


def _remarks(placed: Mapping[str, Mapping[str, Value]]) -> dict[str, str]:
    """Why a method is not ranked by its placement; "" of those that are."""
    found = dict.fromkeys(placed, "")
    for name, of in placed.items():
        if why := reference_of(name):
            found[name] = f"reference: {why}"
        elif (kept := of.get("ssim_outside_mask")) and kept.mean < KEEPS_FACE:
            found[name] = "does not keep the face"
    return found


def title(name: str) -> str:
    """Words for a method, training set or recogniser."""
    return title_of(name) or "nothing"


def shown(value: float, sign: str = "") -> str:
    """A number with a true minus; a difference has its sign (``+``) in any case."""
    return f"{value:{sign}.3f}".replace("-", "−")


def interval(value: Value, low: float, high: float) -> Mapping[str, float | None]:
    """Where an interval's parts stand on an axis from ``low`` to ``high``, in pixels; ``mid`` is
    None where the number lies beyond the axis."""
    width = high - low or 1.0

    def place(x: float | None) -> float | None:
        return None if x is None else round(min(max((x - low) / width, 0), 1) * DRAWING, 1)

    return {
        "low": place(value.low),
        "mid": place(value.mean) if low <= value.mean <= high else None,
        "high": place(value.high),
        "zero": place(0.0) if low < 0 < high else None,
    }


def _axis(values: Sequence[Value]) -> tuple[float, float]:
    """An axis that holds the intervals of all numbers."""
    ends = [x for value in values for x in (value.mean, value.low, value.high) if x is not None]
    return (min(ends), max(ends)) if ends else (0.0, 1.0)


def pictures(masked: Sequence[Path]) -> dict[str, list[str]]:
    """Pictures by method as data URIs: the same people and styles for all; ``bare`` is none.

    The people are those that the first set gives, different people in different styles.
    """
    from maskbench.reporting.figures.people import examples

    sets: dict[str, MaskedSet] = {}
    for path in map(Path, masked):
        if path.parent.name not in sets:
            sets[path.parent.name] = MaskedSet.open(path)
    if not sets:
        return {}
    faces = max((one.faces for one in sets.values()), key=lambda table: table["style"].nunique())
    styles = list(dict.fromkeys(faces["style"]))
    wanted = faces.iloc[examples(faces, styles, PEOPLE)][["bare_id", "style"]]
    found: dict[str, list[str]] = {}
    for name, one in sets.items():
        for face, style in wanted.itertuples(index=False):
            here = (one.faces["bare_id"] == face) & one.faces["style"].isin([style, ""])
            rows = np.flatnonzero(here.to_numpy())
            if len(rows):
                found.setdefault(name, []).append(_data_uri(np.asarray(one.images[rows[0]])))
    return found


def _data_uri(picture: np.ndarray) -> str:
    buffer = io.BytesIO()
    image = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    image.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _facts(frame: pd.DataFrame, dataset: str) -> dict[str, Any]:
    """How large the experiment is: people tested, and trainings of each step."""
    facts: dict[str, Any] = {}
    columns = {"synthesis": headline.SYNTHESIS, "recognition": headline.RECOGNITION}
    for step, compared in columns.items():
        rows = headline.plain(frame, step)
        rows = rows[rows["dataset"] == dataset]
        tested = rows[rows["metric"].isin(compared.values())].groupby("fold")  # not photographs
        trained = rows.groupby(["method", "training_set"])["seed"].nunique()
        facts[step] = {
            "methods": sorted(name for name in set(rows["method"]) if not reference_of(name)),
            "people": int(tested["n_people"].max().sum()),
            "pictures": int(tested["n"].max().sum()),
            "fewest": int(trained.min()) if len(trained) else 0,
            "most": int(trained.max()) if len(trained) else 0,
        }
    return facts


def words(row: Mapping[Any, Any]) -> str:
    """What a row of measurements is: ``AUC of ArcFace (trained on bare faces, seed 0)``."""
    more = ", ".join([*conditions(row), f"seed {row['seed']}"])
    return (
        f"{metric(row['metric']).title} of {title_of(row['method'])} on {row['dataset']} ({more})"
    )


def span(numbers: Sequence[int]) -> str:
    """``0``, ``0 to 4``, or ``0, 2``, of sorted numbers."""
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 1 and list(numbers) == list(range(first, last + 1)):
        return f"{first} to {last}"
    return ", ".join(map(str, numbers))


def _counted(claims: pd.DataFrame) -> list[tuple[str, dict[str, int]]]:
    """How many claims of each paper have each verdict."""
    return [
        (str(paper), {word: int((rows["verdict"] == word).sum()) for word in VERDICTS})
        for paper, rows in claims.groupby("paper", sort=False)
    ]


def _links(root: Path, tables: Sequence[Path], figures: Sequence[Path]) -> list[dict[str, Any]]:
    """Tables and figures by paper: (title, address)."""
    there = {Path(path).stem: os.path.relpath(path, root) for path in (*tables, *figures)}
    groups = []
    for paper in papers().values():
        group = {
            kind: [
                (record.title, there[name])
                for name, record in getattr(paper, kind).items()
                if name in there
            ]
            for kind in ("tables", "figures")
        }
        heading = f"{paper.paper}: {paper.title}" if paper.paper else paper.title
        if any(group.values()):
            groups.append({"heading": heading, **group})
    return groups
