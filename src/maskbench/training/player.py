"""A player of a training: a network, its optimiser, and a moving average of its weights if wanted.

A player may hold several networks that step together (``nn.ModuleDict``), such as the two
generators of a CycleGAN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from maskbench.training.devices import Placement
from maskbench.training.processes import average_gradients, divide

Optimise = Callable[[list[nn.Parameter]], torch.optim.Optimizer]
"""Parameters -> optimiser. The stages set the learning rate."""


class Player:
    """What learns.

    Args:
        network: a network, or an ``nn.ModuleDict`` of networks that step together.
        optimise: makes the optimiser, e.g. ``functools.partial(torch.optim.Adam, betas=(0, 0.9))``.
        placement: device, and the precision in which the networks run.
        ema: decay of a moving average of the weights; None: no average.
        form: memory format of the weights (channels last is faster where convolutions are wide).
        head: what learns with the network but is no part of it, such as a loss's class weights.

    Attributes:
        average: the moving average in evaluation mode and float32; None without ``ema``.
    """

    def __init__(
        self,
        network: nn.Module,
        optimise: Optimise,
        placement: Placement,
        *,
        ema: float | None = None,
        form: torch.memory_format = torch.channels_last,
        head: nn.Module | None = None,
    ) -> None:
        self.network = network.to(placement.device).train()
        self.network.to(memory_format=form)  # type: ignore[call-overload]
        self.average = None if ema is None else moving_average(self.network, ema)
        for one in network.values() if isinstance(network, nn.ModuleDict) else (network,):
            placement.cast(one)
            divide(one)
        self.head = None if head is None else head.to(placement.device).train()
        modules = [self.network, *([] if self.head is None else [self.head])]
        self.parameters = [p for m in modules for p in m.parameters() if p.requires_grad]
        self.optimiser = optimise(self.parameters)

    def step(self, loss: Tensor, rate: float) -> None:
        """Step along the gradient of a loss; no other player gets a gradient from it."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward(inputs=self.parameters)
        average_gradients(self.parameters)
        self.optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.network)

    def parts(self, name: str) -> dict[str, Any]:
        """What changes, named as in the state file."""
        parts = {name: self.network, f"{name}_optimiser": self.optimiser}
        parts |= {} if self.average is None else {f"{name}_average": self.average}
        return parts | ({} if self.head is None else {f"{name}_head": self.head})


def moving_average(network: nn.Module, decay: float) -> AveragedModel:
    """A moving average of weights and statistics. Its decay rises from 0.1 to ``decay``, so that
    early weights do not linger; after n steps it is at most n / (9 + n)."""

    def mix(averages: Sequence[Tensor], values: Sequence[Tensor], count: Tensor | int) -> None:
        keep = min(decay, int(count) / (9 + int(count)))
        for average, value in zip(averages, values, strict=True):
            if average.dtype.is_floating_point:
                average.lerp_(value, 1 - keep)
            else:
                average.copy_(value)

    average = AveragedModel(network, multi_avg_fn=mix, use_buffers=True)
    average.n_averaged.fill_(1)  # the first weights count as one step's, and are not replaced
    return average.eval().requires_grad_(False)
