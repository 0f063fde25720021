"""Commands for pictures, faces and mask pictures."""

from __future__ import annotations

from typing import Annotated

import typer

from maskbench.commands import common
from maskbench.commands.common import (
    DatasetOption,
    OptionalPath,
    ParamsOption,
    PicturesOption,
    WeightsOption,
    out_option,
    path_option,
    step,
)

app = typer.Typer()


@app.command(name="fetch")
@step
def fetch(
    dataset: DatasetOption = None,
    out: Annotated[OptionalPath, out_option("Folder for the manifest.", "pictures/DATASET")] = None,
    params: ParamsOption = None,
) -> None:
    """Get a data set: download it once into the cache, or read a local collection.

    Writes manifest.parquet (one row a picture, with its sha256) and source.json.

    Example: maskbench fetch --dataset orl
    """
    job = common.job(params, dataset)
    section = job.section()
    from maskbench.datasets.fetch import fetch as run

    target = out or job.layout.pictures(job.dataset)
    with job.tracked("fetch", section, target, []):
        run(name=job.dataset, config=section, out=target)


@app.command(name="fetch_weights")
@step
def fetch_weights(
    out: Annotated[OptionalPath, out_option("Folder for the weights.", "weights")] = None,
    params: ParamsOption = None,
) -> None:
    """Get the networks' weights, each with a pinned sha256.

    Those that are not free to fetch here are left out and named with the reason in weights.json.

    Example: maskbench fetch_weights --out weights
    """
    config, _ = common.configuration(params)
    from maskbench.datasets.fetch_weights import fetch_weights as run

    target = out or common.layout_of(config).weights
    section = {"weights": config.metrics.weights}
    with common.tracked("fetch_weights", config, {}, section, target, []):
        run(out=target, published=config.metrics.weights == "published")


@app.command(name="split")
@step
def split(
    dataset: DatasetOption = None,
    pictures: PicturesOption = None,
    out: Annotated[OptionalPath, out_option("File to write.", "splits/DATASET.parquet")] = None,
    params: ParamsOption = None,
) -> None:
    """Divide the people (never the pictures of one person) into train, val and test.

    Example: maskbench split --dataset orl --out splits.parquet
    """
    job = common.job(params, dataset)
    section = job.section()
    source = job.pictures(pictures)
    from maskbench.datasets.split import split as run

    target = out or job.layout.splits(job.dataset)
    with job.tracked("split", section, target, [source]):
        run(pictures=source, config=section, out=target)


@app.command(name="crop_faces")
@step
def crop_faces(
    dataset: DatasetOption = None,
    pictures: PicturesOption = None,
    splits: Annotated[
        OptionalPath, path_option("--splits", "File written by split.", "splits/DATASET.parquet")
    ] = None,
    weights: WeightsOption = None,
    out: Annotated[OptionalPath, out_option("Folder of the FaceSet.", "faces/DATASET")] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes; the result is the same for any number.")
    ] = 1,
    params: ParamsOption = None,
) -> None:
    """Find each picture's face, its 68 landmarks and pose, and cut a square crop.

    Pictures that are not taken are listed in rejects.parquet, each with its reason.

    Example: maskbench crop_faces --dataset lfw --workers 2 --out faces/lfw
    """
    job = common.job(params, dataset)
    section = job.section()
    inputs = [
        job.pictures(pictures),
        common.existing(
            splits or job.layout.splits(job.dataset), f"maskbench split --dataset {job.dataset}"
        ),
        job.weights(weights),
    ]
    from maskbench.faces.crop_faces import crop_faces as run

    target = out or job.layout.faces(job.dataset)
    with job.tracked("crop_faces", job.config.faces, target, inputs):
        run(
            pictures=inputs[0],
            splits=inputs[1],
            weights=inputs[2],
            out=target,
            config=job.config.faces,
            max_reject_share=section.max_reject_share,
            undetected=section.undetected,
            workers=workers,
        )


@app.command(name="draw_masks")
@step
def draw_masks(
    out: Annotated[
        OptionalPath, out_option("Folder for the mask pictures.", "mask_pictures")
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=32, help="Side in pixels.", show_default="masks.size")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Rasterise the mask pictures from their vector drawings.

    Example: maskbench draw_masks --size 256 --out masks
    """
    config, _ = common.configuration(params)
    from maskbench.masks.draw_masks import draw_masks as run

    target = out or common.layout_of(config).mask_pictures
    side = size or config.masks.size
    with common.tracked("draw_masks", config, {}, {"size": side}, target, []):
        run(out=target, size=side)
