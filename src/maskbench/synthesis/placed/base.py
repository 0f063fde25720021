"""A generator that moves the mask picture by a spatial transformer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.imaging import light
from maskbench.imaging.tensors import as_images, as_tensor, resize
from maskbench.networks import stn
from maskbench.synthesis.adversarial import GENERATOR, AdversarialMethod, Step
from maskbench.synthesis.base import Faces, Styles
from maskbench.training.stage import Turn


class Placed(NamedTuple):
    """What a generator makes of a batch.

    Attributes:
        pictures: (B, 3, size, size) in [0, 1].
        numbers: (B, 8) the homography's numbers before any jitter.
        squares: the mean square of the updates.
    """

    pictures: Tensor
    numbers: Tensor
    squares: Tensor


class PlacedMethod(AdversarialMethod):
    """Its networks see face and mask picture stacked, seven channels, and give eight numbers."""

    def put_on(self, faces: Faces, styles: Styles | None) -> tuple[np.ndarray, np.ndarray]:
        assert styles is not None
        bare, textures = as_tensor(faces.images).to(self.device), styles.textures().to(self.device)
        with torch.inference_mode():
            textures = self._coloured(bare, textures)
            p, _ = self.numbers(self.applied[GENERATOR], bare, textures)
            pictures, coverages = self.place(bare, textures, p)
        return as_images(pictures), as_images(coverages[:, None])[..., 0]

    def numbers(
        self, generator: nn.Module, faces: Tensor, textures: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The composed homography numbers (B, 8) and the updates' mean square.

        Each pass sees the face and the mask picture as warped so far; p starts at 0.
        """
        size = self.params.train_size
        faces, textures = resize(faces, size), resize(textures, size)
        p = torch.zeros(len(faces), stn.NUMBERS, device=faces.device)
        squares = torch.zeros((), device=faces.device)
        warped = textures
        for index in range(self.params.updates):
            if index:
                warped = stn.warp(textures, stn.homography(p))
            stacked = torch.cat([faces * 2 - 1, warped * 2 - 1], dim=1)
            update = generator(stacked.contiguous(memory_format=torch.channels_last)).float()
            squares = squares + update.square().mean()
            p = p + update
        return p, squares

    def place(self, faces: Tensor, textures: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, n, n) and coverages (B, n, n) for homography numbers (B, 8)."""
        warped = stn.warp(textures, stn.homography(p), faces.shape[-1])
        if self.params.relight:
            warped = light.relight(warped, light.light(faces, warped[:, 3:]))
        return stn.composite(faces, warped), warped[:, 3]

    def make(self, faces: Tensor, textures: Tensor) -> Placed:
        textures = self._coloured(faces, textures)
        p, squares = self.numbers(self.players[GENERATOR].network, faces, textures)
        at = p
        if self.params.jitter:
            at = p + self._random_numbers(len(faces), self.params.jitter).to(p.device)
        return Placed(self.place(faces, textures, at)[0], p, squares)

    def random_pictures(self, faces: Tensor, textures: Tensor) -> Tensor:
        p = self._random_numbers(len(faces), self.params.warmup_spread).to(faces.device)
        return self.place(faces, self._coloured(faces, textures), p)[0]

    def weights(self) -> dict[str, float]:
        return {
            "update": self.params.update_penalty, "equivariance": self.params.equivariance
        }  # fmt: skip

    def generator_penalties(self, step: Step, turn: Turn) -> dict[str, Tensor]:
        found: dict[str, Any] = {"update": step.made.squares}
        if turn.weight("equivariance"):
            faces, maps = self.batches.again(step.batch, self.params.twins)
            # In other styles: the place depends on the face, not on what is printed on the mask.
            textures = self.batches.textures[step.batch.styles.roll(1)]
            network = self.players[GENERATOR].network
            p, _ = self.numbers(network, faces, self._coloured(faces, textures))
            gap = stn.equivariance_gap(step.made.numbers, step.batch.maps, p, maps)
            found["equivariance"] = gap
        return found

    def _coloured(self, faces: Tensor, textures: Tensor) -> Tensor:
        return light.match_colour(faces, textures) if self.params.relight else textures

    def _random_numbers(self, count: int, spread: float) -> Tensor:
        """(count, 8) uniform homography numbers within ``spread`` times the reach."""
        reach = torch.tensor([getattr(self.params.reach, kind) for kind in stn.KINDS])
        random = torch.rand(count, stn.NUMBERS, generator=self.random) * 2 - 1
        return random * reach * spread
