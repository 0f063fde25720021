"""The one training loop: stages, players, curves, sheets, checkpoints, snapshots, resume.

    train(learner, title="pywgan_div seed 0", seed=0, out=out, scratch=scratch, log=log, ...)

A learner says what is learnt: its players, its stages, its batches and its losses. All that
changes while training is in the state, so a training that was killed at any step and started
again ends with the same bytes as one that was not.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from maskbench.artifacts import atomic_file
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.training import processes, state
from maskbench.training.checkpoint import STAGES, STATE, Checkpoints, stage_file
from maskbench.training.curves import Log, write_curves
from maskbench.training.player import Player
from maskbench.training.progress import TrainingProgress
from maskbench.training.stage import Stage, Turn

SHEETS = "sheets"


class Learner(ABC):
    """What a training needs to know.

    Attributes:
        players: by name.
        stages: in order.
    """

    players: Mapping[str, Player]
    stages: Sequence[Stage]

    @abstractmethod
    def batch(self, turn: Turn) -> Any:
        """The next batch. It may keep what the first player makes of it for the next one."""

    @abstractmethod
    def losses(self, player: str, batch: Any, turn: Turn) -> Mapping[str, Tensor]:
        """A player's losses by name, unweighted. What has no gradient is noted in the curves and
        nothing else."""

    def after(self, player: str, turn: Turn) -> None:  # noqa: B027
        """Called after a player's step, e.g. to clip its weights."""

    def parts(self) -> dict[str, Any]:
        """What else changes (data order, generators, pools): see :func:`.state.capture`."""
        return {}

    def sheet(self) -> np.ndarray | None:
        """A picture (H, W, 3) uint8 of what the networks do now; it must draw no random number."""
        return None


class Training:
    """A training in progress.

    Attributes:
        folder: where the ends of stages are kept, as :func:`.checkpoint.stage_file` names them;
            None: nowhere, so that no stage can continue another.
        index: the stage's place in ``stages`` (those with steps).
        step: steps of it that are done.
        curves: by ``stage/loss``, lists of (step of the stage, mean since the last point).
    """

    PLAIN = ("index", "step", "sums", "curves")

    def __init__(
        self, learner: Learner, seed: int, log_every: int, folder: Path | None = None
    ) -> None:
        self.learner, self.log_every, self.folder = learner, log_every, folder
        self.stages = [stage for stage in learner.stages if stage.steps]
        earlier: set[str] = set()
        for stage in self.stages:
            if stage.continues is not None and stage.continues not in earlier:
                raise unknown_name(f"stage {stage.name}", "earlier stage", stage.continues, earlier)
            earlier.add(stage.name)
        self.index, self.step = 0, 0
        self.sums: dict[str, list[float]] = {}
        self.curves: dict[str, list[list[float]]] = {}
        torch.manual_seed(seed)  # dropout draws from torch's own generator

    @property
    def stage(self) -> Stage:
        return self.stages[self.index]

    @property
    def done(self) -> int:
        """Steps of all stages that are done."""
        return sum(stage.steps for stage in self.stages[: self.index]) + self.step

    def parts(self) -> dict[str, Any]:
        """All that changes but the plain attributes; names as in the state file."""
        parts: dict[str, Any] = {"global_random": state.GlobalRandom()}
        for name, player in self.learner.players.items():
            parts |= player.parts(name)
        return parts | self.learner.parts()

    def capture(self) -> dict[str, Any]:
        """The whole training as plain data."""
        return state.capture(self.parts()) | {name: getattr(self, name) for name in self.PLAIN}

    def restore(self, values: dict[str, Any]) -> None:
        """Go on from captured values."""
        state.restore(self.parts(), values)
        for name in self.PLAIN:
            setattr(self, name, values[name])

    def advance(self) -> dict[str, float]:
        """One step of the present stage; its losses."""
        learner, stage, turn = self.learner, self.stage, Turn(self.stage, self.step)
        noted: dict[str, float] = {}
        batch = learner.batch(turn)
        for name in stage.players:
            for repeat in range(stage.repeats.get(name, 1)):
                batch = learner.batch(turn) if repeat else batch
                losses = learner.losses(name, batch, turn)
                weighted = [turn.weight(n) * v for n, v in losses.items() if v.requires_grad]
                total = torch.stack([part.float() for part in weighted]).sum()
                learner.players[name].step(total, turn.rate(name))
                learner.after(name, turn)
                noted |= {n: float(value.detach()) for n, value in losses.items()}
        self.step += 1
        for name, value in noted.items():
            self.sums.setdefault(f"{stage.name}/{name}", []).append(value)
        if self.step % self.log_every == 0:
            for name, values in self.sums.items():
                point = [float(self.step), sum(values) / len(values)]
                self.curves.setdefault(name, []).append(point)
            self.sums = {}
        return noted

    def last(self) -> dict[str, float]:
        """The last point of each curve of the present stage."""
        start = f"{self.stage.name}/"
        return {name: points[-1][1] for name, points in self.curves.items()
                if name.startswith(start)}  # fmt: skip

    def next_stage(self) -> bool:
        """Keep the whole training as the end of its stage, and go on to the next one from the end
        of the stage that it continues; False: that was the last."""
        later = self.stages[self.index + 1 :]
        if not later:
            return False
        continued = any(stage.continues == self.stage.name for stage in later)
        if self.folder is not None and (self.stage.keep or continued):
            file = stage_file(self.folder, self.stage.name)
            if processes.is_first():
                file.parent.mkdir(parents=True, exist_ok=True)
                state.save(file, self.capture())
            processes.wait()
        self.index, self.step, self.sums = self.index + 1, 0, {}
        if self.stage.continues is not None:
            assert self.folder is not None
            values = state.load(stage_file(self.folder, self.stage.continues))
            state.restore(self.parts(), values)
        return True


