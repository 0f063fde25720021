"""The composition root: a configuration, checked against every registry, and what follows from it.

The workflow asks here what runs, what that needs and what it is made from. Nothing of it imports
the network library, so that a whole configuration is checked at every start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from maskbench.config import (
    REFERENCE,
    Blocks,
    Config,
    SynthesisConfig,
    merge,
    read_layers,
    validate,
)
from maskbench.datasets.adapters import ADAPTERS
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.guides.specs import GUIDES
from maskbench.masks.styles import style_names
from maskbench.recognition import params as recognition
from maskbench.registry import Block, Registry
from maskbench.restoration.specs import RESTORERS
from maskbench.synthesis.specs import METHODS

DEFAULT = Path("params.yaml")
NOTHING = "none"  # the training set of what learns nothing
SEGMENTER = "segmenter"  # the guide that restorers take where masks must be found

Run = tuple[str, int]
"""A method and a seed."""
RecogniserRun = tuple[str, str, int]
"""A recogniser, the training set that it learns from, and a seed."""


@dataclass(frozen=True)
class Experiment:
    """A checked configuration.

    Attributes:
        config: as written, every key filled in.
        methods: the synthesis methods that run, and those that something which runs needs.
        restorers: the restorers that run or that a recogniser needs. A method that takes masks off
            is among them, under its own name.
        guides: the guides that these need.
        recognisers: the recognisers that run.
        running: the names of the methods that run.
    """

    config: Config
    methods: dict[str, Block]
    restorers: dict[str, Block]
    guides: dict[str, Block]
    recognisers: dict[str, recognition.Recogniser]
    running: tuple[str, ...]

    @cached_property
    def runs(self) -> list[Run]:
        """Every training and measurement of a method. What learns nothing has one, of seed 0."""
        return [(name, seed) for name in self.running for seed in self._seeds(name)]

    @cached_property
    def recogniser_runs(self) -> list[RecogniserRun]:
        """Every training of a recogniser. What learns nothing has one, of the training set ``none``
        and seed 0; a projection has one for each of its training sets, of seed 0."""
        return [
            (name, training_set, seed)
            for name, recogniser in self.recognisers.items()
            for training_set in self.training_sets(name) or (NOTHING,)
            for seed in self._fits(recogniser)
        ]

    @cached_property
    def datasets(self) -> list[str]:
        """The data sets that are used."""
        source = self.config.synthesis.real_domain.source
        real = [] if source == REFERENCE else [source]
        found = [self.config.synthesis.dataset, *real, *self.config.recognition.tests]
        return list(dict.fromkeys(found))

    @cached_property
    def really_masked(self) -> list[str]:
        """The test data sets of people who really wear masks."""
        datasets = self.config.datasets
        return [
            name
            for name in self.config.recognition.tests
            if ADAPTERS.get(datasets[name].adapter).really_masked
        ]

    @cached_property
    def restorations(self) -> list[tuple[str, str, int]]:
        """The pictures whose masks are taken off: data set, restorer and seed. All restorers work
        on masks of the overlay and on real ones, on other data sets those that a recogniser wants.
        """
        wanted = {recognition.restorer_of(each) for each in self.recognisers.values()}
        own = self.config.synthesis.dataset
        return [
            (dataset, name, 0)
            for dataset in dict.fromkeys([own, *self.config.recognition.tests])
            for name in self.restorers
            if dataset == own or dataset in self.really_masked or name in wanted
        ]

    def training_sets(self, recogniser: str) -> tuple[str, ...]:
        """What a recogniser learns from, each trained on separately; (): it learns nothing."""
        return recognition.learnt_from(self.recognisers[recogniser], self.running)

    def run_of(self, method: str, seed: int) -> Run:
        """The run of a method whose pictures something of ``seed`` learns from: that of the same
        seed where there is one, else the method's first."""
        seeds = self._seeds(method)
        return method, seed if seed in seeds else seeds[0]

    def _seeds(self, method: str) -> tuple[int, ...]:
        return self.config.synthesis.seeds if self.methods[method].spec.trained else (0,)

    def _fits(self, recogniser: recognition.Recogniser) -> tuple[int, ...]:
        return self.config.recognition.seeds if recognition.learns(recogniser) else (0,)


