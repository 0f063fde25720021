"""What every training shares: its state as plain data, its curves, and who hears of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

from maskbench.training import state


class Run(Protocol):
    """The part of a tracking run that a training uses."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None: ...


def to_run(run: Run | None) -> Callable[[int, dict[str, float]], None]:
    """What hands (step, {name: value}) to a tracking run, if there is one."""

    def log(step: int, values: dict[str, float]) -> None:
        if run is not None:
            run.metrics(step, values)

    return log


def decay(step: int, steps: int, start: float) -> float:
    """The share of the learning rate: 1 up to ``start`` (a share of the steps), then linearly to 0
    at the end."""
    first = start * steps
    return 1.0 if step <= first else max(0.0, (steps - step) / max(1e-9, steps - first))


class Training(ABC):
    """One training in progress.

    Attributes:
        PLAIN: attributes that are plain data and change while training, in the order of the file.
    """

    PLAIN: ClassVar[tuple[str, ...]]

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """All else that changes (see :func:`.state.capture`); names as in the state file."""

    def capture(self) -> dict[str, Any]:
        """The whole training as plain data."""
        values = state.capture(self.parts())
        return values | {name: getattr(self, name) for name in self.PLAIN}

    def restore(self, values: dict[str, Any]) -> None:
        """Go on from captured values."""
        state.restore(self.parts(), values)
        for name in self.PLAIN:
            setattr(self, name, values[name])


class CurvedTraining(Training):
    """A training of several losses.

    Attributes:
        step: steps done.
        sums: by name, the losses since the last point of the curves.
        curves: by name, lists of (step, mean loss since the last point).
    """

    PLAIN: ClassVar[tuple[str, ...]] = ("step", "sums", "curves")

    def __init__(self) -> None:
        self.step = 0
        self.sums: dict[str, list[float]] = {}
        self.curves: dict[str, list[list[float]]] = {}

    def note(self, losses: Mapping[str, float], every: int) -> None:
        """Take note of a step's losses; every ``every`` steps the curves get a point."""
        for name, value in losses.items():
            self.sums.setdefault(name, []).append(value)
        if self.step % every == 0:
            for name, values in self.sums.items():
                point = [float(self.step), sum(values) / len(values)]
                self.curves.setdefault(name, []).append(point)
            self.sums = {}

    def last(self) -> dict[str, float]:
        """The last point of each curve."""
        return {name: points[-1][1] for name, points in self.curves.items()}
