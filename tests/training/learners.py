"""A small adversarial training with everything that the loop offers; runs as a program too."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.training.checkpoint import STATE
from maskbench.training.devices import place
from maskbench.training.loop import Learner, train
from maskbench.training.player import Player
from maskbench.training.pool import Pool
from maskbench.training.seeding import Order, seeded
from maskbench.training.stage import Ramp, Schedule, Stage


class Small(Learner):
    """Four numbers become four others; a critic with dropout sees a pool of them."""

    def __init__(self, seed: int = 0, ema: float | None = 0.9) -> None:
        placement = place("float32")
        adam = partial(torch.optim.Adam, betas=(0.5, 0.9))
        generator = seeded(lambda: nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)), seed)
        critic = seeded(lambda: nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 1)), 1)
        form = torch.contiguous_format
        self.players = {
            "generator": Player(generator, adam, placement, ema=ema, form=form),
            "critic": Player(critic, torch.optim.RMSprop, placement, form=form),
        }
        rates = {"generator": 1e-2, "critic": 2e-2}
        self.stages = [
            Stage(name="warmup", steps=3, players=("critic",), rates=rates, keep=False),
            Stage(
                name="first", steps=5, players=("critic", "generator"), rates=rates,
                repeats={"critic": 2}, weights={"far": Ramp(start=1, end=0)}, sheet_every=2,
            ),
            Stage(
                name="second", steps=4, players=("generator", "critic"), rates=rates,
                schedule=Schedule(shape="linear", start=0.5), sheet_every=2,
                keep_at={"midway": 0.5},
            ),
        ]  # fmt: skip
        self.data = torch.randn(10, 4, generator=torch.Generator().manual_seed(seed))
        self.order = Order(10, np.random.default_rng(seed))
        self.pool = Pool(6, seed)
        self.drawn: list[str] = []

    def batch(self, turn) -> Tensor:
        self.drawn.append(turn.stage.name)
        return self.data[self.order.take(4)]

    def losses(self, player, batch, turn):
        made = self.players["generator"].network(batch)
        judge = self.players["critic"].network
        if player == "critic":
            gap = judge(self.pool.swap(made)).mean() - judge(batch + 1).mean()
            return {"critic_loss": gap, "distance": -gap.detach()}
        return {"generator_loss": -judge(made).mean(), "far": (made - batch).square().mean()}

    def after(self, player, turn) -> None:
        if player == "critic":
            for parameter in self.players["critic"].parameters:
                parameter.data.clamp_(-0.1, 0.1)

    def parts(self):
        return {"order": self.order, "pool": self.pool}

    def sheet(self):
        with torch.no_grad():
            made = self.players["generator"].average(self.data)
        return (made.sigmoid() * 255).to(torch.uint8).numpy()[..., None].repeat(3, 2)


def run(
    out: Path,
    scratch: Path,
    log=lambda step, values: None,
    every: int = 1,
    seed: int = 0,
    begin: tuple[Path, str] | None = None,
):
    out.mkdir(parents=True, exist_ok=True)
    learner = Small(seed)
    train(
        learner, title="small", seed=seed, out=out, scratch=scratch, log=log, log_every=2,
        checkpoint_every=every, pictures=4, begin=begin,
    )  # fmt: skip
    return learner


def contents(folder: Path) -> dict[str, bytes]:
    assert (folder / STATE).exists()
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
