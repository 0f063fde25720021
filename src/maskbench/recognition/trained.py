"""A trained recogniser, opened from its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maskbench.artifacts import read_json
from maskbench.errors import MaskbenchError
from maskbench.recognition.bias import without_bias
from maskbench.recognition.params import Adapted, Projected, Recogniser, Trained, parse
from maskbench.recognition.specs import BACKBONES, Absent
from maskbench.recognition.train_recogniser import BIAS, DESCRIPTION

if TYPE_CHECKING:
    from maskbench.recognition.encoders import Encoder

_BATCH = 32


def read_description(model: Path) -> dict[str, Any]:
    """``recogniser.json``.

    Raises:
        Absent: published weights that it needs were not there.
        MaskbenchError: no such file, or it is damaged.
    """
    facts = read_json(Path(model) / DESCRIPTION)
    missing = {"name", "recogniser", "training_set", "seed", "people", "absent"} - set(facts)
    if missing:
        raise MaskbenchError(
            Path(model) / DESCRIPTION, f"lacks {min(missing)}", "train the recogniser again"
        )
    if facts["absent"]:
        raise Absent(facts["absent"])
    return dict(facts)


def block_of(model: Path, facts: dict[str, Any]) -> Recogniser:
    """The parameters that it was trained with."""
    return parse(facts["name"], facts["recogniser"], str(Path(model) / DESCRIPTION))


def what_it_is(block: Recogniser, facts: dict[str, Any], network: str = "") -> str:
    """A trained recogniser in words, for the column ``backbone``."""
    source = f"{facts['dataset']} {facts['training_set']}"
    if isinstance(block, Projected):
        return f"{network} without bias of {source}"
    if isinstance(block, Adapted):
        return f"{network} + adapter ({block.loss}, {source}, {block.steps} steps)"
    assert isinstance(block, Trained)
    start = f"from {Path(block.start).name}" if block.start else "from scratch"
    width = f", width {block.width}" if BACKBONES.get(block.backbone).has_width else ""
    return (
        f"{block.backbone} ({block.size} px{width}), {start}, {block.steps} steps of "
        f"{facts['batch']} pictures, {source}"
    )


def after_network(
    model: Path, block: Adapted | Projected, facts: dict[str, Any]
) -> Callable[[np.ndarray], np.ndarray]:
    """What an adapter or a projection makes of its frozen network's embeddings (N, dim)."""
    if isinstance(block, Projected):
        bias = np.load(Path(model) / BIAS, allow_pickle=False)
        return lambda embeddings: without_bias(embeddings, bias).astype(np.float32)
    import torch

    from maskbench.recognition.adapter import Adapter
    from maskbench.recognition.training import PLAYER
    from maskbench.training.checkpoint import load_network

    empty = Adapter(facts["size"], block.adapter)
    adapter = load_network(empty, Path(model), PLAYER, torch.device("cpu"))

    def adapted(embeddings: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            parts = torch.from_numpy(embeddings).split(_BATCH)
            return torch.cat([adapter(part) for part in parts]).numpy()

    return adapted


def own_encoder(model: Path, block: Trained) -> Encoder:
    """The network that was trained: face crops in, embeddings out."""
    from torch import Tensor, nn

    from maskbench.recognition.backbones.build import build
    from maskbench.recognition.encoders import WholeCrops
    from maskbench.recognition.training import PLAYER
    from maskbench.training.checkpoint import load_network
    from maskbench.training.devices import place

    device = place("float32").device
    backbone = build(block.backbone, block.size, block.width, 0)
    load_network(backbone.network, Path(model), PLAYER, device)

    class Prepared(nn.Module):
        """The network on float pixels in 0..255."""

        def __init__(self) -> None:
            super().__init__()
            self.network = backbone.network

        def forward(self, x: Tensor) -> Tensor:
            return self.network(backbone.scaled(x))

    return WholeCrops(Prepared(), backbone.dim, block.size, str(device))
