"""A configuration's blocks, typed, and what none of its sections can check alone: names that
another section or a registry defines, and what data sets must have for their use.

Every function raises a MaskbenchError that names the key and the way out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maskbench.config import REFERENCE, Blocks, Config
from maskbench.datasets.adapters import ADAPTERS
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.masks.styles import style_names
from maskbench.recognition import kinds
from maskbench.recognition.kinds import RECOGNISERS
from maskbench.registry import Block, Registry
from maskbench.restoration.specs import RESTORERS
from maskbench.synthesis.specs import continued_by

SEGMENTER = "segmenter"  # the guide that restorers take where masks must be found


def names(config: Config, place: str) -> None:
    """Names of blocks are parts of paths and of targets, where some have a meaning of their own.
    Shells, Snakemake's patterns and DVC take the output's as it is written."""
    output = config.output
    if not re.fullmatch(r"(?!-)[\w./-]+", output) or not Path(output).name.strip("."):
        what = f"{output!r} does not name a folder of its own"
        raise MaskbenchError(f"{place}: output", what, "use letters, digits, _ - . and / alone")
    taken = ("none", kinds.BARE, kinds.EVERY)
    sections: dict[str, tuple[Iterable[str], tuple[str, ...]]] = {
        "datasets": (config.datasets, ()),
        "synthesis.methods": (config.synthesis.methods, taken),
        "guides": (config.guides, ()),
        "restoration.restorers": (config.restoration.restorers, taken),
        "recognition.recognisers": (config.recognition.recognisers, ()),
    }
    for section, (found, reserved) in sections.items():
        for name in found:
            where = f"{place}: {section}.{name}"
            if not re.fullmatch(r"\w+", name):
                better = re.sub(r"\W+", "_", name)
                what = "a name may hold letters, digits and _ alone"
                raise MaskbenchError(where, what, f"call it {better}")
            if name in reserved:
                raise MaskbenchError(where, "this name has a meaning of its own", "choose another")


def blocks(
    registry: Registry[Any],
    section: Blocks,
    place: str,
    shared: Blocks | None = None,
    override: Mapping[str, Any] | None = None,
) -> dict[str, Block]:
    """All blocks of a section, typed, in its order. Values that they share, or that win over their
    own, are each known to a spec of the family, or to one at all."""
    families: dict[str, set[str]] = {}
    for spec in registry.all().values():
        families.setdefault(spec.family, set()).update(spec.Params.model_fields)
    where = f"{place}: {registry.section.partition('.')[0]}"
    for family, values in (shared or {}).items():
        _known(f"{where}.shared", "family", family, set(families) - {""})
        for key in values:
            _known(f"{where}.shared.{family}", "key", key, families[family])
    for key in override or {}:
        _known(f"{where}.override", "key", key, set().union(*families.values()))
    return {
        name: registry.parse(name, block, place, section, shared, override)
        for name, block in section.items()
    }


def shared_stages(methods: Mapping[str, Block], place: str) -> None:
    """A method takes over the stages of another that are the same: nothing differs but later stages
    and weights that each shared stage sets itself."""
    for name, block in methods.items():
        if not (shared := continued_by(block)):
            continue
        where = f"{place}: synthesis.methods.{name}.continues"
        _known(f"{where}.method", "method", shared.method, methods.keys() - {name})
        other = methods[shared.method]
        if other.spec is not block.spec:
            what = f"{other.name} is {other.spec.name}, not {block.spec.name}"
            raise MaskbenchError(f"{where}.method", what, "name another")
        if further := continued_by(other):
            what = f"{other.name} itself goes on from a stage of {further.method}"
            raise MaskbenchError(f"{where}.method", what, "name that one")
        own, theirs = block.params.stages, other.params.stages
        names = [stage.name for stage in theirs]
        _known(f"{where}.stage", "stage", shared.stage, names)
        count = names.index(shared.stage) + 1
        off = set.intersection(*(set(stage.weights) for stage in theirs[:count]))
        differing = [
            key
            for key, value in block.params
            if key not in {"stages", "continues", *off} and value != getattr(other.params, key)
        ]
        if own[:count] != theirs[:count] or len(own) == count:
            differing.append("stages")
        if differing:
            what = f"{shared.stage} is not that of {other.name}: other {', '.join(differing)}"
            raise MaskbenchError(where, what, "give both the same, or set continues to null")


def chosen(
    known: Mapping[str, Any],
    wanted: Sequence[str] | None,
    place: str,
    kind: str,
    usual: Iterable[str] | None = None,
) -> tuple[str, ...]:
    """The names that run: those wanted, else the usual ones, else all."""
    if wanted is None:
        return tuple(known if usual is None else usual)
    for name in wanted:
        _known(place, kind, name, known)
    return tuple(name for name in known if name in wanted)


def recognisers(
    config: Config, methods: Iterable[str], running: tuple[str, ...], place: str
) -> dict[str, Block]:
    """The recognisers that run, typed; a block that does not run is checked all the same."""
    section, key = config.recognition, f"{place}: recognition.recognisers"
    typed = blocks(RECOGNISERS, section.recognisers, place, section.shared)
    names = chosen(typed, config.run.recognisers, f"{place}: run.recognisers", "recogniser")
    for name in names:
        _members(typed, name, running, f"{key}.{name}")
    added = {member for name in names for member in kinds.members_of(typed[name])}
    names = tuple(name for name in typed if name in {*names, *added})
    for name in names:
        sets = (*((kinds.BARE,) if typed[name].spec.from_bare else ()), *methods)
        for wanted in kinds.training_sets(typed[name], running):
            _known(f"{key}.{name}.training", "training set", wanted, sets)
    return {name: typed[name] for name in names}


def _members(typed: Mapping[str, Block], name: str, running: tuple[str, ...], place: str) -> None:
    """A fused recogniser adds others that take faces as they are and have its training set."""
    for member in kinds.members_of(typed[name]):
        _known(f"{place}.recognisers", "recogniser", member, typed)
        if kinds.members_of(typed[member]) or kinds.restorer_of(typed[member]):
            what = f"{member} is fused itself, or takes masks off first"
            raise MaskbenchError(f"{place}.recognisers", what, "name others")
        wanted = typed[name].params.training
        sets = kinds.training_sets(typed[member], running)
        if sets and wanted not in sets:
            what, way_out = (
                f"{member} does not learn from {wanted}",
                "name one of its training sets",
            )
            raise MaskbenchError(f"{place}.training", what, way_out)


def restorers(
    config: Config,
    methods: Mapping[str, Block],
    running: Sequence[str],
    recognisers: Mapping[str, Block],
    place: str,
) -> dict[str, Block]:
    """The restorers that run or that a recogniser needs; methods that take masks off are some."""
    known = blocks(RESTORERS, dict(sorted(config.restoration.restorers.items())), place)
    unmaskers = [name for name, block in methods.items() if "unmasker" in block.spec.roles]
    for name in set(unmaskers) & set(known):
        where = f"{place}: restoration.restorers.{name}"
        raise MaskbenchError(where, "a method that takes masks off has this name", "rename it")
    usual = (*known, *(name for name in unmaskers if name in running))
    known |= {name: methods[name] for name in unmaskers}
    wanted = set(chosen(known, config.run.restorers, f"{place}: run.restorers", "restorer", usual))
    for name, recogniser in recognisers.items():
        if needed := kinds.restorer_of(recogniser):
            key = f"{place}: recognition.recognisers.{name}.restorer"
            wanted |= set(_known(key, "restorer", needed, known))
    return {name: block for name, block in known.items() if name in wanted}


def guides(methods: Iterable[Block], restorers: Iterable[str], place: str) -> set[str]:
    """The guides that methods and restorers need. A method whose coverage comes from the segmenter
    must have it among its guides."""
    found = {SEGMENTER} if restorers else set()
    for method in methods:
        found |= set(method.spec.guides)
        wanted = getattr(method.params, "coverage_from", "")
        if wanted == SEGMENTER and SEGMENTER not in method.spec.guides:
            where = f"{place}: synthesis.methods.{method.name}.coverage_from"
            way_out = "set it to change, or add the guide to the method's spec"
            raise MaskbenchError(where, f"{method.spec.name} has no {SEGMENTER}", way_out)
    return found


def styles(config: Config, place: str) -> None:
    """Mask styles are packaged ones, and there are enough of them for all copies of a face."""
    for key in ("styles", "unseen_styles", "figure_styles"):
        for style in getattr(config.masks, key):
            _known(f"{place}: masks.{key}", "mask style", style, style_names())
    copies = {"synthesis.copies": config.synthesis.copies}
    if config.synthesis.real_domain.source == REFERENCE:
        copies["synthesis.real_domain.copies"] = config.synthesis.real_domain.copies
    have = len(config.masks.styles)
    for key, count in copies.items():
        if count > have:
            what = f"{count} different styles a face, but masks.styles has {have}"
            raise MaskbenchError(f"{place}: {key}", what, "ask for fewer copies")


def datasets(
    config: Config,
    used: Iterable[str],
    recognisers: Collection[Block],
    place: str,
) -> None:
    """The data sets that are used have what they are used for by the recognisers that run."""
    trained = any(block.spec.learns for block in recognisers)
    for block in recognisers:
        if kinds.start_file(block) and config.run.replicates > 1:
            where = f"{place}: recognition.recognisers.{block.name}.start"
            what = "one file, which may have learnt from the test people of other replicates"
            raise MaskbenchError(where, what, "set run.replicates to 1")
    for name in used:
        key, dataset = f"{place}: datasets.{name}", config.datasets[name]
        adapter = ADAPTERS.get(dataset.adapter, f"{key}.adapter")
        if not (adapter.package or dataset.path or adapter.folder):
            what = f"missing; the adapter {dataset.adapter} needs a folder"
            raise MaskbenchError(f"{key}.path", what, "set it to the folder of the pictures")
        tested = bool(recognisers) and name in config.recognition.tests
        learnt = name not in config.recognition.tests or name == config.synthesis.dataset
        named = tested or (trained and name == config.synthesis.dataset)
        if named and not adapter.identities:
            use = "tested on" if tested else "trained on"
            what = f"{dataset.adapter} knows nobody's name, but recognisers are {use} {name}"
            way_out = "use folder: a folder for each person, or set run.recognisers: []"
            raise MaskbenchError(f"{key}.adapter", what, way_out)
        source = config.synthesis.real_domain.source
        own = config.datasets[config.synthesis.dataset]
        if name == source and tested and dataset.folds not in (None, own.folds):
            what = f"{dataset.folds}, but critics that see its people train on other folds"
            way_out = f"set it to null, or to that of {config.synthesis.dataset}"
            raise MaskbenchError(f"{key}.folds", what, way_out)
        share = dataset.shares.test
        if dataset.folds and abs(share * dataset.folds - 1) > 0.1:
            what = f"{share:g} of the people, but folds of 1 / {dataset.folds}"
            way_out = f"set it to {1 / dataset.folds:.3g}, or {key}.folds to null"
            raise MaskbenchError(f"{key}.shares.test", what, way_out)
        if dataset.official and (dataset.folds or not adapter.partition):
            what = "has no published split" if dataset.folds is None else "has one split, not folds"
            raise MaskbenchError(f"{key}.official", f"{adapter.title} {what}", "set it to false")
        for split, wanted in (("train", learnt), ("test", tested)):
            if wanted and not dataset.official and not getattr(dataset.shares, split):
                use = "learnt from" if split == "train" else "tested"
                what = f"0, but people of {name} are {use}"
                raise MaskbenchError(f"{key}.shares.{split}", what, "give it a share")


def _known(place: str, kind: str, name: str, known: Iterable[str]) -> tuple[str]:
    if name not in known:
        raise unknown_name(place, kind, name, known)
    return (name,)
