"""Batches of P people with K bare and K masked pictures each (paper 2, section 5: 20, 3 and 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


class PeopleSampler:
    """Every person once in a random order, then again; of each, random pictures.

    The pictures of one kind that a person has are taken without repetition as far as they go.

    Args:
        identities: (N,) of all pictures.
        masked: (N,) bool.
        people: P, people a batch; all where there are fewer.
        bare, with_mask: K, bare and masked pictures of each person.
        seed: of the order.

    Raises:
        ValueError: fewer than two have pictures of every kind that is asked for.
    """

    def __init__(
        self,
        identities: np.ndarray,
        masked: np.ndarray,
        *,
        people: int,
        bare: int,
        with_mask: int,
        seed: int,
    ) -> None:
        identities, masked = np.asarray(identities), np.asarray(masked, bool)
        self.counts = bare, with_mask
        self._rng = np.random.default_rng(seed)
        self._left: list[int] = []
        self._rows: list[tuple[np.ndarray, np.ndarray]] = []
        for person in np.unique(identities):
            own = identities == person
            rows = np.flatnonzero(own & ~masked), np.flatnonzero(own & masked)
            if all(len(r) or not k for r, k in zip(rows, self.counts, strict=True)):
                self._rows.append(rows)
        self.people = min(people, len(self._rows))
        if self.people < min(people, 2):
            raise ValueError(f"{self.people} training people with pictures: two are needed")

    def __len__(self) -> int:
        """Batches that show every person once: the last may begin the next round."""
        return -(-len(self._rows) // self.people)

    def draw(self) -> np.ndarray:
        """Rows of a batch: person after person, the bare pictures first.

        Returns:
            (people * (bare + with_mask),) int.
        """
        chosen: list[int] = []
        while len(chosen) < self.people:
            if not self._left:
                self._left = self._rng.permutation(len(self._rows)).tolist()
            # No person twice in a batch: one that is in it already waits for the next batch.
            fresh = next((p for p in self._left if p not in chosen), None)
            if fresh is None:
                self._left += self._rng.permutation(len(self._rows)).tolist()
                continue
            self._left.remove(fresh)
            chosen.append(fresh)
        return np.concatenate(list(self._pictures(chosen)))

    def _pictures(self, chosen: list[int]) -> Iterator[np.ndarray]:
        for person in chosen:
            for rows, count in zip(self._rows[person], self.counts, strict=True):
                rounds = -(-count // len(rows)) if count else 0
                order = [self._rng.permutation(rows) for _ in range(rounds)]
                yield np.concatenate(order)[:count] if order else rows[:0]

    def state_dict(self) -> dict[str, Any]:
        """What a training state keeps."""
        return {"left": list(self._left), "rng": self._rng.bit_generator.state}

    def load_state_dict(self, values: dict[str, Any]) -> None:
        """Go on from a kept state."""
        self._left = list(values["left"])
        self._rng.bit_generator.state = values["rng"]
