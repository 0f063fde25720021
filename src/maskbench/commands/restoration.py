"""Commands of mask removal: the segmenter, training a restorer, restoring, measuring."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from maskbench.commands import common
from maskbench.commands.common import (
    DatasetOption,
    FacesOption,
    OptionalPath,
    ParamsOption,
    SeedOption,
    WeightsOption,
    out_option,
    path_option,
    scratch_option,
    step,
)
from maskbench.config import Config
from maskbench.errors import unknown_name

app = typer.Typer()

RestorerOption = Annotated[
    str, typer.Option("--restorer", help="Restorer: a block of restoration.restorers.")
]
Dressed = Annotated[
    OptionalPath,
    path_option(
        "--masked", "Folder written by synthesise_training.", "dressed/DATASET/keypoint/seed0"
    ),
]
SegmenterModel = Annotated[
    OptionalPath,
    path_option(
        "--segmenter",
        "Folder written by train_segmenter.",
        "restoration/DATASET/segmenter/seedSEED",
    ),
]
RestorerModel = Annotated[
    OptionalPath,
    path_option(
        "--model", "Folder written by train_restorer.", "restoration/DATASET/RESTORER/seedSEED"
    ),
]
Overlays = Annotated[
    OptionalPath,
    path_option("--masked", "Masked test faces.", "masked/DATASET/keypoint/seed0"),
]
DRESSED_BY = "maskbench synthesise_training --method keypoint"


def restorer_params(config: Config, place: str, name: str) -> Any:
    """The typed block of one restorer.

    Raises:
        MaskbenchError: the restorer is unknown, has no block, or its block is wrong.
    """
    from maskbench.restoration import base

    base.restorer(name)
    blocks = config.restoration.restorers
    if name not in blocks:
        raise unknown_name(f"{place}: restoration.restorers", "block", name, blocks)
    return base.parse_params(name, blocks[name], place)


@app.command(name="train_segmenter")
@step
def train_segmenter(
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    faces: FacesOption = None,
    masked: Dressed = None,
    out: Annotated[
        OptionalPath, out_option("Folder of the model.", "restoration/DATASET/segmenter/seedSEED")
    ] = None,
    scratch: Annotated[OptionalPath, scratch_option("scratch/DATASET/segmenter/seedSEED")] = None,
    params: ParamsOption = None,
) -> None:
    """Train the network that finds masks in pictures of faces.

    Example: maskbench train_segmenter --dataset orl
    """
    job = common.job(params, dataset)
    from maskbench.restoration.segmenter import parse_params

    block = parse_params(job.config.restoration.segmenter, job.place)
    inputs = [
        job.faces(faces),
        common.existing(masked or job.layout.dressed(job.dataset, "keypoint", 0), DRESSED_BY),
    ]
    from maskbench.restoration.train_segmenter import train_segmenter as run

    target = out or job.layout.segmenter(job.dataset, seed)
    with job.tracked(
        "train_segmenter", block, target, inputs, method="segmenter", seed=seed
    ) as tracking:
        run(
            faces=inputs[0],
            masked=inputs[1],
            params=block,
            seed=seed,
            out=target,
            scratch=scratch or job.layout.scratch(job.dataset, "segmenter", seed),
            run=tracking,
        )
        tracking.artifact(target / "curves.parquet")


@app.command(name="train_restorer")
@step
def train_restorer(
    restorer: RestorerOption,
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    faces: FacesOption = None,
    masked: Dressed = None,
    weights: WeightsOption = None,
    out: Annotated[
        OptionalPath, out_option("Folder of the model.", "restoration/DATASET/RESTORER/seedSEED")
    ] = None,
    scratch: Annotated[OptionalPath, scratch_option("scratch/DATASET/RESTORER/seedSEED")] = None,
    params: ParamsOption = None,
) -> None:
    """Train one restorer with one seed.

    Example: maskbench train_restorer --restorer edgeconnect
    """
    job = common.job(params, dataset)
    block = restorer_params(job.config, job.place, restorer)
    inputs = [
        job.faces(faces),
        common.existing(masked or job.layout.dressed(job.dataset, "keypoint", 0), DRESSED_BY),
        job.weights(weights),
    ]
    from maskbench.restoration.train_restorer import train_restorer as run

    target = out or job.layout.restorer(job.dataset, restorer, seed)
    with job.tracked(
        "train_restorer", block, target, inputs, method=restorer, seed=seed
    ) as tracking:
        run(
            restorer=restorer,
            faces=inputs[0],
            masked=inputs[1],
            weights=inputs[2],
            params=block,
            seed=seed,
            out=target,
            scratch=scratch or job.layout.scratch(job.dataset, restorer, seed),
            run=tracking,
        )
        tracking.artifact(target / "curves.parquet")
        tracking.artifact(target / "sheet.png")


@app.command(name="restore")
@step
def restore(
    restorer: RestorerOption,
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    model: RestorerModel = None,
    segmenter: SegmenterModel = None,
    masked: Annotated[
        OptionalPath,
        path_option(
            "--masked",
            "A MaskedSet, or a FaceSet of people some of whom wear masks.",
            "masked/DATASET/keypoint/seed0, or faces/DATASET of really masked people",
        ),
    ] = None,
    out: Annotated[
        OptionalPath, out_option("Folder of the set.", "restored/DATASET/RESTORER/seedSEED")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Take the masks off the faces of a set.

    The models are those of `synthesis.dataset`; --dataset names whose faces are restored.

    Example: maskbench restore --restorer edgeconnect --dataset mfr2
    """
    job = common.job(params, dataset)
    block = restorer_params(job.config, job.place, restorer)
    learnt = job.config.synthesis.dataset
    section = job.section()
    from maskbench.datasets.adapters import ADAPTERS

    really_masked = ADAPTERS.get(section.adapter).really_masked
    inputs = [
        common.existing(
            model or job.layout.restorer(learnt, restorer, seed),
            f"maskbench train_restorer --restorer {restorer} --seed {seed}",
        ),
        common.existing(
            segmenter or job.layout.segmenter(learnt, seed),
            f"maskbench train_segmenter --seed {seed}",
        ),
        job.faces(masked) if really_masked else job.overlay(masked),
    ]
    from maskbench.restoration.restore import restore as run

    target = out or job.layout.restored(job.dataset, restorer, seed)
    with job.tracked("restore", block, target, inputs, method=restorer, seed=seed):
        run(
            restorer=restorer,
            model=inputs[0],
            segmenter=inputs[1],
            masked=inputs[2],
            params=block,
            out=target,
        )