def load(paths: Sequence[Path] = (DEFAULT,)) -> Experiment:
    """Read, merge and check configuration files (later ones lie over earlier ones).

    Raises:
        MaskbenchError: naming the file, the key and the nearest known key.
    """
    return check(read_layers(paths), place=" + ".join(str(path) for path in paths))


def check(values: dict[str, Any], place: str = str(DEFAULT)) -> Experiment:
    """Check already merged values (as Snakemake hands them over).

    Raises:
        MaskbenchError: naming the key.
    """
    config: Config = validate(Config, values, place)
    _check_styles(config, place)
    synthesis, run = config.synthesis, config.run
    _check_shared(synthesis, place)
    methods = {
        name: METHODS.parse(
            name, synthesis.methods[name], place, synthesis.methods, synthesis.shared,
            synthesis.override,
        )
        for name in sorted(synthesis.methods)
    }  # fmt: skip
    running = _chosen(methods, run.methods, f"{place}: run.methods", "method")
    recognisers = _recognisers(config, place)
    for name in recognisers:
        _check_training(name, recognisers[name], methods, running, place)

    restorers = _restorers(config, methods, running, recognisers, place)

    # Test people wear the reference's masks, guides and restorers learn from them.
    needed = {REFERENCE, *running, *(set(restorers) & set(methods))}
    for recogniser in recognisers.values():
        needed |= set(recognition.learnt_from(recogniser, running)) & set(methods)
    guides = {guide for name in needed for guide in _guides(methods[name], place)}
    guides |= {SEGMENTER} if restorers else set()
    if not needed <= set(methods):
        where = f"{place}: synthesis.methods"
        what = f"lacks {REFERENCE}, whose masks the test people wear"
        raise MaskbenchError(where, what, f"add the block {REFERENCE}: {{}}")

    every = _blocks(GUIDES, {name: {} for name in GUIDES.all()} | config.guides, place)
    found = Experiment(
        config=config,
        methods={name: block for name, block in methods.items() if name in needed},
        restorers=restorers,
        guides={name: every[name] for name in sorted(guides)},
        recognisers=recognisers,
        running=running,
    )
    _check_datasets(found, place)
    return found


def _restorers(
    config: Config,
    methods: Mapping[str, Block],
    running: Sequence[str],
    recognisers: Mapping[str, recognition.Recogniser],
    place: str,
) -> dict[str, Block]:
    """The restorers that run or that a recogniser needs; methods that take masks off are some."""
    known = _blocks(RESTORERS, config.restoration.restorers, place)
    unmaskers = [name for name, block in methods.items() if "unmasker" in block.spec.roles]
    for name in set(unmaskers) & set(known):
        where = f"{place}: restoration.restorers.{name}"
        raise MaskbenchError(where, "a method that takes masks off has this name", "rename it")
    usual = (*known, *(name for name in unmaskers if name in running))
    known |= {name: methods[name] for name in unmaskers}
    wanted = set(_chosen(known, config.run.restorers, f"{place}: run.restorers", "restorer", usual))
    for name, recogniser in recognisers.items():
        if needed := recognition.restorer_of(recogniser):
            key = f"{place}: recognition.recognisers.{name}.restorer"
            wanted |= set(_known(key, "restorer", needed, known))
    return {name: block for name, block in known.items() if name in wanted}


def _guides(method: Block, place: str) -> tuple[str, ...]:
    """The guides of a method, which must have the segmenter if its coverage comes from it."""
    guides: tuple[str, ...] = method.spec.guides
    wanted = getattr(method.params, "coverage_from", "")
    if wanted == SEGMENTER and SEGMENTER not in guides:
        where = f"{place}: synthesis.methods.{method.name}.coverage_from"
        what = f"{method.spec.name} has no {SEGMENTER}"
        raise MaskbenchError(where, what, "set it to change, or add the guide to the method's spec")
    return guides


def _blocks(registry: Registry[Any], blocks: Blocks, place: str) -> dict[str, Block]:
    """All blocks of a section, typed, sorted by name."""
    return {name: registry.parse(name, blocks[name], place, blocks) for name in sorted(blocks)}


