"""Commands of masked face recognition: pictures to learn from, fitting, testing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
from maskbench.config import Config
from maskbench.errors import MaskbenchError, unknown_name

app = typer.Typer()

Faces = Annotated[OptionalPath, path_option("--faces", "FaceSet folder.", "faces/DATASET")]
Weights = Annotated[
    OptionalPath, path_option("--weights", "Folder written by fetch_weights.", "weights")
]
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
    faces: Faces = None,
    mask_pictures: Annotated[
        OptionalPath,
        path_option("--mask-pictures", "Folder written by draw_masks.", "mask_pictures"),
    ] = None,
    out: Annotated[
        OptionalPath,
        path_option("--out", "Folder of the MaskedSet.", "dressed/DATASET/METHOD/", "-o"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Put masks on the people that recognisers and restorers learn from.

    Example: maskbench synthesise_training --method pywgan_div --seed 0
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
    from maskbench.synthesis.synthesise_training import synthesise_training as run

    target = out or layout.dressed(name, method, seed)
    facts = {"dataset": name, "method": method, "seed": seed}
    with common.tracked("synthesise_training", config, facts, block, target, inputs):
        run(
            method=method, model=inputs[0], faces=inputs[1], pictures=inputs[2], params=block,
            styles=config.masks.styles, copies=config.synthesis.copies, seed=seed, out=target,
        )  # fmt: skip


@app.command(name="embed")
@step
def embed(
    network: Annotated[str, typer.Option(help="The frozen network, e.g. dlib_resnet.")],
    training: TrainingOption = "keypoint",
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    faces: Faces = None,
    dressed: Dressed = None,
    weights: Weights = None,
    out: Annotated[
        OptionalPath,
        path_option("--out", "Folder of the embeddings.", "embeddings/DATASET/NETWORK/", "-o"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Embed what adapters and projections learn from with a frozen network.

    Example: maskbench embed --network dlib_resnet --training keypoint
    """
    config, _ = common.configuration(params)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    from maskbench.recognition.embed import embed as run
    from maskbench.recognition.params import NETWORKS

    if network not in NETWORKS:
        raise unknown_name("embed", "network", network, NETWORKS)
    worn = dressed or _dressed(config, name, training, seed)
    inputs = [
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
        common.existing(weights or layout.weights, "maskbench fetch_weights"),
    ]
    if worn is not None:
        inputs.append(common.existing(worn, f"maskbench synthesise_training --method {training}"))
    target = out or layout.embeddings(name, network, training, seed)
    facts = {"dataset": name, "name": f"{network} {training}", "seed": seed}
    with common.tracked("embed", config, facts, {}, target, inputs):
        run(network=network, faces=inputs[0], dressed=worn, weights=inputs[1], out=target)


