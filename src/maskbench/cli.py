"""``maskbench``: each step of the experiment as a command of its own.

A command reads ``params.yaml`` (or the files given by ``--params``), takes its inputs from the
results folder unless told otherwise, and writes its output whole or not at all.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

import maskbench
from maskbench.commands import common, data, people, recognition, reporting, restoration, synthesis
from maskbench.commands.common import ParamsOption, step

app = typer.Typer(
    name="maskbench",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Put masks on faces with the methods of four papers, and measure how well they sit.

    The whole experiment: `make reproduce`. One step: a command below, e.g.
    `maskbench crop_faces --dataset orl`. Your own pictures: `maskbench mask me.jpg --out masked/`.
    """,
)
PANELS = {
    people: "Your own pictures",
    data: "Data and faces",
    synthesis: "Synthesis",
    restoration: "Restoration",
    recognition: "Recognition",
    reporting: "Results",
}
for _module, _panel in PANELS.items():
    for _command in _module.app.registered_commands:
        _command.rich_help_panel = _panel
        app.registered_commands.append(_command)


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
    common.start_logging(verbose)


@app.command(name="methods", rich_help_panel="About")
@step
def list_methods(params: ParamsOption = None) -> None:
    """List the synthesis methods, the paper each comes from and its parameters.

    Example: maskbench methods
    """
    from rich.console import Console
    from rich.table import Table

    from maskbench.synthesis.specs import METHODS

    config, place = common.configuration(params)
    table = Table("method", "title", "paper", "parameters here")
    for name, method in METHODS.all().items():
        block = config.synthesis.methods.get(name)
        shown = "not in this configuration"
        if block is not None:
            values = METHODS.parse(name, block, place).params.model_dump()
            shown = ", ".join(f"{key}={value}" for key, value in values.items()) or "none"
        table.add_row(name, method.title, method.paper, shown)
    Console().print(table)


@app.command(name="schema", rich_help_panel="About")
@step
def schema(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder.")] = Path("workflow/schemas"),
) -> None:
    """Write the JSON schema of params.yaml (for editors, and for the workflow's check).

    Example: maskbench schema
    """
    from maskbench.schema import write_schema

    typer.echo(write_schema(out))


def main() -> None:
    """Entry point of the ``maskbench`` command."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    app()


if __name__ == "__main__":
    main()
