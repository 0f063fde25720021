"""GAN without a spatial transformer: the generator paints the masked face itself.

The paper remarks that this hardly ever covers the right place, which is why it puts the transformer
between the networks of every GAN it compares with. Kept to test that remark.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from maskbench.imaging import light
from maskbench.imaging.tensors import resize
from maskbench.networks.critics import ConvCritic
from maskbench.networks.generators import PictureGenerator
from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import GENERATOR, AdversarialMethod
from maskbench.synthesis.base import Styles
from maskbench.synthesis.painted.base import PaintedMethod


class GanDirect(PaintedMethod, AdversarialMethod):
    """Zhang and Lee 2022, section 4.2 (the remark on GANs without STN)."""

    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        return {
            "generator": lambda: PictureGenerator(params.generator_width),
            "critic": lambda: ConvCritic(params.train_size, params.critic_width),
        }

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return losses.minimax_critic(real, fake, self.params.smoothing)

    def generator_loss(self, fake: Tensor) -> Tensor:
        return losses.minimax_generator(fake)

    def paint(self, faces: Tensor, styles: Styles | None) -> Tensor:
        assert styles is not None
        textures = resize(styles.textures().to(self.device), self.params.train_size)
        return _painted(self.applied[GENERATOR], faces, textures)

    def make(self, faces: Tensor, textures: Tensor) -> tuple[Tensor]:
        size = self.params.train_size
        network = self.players[GENERATOR].network
        return (_painted(network, resize(faces, size), resize(textures, size)),)

    def random_pictures(self, faces: Tensor, textures: Tensor) -> Tensor:
        """The bare faces: the critic first learns that a mask is missing."""
        return faces


def _painted(generator: nn.Module, faces: Tensor, textures: Tensor) -> Tensor:
    textures = light.match_colour(faces, textures)
    stacked = torch.cat([faces * 2 - 1, textures * 2 - 1], dim=1)
    return generator(stacked.contiguous(memory_format=torch.channels_last)).float()
