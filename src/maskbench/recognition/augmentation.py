"""What happens to pictures while a recogniser learns."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.recognition.kinds.network import Augmentation


def augmented(pixels: Tensor, params: Augmentation, random: torch.Generator) -> Tensor:
    """Float pictures (B, 3, S, S) in 0..255, mirrored, moved and relit at random.

    Random numbers are drawn on the CPU whatever the device, so that runs are alike.
    """
    count, size = len(pixels), pixels.shape[-1]

    def drawn(*shape: int) -> Tensor:
        return torch.rand(shape, generator=random)

    mirror = drawn(count) < 0.5
    moves = drawn(count, 2) * 2 - 1
    gain, offset = (drawn(count, 2) * 2 - 1).unbind(1)
    if params.mirror:
        pixels = torch.where(mirror.to(pixels.device)[:, None, None, None], pixels.flip(3), pixels)
    reach = round(params.shift * size)
    if reach:
        padded = F.pad(pixels, (reach,) * 4, mode="replicate")
        corners = ((moves + 1) / 2 * (2 * reach + 1)).long().clamp(0, 2 * reach).tolist()
        pixels = torch.stack(
            [p[:, y : y + size, x : x + size] for p, (y, x) in zip(padded, corners, strict=True)]
        )
    if params.light:
        gain = (1 + params.light * gain).to(pixels.device)[:, None, None, None]
        offset = (255 * params.light / 2 * offset).to(pixels.device)[:, None, None, None]
        pixels = ((pixels - 127.5) * gain + 127.5 + offset).clamp(0, 255)
    return pixels
