"""The interface of a synthesis method. :data:`maskbench.synthesis.specs.METHODS` knows them all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.synthesis.specs import METHODS


class Method(ABC):
    """A way of putting masks on faces.

    Attributes:
        name: of its spec.
        uses_stn: whether it places the mask picture by a spatial transformer.
    """

    name: ClassVar[str]
    uses_stn: ClassVar[bool] = False

    @abstractmethod
    def train(
        self,
        faces: FaceSet,
        masked: MaskedSet,
        pictures: MaskPictures,
        params: Any,
        *,
        styles: Sequence[str],
        seed: int,
        out: Path,
        scratch: Path,
        log: Callable[[int, dict[str, float]], None],
    ) -> None:
        """Train and write a model folder.

        Args:
            faces: the bare faces; only rows of split ``train`` are learnt from, rows of ``val``
                may be used for snapshots and choices, rows of ``test`` never.
            masked: the real domain, people wearing masks (training people only).
            pictures: the rasterised mask pictures.
            params: an instance of :attr:`Params`.
            styles: the mask styles that may be used.
            seed: of every random choice.
            out: an existing empty folder. ``state.safetensors`` (the whole training state) is
                written here, with ``curves.parquet`` (step, name, value) and ``snapshots/*.png``.
            scratch: folder for checkpoints; a stopped training goes on from what it finds here
                and ends byte-identical to an unbroken one.
            log: called with (step, {name: value}) at the logging interval (tracking).
        """

    @abstractmethod
    def apply(
        self,
        model: Path,
        faces: FaceSet,
        pictures: MaskPictures,
        params: Any,
        *,
        rows: Sequence[int],
        styles: Sequence[str],
        seed: int,
        out: Path,
    ) -> None:
        """Put every style on every face of ``rows`` (faces outer, styles inner) and write a
        MaskedSet into the existing empty folder ``out``."""


def method(name: str) -> Method:
    """What does the work of a spec."""
    found: Method = METHODS.get(name).load()
    return found


def parse_params(name: str, block: dict[str, Any], place: str = "params.yaml") -> Any:
    """The typed block of one method."""
    return METHODS.parse(name, block, place).params
