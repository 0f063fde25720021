"""AttGAN: an autoencoder whose code is joined by labels; what keeps its labels stays as it is.

Paper 4, section IV-B; He et al. 2019. There is no way back: the picture is held by the
reconstruction with its own labels alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from maskbench.networks.attributes import DenseLabelCritic, LabelAutoencoder, LabelledPainter
from maskbench.networks.translation import Painter
from maskbench.synthesis.painted.attributes import LABELS, AttributeMethod
from maskbench.synthesis.painted.translation import CRITIC, GENERATOR
from maskbench.training.stage import Schedule, Stage

HALF = 0.5  # labels in training are -0.5 and 0.5


class AttGan(AttributeMethod):
    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        count = len(LABELS)
        network = partial(
            LabelAutoencoder, labels=count, width=params.generator_width, halvings=params.halvings
        )
        return {
            GENERATOR: lambda: LabelledPainter(
                Painter(
                    network, compose=params.switches.compose,
                    coordinates=params.switches.coordinates,
                ),
                count, as_maps=False,
            ),
            CRITIC: lambda: self.label_critic(
                params, lambda: DenseLabelCritic(
                    params.train_size, count, params.critic_width, params.critic_layers,
                    params.critic_units,
                ),
            ),
        }  # fmt: skip

    def stages_of(self, params: Any) -> list[Stage]:
        half = {"schedule": Schedule(shape="drops", drops=1)}
        return [stage.model_copy(update=half) for stage in super().stages_of(params)]

    def told(self, labels: Tensor, putting_on: bool = False) -> Tensor:
        high = self.params.intensity if putting_on else HALF
        return torch.where(labels > 0, high, -HALF)

    def label_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The mean over the labels."""
        return super().label_loss(logits, labels) / self.generator.taught.sum()
