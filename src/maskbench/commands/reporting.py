"""Commands that turn numbers into tables, figures and verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from maskbench.commands import common
from maskbench.commands.common import OptionalPath, ParamsOption, path_option, step
from maskbench.config import Config

app = typer.Typer()

MetricsFolders = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FOLDER]...",
        help="Folders written by evaluate_synthesis, evaluate_recognition and the like.",
        show_default="all that the configuration asks for",
    ),
]


def _all(config: Config, place: str, kind: str) -> list[Path]:
    """The folders of one kind for every method and seed of the configuration."""
    from maskbench.experiment import trainings

    find = getattr(common.layout_of(config), kind)
    return [find(config.synthesis.dataset, *training) for training in trainings(config, place)]


def _evaluations(config: Config, place: str) -> list[Path]:
    """The folders of all numbers: synthesis, restoration, recognition."""
    from maskbench.experiment import fits

    layout, dataset = common.layout_of(config), config.synthesis.dataset
    restorers = list(config.restoration.restorers)
    return [
        *_all(config, place, "synthesis_metrics"),
        *(
            layout.restoration_metrics(dataset, name, 0)
            for name in (["segmenter"] if restorers else []) + restorers
        ),
        *(
            layout.recognition_metrics(test, *fit)
            for test in config.recognition.tests
            for fit in fits(config)
        ),
    ]


# Larger inputs (pictures that a figure shows a few of) are not read through once more for their
# checksum: the runs that made and measured them have noted it.
_QUICKLY_READ = 50_000_000  # bytes


@contextmanager
def _tracked(
    step: str, config: Config, name: str, inputs: Sequence[Path], outputs: Sequence[Path]
) -> Iterator[None]:
    """A tracking run around a reporting step, with what it wrote."""
    facts = {"dataset": config.synthesis.dataset} | ({"name": name} if name else {})
    noted = [path for path in inputs if _size(path) <= _QUICKLY_READ]
    with common.tracked(step, config, facts, {}, outputs[0], noted) as tracking:
        yield
        for path in outputs:
            tracking.artifact(path)


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


@app.command(name="collect_measurements")
@step
def collect_measurements(
    folders: MetricsFolders = None,
    out: Annotated[
        OptionalPath, path_option("--out", "File to write.", "measurements.csv", "-o")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Put the numbers of all evaluations into one file.

    Example: maskbench collect_measurements --out measurements.csv
    """
    config, place = common.configuration(params)
    inputs = folders or _evaluations(config, place)
    for folder in inputs:
        common.existing(folder, "the step evaluate_... of its stage, e.g. evaluate_recognition")
    from maskbench.reporting.collect_measurements import collect_measurements as run

    target = out or common.layout_of(config).measurements
    with _tracked("collect_measurements", config, "", inputs, [target]):
        run(metrics=inputs, out=target)


