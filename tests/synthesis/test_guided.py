"""Losses that guides give, by hand."""

import math

import pytest
import torch

from maskbench.synthesis.painted.guided import (
    correction_factor,
    free_of_masks,
    local_invariance,
    wearing_penalty,
)


@pytest.mark.parametrize(
    ("x", "alpha", "c", "loss"),
    [  # the named cases of Barron 2019, section 1
        (2, 2, 1, 2),  # L2: (x / c)^2 / 2
        (3, 2, 2, 9 / 8),
        (math.sqrt(3), 1, 1, 1),  # Charbonnier: sqrt((x / c)^2 + 1) - 1
        (6, 1, 2, math.sqrt(10) - 1),
        (2, 0, 1, math.log(3)),  # Cauchy: log((x / c)^2 / 2 + 1)
        (2, -2, 1, 1),  # Geman-McClure: 2 (x / c)^2 / ((x / c)^2 + 4)
        (6, -2, 3, 1),
        (2, -1e6, 1, 1 - math.exp(-2)),  # towards Welsch: 1 - exp(-(x / c)^2 / 2)
        (0, 1.3, 0.7, 0),
    ],
)
def test_the_correction_is_one_and_barrons_loss(x, alpha, c, loss):
    found = correction_factor(torch.tensor([float(x)]), alpha, c)
    assert found.item() == pytest.approx(1 + loss, rel=1e-4)


@pytest.mark.parametrize("limit", [0, 2])
def test_the_correction_goes_through_its_limits(limit):
    x = torch.tensor([0.0, 0.5, 3.0])
    at = correction_factor(x, limit, 1.0)
    for near in (1e-3, 1e-5, 1e-8):
        for alpha in (limit - near, limit + near):  # at 2 the loss changes as n log(n)
            assert torch.allclose(correction_factor(x, alpha, 1.0), at, rtol=20 * near + 1e-4)


def test_the_correction_rises_with_the_penalty():
    x = torch.linspace(0, 5, 20)
    for alpha in (-3, 0, 0.5, 1, 2, 3):
        found = correction_factor(x, alpha, 1.0)
        assert found[0] == 1 and (found.diff() > 0).all()


def test_parts_that_are_seen_or_hidden_wrongly_are_penalised():
    presence = torch.tensor([[0.9, 0.2, 0.1], [0.6, 0.8, 0.7]])
    wanted, penalties = torch.tensor([1.0, 1.0, 0.0]), torch.tensor([1.0, 2.0, 4.0])
    assert wearing_penalty(presence, wanted, penalties, 0.5).tolist() == [2, 4]
    soft = wearing_penalty(presence, wanted, penalties, None)
    assert soft.tolist() == pytest.approx([0.1 + 2 * 0.8 + 4 * 0.1, 0.4 + 2 * 0.2 + 4 * 0.7])


class Left:
    """Finds a mask on the left half."""

    def find(self, pictures):
        found = torch.full_like(pictures[:, :1], 0.4)
        found[..., : pictures.shape[-1] // 2] = 0.6
        return found + 0 * pictures[:, :1]  # with a gradient


def test_a_change_outside_the_mask_is_no_invariance():
    faces = torch.zeros(2, 3, 4, 4)
    made = torch.full_like(faces, 0.5).requires_grad_()
    free = free_of_masks(Left(), made)
    assert free[0, 0, 0].tolist() == [0, 0, 1, 1] and not free.requires_grad
    loss = local_invariance(made, faces, free)
    assert loss.item() == pytest.approx(0.5**2 / 2)  # of half of the pixels
    loss.backward()
    assert not made.grad[..., :2].any() and (made.grad[..., 2:] > 0).all()
