"""The kind ``network``: a network learns from pictures, from scratch or from given weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.datasets.weights import weights_file
from maskbench.errors import MaskbenchError
from maskbench.faces.people import People, people_behind
from maskbench.recognition import encoders
from maskbench.recognition.augmentation import augmented
from maskbench.recognition.backbones.build import Backbone, build
from maskbench.recognition.kinds import FACENET, start_file
from maskbench.recognition.kinds.network import NetworkParams
from maskbench.recognition.recogniser import DESCRIPTION, Model, Training, read_description
from maskbench.recognition.specs import BACKBONES, Absent
from maskbench.recognition.test_set import TestSet
from maskbench.recognition.training import PLAYER, InSteps, RecogniserLearner, loss_of
from maskbench.recognition.training_set import of_pictures
from maskbench.registry import Block
from maskbench.training.checkpoint import STATE, load_network
from maskbench.training.devices import place


class TrainedNetwork(InSteps):
    """A backbone with its own training."""

    def learner(self, training: Training, scratch: Path) -> RecogniserLearner:
        params, seed = training.block.params, training.seed
        backbone = build(params.backbone, params.size, params.width, seed)
        _start_from(backbone, training)
        training_set = of_pictures(training.faces, training.masked, params.size, scratch)

        def prepared(pixels: Tensor, random: torch.Generator) -> Tensor:
            return backbone.scaled(augmented(pixels, params.augmentation, random))

        return RecogniserLearner(
            backbone.network, loss_of(params, training_set, backbone.dim, seed), training_set,
            params, seed, place(params.precision), prepared,
            # A quarter faster; but with 8 channels the backward pass of torch 2.14's channels-last
            # convolutions writes beyond its memory on CPUs (seen at 48 and 64 pixels, float32).
            torch.contiguous_format if params.width % 16 else torch.channels_last,
        )  # fmt: skip

    def given(self, block: Block) -> list[Path]:
        """The weights that it starts from, where they are there."""
        path = start_file(block)
        return [path] if path is not None and path.exists() else []

    def known_before(self, block: Block) -> People:
        """The people behind given weights, where a description of their training is there."""
        for path in self.given(block):
            if (path.parent / DESCRIPTION).exists():
                return people_behind(read_description(path.parent), path.parent / DESCRIPTION)
        return {}

    def embed(self, model: Model, test: TestSet, frozen: np.ndarray) -> np.ndarray:
        return test.embeddings(encoder_of(model))

    def in_words(self, model: Model, network: str) -> str:
        params: NetworkParams = model.block.params
        people = len(model.learnt_from[model.facts["dataset"]])
        start = f"from {Path(params.start).name}" if params.start else "from scratch"
        width = f", width {params.width}" if BACKBONES.get(params.backbone).has_width else ""
        return (
            f"{params.backbone} ({params.size} px{width}), {start}, {params.steps} steps of "
            f"{params.pictures(people)} pictures, {model.source}"
        )


def encoder_of(model: Model) -> encoders.Encoder:
    """The network that was trained: face crops in, embeddings out."""
    params, device = model.block.params, place("float32").device
    backbone = build(params.backbone, params.size, params.width, 0)
    load_network(backbone.network, Path(str(model.folder)), PLAYER, device)

    class Prepared(nn.Module):
        """The network on float pixels in 0..255."""

        def __init__(self) -> None:
            super().__init__()
            self.network = backbone.network

        def forward(self, x: Tensor) -> Tensor:
            return self.network(backbone.scaled(x))

    return encoders.WholeCrops(Prepared(), backbone.dim, params.size, str(device))


def _start_from(backbone: Backbone, training: Training) -> None:
    """Put given weights into the backbone.

    Raises:
        Absent: they are published ones, and not there.
        MaskbenchError: they do not fit.
    """
    params = training.block.params
    if params.start == FACENET:
        try:
            path = weights_file(training.weights, encoders.FACENET)
        except MaskbenchError as error:
            raise Absent(f"{encoders.FACENET}: {error.what}") from error
        encoders.load_facenet(backbone.network, path)
        return
    start = start_file(training.block)
    if start is None:
        return
    if start.name != STATE or not start.exists():
        raise MaskbenchError(start, f"no such {STATE}", "check the recogniser's key start")
    try:
        load_network(backbone.network, start.parent, PLAYER, torch.device("cpu"))
    except MaskbenchError as error:
        raise MaskbenchError(
            start,
            f"no weights of {params.backbone} ({error.what})",
            f"name the {STATE} of a recogniser with this backbone, size and width",
        ) from error
    backbone.network.train().requires_grad_(True)
