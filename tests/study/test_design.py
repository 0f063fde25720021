"""What raters are shown is balanced, whatever the numbers are."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from maskbench.study.design import Face, groups_of, pairs_of, sides_of, turns_of

POSES = ("pose_frontal", "pose_turned", "pose_bowed")
numbers = some.fixed_dictionaries(
    {
        "methods": some.integers(2, 7),
        "groups": some.integers(1, 60),
        "styles": some.integers(1, 6),
        "people": some.integers(1, 9),
        "seed": some.integers(0, 2**32 - 1),
    }
)


def even(counts, keys):
    """Whether no key comes more than once more than another."""
    found = [counts[key] for key in keys]
    return max(found) - min(found) <= 1


@given(numbers)
@settings(max_examples=25, deadline=None)
def test_everything_is_equally_often_there(n):
    rng = np.random.default_rng(n["seed"])
    methods = [f"m{i}" for i in range(n["methods"])]
    styles = [f"s{i}" for i in range(n["styles"])]
    people = [f"p{i}" for i in range(n["people"])]
    faces = [Face(f"{who}/{pose}", who, pose) for who in people for pose in POSES]
    pairs = pairs_of(methods, n["groups"], rng)
    assert len(pairs) == n["groups"]
    every = [frozenset((a, b)) for a in methods for b in methods if a < b]
    assert even(Counter(map(frozenset, pairs)), every)
    assert even(Counter(name for pair in pairs for name in pair), methods)

    groups = groups_of(pairs, styles, faces, dict.fromkeys(people, (0, 1)), rng)
    assert [group.methods for group in groups] == pairs
    assert even(Counter(group.style for group in groups), styles)
    assert even(Counter(group.face.identity for group in groups), people)
    assert even(Counter(group.face.pose for group in groups), POSES)
    for who in people:
        assert even(Counter(g.training for g in groups if g.face.identity == who), (0, 1))

    for _ in range(2):
        left = Counter(pair[swap] for pair, swap in zip(pairs, sides_of(pairs, rng), strict=True))
        shown = Counter(name for pair in pairs for name in pair)
        assert all(abs(2 * left[name] - shown[name]) <= 1 for name in methods)


def test_two_raters_see_each_group_from_both_sides_in_orders_of_their_own():
    pairs = pairs_of(["a", "b", "c"], 12, np.random.default_rng(1))
    first, second = turns_of(pairs, 3, 2, np.random.default_rng(2))
    assert sorted(number for number, _ in first) == list(range(15))
    assert [number for number, _ in first] != [number for number, _ in second]
    sides = dict(first), dict(second)
    assert all(sides[0][number] != sides[1][number] for number in range(12))


def test_the_same_seed_draws_the_same():
    drawn = [pairs_of(["a", "b", "c"], 10, np.random.default_rng(5)) for _ in range(2)]
    assert drawn[0] == drawn[1]
    turns = [turns_of(drawn[0], 1, 3, np.random.default_rng(5)) for _ in range(2)]
    assert turns[0] == turns[1]


def test_a_person_without_a_pose_leaves_it_to_others():
    """Ann is always frontal; Bob's faces make up for the pose that she lacks."""
    faces = [Face("ann", "ann", "pose_frontal"), Face("bob", "bob", "pose_frontal"),
             Face("bob turned", "bob", "pose_turned")]  # fmt: skip
    rng = np.random.default_rng(0)
    groups = groups_of([("a", "b")] * 12, ["s"], faces, {"ann": (0,), "bob": (0,)}, rng)
    assert Counter(group.face.face_id for group in groups) == {"ann": 6, "bob turned": 6}
