"""Judge the papers' claims: supported, contradicted or undecided.

The difference left - right gets a 95% percentile interval from replicates over pictures (in
recognition: people), and over seeds where there are several
(:mod:`maskbench.reporting.replicates`). A claim is supported when the whole interval lies on the
side that it names, contradicted when it lies on the other side, undecided otherwise, and undecided
with the reason where something was not measured or cannot be. An unfavourable verdict is a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_file
from maskbench.reporting.aggregate import number, seeds_in_words
from maskbench.reporting.claims import Claim, Quantity, in_words, read_claims
from maskbench.reporting.names import METRICS, RESTORERS, VARIANTS, known_methods
from maskbench.reporting.recognition_names import known_recognisers, known_variants
from maskbench.reporting.replicates import Estimate, Evaluations, Unmeasured, common
from maskbench.reporting.table_text import Block, Text, to_html, to_markdown

LEVEL = 0.95


@dataclass(frozen=True)
class Verdict:
    """One row of ``claims.csv``.

    Attributes:
        left, right: the sides, means over seeds; ``None`` where unmeasured.
        difference, ci_low, ci_high: left - right and its 95% interval.
        verdict: ``supported``, ``contradicted`` or ``undecided``.
        reason: why it is undecided where something is missing.
        left_network, right_network: what computed the sides; "" for plain arithmetic.
        left_seeds, right_seeds: trainings behind the sides; 0 for a plain number.
        resampled: what the interval knows the sampling of.
    """

    id: str
    paper: str
    where: str
    says: str
    inequality: str
    left: float | None
    right: float | None
    difference: float | None
    ci_low: float | None
    ci_high: float | None
    verdict: str
    reason: str
    left_network: str = ""
    left_seeds: int = 0
    right_network: str = ""
    right_seeds: int = 0
    resampled: str = ""


def judge_claims(claims: Path, metrics: Sequence[Path], out: Path) -> None:
    """Write ``claims.csv``, ``claims.md`` and ``claims.html``.

    Args:
        claims: ``claims.yaml``; its form is described in :mod:`maskbench.reporting.claims`.
        metrics: folders of evaluations (``metrics.json``, ``resamples.parquet``).
        out: the results folder, for the three files.

    Raises:
        MaskbenchError: a claim is malformed or names an unknown method, metric or variant.
    """
    evaluations = Evaluations(metrics)
    read = read_claims(
        claims,
        methods=sorted({*known_methods(), *known_recognisers(), *RESTORERS, *evaluations.methods}),
        metrics=sorted({*METRICS, *evaluations.metrics}),
        variants=sorted({*VARIANTS, *known_variants(), *evaluations.variants}),
    )
    verdicts = [judge(one, evaluations) for claim in read for one in by_dataset(claim, evaluations)]
    frame = pd.DataFrame([asdict(verdict) for verdict in verdicts], columns=_columns())
    with atomic_file(Path(out) / "claims.csv") as tmp:
        frame.to_csv(tmp, index=False, float_format="%.8g", lineterminator="\n")
    page = as_text(verdicts)
    for ending, render in (("md", to_markdown), ("html", to_html)):
        with atomic_file(Path(out) / f"claims.{ending}") as tmp:
            tmp.write_text(render(page), encoding="utf-8")


def by_dataset(claim: Claim, evaluations: Evaluations) -> list[Claim]:
    """The claim for each data set that both of its sides were measured on, where it asks for that;
    else the claim itself."""
    open_sides = [
        side
        for side in (claim.left, claim.right)
        if isinstance(side, Quantity) and side.dataset is None
    ]
    if not claim.each_dataset or not open_sides:
        return [claim]
    shared = sorted(set.intersection(*(evaluations.datasets(side) for side in open_sides)))
    return [claim.on(dataset, len(shared) > 1) for dataset in shared] or [claim]


def judge(claim: Claim, evaluations: Evaluations) -> Verdict:
    """One claim."""
    inequality = f"{in_words(claim.left)} {claim.relation} {in_words(claim.right)}"
    about = (claim.id, claim.paper, claim.where, claim.says, inequality)
    estimates: list[Estimate | None] = []
    reasons: list[str] = []
    for side in (claim.left, claim.right):
        try:
            estimates.append(evaluations.estimate(side))
        except Unmeasured as missing:
            estimates.append(None)
            reasons.append(str(missing))
    left, right = estimates
    values = (None if left is None else left.value, None if right is None else right.value)
    behind: dict[str, Any] = {}
    for name, estimate in (("left", left), ("right", right)):
        if estimate is not None:
            behind[f"{name}_network"] = "; ".join(estimate.networks)
            behind[f"{name}_seeds"] = estimate.seeds
    if left is None or right is None:
        reason = "; ".join(reasons)
        return Verdict(*about, *values, None, None, None, "undecided", reason, **behind)
    behind["resampled"] = resampled(left, right)
    difference = left.value - right.value
    small = too_small_gallery(claim, evaluations)
    if small:
        return Verdict(*about, *values, difference, None, None, "undecided", small, **behind)
    first, second = common([left.replicates, right.replicates])
    differences = first - second
    differences = differences[np.isfinite(differences)]
    if len(differences) < 2:
        reason = "no finite bootstrap replicates"
        return Verdict(*about, *values, difference, None, None, "undecided", reason, **behind)
    low, high = np.quantile(differences, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    verdict = decide(float(low), float(high), claim.relation)
    return Verdict(*about, *values, difference, float(low), float(high), verdict, "", **behind)


def too_small_gallery(claim: Claim, evaluations: Evaluations) -> str:
    """Why a claim about ranks cannot be measured on a test set's gallery; "" where it can."""
    for side in (claim.left, claim.right):
        if not claim.gallery_people or not isinstance(side, Quantity):
            continue
        if not side.metric.startswith("rank_"):
            continue
        people = evaluations.gallery(side)
        if people < claim.gallery_people:
            return (
                f"not measurable here: {side.metric} among {people} people in the gallery, "
                f"the claim needs {claim.gallery_people}"
            )
    return ""


