"""Where a training runs and in which precision, by Accelerate.

A CUDA device is taken by itself where there is one. On the CPU one thread computes: sums do not
depend on how many cores a machine has, and two trainings side by side use two cores fully.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from accelerate import PartialState

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Placement:
    """A device and the precision of its convolutions and products."""

    device: torch.device
    precision: Precision

    def autocast(self) -> AbstractContextManager[object]:
        """A context in which networks run in the chosen precision."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)


def place(precision: Precision) -> Placement:
    """The device that Accelerate finds (``ACCELERATE_USE_CPU=1`` forces the CPU), made
    deterministic."""
    torch.set_num_threads(1)
    # cuBLAS needs this before its first call to give the same sums twice.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    return Placement(PartialState().device, precision)
