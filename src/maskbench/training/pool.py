"""History buffers: a critic sees made pictures of earlier steps beside those of this one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Pool:
    """Up to ``size`` made pictures (0: none is kept or replaced), chosen by a seeded generator."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.random = size, torch.Generator().manual_seed(seed)
        self.kept: list[Tensor] = []

    def swap(self, pictures: Tensor) -> Tensor:
        """CycleGAN's pool (Zhu et al. 2017): while it fills, pictures (B, ...) go in and come back;
        then every second one is swapped for a kept one."""
        out = []
        for picture in pictures.detach():
            full = self.size and len(self.kept) == self.size
            out.append(picture)
            if not full or float(torch.rand((), generator=self.random)) > 0.5:
                replaced = self._keep(picture)
                out[-1] = picture if replaced is None else replaced
        return torch.stack(out)

    def mix(self, pictures: Tensor) -> Tensor:
        """SimGAN's buffer (Shrivastava et al. 2017): half of a batch (B, ...) comes from the
        buffer, and half of what was made goes in."""
        out, half = pictures.detach().clone(), len(pictures) // 2
        if half and len(self.kept) >= half:
            places = torch.randperm(len(self.kept), generator=self.random)[:half].tolist()
            out[:half] = torch.stack([self.kept[place].to(out.device) for place in places])
        for row in torch.randperm(len(pictures), generator=self.random)[:half].tolist():
            self._keep(pictures[row].detach())
        return out

    def _keep(self, picture: Tensor) -> Tensor | None:
        """Take a picture in; the one that it replaces, if any."""
        if len(self.kept) < self.size:
            self.kept.append(picture.clone())
            return None
        if not self.size:
            return None
        place = int(torch.randint(self.size, (), generator=self.random))
        replaced, self.kept[place] = self.kept[place], picture.clone()
        return replaced.to(picture.device)  # those of a restored pool lie on the CPU

    def state_dict(self) -> dict[str, Any]:
        return {"kept": list(self.kept), "random": self.random.get_state()}

    def load_state_dict(self, values: dict[str, Any]) -> None:
        self.kept = list(values["kept"])
        self.random.set_state(values["random"].cpu())
