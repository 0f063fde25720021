"""History buffers: a critic sees made pictures of earlier steps beside those of this one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Pool:
    """Keeps up to ``size`` made pictures.

    Args:
        size: pictures; 0: none are kept, and none are replaced.
        seed: of the choice.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.random = size, torch.Generator().manual_seed(seed)
        self.kept: list[Tensor] = []

    def swap(self, pictures: Tensor) -> Tensor:
        """CycleGAN's pool (Zhu et al. 2017): while it fills, pictures go in and come back; then
        every second one is swapped for a kept one.

        Args:
            pictures: (B, ...), without gradient.
        """
        out = []
        for picture in pictures.detach():
            if len(self.kept) < self.size:
                self.kept.append(picture.clone())
            elif self.size and float(torch.rand((), generator=self.random)) > 0.5:
                place = int(torch.randint(self.size, (), generator=self.random))
                picture, self.kept[place] = self.kept[place], picture.clone()
            out.append(picture)
        return torch.stack(out)

    def mix(self, pictures: Tensor) -> Tensor:
        """SimGAN's buffer (Shrivastava et al. 2017): half of a batch comes from the buffer, and
        half of what was made replaces kept pictures at random.

        Args:
            pictures: (B, ...), without gradient.
        """
        pictures = pictures.detach()
        half = len(pictures) // 2
        out = pictures.clone()
        if half and len(self.kept) >= half:
            places = torch.randperm(len(self.kept), generator=self.random)[:half].tolist()
            out[:half] = torch.stack([self.kept[place] for place in places])
        for picture in pictures[torch.randperm(len(pictures), generator=self.random)[:half]]:
            if len(self.kept) < self.size:
                self.kept.append(picture.clone())
            elif self.size:
                place = int(torch.randint(self.size, (), generator=self.random))
                self.kept[place] = picture.clone()
        return out

    def state_dict(self) -> dict[str, Any]:
        return {"kept": [picture.clone() for picture in self.kept],
                "random": self.random.get_state()}  # fmt: skip

    def load_state_dict(self, values: dict[str, Any]) -> None:
        like = self.kept[0] if self.kept else None
        self.kept = [v if like is None else v.to(like.device) for v in values["kept"]]
        self.random.set_state(values["random"].cpu())
