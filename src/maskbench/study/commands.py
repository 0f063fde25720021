"""``maskbench study``: from a run's pictures to votes, and from votes to numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from maskbench.errors import MaskbenchError, one_line_errors

if TYPE_CHECKING:
    from maskbench.study.plan import Plan
    from maskbench.study.store import Store

study = typer.Typer(
    name="study",
    no_args_is_help=True,
    help="Ask people which masked pictures they take for real, as paper 1 did (docs/study.md).",
)


def _address(url: str) -> str:
    """Links and cookies need a host, and the pages lie at its root."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise typer.BadParameter("write https://HOST, without a path")
    return url


VOTES = "votes.sqlite"
FolderArgument = Annotated[Path, typer.Argument(help="The folder that `study make` wrote.")]
UrlOption = Annotated[
    str, typer.Option(help="Where people reach the server, seen from outside.", callback=_address)
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(help="postgresql://...", show_default=f"{VOTES} in the folder"),
]
HERE = "http://127.0.0.1:8000"


@study.command()
def make(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to make.")],
    params: Annotated[
        list[Path] | None,
        typer.Option(
            "--params",
            "-p",
            help="Configuration file of the run. Repeat it to lay later files over earlier ones.",
            show_default="params.yaml",
        ),
    ] = None,
) -> None:
    """Plan a study of a run's pictures; section `study` of the configuration says what and how.

    Example: maskbench study make -p params.yaml -p config/own.yaml --out study/
    """
    with one_line_errors():
        from maskbench import experiment
        from maskbench.study.make import make_study

        plan = make_study(experiment.load(params or [experiment.DEFAULT]), out)
        catches = sum(trial.catch for trial in plan.trials)
        typer.echo(
            f"{len(plan.trials) - catches} groups and {catches} catch trials for "
            f"{len(plan.raters)} raters: {out}"
        )


@study.command()
def links(folder: FolderArgument, url: UrlOption = HERE) -> None:
    """Print a personal link for each rater; it works from now on for the plan's days.

    Example: maskbench study links study/ --url https://study.example.org > links.csv
    """
    with one_line_errors():
        from maskbench.study.plan import read_plan
        from maskbench.study.secret import Signer

        plan = read_plan(folder)
        signer = Signer.of(folder, plan)
        typer.echo("rater,link")
        for rater in range(len(plan.raters)):
            typer.echo(f"{rater},{url.rstrip('/')}/r/{signer.link(rater)}")


@study.command()
def serve(
    folder: FolderArgument,
    database: DatabaseOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    url: UrlOption = HERE,
    contact: Annotated[str, typer.Option(help="Whom people may ask; pages show it.")] = "",
) -> None:
    """Show the study's pages and keep the votes; no name, address or time of anybody is kept.

    Example: maskbench study serve study/ --url https://study.example.org --contact a@example.org
    """
    with one_line_errors():
        import uvicorn

        from maskbench.study.app import make_app
        from maskbench.study.plan import read_plan

        plan = read_plan(folder)
        app = make_app(folder, plan, _store(folder, plan, database), url, contact)
        typer.echo(f"Listening on http://{host}:{port} for {url}; Ctrl-C ends it.", err=True)
        uvicorn.run(
            app, host=host, port=port, access_log=False, log_level="warning", server_header=False,
            proxy_headers=False, lifespan="off", ws="none",
        )  # fmt: skip


@study.command()
def results(
    source: Annotated[
        Path, typer.Argument(help="The folder that `study make` wrote, or exported votes.")
    ],
    database: DatabaseOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File for the votes with their plan.")
    ] = None,
) -> None:
    """Count the votes; with --out also export them, for `study.votes` of a configuration.

    Example: maskbench study results study/ --out votes.json
    """
    with one_line_errors():
        from rich.console import Console
        from rich.table import Table

        from maskbench.artifacts import write_json
        from maskbench.config import MetricsConfig
        from maskbench.metrics.numbers import interval_of
        from maskbench.study.plan import read_plan, read_votes
        from maskbench.study.rates import RATE, numbers_of, raters_of

        if source.is_dir():
            plan = read_plan(source)
            if not database and not (source / VOTES).exists():
                what = "is missing: nobody has voted yet"
                raise MaskbenchError(source / VOTES, what, "start `maskbench study serve` first")
            votes = _store(source, plan, database).export()
        else:
            votes = read_votes(source)
        if out:
            write_json(out, votes.model_dump())
        table = Table("method", "fold", "seed", "judged real", "95% interval", "votes")
        numbers = numbers_of(votes, MetricsConfig())
        for number in numbers:
            if number.metric == RATE and number.value is not None:
                low, high = interval_of(number)
                between = "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
                facts = [str(number.other[key]) for key in ("method", "fold", "seed")]
                table.add_row(*facts, f"{number.value:.3f}", between, str(number.n))
        Console().print(table)
        typer.echo(numbers[-1].note)
        for rater in raters_of(votes):
            if rater.excluded:
                typer.echo(f"rater {rater.number} is not counted: {rater.excluded}")


def _store(folder: Path, plan: Plan, database: str | None) -> Store:
    from maskbench.study.store import Store

    return Store(database or f"sqlite:///{folder / VOTES}", plan)
