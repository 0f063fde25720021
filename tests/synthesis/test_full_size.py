"""One step of the published translation trainings, at their full size on the CPU."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

import maskbench
from maskbench import experiment
from maskbench.synthesis.base import TrainingData
from maskbench.training.loop import Training

ROOT = Path(maskbench.__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("paper", "name", "pictures"),
    [
        ("mumford", "cyclegan_schedule", 1),
        ("mumford", "simgan_schedule", 2),  # of 16: 10 GB
        ("mfgan", "mfgan", 1),
    ],
)
def test_a_step_at_the_published_size(small, guides, paper, name, pictures):
    published = experiment.load([ROOT / "params.yaml", ROOT / f"config/paper/{paper}.yaml"])
    block = published.methods[name]
    params = block.params.model_copy(update={"batch_size": pictures})
    assert params.train_size == 256 and not params.switches.whole_critic
    method = block.spec.load()
    data = TrainingData(*small.opened(), small.styles, guides)
    method.start(dataclasses.replace(block, params=params), data, 0)
    training = Training(method, 0, 1)
    training.index = len(training.stages) - 1  # where everything is at work
    before = {
        player: [p.detach().clone() for p in one.network.parameters()]
        for player, one in method.players.items()
    }
    noted = training.advance()
    assert noted and all(map(torch.isfinite, map(torch.tensor, noted.values())))
    for player, one in method.players.items():
        pairs = list(zip(before[player], one.network.parameters(), strict=True))
        assert all(torch.isfinite(now).all() for _, now in pairs)
        assert any((old != now).any() for old, now in pairs), player
