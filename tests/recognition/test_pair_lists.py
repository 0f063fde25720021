"""Pairs without listing them all: the same as listing them all."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.recognition.pair_lists import drawn_pairs


def listed(people, photos, one, other, limit, seed):
    """Every pair in a list, then a draw from the impostors."""
    alone = np.array_equal(one, other)
    pairs = [(i, j) for i in one for j in other if (not alone or i < j) and photos[i] != photos[j]]
    genuine = [pair for pair in pairs if people[pair[0]] == people[pair[1]]]
    impostors = [pair for pair in pairs if people[pair[0]] != people[pair[1]]]
    dropped = max(0, len(impostors) - limit)
    if dropped:
        places = np.random.default_rng(seed).choice(len(impostors), limit, replace=False)
        impostors = [impostors[place] for place in places]
    kept = sorted(genuine + impostors)
    same = [people[i] == people[j] for i, j in kept]
    return [i for i, _ in kept], [j for _, j in kept], same, dropped


@settings(max_examples=200, deadline=None)
@given(
    people=st.lists(st.integers(0, 4), min_size=0, max_size=14),
    kinds=st.integers(0, 2**14),
    limit=st.integers(0, 60),
    photos=st.integers(1, 14),
    alone=st.booleans(),
)
def test_equal_to_the_list_of_all_pairs(people, kinds, limit, photos, alone):
    names = np.array([f"p{number}" for number in people], str)
    photo = np.array([f"{who}/{row % photos}" for row, who in enumerate(people)], str)
    is_bare = np.array([bool(kinds >> row & 1) for row in range(len(people))], bool)
    one = np.flatnonzero(is_bare)
    other = one if alone else np.flatnonzero(~is_bare)
    first, second, same, dropped = drawn_pairs(names, photo, one, other, limit, 3)
    expected = listed(names, photo, one, other, limit, 3)
    assert (first.tolist(), second.tolist(), same.tolist(), dropped) == expected


def test_a_photograph_of_two_people_is_not_compared_with_itself():
    who, photo = np.array(["a", "b", "a"]), np.array(["x", "x", "y"])
    rows = np.arange(3)
    first, second, same, dropped = drawn_pairs(who, photo, rows, rows, 9, 0)
    assert (first.tolist(), second.tolist(), same.tolist()) == ([0, 1], [2, 2], [True, False])
    assert dropped == 0


def test_drawn_without_repetition_and_genuine_pairs_stay():
    people, photos = np.arange(300) % 30, np.arange(300)
    rows = np.arange(300)
    first, second, same, dropped = drawn_pairs(people, photos, rows, rows, 1000, 0)
    assert same.sum() == 30 * 45 and (~same).sum() == 1000
    assert dropped == 300 * 299 // 2 - 30 * 45 - 1000
    assert len(set(zip(first.tolist(), second.tolist(), strict=True))) == len(first)
    assert (first < second).all() and (np.diff(first) >= 0).all()
    again = drawn_pairs(people, photos, rows, rows, 1000, 0)
    assert (again[0] == first).all() and (again[1] == second).all()
    other = drawn_pairs(people, photos, rows, rows, 1000, 1)
    assert not (other[1] == second).all()


def test_every_impostor_pair_is_as_likely():
    """20 people with 1 to 20 pictures: over many seeds each pair comes as often as any other."""
    people = np.repeat(np.arange(20), np.arange(1, 21))
    photos, rows = np.arange(len(people)), np.arange(len(people))
    bare, masked = rows[::2], rows[1::2]
    total = (people[bare][:, None] != people[masked][None]).sum()
    limit, seeds = 2000, 400
    seen = np.zeros((len(people), len(people)), int)
    for seed in range(seeds):
        first, second, same, _ = drawn_pairs(people, photos, bare, masked, limit, seed)
        np.add.at(seen, (first[~same], second[~same]), 1)
    hits = seen[np.ix_(bare, masked)][people[bare][:, None] != people[masked][None]]
    assert hits.sum() == limit * seeds and len(hits) == total
    share = limit / total
    chi2 = ((hits - seeds * share) ** 2 / (seeds * share * (1 - share))).sum()
    # Chi-squared with `total` degrees of freedom: mean total, deviation sqrt(2 total).
    assert abs(chi2 - total) < 5 * np.sqrt(2 * total)


def test_memory_does_not_grow_with_the_pairs():
    """24 million pairs, a list of which takes 384 MB."""
    people = np.arange(10_000) % 500
    photos, rows = np.arange(10_000), np.arange(10_000)
    tracemalloc.start()
    try:
        first, _, same, dropped = drawn_pairs(people, photos, rows[:4000], rows[4000:], 20_000, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert same.sum() == 4000 * 6000 // 500 and len(first) == same.sum() + 20_000
    assert dropped == 4000 * 6000 - same.sum() - 20_000
    assert peak < 20_000_000


def test_kinds_that_share_rows_in_part_are_refused():
    people, photos = np.zeros(4), np.arange(4)
    with pytest.raises(ValueError, match="not all of them"):
        drawn_pairs(people, photos, np.arange(3), np.arange(1, 4), 9, 0)
