"""Some rows of an array that may not fit into memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Chosen:
    """Rows of an array, of which those are in memory that are being used.

    Attributes:
        values: (N, d), maybe a memory map.
        rows: (n,) which of them.
    """

    values: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)"""
        return len(self.rows), self.values.shape[1]

    def __getitem__(self, which: slice | np.ndarray) -> np.ndarray:
        return np.asarray(self.values[self.rows[which]])
