"""Adversarial objectives. A critic's score map is averaged to one score a picture first.

All functions return a scalar that the stepping player minimises.
"""

from __future__ import annotations

from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Sampling = Literal["between", "endpoints"]


class Critic(Protocol):
    """(B, C, H, W) -> (B, 1, h, w) or (B, 1) scores."""

    def __call__(self, pictures: Tensor) -> Tensor: ...


def score(scores: Tensor) -> Tensor:
    """One score a picture, float32: (B, ...) -> (B,)."""
    return scores.float().flatten(1).mean(1)


def minimax_critic(real: Tensor, fake: Tensor, smoothing: float = 0.0) -> Tensor:
    """-E log D(real) - E log(1 - D(fake)) with D = sigmoid (Goodfellow et al. 2014, eq. 1).

    Args:
        real, fake: (B,) logits.
        smoothing: the label of real pictures is 1 - smoothing.
    """
    labels = torch.full_like(real, 1 - smoothing)
    return F.binary_cross_entropy_with_logits(real, labels) + F.softplus(fake).mean()


def minimax_generator(fake: Tensor, saturating: bool = False) -> Tensor:
    """-E log D(fake), the non-saturating form that the paper recommends; or E log(1 - D(fake))."""
    return -F.softplus(fake).mean() if saturating else F.softplus(-fake).mean()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """E D(fake) - E D(real): minus the critic's estimate of the distance (Arjovsky et al. 2017)."""
    return fake.mean() - real.mean()


def wasserstein_generator(fake: Tensor) -> Tensor:
    """-E D(fake)."""
    return -fake.mean()


@torch.no_grad()
def clip_weights(module: nn.Module, limit: float) -> None:
    """Clamp every parameter to [-limit, limit] after a step of a Wasserstein critic."""
    for parameter in module.parameters():
        parameter.clamp_(-limit, limit)


def divergence_penalty(
    critic: Critic,
    real: Tensor,
    fake: Tensor,
    p: float,
    sampling: Sampling,
    generator: torch.Generator,
) -> Tensor:
    """E ||grad_x D(x)||^p, the last term of the paper's formula 1 without its k (Wu et al. 2018,
    eq. 9).

    No target norm as in WGAN-GP: the gradient is pressed towards 0, not towards 1.

    Args:
        real, fake: (B, C, H, W), without gradient.
        p: 6 in Wu et al. 2018, with k = 2; their code has p = 2 and a coefficient of 10.
        sampling: where x is drawn. ``between``: x = real + a (fake - real), a ~ U(0, 1), one a
            picture (Wu et al., who draw the two apart; in batches with ``match: faces`` they show
            the same face). ``endpoints``: at the real and at the fake pictures, the mean of both
            (a second public version).
        generator: source of a, on the CPU.
    """
    if sampling == "between":
        a = torch.rand(len(real), 1, 1, 1, generator=generator).to(real.device)
        points = real + a * (fake - real)
    else:
        points = torch.cat([real, fake])
    # (||g||^2)^(p/2): no square root of zero, whose derivative is infinite.
    return _squared_gradient(critic, points).pow(p / 2).mean()


def lsgan_critic(real: Tensor, fake: Tensor) -> Tensor:
    """(E (D(real) - 1)^2 + E D(fake)^2) / 2, over all scores of a map (Mao et al. 2017; CycleGAN's
    reference halves it)."""
    return ((real - 1).square().mean() + fake.square().mean()) / 2


def lsgan_generator(fake: Tensor) -> Tensor:
    """E (D(fake) - 1)^2."""
    return (fake - 1).square().mean()


def gradient_penalty(
    critic: Critic, real: Tensor, fake: Tensor, generator: torch.Generator
) -> Tensor:
    """E (||grad_x D(x)|| - 1)^2 at x between real and made pictures (Gulrajani et al. 2017, eq. 3).

    Args:
        critic: pictures (B, C, H, W) -> scores (B, ...), of which the mean of a picture counts.
        real, fake: (B, C, H, W), without gradient.
        generator: source of the places between them, on the CPU.
    """
    a = torch.rand(len(real), 1, 1, 1, generator=generator).to(real.device)
    norm = _squared_gradient(critic, fake + a * (real - fake)).clamp_min(1e-12).sqrt()
    return (norm - 1).square().mean()


def r1_penalty(critic: Critic, real: Tensor) -> Tensor:
    """E ||grad_x D(x)||^2 / 2 at real pictures (Mescheder et al. 2018, eq. 9)."""
    return _squared_gradient(critic, real).mean() / 2


def _squared_gradient(critic: Critic, points: Tensor) -> Tensor:
    """The squared norm of the gradient of each picture's mean score: (B,)."""
    points = points.detach().requires_grad_(True)
    total = score(critic(points)).sum()
    (gradient,) = torch.autograd.grad(total, points, create_graph=True)
    return gradient.float().square().flatten(1).sum(1)