@app.command(name="evaluate_segmenter")
@step
def evaluate_segmenter(
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    segmenter: SegmenterModel = None,
    masked: Overlays = None,
    faces: FacesOption = None,
    out: Annotated[
        OptionalPath,
        out_option("Folder of the numbers.", "metrics/restoration/DATASET/segmenter/seedSEED"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Measure the segmenter against the known coverages of overlays.

    Example: maskbench evaluate_segmenter --dataset orl
    """
    job = common.job(params, dataset)
    inputs = {
        "segmenter": common.existing(
            segmenter or job.layout.segmenter(job.dataset, seed),
            f"maskbench train_segmenter --seed {seed}",
        ),
        "masked": job.overlay(masked),
        "faces": job.faces(faces),
    }
    from maskbench.restoration.evaluate_segmenter import evaluate_segmenter as run

    target = out or job.layout.restoration_metrics(job.dataset, "segmenter", seed)
    job.evaluate("evaluate_segmenter", run, target, inputs, method="segmenter", seed=seed)


@app.command(name="evaluate_restoration")
@step
def evaluate_restoration(
    restorer: RestorerOption,
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    restored: Annotated[
        OptionalPath,
        path_option(
            "--restored", "Folder written by restore.", "restored/DATASET/RESTORER/seedSEED"
        ),
    ] = None,
    masked: Overlays = None,
    faces: FacesOption = None,
    weights: WeightsOption = None,
    out: Annotated[
        OptionalPath,
        out_option("Folder of the numbers.", "metrics/restoration/DATASET/RESTORER/seedSEED"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Measure restored faces against the bare ones.

    Example: maskbench evaluate_restoration --restorer edgeconnect
    """
    job = common.job(params, dataset)
    inputs = {
        "restored": common.existing(
            restored or job.layout.restored(job.dataset, restorer, seed),
            f"maskbench restore --restorer {restorer} --seed {seed}",
        ),
        "masked": job.overlay(masked),
        "faces": job.faces(faces),
        "weights": job.weights(weights),
    }
    from maskbench.restoration.evaluate_restoration import evaluate_restoration as run

    target = out or job.layout.restoration_metrics(job.dataset, restorer, seed)
    job.evaluate(
        "evaluate_restoration",
        partial(run, restorer=restorer),
        target,
        inputs,
        method=restorer,
        seed=seed,
    )
