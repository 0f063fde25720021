"""Commands of mask synthesis: the real domain, training, applying, measuring."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from maskbench.commands import common
from maskbench.commands.common import (
    DatasetOption,
    FacesOption,
    MaskPicturesOption,
    MethodOption,
    OptionalPath,
    ParamsOption,
    SeedOption,
    WeightsOption,
    out_option,
    path_option,
    scratch_option,
    step,
)

app = typer.Typer()

SEED_FOLDER = "DATASET/METHOD/seedSEED"


@app.command(name="masked_domain")
@step
def masked_domain(
    dataset: DatasetOption = None,
    faces: FacesOption = None,
    mask_pictures: MaskPicturesOption = None,
    real_faces: Annotated[
        OptionalPath,
        path_option(
            "--real-faces", "FaceSet of really masked people.", "faces/ of real_domain.source"
        ),
    ] = None,
    seed: SeedOption = 0,
    out: Annotated[
        OptionalPath, out_option("Folder of the MaskedSet.", "masked_domain/DATASET")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Collect the pictures of people wearing masks that a critic takes for real.

    Example: maskbench masked_domain --dataset orl
    """
    job = common.job(params, dataset)
    source = job.config.synthesis.real_domain.source
    if real_faces is None and source != "keypoint":
        real_faces = job.layout.faces(source)
    inputs = [
        job.faces(faces),
        job.mask_pictures(mask_pictures),
    ]
    if real_faces is not None:
        inputs.append(common.existing(real_faces, f"maskbench crop_faces --dataset {source}"))
    from maskbench.synthesis.masked_domain import masked_domain as run

    target = out or job.layout.masked_domain(job.dataset)
    section = job.config.synthesis.real_domain
    with job.tracked("masked_domain", section, target, inputs, seed=seed):
        run(
            faces=inputs[0],
            pictures=inputs[1],
            out=target,
            config=section,
            styles=job.config.masks.styles,
            seed=seed,
            real_faces=real_faces,
        )


@app.command(name="train_synthesis")
@step
def train_synthesis(
    method: MethodOption,
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    faces: FacesOption = None,
    masked: Annotated[
        OptionalPath,
        path_option("--masked", "MaskedSet of the real domain.", "masked_domain/DATASET"),
    ] = None,
    mask_pictures: MaskPicturesOption = None,
    out: Annotated[
        OptionalPath, out_option("Folder of the model.", f"models/{SEED_FOLDER}")
    ] = None,
    scratch: Annotated[OptionalPath, scratch_option(f"scratch/{SEED_FOLDER}")] = None,
    params: ParamsOption = None,
) -> None:
    """Train one method with one seed.

    Example: maskbench train_synthesis --method pywgan_div --seed 0
    """
    job = common.job(params, dataset)
    block = common.method_params(job.config, job.place, method)
    inputs = [
        job.faces(faces),
        common.existing(
            masked or job.layout.masked_domain(job.dataset),
            f"maskbench masked_domain --dataset {job.dataset}",
        ),
        job.mask_pictures(mask_pictures),
    ]
    from maskbench.synthesis.train_synthesis import train_synthesis as run

    target = out or job.layout.model(job.dataset, method, seed)
    with job.tracked(
        "train_synthesis", block, target, inputs, method=method, seed=seed
    ) as tracking:
        run(
            method=method,
            faces=inputs[0],
            masked=inputs[1],
            pictures=inputs[2],
            params=block,
            styles=job.config.masks.styles,
            seed=seed,
            out=target,
            scratch=scratch or job.layout.scratch(job.dataset, method, seed),
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
    faces: FacesOption = None,
    mask_pictures: MaskPicturesOption = None,
    split: Annotated[str, typer.Option(help="Which people: train, val or test.")] = "test",
    out: Annotated[
        OptionalPath, out_option("Folder of the MaskedSet.", f"masked/{SEED_FOLDER}")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Put every measured mask style on every face of a split.

    Example: maskbench synthesise --method keypoint --split test --out masked
    """
    job = common.job(params, dataset)
    block = common.method_params(job.config, job.place, method)
    inputs = [
        job.model(model, method, seed),
        job.faces(faces),
        job.mask_pictures(mask_pictures),
    ]
    from maskbench.synthesis.synthesise import synthesise as run

    target = out or job.layout.masked(job.dataset, method, seed)
    with job.tracked("synthesise", block, target, inputs, method=method, seed=seed, split=split):
        run(
            method=method,
            model=inputs[0],
            faces=inputs[1],
            pictures=inputs[2],
            params=block,
            styles=(*job.config.masks.figure_styles, *job.config.masks.unseen_styles),
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
    faces: FacesOption = None,
    weights: WeightsOption = None,
    out: Annotated[
        OptionalPath, out_option("Folder of the numbers.", f"metrics/synthesis/{SEED_FOLDER}")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Measure masked faces; each number names the network that computed it.

    Example: maskbench evaluate_synthesis --method pywgan_div --seed 0
    """
    job = common.job(params, dataset)
    inputs = {
        "masked": common.existing(
            masked or job.layout.masked(job.dataset, method, seed),
            f"maskbench synthesise --method {method} --seed {seed}",
        ),
        "reference": job.overlay(reference),
        "faces": job.faces(faces),
        "weights": job.weights(weights),
    }
    from maskbench.metrics.evaluate_synthesis import evaluate_synthesis as run

    target = out or job.layout.synthesis_metrics(job.dataset, method, seed)
    job.evaluate(
        "evaluate_synthesis", partial(run, method=method), target, inputs, method=method, seed=seed
    )
