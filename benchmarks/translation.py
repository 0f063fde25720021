"""Training steps of image-to-image translation: CycleGAN against plain eager float32, and the cost
of a step of every method.

    python benchmarks/translation.py [--results results] [--dataset orl] [--size 128] [--width 64]
                                     [--blocks 9] [--steps 20] [--precision bfloat16] [--threads 2]

First, CycleGAN with ResNet-9 at 128x128 and batch 1: the training loop's own step against the same
networks, from the same first weights and on the same pictures, in contiguous float32 and one pass
after another, as the losses are written in the paper. Both take turns, so that a busy machine slows
both; the ratio is that of the medians. The curves of both are printed beside each other.

Then, for every translation method of ``params.yaml``: median seconds of a step and the highest
memory of a process that trains it. Written to ``results/benchmarks/translation.json``.
"""

from __future__ import annotations

import argparse
import copy
import logging
import multiprocessing
import re
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from maskbench.artifacts import write_json
from maskbench.experiment import load
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.registry import Block
from maskbench.synthesis.base import LearningMethod, TrainingData
from maskbench.synthesis.specs import METHODS
from maskbench.training.loop import Training
from maskbench.training.pool import Pool

log = logging.getLogger("translation")


class Plain:
    """CycleGAN's step written down: float32, contiguous, no moving average."""

    def __init__(self, networks: dict[str, nn.ModuleDict], params: Any) -> None:
        self.generator, self.critic = networks["generator"], networks["critic"]
        adam = partial(torch.optim.Adam, betas=params.betas)
        self.optimisers = [
            adam(self.generator.parameters(), lr=params.generator_lr),
            adam(self.critic.parameters(), lr=params.critic_lr),
        ]
        self.params, self.pools = params, [Pool(params.pool, seed) for seed in (3, 4)]

    def step(self, bare: Tensor, masked: Tensor) -> dict[str, float]:
        mask, unmask = self.generator["mask"], self.generator["unmask"]
        critics, (first, second) = self.critic, self.optimisers
        put, off = mask(bare).pictures, unmask(masked).pictures
        fooled = (critics["masked"](put) - 1).square().mean() + (
            critics["bare"](off) - 1
        ).square().mean()
        cycle = (unmask(put).pictures - bare).abs().mean() + (
            mask(off).pictures - masked
        ).abs().mean()
        same = (mask(masked).pictures - masked).abs().mean() + (
            unmask(bare).pictures - bare
        ).abs().mean()
        first.zero_grad()
        (fooled + self.params.cycle * cycle + self.params.identity * same).backward()
        first.step()
        second.zero_grad()
        judged = torch.zeros(())
        for critic, real, made, pool in (
            (critics["masked"], masked, put, self.pools[0]),
            (critics["bare"], bare, off, self.pools[1]),
        ):
            fake = pool.swap(made)
            judged = (
                judged + ((critic(real) - 1).square().mean() + critic(fake).square().mean()) / 2
            )
        judged.backward()
        second.step()
        return {"cycle": float(cycle.detach()), "critic": float(judged.detach())}


def learner_of(block: Block, data: TrainingData) -> LearningMethod:
    found: LearningMethod = block.spec.load()
    found.start(block, data, 0)
    return found


def compare(data: TrainingData, options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of a step of both, and their curves."""
    values = {
        "train_size": options.size, "generator_width": options.width, "blocks": options.blocks,
        "batch_size": 1, "critic_width": options.width, "precision": options.precision,
        "steps": options.steps, "sheet_every": 0, "decay_from": 1,
    }  # fmt: skip
    block = METHODS.parse("cyclegan", values)
    plain_block = METHODS.parse("cyclegan", values | {"precision": "float32"})
    method = learner_of(block, data)
    networks = {
        name: copy.deepcopy(player.network).to(memory_format=torch.contiguous_format)
        for name, player in learner_of(plain_block, data).players.items()
    }
    plain = Plain(networks, block.params)
    training = Training(method, 0, 1)
    times: dict[str, list[float]] = {"maskbench": [], "plain": []}
    curves: dict[str, list[float]] = {"maskbench": [], "plain": []}
    torch.set_num_threads(options.threads)  # a learner asks for one
    drawn: list[Any] = []
    own_batch = method.batch
    method.batch = lambda turn: drawn.append(own_batch(turn)) or drawn[-1]  # type: ignore
    for _ in range(options.steps):
        start = time.perf_counter()
        noted = training.advance()
        times["maskbench"].append(time.perf_counter() - start)
        curves["maskbench"].append(noted["cycle"])
        pictures = drawn.pop()
        start = time.perf_counter()
        found = plain.step(pictures.bare.contiguous(), pictures.masked.contiguous())
        times["plain"].append(time.perf_counter() - start)
        curves["plain"].append(found["cycle"])
    seconds = {name: median(values[1:]) for name, values in times.items()}
    log.info("CycleGAN %(size)d, width %(width)d, %(blocks)d blocks, %(precision)s", vars(options))
    for name, value in seconds.items():
        curve = " ".join(f"{one:.3f}" for one in curves[name][:: max(1, options.steps // 8)])
        log.info("%-10s %7.3f s a step; cycle loss %s", name, value, curve)
    log.info("ratio      %7.2f", seconds["plain"] / seconds["maskbench"])
    return {"seconds": seconds, "ratio": seconds["plain"] / seconds["maskbench"], "cycle": curves}


def cost(block: Block, data: TrainingData, steps: int, found: Any) -> None:
    """Seconds of a step of the last stage, where everything is at work, and the process's highest
    memory in MB."""
    training = Training(learner_of(block, data), 0, 1)
    training.index = len(training.stages) - 1
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        training.advance()
        times.append(time.perf_counter() - start)
    found["seconds"] = median(times[1:])
    # Not ru_maxrss: a process that another one has started begins with that one's peak.
    peak = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"), re.M)
    found["mb"] = int(peak[1]) / 1024 if peak else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="of a finished run")
    parser.add_argument("--dataset", default="orl")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=9)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/translation.json"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    experiment = load()
    root, name = options.results, options.dataset
    faces = FaceSet.open(root / "faces" / name / "fold0")
    masked = MaskedSet.open(root / "masked_domain" / name / "fold0")
    guides = {path.parent.name: path for path in (root / "guides" / name).glob("*/seed0")}
    pictures = MaskPictures.open(root / "mask_pictures")
    data = TrainingData(faces, masked, pictures, experiment.config.masks.styles, guides)

    found: dict[str, Any] = {"step": compare(data, options), "methods": {}}
    context = multiprocessing.get_context("spawn")
    for block in experiment.methods.values():
        if block.spec.family != "translation":
            continue
        with context.Manager() as manager:
            shared = manager.dict()
            process = context.Process(target=cost, args=(block, data, options.steps, shared))
            process.start()
            process.join()
            found["methods"][block.name] = dict(shared)
        costs = found["methods"][block.name]
        log.info("%-14s %7.3f s a step, %6.0f MB", block.name, costs["seconds"], costs["mb"])
    write_json(options.out, found)


if __name__ == "__main__":
    main()
