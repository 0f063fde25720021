"""Paper 2's accuracy, as its author's code computes it: is the nearest other picture of a batch of
the same person?

zhnli/MaskFaceNet (linked from the paper's section 8): a batch holds 20 people with 3 bare and 3
masked pictures each, drawn at random; the share of pictures whose nearest neighbour among the
others is of the same person is averaged over as many batches as hold 100 pictures a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from maskbench.metrics.numbers import Number
from maskbench.recognition.protocols import People
from maskbench.recognition.test_set import BARE, MASKED, TestSet

NAME = "accuracy_1nn"
PEOPLE, OF_A_KIND, PICTURES = 20, 3, 100
"""People in a batch; bare and masked pictures of each; pictures a person in all batches."""


def accuracy_1nn(
    embeddings: np.ndarray, test: TestSet, people: People, seed: int, masked: str = MASKED
) -> Number:
    """Leave-one-out accuracy of the nearest neighbour inside batches, 0 to 1.

    In resamples a picture counts as often as its person was drawn; batches and neighbours stay.

    Args:
        embeddings: (N, dim) of length 1, in the order of the test set's table.
        test: its bare pictures, and those in masks of the seen styles.
        masked: the kind of the latter.
        people: who is on each picture.
        seed: of the batches.
    """
    count = people.draws.shape[1]
    right, total = np.zeros(count), np.zeros(count)
    used: set[int] = set()
    sizes = set()
    for rows in batches(test, seed, masked):
        scores = embeddings[rows] @ embeddings[rows].T
        np.fill_diagonal(scores, -np.inf)
        person = people.person[rows]
        hit = person[scores.argmax(1)] == person
        right += np.bincount(person, hit / len(rows), count)
        total += np.bincount(person, minlength=count) / len(rows)
        used.update(rows.tolist())
        sizes |= set(np.unique(person, return_counts=True)[1].tolist())
    found = int(np.count_nonzero(total))
    if found < 2:
        return Number(NAME, None, len(used), note="fewer than two people with two photographs")
    drawn = people.draws @ total
    return Number(
        NAME,
        float(right.sum() / total.sum()),
        len(used),
        replicates=np.divide(
            people.draws @ right, drawn, out=np.full(len(drawn), np.nan), where=drawn > 0
        ),
        note=_smaller(min(found, PEOPLE), sizes),
    )


def _smaller(people: int, sizes: set[int]) -> str:
    """How batches differ from the author's; "" where they do not."""
    if people == PEOPLE and sizes == {2 * OF_A_KIND}:
        return ""
    few, many = min(sizes), max(sizes)
    pictures = f"{few} to {many}" if few < many else str(many)
    return (
        f"batches of {people} people with {pictures} pictures each, not {PEOPLE} with "
        f"{2 * OF_A_KIND}"
    )


def batches(test: TestSet, seed: int, masked: str = MASKED) -> Iterator[np.ndarray]:
    """The rows (B,) of each batch.

    People with fewer than two photographs have no neighbour of their own and are left out; where
    there are fewer people than 20, all are in each batch. A photograph stands in a batch once, bare
    or masked, so that none is recognised by itself: where a person has fewer than six, there are
    fewer pictures of them, as many of both kinds as can be.
    """
    chosen = test.table["kind"].isin([BARE, masked])
    table = test.table[chosen].assign(row=np.flatnonzero(chosen))
    photos = [
        [photo[["row", "kind"]].to_numpy() for _, photo in own.groupby("photo", sort=False)]
        for _, own in table.groupby("identity")
    ]
    photos = [own for own in photos if len(own) > 1]
    size = min(PEOPLE, len(photos))
    rng = np.random.default_rng(seed)
    for _ in range(-(-PICTURES * len(photos) // (2 * OF_A_KIND * size)) if size else 0):
        drawn = rng.choice(len(photos), size, replace=False)
        yield np.array([row for person in drawn for row in _drawn(photos[person], rng)], int)


def _drawn(photos: list[np.ndarray], rng: np.random.Generator) -> list[int]:
    """Pictures of one person, of different photographs: rows.

    Args:
        photos: (row, kind) of the pictures of each photograph.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for number in rng.permutation(len(photos)):
        pictures = rng.permutation(photos[number])
        kinds = [kind for kind in set(pictures[:, 1]) if len(rows[kind]) < OF_A_KIND]
        if kinds:
            kind = min(kinds, key=lambda kind: (len(rows[kind]), kind))
            rows[kind].append(int(next(row for row, other in pictures if other == kind)))
    return [row for kind in sorted(rows) for row in rows[kind]]
