"""``maskbench``: what people do with their own pictures.

The steps of the experiment are asked for by their Snakemake target (``snakemake --list``).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

import maskbench
from maskbench import cli_sharing
from maskbench.errors import one_line_errors
from maskbench.step import start_logging
from maskbench.study.commands import study

app = typer.Typer(
    name="maskbench",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Put masks on faces with the methods of four papers, and measure how well they sit.

    The whole experiment: `make reproduce`. One table, figure or stage of it: `snakemake TARGET`,
    where `snakemake --list` names the targets. Your own pictures: `maskbench mask me.jpg --out
    masked/`.
    """,
)
app.add_typer(study)
ParamsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--params",
        "-p",
        help="Configuration file. Repeat it to lay later files over earlier ones.",
        show_default="built-in values",
    ),
]


def _command(function: Callable[..., None]) -> Callable[..., None]:
    """Register a command whose failures are one line."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        with one_line_errors():
            function(*args, **kwargs)

    app.command(name=function.__name__)(run)
    return run


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(maskbench.__version__)
        raise typer.Exit


@app.callback()
def main_options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    start_logging(verbose)


@_command
def mask(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Pictures, folders with all their subfolders, and '**/patterns*.jpg'."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the masked pictures.")],
    method: Annotated[
        str | None,
        typer.Option(
            help="keypoint, or a trained method.",
            show_default="that of --model, or keypoint",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A trained model: its folder or file, the name of a method in the results, or the "
            "id of its MLflow run.",
            show_default="that of a trained --method, in the results",
        ),
    ] = None,
    references: Annotated[
        Path | None,
        typer.Option(
            help="For reference-guided methods: people wearing masks (as a training took).",
            show_default=False,
        ),
    ] = None,
    guides: Annotated[
        Path | None,
        typer.Option(
            help="For painting methods: a folder with the model folders of their guides, "
            "segmenter/.",
            show_default="in the model's file, or as the run keeps them",
        ),
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option(
            help="Mask style; repeat it to draw among several. For a reference-guided method also "
            "PHOTO.jpg, a photograph of somebody who wears the mask.",
            show_default="random, among all",
        ),
    ] = None,
    copies: Annotated[
        int, typer.Option(min=1, help="Masked pictures of each, in different styles.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the drawing of styles.")] = 0,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes; the result is the same for any number.")
    ] = 1,
    all_faces: Annotated[
        bool, typer.Option("--all-faces", help="Mask every face, not only the central one.")
    ] = False,
    min_score: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="With --all-faces, what the detector scores lower is listed, not masked.",
        ),
    ] = 0.95,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what there is to do, and write nothing.")
    ] = False,
    weights: Annotated[
        Path | None,
        typer.Option(help="Folder of weights.", show_default="fetched when missing"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Put masks on the faces of your own pictures.

    A table beside the pictures says what was masked, with which style, and what was left out.
    Called again, it goes on where it was stopped, and masks what has come to a folder since.

    Example: maskbench mask holiday/ --out masked/ --style surgical_blue --style kn95 --workers 2
    """
    import glob

    from maskbench import experiment
    from maskbench.config import FacesConfig
    from maskbench.datasets.listing import as_text, named
    from maskbench.errors import MaskbenchError, printable
    from maskbench.synthesis.mask import mask as run

    known = experiment.load(params) if params else None
    named_paths = [path for path in paths if not glob.has_magic(str(path))]
    for path in (*named_paths, *filter(None, (weights, references, guides))):
        if not os.path.lexists(path):
            raise MaskbenchError(path, "does not exist", "check the path")
    with one_line_errors("the same command goes on from there"):
        report = run(
            paths,
            out,
            _weights(known.config.output if known else None, weights),
            method=known.methods.get(method, method) if known and method else method,
            model=model,
            results=Path(known.config.output if known else "results"),
            styles=style,
            copies=copies,
            seed=seed,
            workers=workers,
            faces=known.config.faces if known else FacesConfig(),
            all_faces=all_faces,
            min_score=min_score,
            mask_size=known.config.masks.size if known else 144,
            references=references,
            guides=guides,
            dry_run=dry_run,
        )
    if dry_run:
        typer.echo(
            f"{report.left} pictures to mask, {report.kept} done before, {report.rejected} files "
            f"left out: {as_text(str(out))}"
        )
        if report.left_out:
            typer.echo(printable(named(report.left_out)))
        return
    typer.echo(
        f"{report.faces} faces in {report.pictures} pictures wear masks, {report.rejected} files "
        f"were left out: {as_text(str(out))}"
    )


