"""Commands of mask removal: the segmenter, training a restorer, restoring, measuring."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from maskbench.commands import common
from maskbench.commands.common import (
    DatasetOption,
    OptionalPath,
    ParamsOption,
    SeedOption,
    path_option,
    step,
)
from maskbench.config import Config
from maskbench.errors import unknown_name

app = typer.Typer()

RestorerOption = Annotated[
    str, typer.Option("--restorer", help="Restorer: a block of restoration.restorers.")
]
Faces = Annotated[OptionalPath, path_option("--faces", "FaceSet folder.", "faces/DATASET")]
Dressed = Annotated[
    OptionalPath,
    path_option(
        "--masked", "Folder written by synthesise_training.", "dressed/DATASET/keypoint/seed0"
    ),
]
Weights = Annotated[
    OptionalPath, path_option("--weights", "Folder written by fetch_weights.", "weights")
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
OVERLAID_BY = "maskbench synthesise --method keypoint"


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
    faces: Faces = None,
    masked: Dressed = None,
    out: Annotated[
        OptionalPath,
        path_option(
            "--out", "Folder of the model.", "restoration/DATASET/segmenter/seedSEED", "-o"
        ),
    ] = None,
    scratch: Annotated[
        OptionalPath,
        path_option(
            "--scratch",
            "Folder of checkpoints; a stopped training goes on from it.",
            "scratch/DATASET/segmenter/seedSEED",
        ),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Train the network that finds masks in pictures of faces.

    Example: maskbench train_segmenter --dataset orl
    """
    config, place = common.configuration(params)
    from maskbench.restoration.segmenter import parse_params

    block = parse_params(config.restoration.segmenter, place)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    inputs = [
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
        common.existing(masked or layout.dressed(name, "keypoint", 0), DRESSED_BY),
    ]
    from maskbench.restoration.train_segmenter import train_segmenter as run

    target = out or layout.segmenter(name, seed)
    facts = {"dataset": name, "method": "segmenter", "seed": seed}
    with common.tracked("train_segmenter", config, facts, block, target, inputs) as tracking:
        run(
            faces=inputs[0],
            masked=inputs[1],
            params=block,
            seed=seed,
            out=target,
            scratch=scratch or layout.scratch(name, "segmenter", seed),
            run=tracking,
        )
        tracking.artifact(target / "curves.parquet")


