"""EdgeConnect: first the edges inside the hole, then the colours between them.

Nazeri et al. 2019, which paper 2 uses to remove masks before recognition (its section 4.4). There
with published weights; here trained on this experiment's own pairs, as that paper suggests.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from maskbench.faces.faceset import FaceSet
from maskbench.guides.pairs import Pairs
from maskbench.imaging.resize import resized
from maskbench.imaging.tensors import as_images, as_tensor, luma
from maskbench.masks.maskedset import MaskedSet
from maskbench.restoration.base import Painter, unmask
from maskbench.restoration.edgeconnect_training import COLOURS, EDGES, EdgeConnectLearner, Networks
from maskbench.restoration.edges import edges_of
from maskbench.restoration.holes import holes_of
from maskbench.restoration.perceptual import feature_maps
from maskbench.restoration.sheet import shown_rows, write_sheet
from maskbench.restoration.specs.edgeconnect import EdgeConnectParams
from maskbench.training.checkpoint import load_network
from maskbench.training.curves import Log
from maskbench.training.devices import place
from maskbench.training.loop import train

_BATCH = 16


NAME = "edgeconnect"


class EdgeConnect:
    """See :class:`maskbench.restoration.base.Restorer`."""

    def train(
        self,
        faces: FaceSet,
        masked: MaskedSet,
        params: EdgeConnectParams,
        *,
        weights: Path,
        seed: int,
        out: Path,
        scratch: Path,
        log: Log,
    ) -> None:
        pairs = Pairs(faces, masked, "train", params.train_size)
        maps = feature_maps(weights, params.published_maps)
        train(
            EdgeConnectLearner(pairs, params, maps, seed, place(params.precision)),
            title=f"{NAME} seed {seed}", seed=seed, out=out, scratch=scratch, log=log,
            log_every=params.log_every, checkpoint_every=params.checkpoint_every,
            pictures=params.batch_size,
        )  # fmt: skip
        self._sheet(out, faces, masked, params)

    def _sheet(
        self, model: Path, faces: FaceSet, masked: MaskedSet, params: EdgeConnectParams
    ) -> None:
        rows = shown_rows(faces, masked)
        images, masks = np.array(masked.images[rows]), np.array(masked.masks[rows])
        painter = EdgeConnectPainter(model, params)
        _, edges = painter.paint(images, holes_of(masks, params)[0])
        restored, _ = unmask(painter, images, masks, params)
        write_sheet(model / "sheet.png", faces, masked, rows, edges, restored)

    def open(self, model: Path, params: EdgeConnectParams) -> Painter:
        return EdgeConnectPainter(model, params)


class EdgeConnectPainter:
    """A trained pair of generators.

    Args:
        model: folder of the trained model.
        params: the parameters of its training.

    Raises:
        MaskbenchError: no readable model, or one of other networks.
    """

    def __init__(self, model: Path, params: EdgeConnectParams) -> None:
        self.params, self.networks = params, Networks(params, 0)
        self.device = place("float32").device
        load_network(self.networks.edges, model, EDGES, self.device)
        load_network(self.networks.colours, model, COLOURS, self.device)

    def __call__(self, images: np.ndarray, holes: np.ndarray) -> np.ndarray:
        return self.paint(images, holes)[0]

    @torch.inference_mode()
    def paint(self, images: np.ndarray, holes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Paint holes.

        Args:
            images: (B, n, n, 3) uint8; what holes hold is not looked at.
            holes: (B, n, n) bool.

        Returns:
            pictures (B, n, n, 3) uint8 and, at the training's size, the edges that they follow
            (B, s, s) uint8.
        """
        size, side = self.params.train_size, images.shape[1]
        painted, drawn = np.empty_like(images), np.empty((len(images), size, size), np.uint8)
        for start in range(0, len(images), _BATCH):
            part = slice(start, min(start + _BATCH, len(images)))
            # Emptied before it shrinks: a pixel at the border must not carry the mask's colour.
            inside = holes[part].astype(np.float32)[..., None]
            seen = as_tensor(
                [_emptied(i, h) for i, h in zip(images[part], holes[part], strict=True)], size
            )
            hole = (
                as_tensor([(h * 255).astype(np.uint8) for h in inside[..., 0]], size) > 0.01
            ).float()
            seen, hole = seen.to(self.device), hole.to(self.device)
            grey = luma(seen)
            known = edges_of(grey, self.params.sigma, hole)
            edges = known * (1 - hole) + self.networks.edges_in(grey, known, hole) * hole
            made = self.networks.colours_in(seen, edges, hole)
            made = seen * (1 - hole) + made * hole
            painted[part] = [resized(one, side) for one in as_images(made)]
            drawn[part] = as_images(edges)[..., 0]
        return painted, drawn


def _emptied(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """A picture whose hole holds the mean colour of what lies around it."""
    out = np.array(image)
    out[hole] = image[~hole].mean(0).astype(np.uint8) if not hole.all() else 0
    return out
