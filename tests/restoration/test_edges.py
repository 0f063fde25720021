"""Canny's edges, with and without a hole."""

import torch

from maskbench.restoration.edges import edges_of


def test_a_step_makes_one_line():
    picture = torch.zeros(1, 1, 32, 32)
    picture[..., 16:] = 1
    edges = edges_of(picture, 1.0)[0, 0]
    assert edges.shape == (32, 32) and set(edges.unique().tolist()) == {0.0, 1.0}
    columns = edges[4:-4].sum(0).nonzero().flatten().tolist()
    assert len(columns) <= 2 and set(columns) <= {15, 16}


def test_neither_a_hole_nor_what_it_holds_makes_an_edge():
    torch.manual_seed(0)
    smooth = torch.linspace(0, 0.2, 32).expand(1, 1, 32, 32).clone()
    hole = torch.zeros(1, 1, 32, 32)
    hole[..., 10:22, 10:22] = 1
    masked = smooth.clone()
    masked[..., 10:22, 10:22] = torch.rand(12, 12)
    assert float(edges_of(masked, 1.0).sum()) > float(edges_of(smooth, 1.0).sum())
    assert torch.equal(edges_of(masked, 1.0, hole), edges_of(smooth, 1.0, hole))
    assert float((edges_of(masked, 1.0, hole) * hole).sum()) == 0
    smooth[..., 3], masked[..., 3] = 1, 1  # what lies outside is found all the same
    found = edges_of(masked, 1.0, hole)
    assert torch.equal(found, edges_of(smooth, 1.0, hole)) and float(found[..., :6].sum()) > 20