@app.command(name="train_restorer")
@step
def train_restorer(
    restorer: RestorerOption,
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    faces: Faces = None,
    masked: Dressed = None,
    weights: Weights = None,
    out: Annotated[
        OptionalPath,
        path_option("--out", "Folder of the model.", "restoration/DATASET/RESTORER/seedSEED", "-o"),
    ] = None,
    scratch: Annotated[
        OptionalPath,
        path_option(
            "--scratch",
            "Folder of checkpoints; a stopped training goes on from it.",
            "scratch/DATASET/RESTORER/seedSEED",
        ),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Train one restorer with one seed.

    Example: maskbench train_restorer --restorer edgeconnect
    """
    config, place = common.configuration(params)
    block = restorer_params(config, place, restorer)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    inputs = [
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
        common.existing(masked or layout.dressed(name, "keypoint", 0), DRESSED_BY),
        common.existing(weights or layout.weights, "maskbench fetch_weights"),
    ]
    from maskbench.restoration.train_restorer import train_restorer as run

    target = out or layout.restorer(name, restorer, seed)
    facts = {"dataset": name, "method": restorer, "seed": seed}
    with common.tracked("train_restorer", config, facts, block, target, inputs) as tracking:
        run(
            restorer=restorer,
            faces=inputs[0],
            masked=inputs[1],
            weights=inputs[2],
            params=block,
            seed=seed,
            out=target,
            scratch=scratch or layout.scratch(name, restorer, seed),
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
        OptionalPath,
        path_option("--out", "Folder of the set.", "restored/DATASET/RESTORER/seedSEED", "-o"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Take the masks off the faces of a set.

    The models are those of `synthesis.dataset`; --dataset names whose faces are restored.

    Example: maskbench restore --restorer edgeconnect --dataset mfr2
    """
    config, place = common.configuration(params)
    block = restorer_params(config, place, restorer)
    learnt = config.synthesis.dataset
    name = dataset or learnt
    layout = common.layout_of(config)
    section = common.section_of_dataset(config, place, name)
    given, made_by = layout.masked(name, "keypoint", 0), OVERLAID_BY
    from maskbench.datasets.base import adapter

    if adapter(section.adapter).really_masked:
        given, made_by = layout.faces(name), f"maskbench crop_faces --dataset {name}"
    inputs = [
        common.existing(
            model or layout.restorer(learnt, restorer, seed),
            f"maskbench train_restorer --restorer {restorer} --seed {seed}",
        ),
        common.existing(
            segmenter or layout.segmenter(learnt, seed), f"maskbench train_segmenter --seed {seed}"
        ),
        common.existing(masked or given, made_by),
    ]
    from maskbench.restoration.restore import restore as run

    target = out or layout.restored(name, restorer, seed)
    facts = {"dataset": name, "method": restorer, "seed": seed}
    with common.tracked("restore", config, facts, block, target, inputs):
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
    faces: Faces = None,
    out: Annotated[
        OptionalPath,
        path_option(
            "--out",
            "Folder of the numbers.",
            "metrics/restoration/DATASET/segmenter/seedSEED",
            "-o",
        ),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Measure the segmenter against the known coverages of overlays.

    Example: maskbench evaluate_segmenter --dataset orl
    """
    config, _ = common.configuration(params)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    inputs = [
        common.existing(
            segmenter or layout.segmenter(name, seed), f"maskbench train_segmenter --seed {seed}"
        ),
        common.existing(masked or layout.masked(name, "keypoint", 0), OVERLAID_BY),
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
    ]
    from maskbench.restoration.evaluate_segmenter import evaluate_segmenter as run

    target = out or layout.restoration_metrics(name, "segmenter", seed)
    facts = {"dataset": name, "method": "segmenter", "seed": seed}
    with common.tracked(
        "evaluate_segmenter", config, facts, config.metrics, target, inputs
    ) as tracking:
        run(
            segmenter=inputs[0],
            masked=inputs[1],
            faces=inputs[2],
            out=target,
            config=config.metrics,
            unseen_styles=config.masks.unseen_styles,
            seed=seed,
            run_id=tracking.id,
        )
        tracking.measurements(target / "metrics.json")


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
    faces: Faces = None,
    weights: Weights = None,
    out: Annotated[
        OptionalPath,
        path_option(
            "--out",
            "Folder of the numbers.",
            "metrics/restoration/DATASET/RESTORER/seedSEED",
            "-o",
        ),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Measure restored faces against the bare ones.

    Example: maskbench evaluate_restoration --restorer edgeconnect
    """
    config, _ = common.configuration(params)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    inputs = [
        common.existing(
            restored or layout.restored(name, restorer, seed),
            f"maskbench restore --restorer {restorer} --seed {seed}",
        ),
        common.existing(masked or layout.masked(name, "keypoint", 0), OVERLAID_BY),
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
        common.existing(weights or layout.weights, "maskbench fetch_weights"),
    ]
    from maskbench.restoration.evaluate_restoration import evaluate_restoration as run

    target = out or layout.restoration_metrics(name, restorer, seed)
    facts = {"dataset": name, "method": restorer, "seed": seed}
    with common.tracked(
        "evaluate_restoration", config, facts, config.metrics, target, inputs
    ) as tracking:
        run(
            restored=inputs[0],
            masked=inputs[1],
            faces=inputs[2],
            weights=inputs[3],
            out=target,
            config=config.metrics,
            unseen_styles=config.masks.unseen_styles,
            seed=seed,
            restorer=restorer,
            run_id=tracking.id,
        )
        tracking.measurements(target / "metrics.json")
