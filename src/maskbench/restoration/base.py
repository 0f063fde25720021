"""The interface of a restorer and the registry that finds them.

A restorer paints the face beneath a mask. It is one module in this package that ends in
``register(MyRestorer())``; nothing else in the project names it.

The door for synthesis methods that can un-mask (a CycleGAN's second generator): a module here whose
restorer opens the method's model folder. Where nothing is to be learnt beyond the method's own
training, ``train`` copies that model's state into its folder. :func:`restorer` finds it as any
other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from maskbench.artifacts import read_json
from maskbench.config import validate
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.registry import Registry
from maskbench.restoration.holes import HoleParams, holes_of, paste

PARAMS = "params.json"

Painter = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Pictures (B, H, W, 3) uint8 and holes (B, H, W) bool -> painted pictures (B, H, W, 3) uint8, of
which only the inside of the holes is used."""


class RestorerParams(HoleParams):
    """What every restorer's block has; these keys are read when masks are removed, so that changing
    them needs no training."""

    masks_from: Literal["coverage", "segmenter"] = Field(
        "coverage",
        description="where a mask is: its known coverage (overlays; paper 2), or what the "
        "segmenter finds; really masked pictures have no coverage and always take the segmenter",
    )


class Restorer(ABC):
    """A way of taking masks off.

    Attributes:
        name: registry name.
        title: how tables and figures call it.
        paper: the paper and section that defines it.
        Params: pydantic model of its block ``restoration.restorers.<name>``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    family: ClassVar[str] = ""
    Params: ClassVar[type[RestorerParams]] = RestorerParams

    @abstractmethod
    def train(
        self,
        faces: FaceSet,
        masked: MaskedSet,
        params: Any,
        *,
        weights: Path,
        seed: int,
        out: Path,
        scratch: Path,
        log: Callable[[int, dict[str, float]], None],
    ) -> None:
        """Train and write a model folder.

        Args:
            faces: the bare faces; only rows of split ``train`` are learnt from, rows of ``val`` may
                be shown on sheets, rows of ``test`` never.
            masked: the same people wearing masks (columns ``of``, ``method``, ``style``).
            params: an instance of :attr:`Params`.
            weights: folder written by ``fetch_weights``.
            seed: of every random choice.
            out: an existing empty folder for state.safetensors, curves.parquet and sheet.png.
            scratch: folder for checkpoints; a stopped training goes on from what it finds here and
                ends byte-identical to an unbroken one.
            log: called with (step, {name: value}) at the logging interval (tracking).
        """

    @abstractmethod
    def open(self, model: Path, params: Any) -> Painter:
        """The painter of a trained model.

        Raises:
            MaskbenchError: no readable model, or one of other networks.
        """

    def restore(
        self, model: Path, images: np.ndarray, masks: np.ndarray, params: Any
    ) -> np.ndarray:
        """Take the masks off pictures (see :func:`unmask`).

        Args:
            model: folder written by ``train_restorer``.
            images: (B, H, W, 3) uint8.
            masks: (B, H, W) uint8 coverages.
            params: an instance of :attr:`Params`.

        Returns:
            (B, H, W, 3) uint8.
        """
        return unmask(self.open(model, params), images, masks, params)[0]


def unmask(
    painter: Painter, images: np.ndarray, masks: np.ndarray, params: HoleParams
) -> tuple[np.ndarray, np.ndarray]:
    """Paint what masks cover.

    Args:
        painter: from :meth:`Restorer.open`.
        images: (B, H, W, 3) uint8.
        masks: (B, H, W) uint8 coverages, known or predicted.
        params: how a hole is made of a coverage.

    Returns:
        pictures (B, H, W, 3) uint8, equal to ``images`` outside the holes to the bit; and the holes
        (B, H, W) uint8: the share of each pixel that was painted, 0..255. Where less than
        ``least_cover`` of a picture is covered nothing is painted.
    """
    restored, holes = images.copy(), np.zeros(masks.shape, np.uint8)
    wide, soft = holes_of(masks, params)
    rows = np.flatnonzero(wide.any(axis=(1, 2)))
    if len(rows):
        painted = painter(images[rows], wide[rows])
        restored[rows] = paste(images[rows], painted, soft[rows])
        holes[rows] = soft[rows]
    return restored, holes


REGISTRY: Registry[Any] = Registry("maskbench.restoration", "restoration.restorers", "restorer")
register, restorers, restorer = REGISTRY.register, REGISTRY.all, REGISTRY.get


def parse_params(name: str, block: dict[str, Any], place: str = "params.yaml") -> Any:
    """The typed block of one entry."""
    return REGISTRY.parse(name, block, place).params


def own_params(model: Path, name: str, params: Any) -> Any:
    """The parameters that a model was trained with; but how holes are made as ``params`` says.

    Raises:
        MaskbenchError: no model, another restorer's model, or a damaged note.
    """
    path = Path(model) / PARAMS
    note = read_json(path)
    trained = note.get("restorer") if isinstance(note, dict) else None
    if trained != name:
        raise MaskbenchError(
            model,
            f"is a model of {trained or 'something else'}, not of {name}",
            f"make one: maskbench train_restorer --restorer {name}",
        )
    now = {key: getattr(params, key) for key in RestorerParams.model_fields}
    own = note.get("params")
    if not isinstance(own, dict):
        raise MaskbenchError(path, "is damaged: no params", "train the restorer again")
    return validate(restorer(name).Params, {**own, **now}, str(path))
