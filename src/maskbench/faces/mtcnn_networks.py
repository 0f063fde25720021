"""The three networks of MTCNN and their published weights.

Zhang, Zhang, Li, Qiao: Joint Face Detection and Alignment using Multi-task Cascaded
Convolutional Networks, IEEE Signal Processing Letters 2016, figure 2. Layer names and flattening
order are those of the published weight files. Input: RGB, 0..255 (the normalisation
(x - 127.5) / 128 is folded into the first convolution, which has no padding, so it is exact).
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.errors import MaskbenchError, from_os_error


class PNet(nn.Module):
    """Proposal network, 6,632 parameters: (N, 3, H, W) -> scores and box offsets on a grid.

    The grid has stride 2 and a 12 x 12 receptive field.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 10, 3)
        self.prelu1 = nn.PReLU(10)
        self.conv2 = nn.Conv2d(10, 16, 3)
        self.prelu2 = nn.PReLU(16)
        self.conv3 = nn.Conv2d(16, 32, 3)
        self.prelu3 = nn.PReLU(32)
        self.conv4_1 = nn.Conv2d(32, 2, 1)
        self.conv4_2 = nn.Conv2d(32, 4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return face probability (N, h, w) and offsets (N, 4, h, w) in units of the cell side."""
        x = F.max_pool2d(self.prelu1(self.conv1(x)), 2, 2, ceil_mode=True)
        x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
        logits = self.conv4_1(x)
        return torch.sigmoid(logits[:, 1] - logits[:, 0]), self.conv4_2(x)


class RNet(nn.Module):
    """Refinement network, 100,178 parameters: (N, 3, 24, 24) -> scores and box offsets."""

    side = 24

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 28, 3)
        self.prelu1 = nn.PReLU(28)
        self.conv2 = nn.Conv2d(28, 48, 3)
        self.prelu2 = nn.PReLU(48)
        self.conv3 = nn.Conv2d(48, 64, 2)
        self.prelu3 = nn.PReLU(64)
        self.dense4 = nn.Linear(576, 128)
        self.prelu4 = nn.PReLU(128)
        self.dense5_1 = nn.Linear(128, 2)
        self.dense5_2 = nn.Linear(128, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return face probability (N,) and offsets (N, 4) in units of the box side."""
        x = F.max_pool2d(self.prelu1(self.conv1(x)), 3, 2, ceil_mode=True)
        x = F.max_pool2d(self.prelu2(self.conv2(x)), 3, 2, ceil_mode=True)
        x = self.prelu3(self.conv3(x))
        x = self.prelu4(self.dense4(x.permute(0, 3, 2, 1).flatten(1)))
        logits = self.dense5_1(x)
        return torch.sigmoid(logits[:, 1] - logits[:, 0]), self.dense5_2(x)


class ONet(nn.Module):
    """Output network, 389,040 parameters: (N, 3, 48, 48) -> scores, box offsets, five points."""

    side = 48

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3)
        self.prelu1 = nn.PReLU(32)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.prelu2 = nn.PReLU(64)
        self.conv3 = nn.Conv2d(64, 64, 3)
        self.prelu3 = nn.PReLU(64)
        self.conv4 = nn.Conv2d(64, 128, 2)
        self.prelu4 = nn.PReLU(128)
        self.dense5 = nn.Linear(1152, 256)
        self.prelu5 = nn.PReLU(256)
        self.dense6_1 = nn.Linear(256, 2)
        self.dense6_2 = nn.Linear(256, 4)
        self.dense6_3 = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return face probability (N,), offsets (N, 4) and points (N, 10): five x, then five y."""
        x = F.max_pool2d(self.prelu1(self.conv1(x)), 3, 2, ceil_mode=True)
        x = F.max_pool2d(self.prelu2(self.conv2(x)), 3, 2, ceil_mode=True)
        x = F.max_pool2d(self.prelu3(self.conv3(x)), 2, 2, ceil_mode=True)
        x = self.prelu4(self.conv4(x))
        x = self.prelu5(self.dense5(x.permute(0, 3, 2, 1).flatten(1)))
        logits = self.dense6_1(x)
        return torch.sigmoid(logits[:, 1] - logits[:, 0]), self.dense6_2(x), self.dense6_3(x)


_Network = TypeVar("_Network", bound=nn.Module)


def load_network(network: _Network, path: Path) -> _Network:
    """Load a published weight file (never unpickled: ``weights_only``), ready for 0..255 input.

    Raises:
        MaskbenchError: the file is missing, damaged or another network's.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(state)
    except OSError as error:
        raise from_os_error(error, path) from error
    except Exception as error:  # torch raises many kinds for damaged files
        reason = str(error).splitlines()[0]
        raise MaskbenchError(
            path, f"not the weights of {type(network).__name__} ({reason})", "fetch them again"
        ) from error
    with torch.no_grad():
        conv1 = network.get_submodule("conv1")
        conv1.bias.sub_(conv1.weight.sum((1, 2, 3)) * (127.5 / 128))  # type: ignore[operator, union-attr]
        conv1.weight.div_(128)  # type: ignore[operator, union-attr]
    network.eval().requires_grad_(False)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
