"""What a seed fixes: a network's first weights, and the order in which rows are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def seeded(module_of: Any, seed: int) -> Any:
    """Build a network whose initial weights depend on ``seed`` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return module_of()


class Order:
    """Every row once in a random order, then again in another one."""

    def __init__(self, count: int, rng: np.random.Generator) -> None:
        self.count, self.rng = count, rng
        self.left: list[int] = []

    def take(self, count: int) -> list[int]:
        """The next rows."""
        while len(self.left) < count:
            self.left += self.rng.permutation(self.count).tolist()
        rows, self.left = self.left[:count], self.left[count:]
        return rows

    def state_dict(self) -> dict[str, Any]:
        return {"left": list(self.left), "rng": self.rng.bit_generator.state}

    def load_state_dict(self, values: dict[str, Any]) -> None:
        self.left = list(values["left"])
        self.rng.bit_generator.state = values["rng"]
