import math

import pytest
import torch
from torch import nn

from maskbench.synthesis import losses


def test_score_averages_the_map_of_each_picture():
    assert losses.score(torch.arange(8.0).view(2, 1, 2, 2)).tolist() == [1.5, 5.5]


def test_minimax_losses_by_hand():
    real, fake = torch.tensor([0.0, 2.0]), torch.tensor([1.0, -1.0])

    def sigmoid(x):
        return 1 / (1 + math.exp(-x))

    by_hand = -(math.log(0.5) + math.log(sigmoid(2))) / 2
    by_hand -= (math.log(1 - sigmoid(1)) + math.log(1 - sigmoid(-1))) / 2
    assert losses.minimax_critic(real, fake).item() == pytest.approx(by_hand, rel=1e-5)
    non_saturating = -(math.log(sigmoid(1)) + math.log(sigmoid(-1))) / 2
    assert losses.minimax_generator(fake).item() == pytest.approx(non_saturating, rel=1e-5)
    saturating = (math.log(1 - sigmoid(1)) + math.log(1 - sigmoid(-1))) / 2
    assert losses.minimax_generator(fake, saturating=True).item() == pytest.approx(
        saturating, rel=1e-5
    )


def test_smoothed_labels_are_best_met_by_a_finite_logit():
    logit = torch.zeros(1, requires_grad=True)
    loss = losses.minimax_critic(logit + math.log(9), torch.full((1,), -50.0), smoothing=0.1)
    loss.backward()
    assert logit.grad.abs().item() < 1e-6  # sigmoid(log 9) = 0.9


def test_wasserstein_losses_by_hand():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.5, 0.0])
    assert losses.wasserstein_critic(real, fake).item() == pytest.approx(0.25 - 2.0)
    assert losses.wasserstein_generator(fake).item() == pytest.approx(-0.25)


def test_clipping_clamps_every_weight():
    net = nn.Linear(3, 2)
    with torch.no_grad():
        net.weight.fill_(1.0)
        net.bias.copy_(torch.tensor([-1.0, 0.005]))
    losses.clip_weights(net, 0.01)
    assert net.weight.unique().tolist() == pytest.approx([0.01])
    assert net.bias.tolist() == pytest.approx([-0.01, 0.005])


class Linear(nn.Module):
    """D(x) = <w, x>: its gradient is w everywhere."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, x):
        return (x * self.weight).flatten(1).sum(1, keepdim=True)


@pytest.mark.parametrize("sampling", ["between", "endpoints"])
@pytest.mark.parametrize(("k", "p"), [(2.0, 6.0), (10.0, 2.0)])
def test_divergence_penalty_of_a_linear_critic(sampling, k, p):
    """Closed form: k |w|^p, whose gradient in w is k p |w|^(p-2) w."""
    weight = torch.tensor([0.3, -0.4, 1.2]).view(3, 1, 1)
    critic = Linear(weight.clone())
    real, fake = torch.rand(4, 3, 1, 1), torch.rand(4, 3, 1, 1)
    penalty = k * losses.divergence_penalty(
        critic, real, fake, p, sampling, torch.Generator().manual_seed(0)
    )
    norm = 1.3
    assert penalty.item() == pytest.approx(k * norm**p, rel=1e-5)
    penalty.backward()
    assert torch.allclose(critic.weight.grad, k * p * norm ** (p - 2) * weight, rtol=1e-4)


class Quadratic(nn.Module):
    """D(x) = |x|^2 / 2: its gradient at x is x, so the penalty shows where x was drawn."""

    def forward(self, x):
        return x.square().flatten(1).sum(1, keepdim=True) / 2


def test_where_each_sampling_rule_looks():
    real, fake = torch.zeros(64, 1, 1, 1), torch.ones(64, 1, 1, 1)
    ends = losses.divergence_penalty(Quadratic(), real, fake, 2.0, "endpoints", torch.Generator())
    assert ends.item() == pytest.approx(0.5)  # half at 0, half at 1
    generator = torch.Generator().manual_seed(5)
    a = torch.rand(64, 1, 1, 1, generator=torch.Generator().manual_seed(5))
    between = losses.divergence_penalty(Quadratic(), real, fake, 2.0, "between", generator)
    assert between.item() == pytest.approx(a.square().mean().item(), rel=1e-5)


def test_penalty_against_finite_differences():
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    real, fake = torch.rand(3, 6, 1, 1).double(), torch.rand(3, 6, 1, 1).double()
    points = torch.cat([real, fake])
    step, total = 1e-5, 0.0
    for point in points:
        slopes = []
        for axis in range(6):
            move = torch.zeros_like(point)
            move[axis] = step
            up, down = critic((point + move)[None]), critic((point - move)[None])
            slopes.append((up - down).item() / (2 * step))
        total += 2 * sum(s * s for s in slopes) ** 3
    # score() averages in float32, which limits the agreement
    penalty = 2.0 * losses.divergence_penalty(
        critic, real, fake, 6.0, "endpoints", torch.Generator()
    )
    assert penalty.item() == pytest.approx(total / 6, rel=1e-3)


def test_a_flat_critic_has_a_finite_gradient():
    critic = Linear(torch.zeros(1, 2, 2))
    pictures = torch.rand(2, 1, 2, 2)
    losses.divergence_penalty(
        critic, pictures, pictures, 6.0, "between", torch.Generator()
    ).backward()
    assert torch.isfinite(critic.weight.grad).all()


def test_least_squares_losses_by_hand():
    real, fake = torch.tensor([[0.5, 1.0]]), torch.tensor([[0.0, 2.0]])
    assert losses.lsgan_critic(real, fake).item() == pytest.approx((0.125 + 2.0) / 2)
    assert losses.lsgan_generator(fake).item() == pytest.approx(1.0)


def test_gradient_penalties_of_a_linear_critic():
    """Its gradient is w everywhere: (|w| - 1)^2 and |w|^2 / 2."""
    critic = Linear(torch.tensor([0.3, -0.4, 1.2]).view(3, 1, 1))
    real, fake = torch.rand(4, 3, 1, 1), torch.rand(4, 3, 1, 1)
    random = torch.Generator().manual_seed(0)
    assert losses.gradient_penalty(critic, real, fake, random).item() == pytest.approx(0.09)
    assert losses.r1_penalty(critic, real).item() == pytest.approx(1.69 / 2)


def test_the_gradient_penalty_lies_between_the_pictures():
    """D(x) = sum x^3 / 3 has the gradient x^2: at a real 0 and a made 1, points lie in (0, 1)."""
    seen = []

    def critic(x):
        seen.append(x.detach())
        return x.pow(3).sum((1, 2, 3))[:, None] / 3

    real, fake = torch.zeros(64, 1, 1, 1), torch.ones(64, 1, 1, 1)
    penalty = losses.gradient_penalty(critic, real, fake, torch.Generator().manual_seed(0))
    (points,) = seen
    assert 0 < points.min() < 0.2 and 0.8 < points.max() < 1
    assert penalty.item() == pytest.approx((points.square() - 1).square().mean().item(), rel=1e-5)
