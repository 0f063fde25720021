"""Where a training runs and in which precision.

A CUDA device is taken by itself where there is one. On the CPU one thread computes: sums do not
depend on how many cores a machine has, and two trainings side by side use two cores fully.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import nn

from maskbench.config import Precision
from maskbench.threads import use_one_thread


@dataclass(frozen=True)
class Placement:
    """A device and the precision of its convolutions and products."""

    device: torch.device
    precision: Precision

    def cast(self, network: nn.Module) -> None:
        """Make calls of a network run in the chosen precision, and nothing around them: geometry
        and light need float32 (a bfloat16 coordinate is off by up to a pixel)."""
        if self.precision != "float32":
            autocast = torch.autocast(self.device.type, torch.bfloat16)
            network.forward = autocast(network.forward)


def place(precision: Precision) -> Placement:
    """A CUDA device if there is one, else the CPU.

    On the CPU a training gives the same bytes twice. On a GPU cuDNN and cuBLAS are deterministic,
    but the gradients of reflecting pads and adaptive pools are summed in any order.
    """
    use_one_thread()
    # cuBLAS needs this before its first call to give the same sums twice.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    return Placement(torch.device("cuda" if torch.cuda.is_available() else "cpu"), precision)
