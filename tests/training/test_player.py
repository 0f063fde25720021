"""A player's step and the moving average of its weights."""

from functools import partial

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from maskbench.training.devices import place
from maskbench.training.player import Player, moving_average


def test_the_average_is_that_of_averaged_model_with_a_rising_decay():
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    average = moving_average(network, 0.5)
    assert isinstance(average, AveragedModel)
    by_hand = network[0].weight.detach().clone()
    for step in range(1, 12):
        with torch.no_grad():
            network[0].weight.add_(torch.randn(3, 2))
            network(torch.randn(4, 2))  # moves the statistics
        average.update_parameters(network)
        keep = min(0.5, step / (9 + step))
        by_hand = by_hand * keep + network[0].weight.detach() * (1 - keep)
        torch.testing.assert_close(average.module[0].weight, by_hand)
    assert int(average.module[1].num_batches_tracked) == 11
    assert not torch.equal(average.module[1].running_mean, network[1].running_mean)
    assert not average.training


def test_without_a_decay_the_average_is_the_network_itself():
    network = nn.Linear(2, 2)
    average = moving_average(network, 0.0)
    nn.init.ones_(network.weight)
    average.update_parameters(network)
    assert torch.equal(average.module.weight, network.weight)


def test_networks_of_a_dict_step_together_with_their_head_and_nobody_else():
    both = nn.ModuleDict({"on": nn.Linear(2, 2), "off": nn.Linear(2, 2)})
    judge, head = nn.Linear(2, 1), nn.Linear(2, 1)
    sgd = partial(torch.optim.SGD, lr=1.0)
    player = Player(
        both, sgd, place("float32"), ema=0.9, head=head, form=torch.contiguous_format
    )  # fmt: skip
    before = [p.detach().clone() for p in player.parameters]
    shown = both["off"](both["on"](torch.ones(3, 2)))
    player.step(judge(shown).sum() + head(shown).sum(), 0.1)
    moved = [not torch.equal(p, q) for p, q in zip(player.parameters, before, strict=True)]
    assert moved == [True] * 6
    assert judge.weight.grad is None
    assert [g["lr"] for g in player.optimiser.param_groups] == [0.1]
    assert list(player.parts("both")) == ["both", "both_optimiser", "both_average", "both_head"]
    assert set(player.average.module) == {"on", "off"}


def test_networks_run_in_the_precision_asked_for_and_their_average_does_not():
    player = Player(nn.Linear(2, 2), torch.optim.Adam, place("bfloat16"), ema=0.9,
                    form=torch.contiguous_format)  # fmt: skip
    assert player.network(torch.ones(1, 2)).dtype == torch.bfloat16
    assert player.average(torch.ones(1, 2)).dtype == torch.float32
    assert "x_head" not in player.parts("x")