def train(
    learner: Learner,
    *,
    title: str,
    seed: int,
    out: Path,
    scratch: Path,
    log: Log,
    log_every: int,
    checkpoint_every: int,
    pictures: int,
    begin: tuple[Path, str] | None = None,
) -> None:
    """Train to the end of the last stage, from the checkpoint in ``scratch`` if there is one.

    With several processes (:mod:`.processes`) the first one writes all files.

    Args:
        learner: what is learnt.
        title: what the progress bar says.
        seed: of torch's global generator; the learner's own generators are seeded by itself.
        out: an existing folder, for ``state.safetensors``, ``curves.parquet`` (step, name, value),
            ``sheets/<index>_<stage>_<step>.png`` and ``stages/<name>.safetensors`` (the
            whole training at the end of each stage but the last, and the networks where a stage's
            ``keep_at`` names).
        scratch: folder for checkpoints, of this training alone.
        log: called with (step of the stage, {stage/loss: mean}) at the logging interval.
        log_every: steps between two points of a curve.
        checkpoint_every: steps between two checkpoints; 0: none.
        pictures: that a step shows the networks, for the progress bar.
        begin: the folder of another training and the stage after which this one begins. Up to its
            end both are the same, so that this one ends as if it had trained those stages itself.

    Raises:
        MaskbenchError: ``begin`` has no such stage to go on from.
    """
    training = Training(learner, seed, log_every, scratch)
    checkpoints = Checkpoints(scratch, checkpoint_every)
    if (values := checkpoints.resume()) is None and begin is not None:
        values = _taken_over(*begin, training, scratch)
    if values is not None:
        training.restore(values)
    processes.wait()  # all of them have read what the first one will replace
    total = sum(stage.steps for stage in training.stages)
    with TrainingProgress(title, total, pictures, training.done) as progress:
        going = True
        while going:
            _show_and_keep(training, scratch)
            while training.step < training.stage.steps:
                progress.advance(training.advance())
                _show_and_keep(training, scratch)
                if training.step % log_every == 0:
                    log(training.step, training.last())
                if processes.is_first():
                    checkpoints.maybe_save(training.done, training.capture)
            going = training.next_stage()
    if not processes.is_first():
        return
    state.save(out / STATE, training.capture())
    write_curves(out / "curves.parquet", training.curves)
    for folder in (SHEETS, STAGES):
        if (scratch / folder).exists():
            shutil.copytree(scratch / folder, out / folder)


def _taken_over(model: Path, last: str, training: Training, scratch: Path) -> dict[str, Any]:
    """The end of a stage of another training; what that one kept up to there is copied."""
    end = stage_file(model, last)
    values = state.load(end)
    names = [stage.name for stage in training.stages]
    if "index" not in values or names[values["index"]] != last:
        raise MaskbenchError(end, "is no end of a stage to go on from", "train that method again")
    for stage in training.stages[: values["index"] + 1]:
        for kept in (stage.name, *stage.keep_at):
            if (file := stage_file(model, kept)).exists() and processes.is_first():
                own = stage_file(scratch, kept)
                own.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, own)
    return values


def _show_and_keep(training: Training, scratch: Path) -> None:
    if not processes.is_first():
        return
    stage, step = training.stage, training.step
    for name, share in stage.keep_at.items():
        if step == round(share * stage.steps):
            _keep_networks(training.learner, stage_file(scratch, name))
    folder = scratch / SHEETS
    if stage.sheet_every == 0 or (step % stage.sheet_every and step < stage.steps):
        return
    if (picture := training.learner.sheet()) is not None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{training.index}_{stage.name}_{step:06d}.png"
        with atomic_file(folder / name) as tmp:
            Image.fromarray(picture).save(tmp, format="PNG")


def _keep_networks(learner: Learner, path: Path) -> None:
    networks = {
        name: player.network if player.average is None else player.average.module
        for name, player in learner.players.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    state.save(path, state.capture(networks))
