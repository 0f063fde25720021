"""What every training shares: its state as plain data, its curves, and who hears of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

from maskbench.training import state
from maskbench.training.checkpoint import STATE, Checkpoints
from maskbench.training.curves import write_curves
from maskbench.training.progress import TrainingProgress

Log = Callable[[int, dict[str, float]], None]
"""Called with (step, {name: value}) at the logging interval."""


class Run(Protocol):
    """The part of a tracking run that a training uses."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None: ...


def to_run(run: Run | None) -> Log:
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
        params: its block, with ``log_every`` and ``checkpoint_every`` (steps) and ``batch_size``.
        step: steps done.
        sums: by name, the losses since the last point of the curves.
        curves: by name, lists of (step, mean loss since the last point).
    """

    PLAIN: ClassVar[tuple[str, ...]] = ("step", "sums", "curves")

    def __init__(self, params: Any) -> None:
        self.params = params
        self.step = 0
        self.sums: dict[str, list[float]] = {}
        self.curves: dict[str, list[list[float]]] = {}

    @abstractmethod
    def advance(self) -> dict[str, float]:
        """One step; the losses."""

    def note(self, losses: Mapping[str, float]) -> None:
        """Take note of a step's losses; every ``log_every`` steps the curves get a point."""
        for name, value in losses.items():
            self.sums.setdefault(name, []).append(value)
        if self.step % self.params.log_every == 0:
            for name, values in self.sums.items():
                point = [float(self.step), sum(values) / len(values)]
                self.curves.setdefault(name, []).append(point)
            self.sums = {}

    def last(self) -> dict[str, float]:
        """The last point of each curve."""
        return {name: points[-1][1] for name, points in self.curves.items()}

    def run(self, steps: int, title: str, scratch: Path, log: Log) -> None:
        """Train up to ``steps``, from the checkpoint in ``scratch`` if there is one.

        For trainings that do nothing between their steps; others have a loop of their own.
        """
        checkpoints = Checkpoints(scratch, self.params.checkpoint_every)
        if (values := checkpoints.resume()) is not None:
            self.restore(values)
        with TrainingProgress(title, steps, self.params.batch_size, self.step) as progress:
            while self.step < steps:
                progress.advance(self.advance())
                if self.step % self.params.log_every == 0:
                    log(self.step, self.last())
                checkpoints.maybe_save(self.step, self.capture)

    def write(self, out: Path) -> None:
        """Write ``state.safetensors`` and ``curves.parquet`` into a folder."""
        state.save(out / STATE, self.capture())
        write_curves(out / "curves.parquet", self.curves)
