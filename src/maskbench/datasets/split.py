"""Step ``split``: train, validation and test people of a fold, disjoint, from a seed.

The order of the people comes from a hash of the seed and the name, so a split depends on neither
file order, platform nor library version, and a person who joins the collection moves few others.
Pictures without an identity are each their own group, under the key ``source``. With folds the
people are cut into as many test sets, so that over all folds everyone is tested once.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from maskbench.artifacts import atomic_file
from maskbench.config import DatasetConfig, SplitShares
from maskbench.datasets.listing import shuffled
from maskbench.datasets.manifest import Pictures, read_table
from maskbench.errors import MaskbenchError

SPLITS = ("train", "val", "test")


def split(pictures: Path, config: DatasetConfig, out: Path, fold: int = 0) -> None:
    """Write the parquet file ``out`` (columns identity, split) for a ``pictures/{dataset}`` folder.

    Args:
        pictures: folder written by the step ``fetch``.
        config: the data set's section.
        out: the file to write.
        fold: 0 .. folds - 1; 0 where the people are cut once.

    Raises:
        MaskbenchError: there are fewer people than splits with a share, or than folds.
    """
    opened = Pictures.open(pictures, digests=False)
    groups = group_keys(opened.manifest).unique()
    place = opened.source["dataset"]
    if config.official:
        chosen = published(opened)
    elif config.folds is None:
        chosen = assign(groups, config.shares, config.split_seed, place)
    else:
        chosen = assign_fold(groups, config.shares, config.split_seed, fold, config.folds, place)
    frame = pd.DataFrame(sorted(chosen.items()), columns=["identity", "split"])
    with atomic_file(Path(out)) as tmp:
        frame.to_parquet(tmp, index=False)


def published(pictures: Pictures) -> dict[str, str]:
    """The official split, which the manifest's column ``part`` has.

    Raises:
        MaskbenchError: the data set has none, or a person is in two parts of it.
    """
    manifest, place = pictures.manifest, f"datasets.{pictures.source['dataset']}"
    if "part" not in manifest:
        raise MaskbenchError(f"{place}.official", "no split is published", "set shares instead")
    parts = manifest["part"].groupby(group_keys(manifest))
    torn = parts.nunique().loc[lambda count: count > 1].index
    if len(torn):
        what = f"{torn[0]} is in two parts of the official split ({len(torn)} people are)"
        way_out = f"mend the list, or leave them out by {place}.exclude"
        raise MaskbenchError(str(pictures.root), what, way_out)
    return dict(parts.first())


def group_keys(manifest: pd.DataFrame) -> pd.Series:
    """The key that a manifest's rows are split by: the identity, or ``source`` where it is ""."""
    return manifest["identity"].where(manifest["identity"] != "", manifest["source"])


def read_split(path: Path) -> dict[str, str]:
    """Group key (see :func:`group_keys`) -> train, val or test.

    Raises:
        MaskbenchError: the file is missing or damaged.
    """
    frame = read_table(path)
    return dict(zip(frame["identity"], frame["split"], strict=True))


def assign(
    identities: Iterable[str], shares: SplitShares, seed: int, place: str = "dataset"
) -> dict[str, str]:
    """Give each identity one of train, val, test.

    The number of people in each is within one of its share (largest remainders), and at least one
    where the share is not 0.

    Raises:
        MaskbenchError: there are fewer people than splits with a share.
    """
    names = shuffled(set(identities), seed)
    counts = _counts(len(names), [getattr(shares, part) for part in SPLITS], place)
    parts = [part for part, count in zip(SPLITS, counts, strict=True) for _ in range(count)]
    return dict(zip(names, parts, strict=True))


def assign_fold(
    identities: Iterable[str],
    shares: SplitShares,
    seed: int,
    fold: int,
    folds: int,
    place: str = "dataset",
) -> dict[str, str]:
    """Give each identity one of train, val, test in one of several folds.

    Everyone is in test in one fold; the sizes of the test sets differ by one person at most. The
    others are divided in the ratio of the shares train and val. Where shares.test is 1 / folds,
    fold 0 is what :func:`assign` gives.

    Args:
        identities: the people.
        shares: of them.
        seed: of their order.
        fold: 0 .. folds - 1.
        folds: how many.
        place: the data set, for messages.

    Raises:
        MaskbenchError: there are fewer people than folds, or than splits with a share.
    """
    names = shuffled(set(identities), seed)
    if len(names) < folds:
        raise MaskbenchError(
            f"datasets.{place}.folds",
            f"{len(names)} people cannot fill {folds} folds",
            "add people, or ask for fewer folds",
        )
    sizes = [len(names) // folds + (number < len(names) % folds) for number in range(folds)]
    end = len(names) - sum(sizes[:fold])
    start = end - sizes[fold]
    others = names[end:] + names[:start]
    learnt = shares.train + shares.val
    train, _, _ = _counts(len(others), [shares.train / learnt, shares.val / learnt, 0], place)
    return {
        **dict.fromkeys(others[:train], "train"),
        **dict.fromkeys(others[train:], "val"),
        **dict.fromkeys(names[start:end], "test"),
    }


def _counts(total: int, shares: list[float], place: str) -> list[int]:
    """Whole numbers that sum to ``total``, nearest to ``total * shares``, >= 1 for shares > 0."""
    wanted = [index for index, share in enumerate(shares) if share > 0]
    if total < len(wanted):
        names = ", ".join(SPLITS[index] for index in wanted)
        raise MaskbenchError(
            f"datasets.{place}.shares",
            f"{total} people cannot fill {names}",
            "add people, or set the shares that you do not need to 0",
        )
    exact = [total * share for share in shares]
    counts = [int(value + 1e-9) for value in exact]
    by_remainder = sorted(wanted, key=lambda index: (counts[index] - exact[index], index))
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    for index in wanted:
        if counts[index] == 0:
            counts[max(range(len(counts)), key=lambda i: counts[i])] -= 1
            counts[index] = 1
    return counts