def resampled(left: Estimate, right: Estimate) -> str:
    """What the interval of the sides' difference knows the sampling of."""
    drawn = "people" if "recognition" in (left.stage, right.stage) else "pictures"
    sides = {"left": left, "right": right}
    trained = {name: side for name, side in sides.items() if side.seeds}
    several = [name for name, side in trained.items() if side.seeds > 1]
    if not several:
        return f"{drawn} alone: one training" + (" a side" if len(trained) > 1 else "")
    if len(several) == len(trained):
        return f"{drawn} and seeds"
    return f"{drawn}, and seeds of the {several[0]} side: one training of the other"


def decide(low: float, high: float, relation: str) -> str:
    """The verdict on «difference ``relation`` 0» from the difference's interval."""
    if relation.startswith("<"):
        low, high = -high, -low
    holds = low >= 0 if relation.endswith("=") else low > 0
    return "supported" if holds else "contradicted" if high < 0 else "undecided"


def as_text(verdicts: Sequence[Verdict]) -> Text:
    """The verdicts as a page, a block a paper."""
    counts = {
        word: sum(verdict.verdict == word for verdict in verdicts)
        for word in ("supported", "contradicted", "undecided")
    }
    blocks = [
        Block(paper, [_row(verdict) for verdict in verdicts if verdict.paper == paper])
        for paper in dict.fromkeys(verdict.paper for verdict in verdicts)
    ]
    head = ["Verdict", "Claim (in our words)", "Where", "Inequality", "Left", "Right"]
    head += ["Difference [95%]", "Network and seeds", "Interval over"]
    intervals = sum(verdict.ci_low is not None for verdict in verdicts)
    return Text(
        "claims",
        "Claims of the papers",
        head,
        blocks,
        [
            "Difference = left − right, mean over seeds; its 95% interval comes from a bootstrap "
            "over pictures (recognition: people), paired where both sides were measured on the "
            "same ones",
            "Seeds are trainings: where a side has several, one is drawn in each resample; where "
            "it has one, the interval does not know how another training would have come out",
            "Supported: the interval lies wholly on the claimed side; contradicted: on the other",
            f"{intervals} differences have an interval and are each judged at 95%, without "
            "correction for their number: of those that are nought in truth about 5% appear "
            "decided by chance",
        ],
        lead=", ".join(f"{count} {word}" for word, count in counts.items()),
        marks={"supported": "#00724f", "contradicted": "#b34700"},
    )


def _row(verdict: Verdict) -> list[str]:
    difference = verdict.reason
    if verdict.difference is not None and verdict.ci_low is not None:
        assert verdict.ci_high is not None
        low, high = number(verdict.ci_low, 3), number(verdict.ci_high, 3)
        difference = f"{number(verdict.difference, 3)} [{low}, {high}]"
    sides = ["" if x is None else number(x, 3) for x in (verdict.left, verdict.right)]
    text = [verdict.verdict, verdict.says, verdict.where, verdict.inequality, *sides, difference]
    return [*text, _evidence(verdict), verdict.resampled]


def _evidence(verdict: Verdict) -> str:
    """``dlib_resnet, 1 seed``; each side by itself where they differ."""
    words = {}
    for side, network, seeds in (
        ("left", verdict.left_network, verdict.left_seeds),
        ("right", verdict.right_network, verdict.right_seeds),
    ):
        if seeds:
            words[side] = ", ".join(filter(None, (network, seeds_in_words(seeds))))
    both = verdict.left is not None and verdict.right is not None
    if both and len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "; ".join(f"{side}: {text}" for side, text in words.items())


def _columns() -> list[str]:
    return list(Verdict.__dataclass_fields__)
