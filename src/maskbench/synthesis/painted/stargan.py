"""StarGAN: labels as maps beside the picture, a residual generator, the way back by the old labels.

Paper 4, section IV-B; Choi et al. 2018. Its convolutions pad with zeros: instance normalisation
takes a constant map away, and only at a border of zeros would the label still be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from maskbench.networks.attributes import LabelCritic, LabelledPainter
from maskbench.synthesis.painted.attributes import LABELS, AttributeMethod
from maskbench.synthesis.painted.translation import CRITIC, GENERATOR


class StarGan(AttributeMethod):
    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        count = len(LABELS)
        return {
            GENERATOR: lambda: LabelledPainter(
                self.painter(
                    params, maps=count, norm="affine_instance", padding="zeros", kernel=4,
                    halvings=params.halvings,
                ),
                count, as_maps=True,
            ),
            CRITIC: lambda: self.label_critic(
                params, lambda: LabelCritic(
                    params.train_size, count, params.critic_width, params.critic_layers
                ),
            ),
        }  # fmt: skip