@app.command(name="make_table")
@step
def make_table(
    name: Annotated[
        str, typer.Argument(help="e.g. table2_pywgan, table2_mfgan, table3_cyclegan, recognition")
    ],
    measurements: Annotated[
        OptionalPath, path_option("--measurements", "All numbers.", "measurements.csv")
    ] = None,
    out: Annotated[
        OptionalPath, path_option("--out", "Folder for NAME.csv, .md and .tex.", "tables", "-o")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Make one table as CSV, Markdown and LaTeX, from the measurements alone.

    Example: maskbench make_table table2_pywgan
    """
    config, _ = common.configuration(params)
    layout = common.layout_of(config)
    source = common.existing(measurements or layout.measurements, "maskbench collect_measurements")
    from maskbench.reporting.make_table import make_table as run

    target = out or layout.root / "tables"
    outputs = [target / f"{name}.{ending}" for ending in ("md", "csv")]
    with _tracked("make_table", config, name, [source], outputs):
        run(name=name, measurements=source, out=target)


@app.command(name="make_figure")
@step
def make_figure(
    name: Annotated[str, typer.Argument(help="e.g. fig5, placement_training, mask_styles")],
    faces: Annotated[
        OptionalPath, path_option("--faces", "FaceSet folder.", "faces/DATASET")
    ] = None,
    masked: Annotated[
        list[Path] | None,
        typer.Option(help="Folder written by synthesise; repeat it.", show_default="one a method"),
    ] = None,
    models: Annotated[
        list[Path] | None,
        typer.Option(help="Folder written by train_synthesis; repeat it.", show_default="all"),
    ] = None,
    mask_pictures: Annotated[
        OptionalPath,
        path_option("--mask-pictures", "Folder written by draw_masks.", "mask_pictures"),
    ] = None,
    pictures: Annotated[
        OptionalPath, path_option("--pictures", "Folder written by fetch.", "pictures/DATASET")
    ] = None,
    recognition: Annotated[
        list[Path] | None,
        typer.Option(help="Folder written by evaluate_recognition; repeat it.", show_default="all"),
    ] = None,
    recognisers: Annotated[
        list[Path] | None,
        typer.Option(help="Folder written by train_recogniser; repeat it.", show_default="all"),
    ] = None,
    restored: Annotated[
        list[Path] | None,
        typer.Option(help="Folder written by restore; repeat it.", show_default="all"),
    ] = None,
    worn: Annotated[
        list[Path] | None,
        typer.Option(help="FaceSet of really masked people; repeat it.", show_default="all"),
    ] = None,
    unmasked: Annotated[
        list[Path] | None,
        typer.Option(help="Such a FaceSet after restore; repeat it.", show_default="all"),
    ] = None,
    out: Annotated[
        OptionalPath, path_option("--out", "Picture to write.", "figures/NAME.png", "-o")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Make one figure.

    Example: maskbench make_figure fig5 --out fig5.png
    """
    config, place = common.configuration(params)
    layout = common.layout_of(config)
    dataset = config.synthesis.dataset
    from maskbench.experiment import figure_inputs
    from maskbench.reporting.make_figure import make_figure as run

    usual = figure_inputs(name, config, place)
    target = out or layout.figure(name)
    given = {
        "faces": [faces or layout.faces(dataset)],
        "masked": masked or usual.get("masked", []),
        "models": models or usual.get("models", []),
        "mask_pictures": [mask_pictures or layout.mask_pictures],
        "pictures": [pictures or layout.pictures(dataset)],
        "recognition": recognition or usual.get("recognition", []),
        "recognisers": recognisers or usual.get("recognisers", []),
        "restored": restored or usual.get("restored", []),
        "worn": worn or usual.get("worn", []),
        "unmasked": unmasked or usual.get("unmasked", []),
    }
    inputs = [path for kind in usual for path in given[kind]]
    with _tracked("make_figure", config, name, inputs, [target]):
        run(
            name,
            target,
            faces=given["faces"][0],
            masked=given["masked"],
            models=given["models"],
            mask_pictures=given["mask_pictures"][0],
            pictures=given["pictures"][0],
            styles=config.masks.styles if name == "mask_styles" else config.masks.figure_styles,
            unseen_styles=config.masks.unseen_styles,
            recognition=given["recognition"],
            recognisers=given["recognisers"],
            restored=given["restored"],
            worn=given["worn"],
            unmasked=given["unmasked"],
        )


@app.command(name="judge_claims")
@step
def judge_claims(
    folders: MetricsFolders = None,
    claims: Annotated[
        OptionalPath, path_option("--claims", "File of claims.", "those of the papers")
    ] = None,
    out: Annotated[
        OptionalPath,
        path_option("--out", "Results folder; writes claims.csv and .md", "output", "-o"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Judge what the papers claim: supported, contradicted or undecided.

    Example: maskbench judge_claims
    """
    config, place = common.configuration(params)
    inputs = folders or _evaluations(config, place)
    for folder in inputs:
        common.existing(folder, "the step evaluate_... of its stage, e.g. evaluate_recognition")
    import maskbench.reporting
    from maskbench.reporting.judge_claims import judge_claims as run

    said = claims or Path(maskbench.reporting.__file__).with_name("claims.yaml")
    target = out or common.layout_of(config).root
    outputs = [target / "claims.csv", target / "claims.md"]
    with _tracked("judge_claims", config, "", [said, *inputs], outputs):
        run(claims=said, metrics=inputs, out=target)


@app.command(name="summarise")
@step
def summarise(
    measurements: Annotated[
        OptionalPath, path_option("--measurements", "All numbers.", "measurements.csv")
    ] = None,
    models: Annotated[
        list[Path] | None,
        typer.Option(help="Folder written by train_synthesis; repeat it.", show_default="all"),
    ] = None,
    recognisers: Annotated[
        list[Path] | None,
        typer.Option(help="Folder written by train_recogniser; repeat it.", show_default="all"),
    ] = None,
    summary: Annotated[
        OptionalPath, path_option("--summary", "JSON to write.", "metrics_summary.json")
    ] = None,
    curves: Annotated[OptionalPath, path_option("--curves", "CSV to write.", "curves.csv")] = None,
    params: ParamsOption = None,
) -> None:
    """Write the numbers and curves in the form that `dvc metrics` and `dvc plots` compare.

    Example: maskbench summarise
    """
    config, place = common.configuration(params)
    layout = common.layout_of(config)
    source = common.existing(measurements or layout.measurements, "maskbench collect_measurements")
    from maskbench.reporting.summarise import summarise as run

    outputs = [summary or layout.summary, curves or layout.curves]
    from maskbench.experiment import figure_inputs

    models = models or _all(config, place, "model")
    fits = recognisers or figure_inputs("recognition_curves", config, place)["recognisers"]
    inputs = [source, *[model / "curves.parquet" for model in (*models, *fits)]]
    with _tracked("summarise", config, "", inputs, outputs):
        run(
            measurements=source,
            models=models,
            summary=outputs[0],
            curves=outputs[1],
            recognisers=fits,
        )
