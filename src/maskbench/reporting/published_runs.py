"""The published runs that ship with the package, and how another run compares with one.

    python -m maskbench.reporting.publish results/full -p params.yaml -p config/full.yaml

writes into ``published``: ``{name}.csv.gz``, the measurements; ``{name}_claims.csv.gz``, the
verdicts; and ``{name}.json``, what made them (:class:`Published`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskbench.artifacts import read_json
from maskbench.errors import MaskbenchError, from_os_error

if TYPE_CHECKING:  # the workflow needs configuration() alone
    import pandas as pd

    from maskbench.experiment import Experiment

FOLDER = Path(__file__).parent / "published"
MOST = 20
"""Numbers outside their intervals that are listed."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A run that others are compared with.

    Attributes:
        name: of its files.
        commit: of the code that made it.
        processor, date: where and when (UTC).
        replicates: which of them it holds.
        configuration: see :func:`configuration`.
    """

    name: str
    commit: str
    processor: str
    date: str
    replicates: tuple[int, ...]
    configuration: Mapping[str, str]

    @property
    def files(self) -> tuple[Path, Path]:
        """Measurements and claims."""
        return FOLDER / f"{self.name}.csv.gz", FOLDER / f"{self.name}_claims.csv.gz"

    def differs(self, configuration: Mapping[str, str]) -> list[str]:
        """The parts of another run's configuration that give other numbers; blocks that only one of
        both has give more numbers, but no others."""
        names = {*self.configuration, *configuration}
        both = self.configuration.keys() & configuration.keys()
        wanted = sorted(name for name in names if name in both or " " not in name)
        return [name for name in wanted if self.configuration.get(name) != configuration.get(name)]


def configuration(experiment: Experiment) -> dict[str, str]:
    """What decides a run's numbers, as digests by name: sections (``faces``), and blocks that run
    (``method keypoint``). How many replicates, and where files lie, is not in it."""
    config = experiment.config
    parts: dict[str, Any] = {
        "datasets": {name: config.datasets[name] for name in sorted(experiment.datasets)},
        "faces": config.faces,
        "masks": config.masks,
        "synthesis": (config.synthesis.dataset, config.synthesis.real_domain,
                      config.synthesis.copies),
        "recognition": (config.recognition.tests, config.recognition.folds,
                        config.recognition.test_styles),
        "metrics": config.metrics,
    }  # fmt: skip
    for kind in ("method", "guide", "restorer", "recogniser"):
        blocks: Mapping[str, Any] = getattr(experiment, f"{kind}s")
        parts |= {f"{kind} {name}": block for name, block in sorted(blocks.items())}
    return {
        name: hashlib.sha256(repr(part).encode()).hexdigest()[:12] for name, part in parts.items()
    }


def published_runs() -> list[Published]:
    """All that ship, by name.

    Raises:
        MaskbenchError: a file is damaged.
    """
    found = [read_json(path) | {"name": path.stem} for path in sorted(FOLDER.glob("*.json"))]
    return [Published(**one | {"replicates": tuple(one["replicates"])}) for one in found]


def published_of(measurements: pd.DataFrame) -> Path:
    """The published measurements of the data set that faces of these were synthesised from.

    Raises:
        MaskbenchError: there are none.
    """
    from maskbench.reporting.headline import main_dataset

    dataset, known = main_dataset(measurements), {one.name: one for one in published_runs()}
    if dataset not in known:
        what = f"no published run of {dataset} exists"
        raise MaskbenchError("maskbench compare", what, "name the measurements.csv of another run")
    return known[dataset].files[0]


@dataclass(frozen=True)
class Beside:
    """A run beside the published one of the same configuration.

    Attributes:
        run: the published one.
        measurements: its numbers.
        counts: numbers by outcome (:data:`maskbench.reporting.compare.OUTCOMES`).
        far: numbers outside the published intervals, the farthest first, at most :data:`MOST`.
        claims: published verdicts, a row a claim, with this run's in the column ``here`` ("": it
            has no such claim).
    """

    run: Published
    measurements: pd.DataFrame
    counts: Mapping[str, int]
    far: list[dict[Any, Any]]
    claims: pd.DataFrame

    @property
    def both(self) -> int:
        """Numbers that both runs have."""
        from maskbench.reporting.compare import HERE, THERE

        return sum(self.counts.values()) - self.counts[HERE] - self.counts[THERE]

    @property
    def decided(self) -> list[dict[Any, Any]]:
        """Published claims that are supported or contradicted: the row, and its texts."""
        from maskbench.reporting.claims_page import judged

        rows = self.claims[self.claims["verdict"].isin(["supported", "contradicted"])]
        return [row | {"texts": judged(row)} for row in rows.to_dict("records")]


def beside(
    own: Mapping[str, str], measurements: pd.DataFrame, claims: pd.DataFrame
) -> Beside | None:
    """A run beside the published one of its configuration; None where there is none.

    Args:
        own: its :func:`configuration`.
        measurements: its numbers.
        claims: its verdicts, with the columns ``id`` and ``verdict``.
    """
    from maskbench.measurements import read_measurements
    from maskbench.reporting.compare import compare, counts, farthest

    run = next((one for one in published_runs() if not one.differs(own)), None)
    if run is None:
        return None
    numbers, verdicts = read_measurements(run.files[0]), read_claims(run.files[1])
    compared = compare(measurements, numbers)
    here = dict(zip(claims["id"], claims["verdict"], strict=True))
    verdicts = verdicts.assign(here=[here.get(name, "") for name in verdicts["id"]])
    far = farthest(compared, MOST).to_dict("records")
    return Beside(run, numbers, counts(compared), far, verdicts)


def read_claims(path: Path) -> pd.DataFrame:
    """The rows of ``claims.csv``: an absent text is "", an absent number NaN.

    Raises:
        MaskbenchError: it is missing, or no such table.
    """
    import pandas as pd

    columns = [f"{side}_{kind}" for side in ("left", "right") for kind in ("value", "printed")]
    numbers = {name: [""] for name in (*columns, "difference", "ci_low", "ci_high")}
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values=numbers)
    except OSError as error:
        raise from_os_error(error, path) from error
    except ValueError as error:
        what = f"not a table of claims ({error})"
        raise MaskbenchError(path, what, "judge the claims again") from error
    if missing := {"paper", "id", "verdict"} - set(table):
        what = f"not a table of claims (it lacks {min(missing)})"
        raise MaskbenchError(path, what, "judge the claims again")
    return table
