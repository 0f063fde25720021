"""Checkpoints of a running training: written whole, found again only by the same training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from maskbench import artifacts
from maskbench.training import state

STATE = "state.safetensors"


def training_key(settings: Any, inputs: Sequence[Path], code: Sequence[Path] = ()) -> str:
    """A name for a training: another parameter, input, seed, code or torch gives another name.

    Args:
        settings: plain data (parameters, method, seed, styles).
        inputs: files and folders that the training reads.
        code: source folders; their ``.py`` files count.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    digest.update(torch.__version__.encode())
    for path in inputs:
        digest.update(artifacts.sha256_of(path).encode())
    for folder in code:
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.relative_to(folder).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


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
        return state.load(self.file) if self.file.exists() else None

    def maybe_save(self, step: int, values: Callable[[], dict[str, Any]]) -> None:
        """Save at every ``every``-th step; ``values`` is only asked then."""
        if self.every and step % self.every == 0:
            state.save(self.file, values())

    def clear(self) -> None:
        """Remove the folder once the training's result is safe elsewhere."""
        artifacts.remove(self.folder)
