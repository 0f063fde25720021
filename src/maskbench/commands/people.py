"""The command for one's own pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import maskbench
from maskbench.commands import common
from maskbench.commands.common import OptionalPath, ParamsOption, path_option, step
from maskbench.config import Config, FacesConfig

app = typer.Typer()


@app.command(name="mask")
@step
def mask(
    source: Annotated[Path, typer.Argument(help="A picture, or a folder with all its subfolders.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the masked pictures.")],
    method: Annotated[
        str, typer.Option(help="keypoint, or a trained method together with --model.")
    ] = "keypoint",
    model: Annotated[
        OptionalPath, typer.Option(help="Folder written by train_synthesis.", show_default=False)
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option(help="Mask style; repeat it to draw among several.", show_default="all"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the drawing of styles.")] = 0,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes; the result is the same for any number.")
    ] = 1,
    all_faces: Annotated[
        bool, typer.Option("--all-faces", help="Mask every face, not only the central one.")
    ] = False,
    weights: Annotated[
        OptionalPath,
        path_option("--weights", "Folder written by fetch_weights.", "fetched when missing"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Put masks on the faces of your own pictures.

    A table beside the pictures tells what was masked, with which style, and what was left out.

    Example: maskbench mask holiday/ --out masked/ --style surgical_blue --style kn95 --workers 2
    """
    config, place = _configuration(params)
    common.existing(source, "a picture or a folder of pictures")
    from maskbench.synthesis.mask import mask as run

    block = None
    if config is not None and method in config.synthesis.methods:
        block = common.method_params(config, place, method)
    report = run(
        source,
        out,
        _weights(config, weights),
        method=method,
        params=block,
        model=model,
        styles=style,
        seed=seed,
        workers=workers,
        faces=config.faces if config is not None else FacesConfig(),
        all_faces=all_faces,
        mask_size=config.masks.size if config is not None else 144,
    )
    typer.echo(
        f"{report.faces} faces in {report.pictures} pictures wear masks, {report.rejected} files "
        f"were left out: {out}"
    )


def _configuration(params: list[Path] | None) -> tuple[Config | None, str]:
    """The configuration where there is one; this command works in any folder without it."""
    if params or common.DEFAULT_PARAMS.exists():
        return common.configuration(params)
    return None, ""


def _weights(config: Config | None, weights: Path | None) -> Path:
    if weights is not None:
        return common.existing(weights, "maskbench fetch_weights")
    if config is not None and common.layout_of(config).weights.exists():
        return common.layout_of(config).weights
    from maskbench.datasets.download import cache_folder
    from maskbench.datasets.fetch_weights import fetch_weights

    kept = cache_folder() / f"weights-{maskbench.__version__}"
    if not kept.exists():
        fetch_weights(out=kept, published=False)
    return kept
