"""GAN without a spatial transformer: the generator paints the masked face itself.

The paper remarks that this hardly ever covers the right place, which is why it puts the transformer
between the networks of every GAN it compares with. Kept to test that remark.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from maskbench.imaging import light as relight
from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import AdversarialMethod, Worn
from maskbench.synthesis.batches import resize
from maskbench.synthesis.critics import ConvCritic
from maskbench.synthesis.generators import PictureGenerator


class GanDirect(AdversarialMethod):
    name = "gan_direct"

    def generator(self, params: Any) -> nn.Module:
        return PictureGenerator(params.generator_width)

    def critic(self, params: Any) -> nn.Module:
        return ConvCritic(params.train_size, params.critic_width)

    def critic_loss(self, real: Tensor, fake: Tensor, params: Any) -> Tensor:
        return losses.minimax_critic(real, fake, params.smoothing)

    def generator_loss(self, fake: Tensor, params: Any) -> Tensor:
        return losses.minimax_generator(fake)

    def wear(
        self,
        generator: nn.Module,
        faces: Tensor,
        textures: Tensor,
        params: Any,
        random: torch.Generator,
    ) -> Worn:
        size = params.train_size
        picture = self._painted(generator, resize(faces, size), resize(textures, size))
        return Worn(picture, faces.new_zeros(0), faces.new_zeros(()))

    def _painted(self, generator: nn.Module, faces: Tensor, textures: Tensor) -> Tensor:
        textures = relight.match_colour(faces, textures)
        stacked = torch.cat([faces * 2 - 1, textures * 2 - 1], dim=1)
        return generator(stacked.contiguous(memory_format=torch.channels_last)).float()

    def random_pictures(
        self, faces: Tensor, textures: Tensor, params: Any, random: torch.Generator
    ) -> Tensor:
        """The bare faces: the critic first learns that a mask is missing."""
        return faces

    def render(
        self, generator: nn.Module, faces: Tensor, textures: Tensor, params: Any
    ) -> tuple[Tensor, Tensor]:
        """Painted at the training resolution and enlarged. The coverage is 1 where the painting
        differs from the (equally reduced) face by more than ``changed``."""
        small = resize(faces, params.train_size)
        painted = self._painted(generator, small, resize(textures, params.train_size))
        changed = (painted - small).abs().mean(1, keepdim=True)
        change = resize(changed, faces.shape[-1])[:, 0]
        return resize(painted, faces.shape[-1]), (change > params.changed).float()
