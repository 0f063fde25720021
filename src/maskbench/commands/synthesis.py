"""Commands of mask synthesis: the real domain, training, applying, measuring."""

from __future__ import annotations

from typing import Annotated

import typer

from maskbench.commands import common
from maskbench.commands.common import (
    DatasetOption,
    MethodOption,
    OptionalPath,
    ParamsOption,
    SeedOption,
    path_option,
    step,
)

app = typer.Typer()

Faces = Annotated[OptionalPath, path_option("--faces", "FaceSet folder.", "faces/DATASET")]
MaskPictures = Annotated[
    OptionalPath, path_option("--mask-pictures", "Folder written by draw_masks.", "mask_pictures")
]
SEED_FOLDER = "DATASET/METHOD/seedSEED"


@app.command(name="masked_domain")
@step
def masked_domain(
    dataset: DatasetOption = None,
    faces: Faces = None,
    mask_pictures: MaskPictures = None,
    real_faces: Annotated[
        OptionalPath,
        path_option(
            "--real-faces", "FaceSet of really masked people.", "faces/ of real_domain.source"
        ),
    ] = None,
    seed: SeedOption = 0,
    out: Annotated[
        OptionalPath,
        path_option("--out", "Folder of the MaskedSet.", "masked_domain/DATASET", "-o"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Collect the pictures of people wearing masks that a critic takes for real.

    Example: maskbench masked_domain --dataset orl
    """
    config, _ = common.configuration(params)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    source = config.synthesis.real_domain.source
    if real_faces is None and source != "keypoint":
        real_faces = layout.faces(source)
    inputs = [
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
        common.existing(mask_pictures or layout.mask_pictures, "maskbench draw_masks"),
    ]
    if real_faces is not None:
        inputs.append(common.existing(real_faces, f"maskbench crop_faces --dataset {source}"))
    from maskbench.synthesis.masked_domain import masked_domain as run

    target = out or layout.masked_domain(name)
    facts = {"dataset": name, "seed": seed}
    with common.tracked(
        "masked_domain", config, facts, config.synthesis.real_domain, target, inputs
    ):
        run(
            faces=inputs[0],
            pictures=inputs[1],
            out=target,
            config=config.synthesis.real_domain,
            styles=config.masks.styles,
            seed=seed,
            real_faces=real_faces,
        )


@app.command(name="train_synthesis")
@step
def train_synthesis(
    method: MethodOption,
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    faces: Faces = None,
    masked: Annotated[
        OptionalPath,
        path_option("--masked", "MaskedSet of the real domain.", "masked_domain/DATASET"),
    ] = None,
    mask_pictures: MaskPictures = None,
    out: Annotated[
        OptionalPath, path_option("--out", "Folder of the model.", f"models/{SEED_FOLDER}", "-o")
    ] = None,
    scratch: Annotated[
        OptionalPath,
        path_option(
            "--scratch",
            "Folder of checkpoints; a stopped training goes on from it.",
            f"scratch/{SEED_FOLDER}",
        ),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Train one method with one seed.

    Example: maskbench train_synthesis --method pywgan_div --seed 0
    """
    config, place = common.configuration(params)
    block = common.method_params(config, place, method)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    inputs = [
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
        common.existing(
            masked or layout.masked_domain(name), f"maskbench masked_domain --dataset {name}"
        ),
        common.existing(mask_pictures or layout.mask_pictures, "maskbench draw_masks"),
    ]
    from maskbench.synthesis.train_synthesis import train_synthesis as run

    target = out or layout.model(name, method, seed)
    facts = {"dataset": name, "method": method, "seed": seed}
    with common.tracked("train_synthesis", config, facts, block, target, inputs) as tracking:
        run(
            method=method,
            faces=inputs[0],
            masked=inputs[1],
            pictures=inputs[2],
            params=block,
            styles=config.masks.styles,
            seed=seed,
            out=target,
            scratch=scratch or layout.scratch(name, method, seed),
            run=tracking,
        )
        tracking.artifact(target / "curves.parquet")
        for sheet in sorted((target / "snapshots").glob("step_*.png"))[-1:]:
            tracking.artifact(sheet)


@app.command(name="synthesise")
@step
def synthesise(
    method: MethodOption,
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    model: Annotated[
        OptionalPath,
        path_option("--model", "Folder written by train_synthesis.", f"models/{SEED_FOLDER}"),
    ] = None,
    faces: Faces = None,
    mask_pictures: MaskPictures = None,
    split: Annotated[str, typer.Option(help="Which people: train, val or test.")] = "test",
    out: Annotated[
        OptionalPath,
        path_option("--out", "Folder of the MaskedSet.", f"masked/{SEED_FOLDER}", "-o"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Put every measured mask style on every face of a split.

    Example: maskbench synthesise --method keypoint --split test --out masked
    """
    config, place = common.configuration(params)
    block = common.method_params(config, place, method)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    inputs = [
        common.existing(
            model or layout.model(name, method, seed),
            f"maskbench train_synthesis --method {method} --seed {seed}",
        ),
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
        common.existing(mask_pictures or layout.mask_pictures, "maskbench draw_masks"),
    ]
    from maskbench.synthesis.synthesise import synthesise as run

    target = out or layout.masked(name, method, seed)
    facts = {"dataset": name, "method": method, "seed": seed, "split": split}
    with common.tracked("synthesise", config, facts, block, target, inputs):
        run(
            method=method,
            model=inputs[0],
            faces=inputs[1],
            pictures=inputs[2],
            params=block,
            styles=(*config.masks.figure_styles, *config.masks.unseen_styles),
            split=split,
            seed=seed,
            out=target,
        )


@app.command(name="evaluate_synthesis")
@step
def evaluate_synthesis(
    method: MethodOption,
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    masked: Annotated[
        OptionalPath,
        path_option("--masked", "Folder written by synthesise.", f"masked/{SEED_FOLDER}"),
    ] = None,
    reference: Annotated[
        OptionalPath,
        path_option(
            "--reference", "Key-point overlay of the same faces.", "masked/DATASET/keypoint/seed0"
        ),
    ] = None,
    faces: Faces = None,
    weights: Annotated[
        OptionalPath, path_option("--weights", "Folder written by fetch_weights.", "weights")
    ] = None,
    out: Annotated[
        OptionalPath,
        path_option("--out", "Folder of the numbers.", f"metrics/synthesis/{SEED_FOLDER}", "-o"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Measure masked faces; each number names the network that computed it.

    Example: maskbench evaluate_synthesis --method pywgan_div --seed 0
    """
    config, _ = common.configuration(params)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    inputs = [
        common.existing(
            masked or layout.masked(name, method, seed),
            f"maskbench synthesise --method {method} --seed {seed}",
        ),
        common.existing(
            reference or layout.masked(name, "keypoint", 0),
            "maskbench synthesise --method keypoint",
        ),
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
        common.existing(weights or layout.weights, "maskbench fetch_weights"),
    ]
    from maskbench.metrics.evaluate_synthesis import evaluate_synthesis as run

    target = out or layout.synthesis_metrics(name, method, seed)
    facts = {"dataset": name, "method": method, "seed": seed}
    with common.tracked(
        "evaluate_synthesis", config, facts, config.metrics, target, inputs
    ) as tracking:
        run(
            masked=inputs[0],
            reference=inputs[1],
            faces=inputs[2],
            weights=inputs[3],
            out=target,
            config=config.metrics,
            unseen_styles=config.masks.unseen_styles,
            seed=seed,
            method=method,
            run_id=tracking.id,
        )
        tracking.measurements(target / "metrics.json")
