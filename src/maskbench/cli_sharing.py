"""The commands that hand results to others or take theirs: ``maskbench export`` and ``submit``.

:mod:`maskbench.cli` registers them.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from maskbench.errors import MaskbenchError

Form = Literal["folder", "parquet", "webdataset", "crate"]


def export(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE",
            help="Sets of faces (results/masked/..., training_sets/..., faces/...), or for a crate "
            "the folder with measurements.csv.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")],
    form: Annotated[
        Form,
        typer.Option(
            "--as",
            help="folder: PNG in a folder for each person. parquet: Hugging Face "
            "datasets. webdataset: tar shards. crate: the run for publishing.",
        ),
    ],
    split: Annotated[
        list[str] | None,
        typer.Option(
            help="Only pictures of this split: train, val or test. Repeat it for several.",
            show_default="all",
        ),
    ] = None,
    shard: Annotated[
        int, typer.Option(min=1, help="Pictures in a file of parquet and webdataset.")
    ] = 10_000,
    params: Annotated[
        list[Path] | None,
        typer.Option(
            "--params",
            "-p",
            help="Of a crate: the run's configuration. Repeat it to lay later files over earlier.",
            show_default="params.yaml",
        ),
    ] = None,
    commit: Annotated[
        str,
        typer.Option(
            help="Of a crate: commit of the code.", show_default="the checkout that holds SOURCE"
        ),
    ] = "",
    creator: Annotated[
        list[str] | None,
        typer.Option(
            help="Of a crate: who made the run. Repeat it for several.", show_default=False
        ),
    ] = None,
    licence: Annotated[
        str,
        typer.Option("--license", help="Of a crate: SPDX name of the licence of its numbers."),
    ] = "Apache-2.0",
) -> None:
    """Write pictures of the results, or a whole run, in formats that others read.

    Pictures: a training set is the bare faces and a method's masked ones, so name both folders.

    Example: maskbench export results/faces/orl/fold0 results/training_sets/orl/keypoint/seed0
    --split train --as parquet --out shared/

    A run: --as crate writes an RO-Crate with all numbers, tables, verdicts, charts and the
    configuration, Croissant metadata of the numbers and a model card for each trained model. No
    picture of a person is in it.

    Example: maskbench export results/ --as crate --creator "Ada Doe" --out crate/
    """
    if form != "crate":
        from maskbench.export.export_pictures import export_pictures

        found = export_pictures(sources, out, form, split or (), shard)
        people = f"{len(found.people)} people" if found.people else "unknown people"
        typer.echo(f"{found.count} pictures of {people}: {out}")
        return
    from maskbench.export.export_run import export_run

    if len(sources) > 1:
        raise MaskbenchError(sources[1], "a crate holds one run", "name one folder of results")
    written = export_run(
        sources[0], out, params or [Path("params.yaml")], commit, creator or (), licence
    )
    typer.echo(f"{len(written)} files: {out}")


def submit(
    file: Annotated[Path, typer.Argument(help="measurements.csv of your own code or run.")],
    name: Annotated[
        str, typer.Option(help="Of the submission.", show_default="the file's name")
    ] = "",
    source: Annotated[
        str,
        typer.Option(
            help="Where the numbers come from: a paper, an address.",
            show_default="the file's own header",
        ),
    ] = "",
    contact: Annotated[
        str, typer.Option(help="Who answers questions.", show_default="the file's own header")
    ] = "",
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=TITLE",
            help="A method, recogniser or training set of your own, and its title. Repeat it.",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where submissions lie.")] = Path("submissions"),
    params: Annotated[
        list[Path] | None,
        typer.Option(
            "--params",
            "-p",
            help="The configuration that you are compared under. Repeat it for overlays.",
            show_default="params.yaml",
        ),
    ] = None,
) -> None:
    """Check measured numbers and put them on the first page, marked with their source.

    The file has the columns of results/measurements.csv (docs/sharing.md lists them). Each wrong
    row is named with its column and the way out, and then nothing is added. What is right is kept
    as submissions/NAME.csv; the next run shows it in results/index.html. A file that lies there
    already is only checked, as a pull request needs it.

    Example: maskbench submit doe.csv --source "Doe et al. 2026" --contact doe@example.org
    --method "doe_net=Doe's network"
    """
    from maskbench import experiment
    from maskbench.reporting import submissions

    known = submissions.known_of(experiment.load(params or [Path("params.yaml")]))
    found, problems = submissions.check(
        file, known, name=name, source=source, contact=contact, titles=method or ()
    )
    for problem in problems:
        typer.echo(f"error {problem}", err=True)
    if problems or found is None:
        what = f"{len(problems)} error{'s' if len(problems) > 1 else ''}, nothing was added"
        raise MaskbenchError(file, what, "correct what is named above and submit again")
    path = submissions.keep(found, folder)
    typer.echo(f"{len(found.measurements)} numbers: {path}")
    command = ["snakemake", "--cores", "all", "make_index"]
    plain = Path("params.yaml").resolve()
    if overlays := [str(path) for path in params or () if path.resolve() != plain]:
        command += ["--configfile", *overlays]
    typer.echo(f"On the first page after: {shlex.join(command)}")