def _weights(output: str | None, given: Path | None) -> Path:
    """The folder of weights: the given one, that of the experiment, or one in the user's cache."""
    if given or (output and Path(output, "weights").exists()):
        return given or Path(str(output), "weights")
    from maskbench.datasets.download import cache_folder
    from maskbench.datasets.fetch_weights import fetch_weights

    kept = cache_folder() / f"weights-{maskbench.__version__}"
    if not kept.exists():
        fetch_weights(out=kept, published=False)
    return kept


@_command
def methods(params: ParamsOption = None) -> None:
    """List the synthesis methods, the paper each comes from and its parameters.

    Example: maskbench methods
    """
    from rich.console import Console
    from rich.table import Table

    from maskbench import experiment
    from maskbench.synthesis.specs import METHODS

    known = METHODS.all()
    if params:
        blocks = experiment.load(params).methods
    else:  # the parameters that a method has by itself
        blocks = {name: METHODS.parse(name, {}) for name in known}
    table = Table("method", "title", "paper", "parameters")
    for name in [*blocks, *(name for name in known if name not in blocks)]:
        spec = blocks[name].spec if name in blocks else METHODS.get(name)
        shown = "not in this configuration"
        if name in blocks:
            values = blocks[name].params.model_dump()
            shown = ", ".join(f"{key}={value}" for key, value in values.items()) or "none"
        table.add_row(name, spec.title, spec.paper, shown)
    Console().print(table)


@_command
def datasets(
    name: Annotated[
        str | None, typer.Argument(help="One of them: all that is known, and whether it is whole.")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Get it, where anybody may have it.")
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option(
            help="Unpack this archive of it, tar or zip, into its folder.", show_default=False
        ),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """List the data sets that are known by name, with their terms, and which of them are here.

    With a name: where to ask for it, which files to place where, and whether what lies there is
    whole. With --params: the data sets of a configuration.

    Example: maskbench datasets lfw --download
    """
    from maskbench import experiment
    from maskbench.datasets import listed

    listed.run(experiment.load(params).config.datasets if params else None, name, download, archive)


@_command
def compare(
    other: Annotated[
        Path | None,
        typer.Argument(
            help="measurements.csv of the run to compare with.",
            show_default="the published run of the same data set",
        ),
    ] = None,
    measurements: Annotated[Path, typer.Option(help="Your own measurements.csv.")] = Path(
        "results/measurements.csv"
    ),
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="CSV file for every number of both.")
    ] = None,
) -> None:
    """Compare your numbers with those of another run.

    It says how many are equal to the last digit, how many lie within the other's 95% interval over
    people, and which do not.

    Example: maskbench compare theirs/measurements.csv --out compared.csv
    """
    from rich.console import Console
    from rich.table import Table

    from maskbench.artifacts import atomic_file
    from maskbench.measurements import KEY, read_measurements
    from maskbench.reporting import compare as two
    from maskbench.reporting.published_runs import published_of

    own = read_measurements(measurements)
    compared = two.compare(own, read_measurements(other or published_of(own)))
    for outcome, count in two.counts(compared).items():
        typer.echo(f"{count:7} {outcome}")
    far = two.farthest(compared, most=20)
    if len(far):
        table = Table("number", "here", "there", "interval", title="The farthest outside")
        for row in far.to_dict("records"):
            name = " ".join(str(row[key]) for key in KEY if row[key] != "")
            between = f"{row['ci_low']:.4g} to {row['ci_high']:.4g}"
            table.add_row(name, f"{row['value']:.4g}", f"{row['other']:.4g}", between)
        Console().print(table)
    if out:
        with atomic_file(out) as tmp:
            compared.to_csv(tmp, index=False, float_format="%.8g", lineterminator="\n")


for _function in (cli_sharing.export, cli_sharing.submit):
    _command(_function)


def main() -> None:
    """Entry point of the ``maskbench`` command."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    app()