@app.command(name="train_recogniser")
@step
def train_recogniser(
    recogniser: RecogniserOption,
    training: TrainingOption = "none",
    seed: SeedOption = 0,
    dataset: DatasetOption = None,
    faces: Faces = None,
    dressed: Dressed = None,
    embeddings: Annotated[
        OptionalPath,
        path_option("--embeddings", "Folder written by embed.", "embeddings/DATASET/NETWORK/"),
    ] = None,
    weights: Weights = None,
    out: Annotated[
        OptionalPath, path_option("--out", "Folder of the model.", f"recognisers/{FIT}", "-o")
    ] = None,
    scratch: Annotated[
        OptionalPath,
        path_option(
            "--scratch", "Folder of checkpoints; a stopped training goes on from it.", "scratch/"
        ),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Fit one recogniser to one training set. What learns nothing is described, no more.

    Example: maskbench train_recogniser --recogniser arcface --training keypoint --seed 0
    """
    config, place = common.configuration(params)
    block = _block(config, place, recogniser)
    _checked(config, recogniser, block, training)
    name = dataset or config.synthesis.dataset
    layout = common.layout_of(config)
    from maskbench.recognition.params import network_of
    from maskbench.recognition.train_recogniser import Sources
    from maskbench.recognition.train_recogniser import train_recogniser as run

    frozen = network_of(block)
    worn = dressed or _dressed(config, name, training, seed)
    if frozen is not None:
        worn = None
        made = f"maskbench embed --network {frozen} --training {training} --seed {seed}"
        found = embeddings or layout.embeddings(name, frozen, training, seed)
        embeddings = common.existing(found, made)
    sources = Sources(
        faces=common.existing(
            faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"
        ),
        dressed=worn
        and common.existing(worn, f"maskbench synthesise_training --method {training}"),
        embeddings=embeddings,
        weights=common.existing(weights or layout.weights, "maskbench fetch_weights"),
    )
    target = out or layout.recogniser(name, recogniser, training, seed)
    facts = {"dataset": name, "name": f"{recogniser} {training}", "seed": seed}
    facts |= {"recogniser": recogniser, "training": training}
    with common.tracked(
        "train_recogniser", config, facts, block, target, sources.folders()
    ) as tracking:
        run(
            name=recogniser, recogniser=block, training=training, seed=seed, sources=sources,
            out=target, scratch=scratch or layout.root / "scratch" / "recognisers",
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
    faces: Faces = None,
    masked: Annotated[
        OptionalPath,
        path_option("--masked", "Masked test people.", "masked/DATASET/keypoint/seed0"),
    ] = None,
    pictures: Annotated[
        OptionalPath,
        path_option("--pictures", "Folder written by fetch.", "pictures/DATASET"),
    ] = None,
    restored: Annotated[
        OptionalPath,
        path_option("--restored", "Folder written by restore.", "restored/DATASET/RESTORER/"),
    ] = None,
    weights: Weights = None,
    out: Annotated[
        OptionalPath,
        path_option("--out", "Folder of the numbers.", f"metrics/recognition/{FIT}", "-o"),
    ] = None,
    params: ParamsOption = None,
) -> None:
    """Test one recogniser by every protocol: on masks put on by us, or on really masked people.

    Example: maskbench evaluate_recognition --recogniser dlib_resnet --dataset mfr2
    """
    config, place = common.configuration(params)
    block = _block(config, place, recogniser)
    _checked(config, recogniser, block, training)
    learnt, name = config.synthesis.dataset, dataset or config.synthesis.dataset
    common.section_of_dataset(config, place, name)
    layout = common.layout_of(config)
    from maskbench.datasets.base import adapter
    from maskbench.recognition.evaluate_recognition import Test
    from maskbench.recognition.evaluate_recognition import evaluate_recognition as run
    from maskbench.recognition.params import Restored

    worn: Path | None = masked or layout.masked(name, "keypoint", 0)
    listed: Path | None = None
    if masked is None and adapter(config.datasets[name].adapter).really_masked:
        worn = None
        found = pictures or layout.pictures(name)
        listed = common.existing(found, f"maskbench fetch --dataset {name}")
    else:
        assert worn is not None
        common.existing(worn, f"maskbench synthesise --method keypoint --dataset {name}")
    shown = None
    if isinstance(block, Restored):
        shown = common.existing(
            restored or layout.restored(name, block.restorer, 0),
            f"maskbench restore --restorer {block.restorer} --dataset {name}",
        )
    found = model or layout.recogniser(learnt, recogniser, training, seed)
    made = f"maskbench train_recogniser --recogniser {recogniser} --training {training}"
    inputs = [
        common.existing(found, made),
        common.existing(faces or layout.faces(name), f"maskbench crop_faces --dataset {name}"),
        common.existing(weights or layout.weights, "maskbench fetch_weights"),
    ]
    test = Test(
        faces=inputs[1], masked=worn, pictures=listed, restored=shown,
        styles=config.recognition.test_styles, unseen_styles=config.masks.unseen_styles,
        folds=config.recognition.folds,
    )  # fmt: skip
    target = out or layout.recognition_metrics(name, recogniser, training, seed)
    facts = {"dataset": name, "name": f"{recogniser} {training}", "seed": seed}
    facts |= {"recogniser": recogniser, "training": training}
    inputs += [path for path in (worn, listed, shown) if path is not None]
    with common.tracked("evaluate_recognition", config, facts, block, target, inputs) as tracking:
        run(
            name=recogniser, recogniser=block, training=training, seed=seed, model=inputs[0],
            test=test, weights=inputs[2], out=target, config=config.metrics, run_id=tracking.id,
        )  # fmt: skip
        tracking.measurements(target / "metrics.json")