def _check_shared(synthesis: SynthesisConfig, place: str) -> None:
    """Values that methods share are each known to one of them at least."""
    families: dict[str, set[str]] = {}
    for spec in METHODS.all().values():
        families.setdefault(spec.family, set()).update(spec.Params.model_fields)
    where = f"{place}: synthesis.shared"
    for family, values in synthesis.shared.items():
        _known(where, "family", family, set(families) - {""})
        for key in values:
            _known(f"{where}.{family}", "key", key, families[family])
    for key in synthesis.override:
        _known(f"{place}: synthesis.override", "key", key, set().union(*families.values()))


def _chosen(
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


def _known(place: str, kind: str, name: str, known: Iterable[str]) -> tuple[str]:
    if name not in known:
        raise unknown_name(place, kind, name, known)
    return (name,)


def _recognisers(config: Config, place: str) -> dict[str, recognition.Recogniser]:
    """The recognisers that run, typed; a block that does not run is checked all the same."""
    section = config.recognition
    for kind, values in section.shared.items():
        where = f"{place}: recognition.shared"
        _known(where, "kind", kind, recognition.KINDS)
        for key in values:
            _known(f"{where}.{kind}", "key", key, recognition.KINDS[kind].model_fields)
    typed = {}
    for name, block in section.recognisers.items():
        own = {**block, "kind": str(block["kind"])} if "kind" in block else block
        shared = section.shared.get(own.get("kind", ""), {})
        typed[name] = recognition.parse(name, merge(shared, own), place)
    chosen = _chosen(typed, config.run.recognisers, f"{place}: run.recognisers", "recogniser")
    return {name: typed[name] for name in chosen}


def _check_training(
    name: str,
    recogniser: recognition.Recogniser,
    methods: Mapping[str, Block],
    running: tuple[str, ...],
    place: str,
) -> None:
    projected = isinstance(recogniser, recognition.Projected)  # it needs masked pictures
    sets = (*methods,) if projected else (recognition.BARE, *methods)
    for wanted in recognition.learnt_from(recogniser, running):
        key = f"{place}: recognition.recognisers.{name}.training"
        _known(key, "training set", wanted, sets)


def _check_styles(config: Config, place: str) -> None:
    for key in ("styles", "unseen_styles", "figure_styles"):
        for style in getattr(config.masks, key):
            _known(f"{place}: masks.{key}", "mask style", style, style_names())
    copies = {"synthesis.copies": config.synthesis.copies}
    if config.synthesis.real_domain.source == REFERENCE:
        copies["synthesis.real_domain.copies"] = config.synthesis.real_domain.copies
    for key, count in copies.items():
        if count > len(config.masks.styles):
            what = (
                f"{count} different styles a face, but masks.styles has {len(config.masks.styles)}"
            )
            raise MaskbenchError(f"{place}: {key}", what, "ask for fewer copies")


def _check_datasets(experiment: Experiment, place: str) -> None:
    """What the data sets must have for what they are used for."""
    config = experiment.config
    for name in experiment.datasets:
        key, dataset = f"{place}: datasets.{name}", config.datasets[name]
        adapter = ADAPTERS.get(dataset.adapter, f"{key}.adapter")
        if not (adapter.package or dataset.path or adapter.folder):
            what = f"missing; the adapter {dataset.adapter} needs a folder"
            raise MaskbenchError(f"{key}.path", what, "set it to the folder of the pictures")
        tested = name in config.recognition.tests and bool(experiment.recognisers)
        learnt = name not in config.recognition.tests or name == config.synthesis.dataset
        if tested and not adapter.identities:
            what = f"{dataset.adapter} knows nobody's name, but recognisers are tested on {name}"
            raise MaskbenchError(f"{key}.adapter", what, "use folder: a folder for each person")
        for split, wanted in (("train", learnt), ("test", tested)):
            if wanted and not getattr(dataset.shares, split):
                use = "learnt from" if split == "train" else "tested"
                what = f"0, but people of {name} are {use}"
                raise MaskbenchError(f"{key}.shares.{split}", what, "give it a share")
