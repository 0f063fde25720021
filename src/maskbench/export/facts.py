"""What the descriptions of a run share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """A run, in short.

    Attributes:
        datasets: the data sets of its numbers.
        terms: of each, as the run's ``source.json`` say.
        date: when its numbers were collected, ISO 8601, UTC.
        commit: of the code.
        creators: who made it.
        licence: SPDX name.
    """

    datasets: tuple[str, ...]
    terms: dict[str, str]
    date: str
    commit: str
    creators: tuple[str, ...]
    licence: str

    @property
    def title(self) -> str:
        return f"maskbench: results on {' and '.join(self.datasets)}"

    @property
    def licence_address(self) -> str:
        return f"https://spdx.org/licenses/{self.licence}"
