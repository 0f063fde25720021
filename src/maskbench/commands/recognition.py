"""Commands of masked face recognition: pictures to learn from, fitting, testing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from maskbench.commands import common
from maskbench.commands.common import (
    DatasetOption,
    FacesOption,
    MaskPicturesOption,
    MethodOption,
    OptionalPath,
    ParamsOption,
    PicturesOption,
    SeedOption,
    WeightsOption,
    out_option,
    path_option,
    scratch_option,
    step,
)
from maskbench.config import Config
from maskbench.errors import MaskbenchError, unknown_name

app = typer.Typer()

Dressed = Annotated[
    OptionalPath,
    path_option("--dressed", "Folder written by synthesise_training.", "dressed/DATASET/TRAINING/"),
]
RecogniserOption = Annotated[
    str, typer.Option("--recogniser", help="A block of recognition.recognisers.")
]
TrainingOption = Annotated[
    str,
    typer.Option(
        "--training", help="Training set: bare, a synthesis method, or none where nothing is learnt"
    ),
]
FIT = "DATASET/RECOGNISER/TRAINING/seedSEED"


def _block(config: Config, place: str, name: str):  # type: ignore[no-untyped-def]
    from maskbench.recognition.params import parse

    blocks = config.recognition.recognisers
    if name not in blocks:
        raise unknown_name(f"{place}: recognition.recognisers", "block", name, blocks)
    return parse(name, blocks[name], place)


def _checked(config: Config, name: str, block: Any, training: str) -> None:
    """Refuse a training set that this recogniser does not have.

    Raises:
        MaskbenchError: it has no such one; its own are named.
    """
    from maskbench.recognition.params import learnt_from

    known = learnt_from(block, tuple(config.synthesis.methods)) or ("none",)
    if training not in known:
        raise MaskbenchError(
            f"--training {training}", f"{name} is not learnt from it", f"one of: {', '.join(known)}"
        )


def _dressed(config: Config, dataset: str, training: str, seed: int) -> Path | None:
    """Where the masked pictures of a training set lie; None for one without."""
    from maskbench.experiment import trainings
    from maskbench.plan import training_of
    from maskbench.recognition.params import BARE

    if training in (BARE, "none"):
        return None
    made = training_of(training, seed, trainings(config))
    return common.layout_of(config).dressed(dataset, training, made)


@app.command(name="synthesise_training")
@step
def synthesise_training(
    method: MethodOption,
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    model: Annotated[
        OptionalPath,
        path_option("--model", "Folder written by train_synthesis.", "models/DATASET/METHOD/"),
    ] = None,
    faces: FacesOption = None,
    mask_pictures: MaskPicturesOption = None,
    out: Annotated[
        OptionalPath, out_option("Folder of the MaskedSet.", "dressed/DATASET/METHOD/")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Put masks on the people that recognisers and restorers learn from.

    Example: maskbench synthesise_training --method pywgan_div --seed 0
    """
    job = common.job(params, dataset)
    block = common.method_params(job.config, job.place, method)
    inputs = [
        job.model(model, method, seed),
        job.faces(faces),
        job.mask_pictures(mask_pictures),
    ]
    from maskbench.synthesis.synthesise_training import synthesise_training as run

    target = out or job.layout.dressed(job.dataset, method, seed)
    with job.tracked("synthesise_training", block, target, inputs, method=method, seed=seed):
        run(
            method=method, model=inputs[0], faces=inputs[1], pictures=inputs[2], params=block,
            styles=job.config.masks.styles, copies=job.config.synthesis.copies, seed=seed,
            out=target,
        )  # fmt: skip


