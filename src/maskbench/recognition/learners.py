"""Learners of recognisers, with their networks and losses as they begin."""

from __future__ import annotations

from pathlib import Path

import torch

from maskbench.datasets.weights import weights_file
from maskbench.errors import MaskbenchError
from maskbench.recognition.adapter import Adapter, class_means
from maskbench.recognition.backbones.build import Backbone, build
from maskbench.recognition.backbones.inception_resnet import InceptionResnetV1
from maskbench.recognition.encoders import FACENET, load_facenet
from maskbench.recognition.losses import Margin, RecognitionLoss, recognition_loss
from maskbench.recognition.params import Adapted, Trained
from maskbench.recognition.specs import Absent
from maskbench.recognition.training import PLAYER, RecogniserLearner
from maskbench.recognition.training_set import TrainingSet, of_pictures
from maskbench.training.checkpoint import STATE, load_network
from maskbench.training.devices import place
from maskbench.training.seeding import seeded


def network_learner(
    params: Trained, faces: Path, masked: Path | None, weights: Path, seed: int, scratch: Path
) -> RecogniserLearner:
    """A network that learns from pictures, which are kept at its size in ``scratch``.

    Raises:
        Absent: published weights that it starts from are not there.
        MaskbenchError: given weights that do not fit, unreadable inputs.
    """
    placement = place(params.precision)
    training_set = of_pictures(faces, masked, params.size, scratch)
    backbone = build(params.backbone, params.size, params.width, seed)
    _start_from(backbone, params, weights)
    loss = _loss(params, training_set, backbone.dim, seed)
    return RecogniserLearner(
        backbone.network, loss, training_set, params, seed, placement, backbone.scaled
    )


def adapter_learner(params: Adapted, training_set: TrainingSet, seed: int) -> RecogniserLearner:
    """An adapter that learns from a frozen network's embeddings."""
    placement = place("float32")
    size = training_set.values.shape[1]
    network: Adapter = seeded(lambda: Adapter(size, params.adapter), seed)
    network.fit(training_set.values, training_set.labels, training_set.masked)
    loss = _loss(params, training_set, network.dim, seed)
    if isinstance(loss, Margin):
        # From random class weights the adapter spends its training on finding where people lie:
        # on MFR2 an AUC of 0.956, no better than frozen, instead of 0.972.
        start = network.fixed(torch.from_numpy(training_set.values))
        loss.start_from(class_means(start, torch.from_numpy(training_set.labels)))
    return RecogniserLearner(network, loss, training_set, params, seed, placement)


def _loss(
    params: Trained | Adapted, training_set: TrainingSet, size: int, seed: int
) -> RecognitionLoss:
    people = len(training_set.people)
    return recognition_loss(params.loss, people, size, seed, params.margin, params.scale)


def _start_from(backbone: Backbone, params: Trained, weights: Path) -> None:
    """Put given weights into the backbone."""
    if params.start is None:
        return
    if params.start == "facenet":
        assert isinstance(backbone.network, InceptionResnetV1)  # params have been checked
        try:
            path = weights_file(weights, FACENET)
        except MaskbenchError as error:
            raise Absent(f"{FACENET}: {error.what}") from error
        load_facenet(backbone.network, path)
        return
    path = Path(params.start)
    if path.name != STATE or not path.exists():
        raise MaskbenchError(path, f"no such {STATE}", "check the recogniser's key start")
    try:
        load_network(backbone.network, path.parent, PLAYER, torch.device("cpu"))
    except MaskbenchError as error:
        raise MaskbenchError(
            path,
            f"no weights of {params.backbone} ({error.what})",
            f"name the {STATE} of a recogniser with this backbone, size and width",
        ) from error
    backbone.network.train().requires_grad_(True)
