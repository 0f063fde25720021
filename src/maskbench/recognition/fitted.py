"""A fitted recogniser, opened from its folder: face crops in, embeddings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from maskbench.artifacts import read_json
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.recognition.adapter import Adapter
from maskbench.recognition.backbones.build import build
from maskbench.recognition.bias import without_bias
from maskbench.recognition.encoders import Absent, Encoder, WholeCrops, encoder_of
from maskbench.recognition.params import (
    Adapted,
    Pretrained,
    Projected,
    Recogniser,
    Restored,
    Trained,
    parse,
)
from maskbench.recognition.train_recogniser import BIAS, DESCRIPTION
from maskbench.training import state
from maskbench.training.checkpoint import STATE


@dataclass(frozen=True)
class Fitted:
    """A recogniser with its network.

    Attributes:
        people: whom it learnt from.
        dataset: whose they are.
        encoder: the network.
        backbone: the network and how it was made, in words.
    """

    people: frozenset[str]
    dataset: str
    encoder: Encoder
    backbone: str


class _Prepared(nn.Module):
    def __init__(self, network: nn.Module, prepare: Any) -> None:
        super().__init__()
        self.network, self.prepare = network, prepare

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(self.prepare(x))


class TrainedEncoder(WholeCrops):
    """A network trained here."""

    name = "network"


class OnFrozen(Encoder):
    """Something that is done to a frozen network's embeddings."""

    def __init__(self, frozen: Encoder, then: Any, dim: int) -> None:
        self.frozen, self.then, self.dim = frozen, then, dim

    def encode(self, faces: FaceSet, rows: np.ndarray) -> np.ndarray:
        return self.then(self.frozen.encode(faces, rows))


def read_description(model: Path) -> dict[str, Any]:
    """``recogniser.json``.

    Raises:
        MaskbenchError: no such file, or it is damaged.
    """
    facts = read_json(Path(model) / DESCRIPTION)
    missing = {"name", "recogniser", "training", "seed", "people", "absent"} - set(facts)
    if missing:
        raise MaskbenchError(
            Path(model) / DESCRIPTION, f"lacks {min(missing)}", "train the recogniser again"
        )
    return dict(facts)


def fitted(model: Path, weights: Path, device: str = "cpu") -> Fitted:
    """Open what ``train_recogniser`` wrote.

    Raises:
        Absent: published weights that it needs are not there.
        MaskbenchError: the folder is damaged.
    """
    facts = read_description(model)
    if facts["absent"]:
        raise Absent(facts["absent"])
    block = parse(facts["name"], facts["recogniser"], str(Path(model) / DESCRIPTION))
    encoder, backbone = _encoder(block, facts, Path(model), Path(weights), device)
    return Fitted(frozenset(facts["people"]), facts["dataset"], encoder, backbone)


def _encoder(
    block: Recogniser, facts: dict[str, Any], model: Path, weights: Path, device: str
) -> tuple[Encoder, str]:
    learnt = f"{facts['dataset']} {facts['training']}"
    if isinstance(block, Pretrained):
        encoder = encoder_of(block.network, weights, device)
        return encoder, encoder.backbone
    if isinstance(block, Restored):
        encoder = _first_present(block.networks, weights, device)
        return encoder, f"{encoder.backbone} after {block.restorer}"
    if isinstance(block, Projected):
        frozen = encoder_of(block.network, weights, device)
        bias = np.load(model / BIAS, allow_pickle=False)
        projected = OnFrozen(frozen, lambda e: without_bias(e, bias).astype(np.float32), frozen.dim)
        return projected, f"{frozen.backbone} without bias of {learnt}"
    values = state.load(model / STATE)["average"]
    if isinstance(block, Adapted):
        frozen = encoder_of(block.network, weights, device)
        adapter = Adapter(facts["size"], block.adapter)
        adapter.load_state_dict(values)
        adapter.eval().requires_grad_(False)

        def adapted(embeddings: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                return adapter(torch.from_numpy(embeddings)).numpy()

        told = f"{frozen.backbone} + adapter ({block.loss}, {learnt}, {block.steps} steps)"
        return OnFrozen(frozen, adapted, adapter.dim), told
    assert isinstance(block, Trained)
    backbone = build(block.backbone, block.size, block.width, 0)
    backbone.network.load_state_dict(values)
    network = _Prepared(backbone.network, backbone.scaled)
    start = f"from {Path(block.start).name}" if block.start else "from scratch"
    width = f", width {block.width}" if block.backbone.startswith("iresnet") else ""
    told = (
        f"{block.backbone} ({block.size} px{width}), {start}, {block.steps} steps of "
        f"{block.people * (block.bare + block.masked)} pictures, {learnt}"
    )
    return TrainedEncoder(network, backbone.dim, block.size, device), told


def _first_present(names: Sequence[str], weights: Path, device: str) -> Encoder:
    """The first of several networks whose weights are there."""
    reasons = []
    for name in names:
        try:
            return encoder_of(name, weights, device)
        except Absent as why:
            reasons.append(str(why))
    raise Absent("; ".join(reasons))
