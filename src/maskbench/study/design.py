"""What is shown together: balanced over methods, their pairs and sides, styles, people and poses.

Every count below differs by at most one between any two of its kind; what remains free is drawn.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import networkx as nx
import numpy as np

Pair = tuple[str, str]
Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True)
class Face:
    """A bare test face: its id, whose it is, and how it is turned."""

    face_id: str
    identity: str
    pose: str


@dataclass(frozen=True)
class Group:
    """Two methods' pictures of one face with one style, by one of the trainings."""

    methods: Pair
    style: str
    face: Face
    training: int


def pairs_of(methods: Sequence[str], groups: int, rng: np.random.Generator) -> list[Pair]:
    """The methods of each group. Pairs are equally often there, as are methods.

    Pairs that cannot all come once more are the edges of a graph between methods, of which each has
    equally many.
    """
    names = [methods[i] for i in rng.permutation(len(methods))]
    every = list(itertools.combinations(names, 2))
    rounds, left = divmod(groups, len(every))
    base, more = divmod(2 * left, len(names))
    graph = nx.havel_hakimi_graph([base + (i < more) for i in range(len(names))])
    found = every * rounds + [(names[a], names[b]) for a, b in graph.edges]
    return [found[i] for i in rng.permutation(len(found))]


def groups_of(
    pairs: Sequence[Pair],
    styles: Sequence[str],
    faces: Sequence[Face],
    trainings: Mapping[str, Sequence[int]],
    rng: np.random.Generator,
) -> list[Group]:
    """A style, a face and a training for each pair of methods.

    Styles, people and the trainings that tested a person are equally often there, and in each
    method's groups as nearly as may be. Poses are evened out among the faces that a person has.

    Args:
        trainings: those whose test people a person is among, by identity.
    """
    by_person: dict[str, list[Face]] = {}
    for face in faces:
        by_person.setdefault(face.identity, []).append(face)
    uses: Counter[Hashable] = Counter()

    def least(kind: str, options: Iterable[Item], *beside: Sequence[Hashable]) -> Item:
        """Count and return the option that was used least, then least beside other things."""
        options = list(options)
        shuffled = [options[i] for i in rng.permutation(len(options))]

        def used(one: Item) -> list[int]:
            return [sum(uses[kind, one, key] for key in keys) for keys in (("",), *beside)]

        found = min(shuffled, key=used)
        uses.update((kind, found, key) for key in ("", *itertools.chain(*beside)))
        return found

    made = []
    for pair in pairs:
        style = least("style", styles, pair)
        person = least("person", by_person, pair, [style])
        pose = least("pose", sorted({face.pose for face in by_person[person]}), pair)
        face = least("face", [face for face in by_person[person] if face.pose == pose])
        training = least(f"training {person}", trainings[person])
        made.append(Group(pair, style, face, training))
    return made


def sides_of(pairs: Sequence[Pair], rng: np.random.Generator) -> list[bool]:
    """For one rater, whether each group's pictures change sides: each method is equally often left
    and right.

    Groups are the edges of a graph between methods. A walk over all of them leaves every method as
    often as it enters it; methods with an odd number of groups are joined to one without a name.
    """
    graph = nx.MultiGraph()
    for number in rng.permutation(len(pairs)):
        graph.add_edge(*pairs[number], key=int(number))
    odd = [name for name, degree in graph.degree if degree % 2]
    graph.add_edges_from(("", name) for name in odd)
    swapped = [False] * len(pairs)
    for part in [graph.subgraph(nodes) for nodes in nx.connected_components(graph)]:
        backwards = bool(rng.integers(2))
        for start, end, number in nx.eulerian_circuit(part, keys=True):
            if start and end:
                left = end if backwards else start
                swapped[number] = left != pairs[number][0]
    return swapped


def turns_of(
    pairs: Sequence[Pair], catches: int, raters: int, rng: np.random.Generator
) -> list[list[tuple[int, bool]]]:
    """For each rater all trials in a drawn order, groups first numbered, then catch trials, and
    whether their pictures change sides. Every second rater sees each group as the one before does,
    with its sides exchanged."""
    made = []
    swapped: list[bool] = []
    for rater in range(raters):
        swapped = [not one for one in swapped] if rater % 2 else sides_of(pairs, rng)
        sides = [*swapped, *(bool(rng.integers(2)) for _ in range(catches))]
        order = rng.permutation(len(sides))
        made.append([(int(number), sides[number]) for number in order])
    return made
