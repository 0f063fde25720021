"""Checkpoints of a running training, found only by the same one; networks of a finished one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from maskbench import artifacts
from maskbench.code_digest import code_digest
from maskbench.errors import MaskbenchError
from maskbench.training import state

STATE, STAGES = "state.safetensors", "stages"
Network = TypeVar("Network", bound=nn.Module)


def stage_file(folder: Path, stage: str) -> Path:
    """Where a training's folder keeps the networks of a stage's end, or of a place on the way."""
    return folder / STAGES / f"{stage}.safetensors"


def training_key(settings: Any, inputs: Sequence[Path], code: Collection[str] = ()) -> str:
    """A name for a training: another parameter, input, seed, code or torch gives another name.

    Args:
        settings: plain data (parameters, method, seed, styles).
        inputs: files and folders that the training reads.
        code: modules; what they import counts too (:mod:`maskbench.code_digest`).
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    digest.update(torch.__version__.encode())
    for path in inputs:
        digest.update(artifacts.sha256_of(path).encode())
    digest.update(code_digest(tuple(code)).encode())
    return digest.hexdigest()[:16]


def discard(scratch: Path) -> None:
    """Delete the folder of a training that has ended. It goes under another name first: a training
    that is killed here and made again never goes on from a part of its files."""
    ended = scratch.with_name(f"{scratch.name}.ended")
    artifacts.remove(ended)  # of a training that was killed here
    if scratch.exists():
        scratch.rename(ended)
    artifacts.remove(ended)


class Checkpoints:
    """The checkpoint of one training in ``folder`` (only the newest is kept)."""

    def __init__(self, folder: Path, every: int) -> None:
        self.folder, self.every = Path(folder), every
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def file(self) -> Path:
        return self.folder / STATE

    def resume(self) -> dict[str, Any] | None:
        """The newest checkpoint, or nothing where there is none."""
        if not self.file.exists():
            return None
        try:
            return state.load(self.file)
        except MaskbenchError as error:
            raise MaskbenchError(self.file, error.what, "delete it, and train again") from error

    def maybe_save(self, step: int, values: Callable[[], dict[str, Any]]) -> None:
        """Save at every ``every``-th step; ``values`` is only asked then."""
        if self.every and step % self.every == 0:
            state.save(self.file, values())


def load_network(
    network: Network, model: Path, player: str, device: torch.device, stage: str | None = None
) -> Network:
    """Fill a network with a player's trained weights, their moving average where there is one.

    Args:
        network: of the shape that was trained.
        model: folder that :func:`.loop.train` wrote into.
        player: its name.
        device: where the network goes.
        stage: the weights at this stage's end, or at a name of its ``keep_at``; None: at the end
            of the training.

    Returns:
        The network, in evaluation mode and without gradients.

    Raises:
        MaskbenchError: no readable model, no such player, or weights of another network.
    """
    path = Path(model) / STATE if stage is None else stage_file(Path(model), stage)
    weights = weights_of(state.load(path), player)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise MaskbenchError(
            model,
            f"its weights of {player} are those of another network",
            "use the parameters that it was trained with, or train again",
        ) from error
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)


def weights_of(values: Mapping[str, Any], player: str) -> dict[str, torch.Tensor]:
    """A player's trained weights in a training's state, their moving average where there is one."""
    weights = values.get(f"{player}_average", values.get(player, {}))
    weights = {name.removeprefix("module."): value for name, value in weights.items()}
    weights.pop("n_averaged", None)
    return weights