@app.command(name="embed")
@step
def embed(
    network: Annotated[str, typer.Option(help="The frozen network, e.g. dlib_resnet.")],
    training: TrainingOption = "keypoint",
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    faces: FacesOption = None,
    dressed: Dressed = None,
    weights: WeightsOption = None,
    out: Annotated[
        OptionalPath, out_option("Folder of the embeddings.", "embeddings/DATASET/NETWORK/")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Embed what adapters and projections learn from with a frozen network.

    Example: maskbench embed --network dlib_resnet --training keypoint
    """
    job = common.job(params, dataset)
    from maskbench.recognition.embed import embed as run
    from maskbench.recognition.params import NETWORKS

    if network not in NETWORKS:
        raise unknown_name("embed", "network", network, NETWORKS)
    worn = dressed or _dressed(job.config, job.dataset, training, seed)
    inputs = [
        job.faces(faces),
        job.weights(weights),
    ]
    if worn is not None:
        inputs.append(common.existing(worn, f"maskbench synthesise_training --method {training}"))
    target = out or job.layout.embeddings(job.dataset, network, training, seed)
    facts = {"name": f"{network} {training}", "seed": seed}
    with job.tracked("embed", {}, target, inputs, **facts):
        run(network=network, faces=inputs[0], dressed=worn, weights=inputs[1], out=target)


@app.command(name="train_recogniser")
@step
def train_recogniser(
    recogniser: RecogniserOption,
    training: TrainingOption = "none",
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    faces: FacesOption = None,
    dressed: Dressed = None,
    embeddings: Annotated[
        OptionalPath,
        path_option("--embeddings", "Folder written by embed.", "embeddings/DATASET/NETWORK/"),
    ] = None,
    weights: WeightsOption = None,
    out: Annotated[OptionalPath, out_option("Folder of the model.", f"recognisers/{FIT}")] = None,
    scratch: Annotated[OptionalPath, scratch_option("scratch/")] = None,
    params: ParamsOption = None,
) -> None:
    """Fit one recogniser to one training set. What learns nothing is described, no more.

    Example: maskbench train_recogniser --recogniser arcface --training keypoint --seed 0
    """
    job = common.job(params, dataset)
    block = _block(job.config, job.place, recogniser)
    _checked(job.config, recogniser, block, training)
    from maskbench.recognition.params import network_of
    from maskbench.recognition.train_recogniser import Sources
    from maskbench.recognition.train_recogniser import train_recogniser as run

    frozen = network_of(block)
    worn = dressed or _dressed(job.config, job.dataset, training, seed)
    if frozen is not None:
        worn = None
        made = f"maskbench embed --network {frozen} --training {training} --seed {seed}"
        found = embeddings or job.layout.embeddings(job.dataset, frozen, training, seed)
        embeddings = common.existing(found, made)
    sources = Sources(
        faces=job.faces(faces),
        dressed=worn
        and common.existing(worn, f"maskbench synthesise_training --method {training}"),
        embeddings=embeddings,
        weights=job.weights(weights),
    )
    target = out or job.layout.recogniser(job.dataset, recogniser, training, seed)
    facts = {"name": f"{recogniser} {training}", "seed": seed}
    facts |= {"recogniser": recogniser, "training": training}
    with job.tracked("train_recogniser", block, target, sources.folders(), **facts) as tracking:
        run(
            name=recogniser, recogniser=block, training=training, seed=seed, sources=sources,
            out=target, scratch=scratch or job.layout.root / "scratch" / "recognisers",
            run=tracking.metrics,
        )  # fmt: skip
        tracking.artifact(target / "curves.parquet")


@app.command(name="evaluate_recognition")
@step
def evaluate_recognition(
    recogniser: RecogniserOption,
    training: TrainingOption = "none",
    seed: SeedOption = 0,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", help="Data set to test on.", show_default="synthesis.dataset"),
    ] = None,
    model: Annotated[
        OptionalPath,
        path_option("--model", "Folder written by train_recogniser.", f"recognisers/{FIT}"),
    ] = None,
    faces: FacesOption = None,
    masked: Annotated[
        OptionalPath,
        path_option("--masked", "Masked test people.", "masked/DATASET/keypoint/seed0"),
    ] = None,
    pictures: PicturesOption = None,
    restored: Annotated[
        OptionalPath,
        path_option("--restored", "Folder written by restore.", "restored/DATASET/RESTORER/"),
    ] = None,
    weights: WeightsOption = None,
    out: Annotated[
        OptionalPath, out_option("Folder of the numbers.", f"metrics/recognition/{FIT}")
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Test one recogniser by every protocol: on masks put on by us, or on really masked people.

    Example: maskbench evaluate_recognition --recogniser dlib_resnet --dataset mfr2
    """
    job = common.job(params, dataset)
    block = _block(job.config, job.place, recogniser)
    _checked(job.config, recogniser, block, training)
    section = job.section()
    from maskbench.datasets.adapters import ADAPTERS
    from maskbench.recognition.evaluate_recognition import Test
    from maskbench.recognition.evaluate_recognition import evaluate_recognition as run
    from maskbench.recognition.params import Restored

    worn: Path | None = masked or job.layout.masked(job.dataset, "keypoint", 0)
    listed: Path | None = None
    if masked is None and ADAPTERS.get(section.adapter).really_masked:
        worn = None
        listed = job.pictures(pictures)
    else:
        assert worn is not None
        common.existing(worn, f"maskbench synthesise --method keypoint --dataset {job.dataset}")
    shown = None
    if isinstance(block, Restored):
        shown = common.existing(
            restored or job.layout.restored(job.dataset, block.restorer, 0),
            f"maskbench restore --restorer {block.restorer} --dataset {job.dataset}",
        )
    found = model or job.layout.recogniser(job.config.synthesis.dataset, recogniser, training, seed)
    made = f"maskbench train_recogniser --recogniser {recogniser} --training {training}"
    inputs = [
        common.existing(found, made),
        job.faces(faces),
        job.weights(weights),
    ]
    test = Test(
        faces=inputs[1], masked=worn, pictures=listed, restored=shown,
        styles=job.config.recognition.test_styles, unseen_styles=job.config.masks.unseen_styles,
        folds=job.config.recognition.folds,
    )  # fmt: skip
    target = out or job.layout.recognition_metrics(job.dataset, recogniser, training, seed)
    facts = {"name": f"{recogniser} {training}", "seed": seed}
    facts |= {"recogniser": recogniser, "training": training}
    inputs += [path for path in (worn, listed, shown) if path is not None]
    with job.tracked("evaluate_recognition", block, target, inputs, **facts) as tracking:
        run(
            name=recogniser, recogniser=block, training=training, seed=seed, model=inputs[0],
            test=test, weights=inputs[2], out=target, config=job.config.metrics, run_id=tracking.id,
        )  # fmt: skip
        tracking.measurements(target / "metrics.json")
