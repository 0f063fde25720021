"""History buffers against what their papers say, and their state."""

import torch

from maskbench.training import state
from maskbench.training.pool import Pool


def pictures(first: int, count: int) -> torch.Tensor:
    return torch.arange(first, first + count).float().view(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def test_a_pool_that_fills_gives_back_what_it_got():
    pool = Pool(4, 0)
    for first in (0, 2):
        assert torch.equal(pool.swap(pictures(first, 2)), pictures(first, 2))
    assert len(pool.kept) == 4


def test_a_full_pool_swaps_about_half_and_keeps_what_it_did_not_give_back():
    pool = Pool(50, 0)
    pool.swap(pictures(0, 50))
    old = 0
    for step in range(100):
        shown = pool.swap(pictures(100 + step * 10, 10))
        old += int((shown[:, 0, 0, 0] < 100 + step * 10).sum())
    assert 440 < old < 560
    assert len(pool.kept) == 50
    # Nothing is doubled and nothing lost: 1050 went in, 1000 came out after the first 50.
    assert len({float(kept[0, 0, 0]) for kept in pool.kept}) == 50


def test_a_pool_without_room_passes_everything_on():
    pool = Pool(0, 0)
    assert torch.equal(pool.swap(pictures(0, 3)), pictures(0, 3))
    assert torch.equal(pool.mix(pictures(0, 3)), pictures(0, 3))
    assert pool.kept == []


def test_half_of_a_mixed_batch_comes_from_the_buffer():
    pool = Pool(6, 0)
    for step in range(6):
        new = pictures(100 * (step + 1), 4)
        shown = pool.mix(new)
        if step:
            assert (shown[:2, 0, 0, 0] < 100 * (step + 1)).all()
        assert torch.equal(shown[2:], new[2:])
    assert len(pool.kept) == 6


def test_a_restored_pool_goes_on_in_the_same_way(tmp_path):
    one, two = Pool(5, 0), Pool(5, 7)
    one.swap(pictures(0, 8))
    state.save(tmp_path / "state", state.capture({"pool": one}))
    state.restore({"pool": two}, state.load(tmp_path / "state"))
    for pool_step in range(5):
        new = pictures(10 + 4 * pool_step, 4)
        assert torch.equal(one.swap(new), two.swap(new))
        assert torch.equal(one.mix(new), two.mix(new))
