"""SaGAN: one network paints the attribute, another says where the picture may change.

Paper 4, section IV-B; Zhang et al. 2018. The paper cites self-attention GAN under this name but
describes attribute editing: spatial attention is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from maskbench.networks.attributes import AttentionPainter, LabelCritic, LabelledPainter
from maskbench.synthesis.painted.attributes import LABELS, AttributeMethod
from maskbench.synthesis.painted.translation import CRITIC, GENERATOR


class SaGan(AttributeMethod):
    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        count = len(LABELS)
        return {
            GENERATOR: lambda: LabelledPainter(
                AttentionPainter(
                    count, params.generator_width, params.blocks, params.halvings,
                    params.switches.coordinates,
                ),
                count, as_maps=True,
            ),
            CRITIC: lambda: self.label_critic(
                params, lambda: LabelCritic(
                    params.train_size, count, params.critic_width, params.critic_layers
                ),
            ),
        }  # fmt: skip
