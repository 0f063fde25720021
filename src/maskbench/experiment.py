"""The composition root: a configuration, checked against every registry, and what follows from it.

The workflow asks here what runs, what that needs and what it is made from. Nothing of it imports
the network library, so that a whole configuration is checked at every start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from maskbench import checks
from maskbench.config import REFERENCE, Config, read_layers, validate
from maskbench.datasets.adapters import ADAPTERS
from maskbench.errors import MaskbenchError
from maskbench.guides.specs import GUIDES
from maskbench.recognition import kinds
from maskbench.registry import Block
from maskbench.synthesis.specs import METHODS, continued_by

DEFAULT = Path("params.yaml")
NOTHING = "none"  # the training set of what learns nothing

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
    recognisers: dict[str, Block]
    running: tuple[str, ...]

    @cached_property
    def runs(self) -> list[Run]:
        """Every training and measurement of a method. What learns nothing has one in each fold,
        whose seed is the fold's number."""
        return [(name, seed) for name in self.running for seed in self._seeds(name)]

    @cached_property
    def recogniser_runs(self) -> list[RecogniserRun]:
        """Every training of a recogniser. What learns nothing has one in each fold, of the training
        set ``none``."""
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
        wanted = {kinds.restorer_of(each) for each in self.recognisers.values()}
        own = self.config.synthesis.dataset
        return [
            (dataset, name, seed)
            for seed in self.replicates
            for dataset in dict.fromkeys([own, *self.config.recognition.tests])
            for name in self.restorers
            if dataset == own or dataset in self.really_masked or name in wanted
        ]

    def training_sets(self, recogniser: str) -> tuple[str, ...]:
        """What a recogniser learns from, each trained on separately; (): it learns nothing."""
        return kinds.training_sets(
            self.recognisers[recogniser], _learnt_from(self.methods, self.running)
        )

    @cached_property
    def replicates(self) -> range:
        """The seeds of what is trained."""
        return range(self.config.run.replicates)

    def folds(self, dataset: str | None = None) -> list[int]:
        """The folds of a data set (None: that which is learnt from) that the replicates test on."""
        own = dataset or self.config.synthesis.dataset
        return sorted({self.fold_of(own, seed) for seed in self.replicates})

    def fold_of(self, dataset: str, seed: int) -> int:
        """The fold of a data set that something of a seed learns from or is tested on."""
        return seed % (self.config.datasets[dataset].folds or 1)

    def run_of(self, method: str, seed: int) -> Run:
        """The run of a method whose pictures something of ``seed`` learns from."""
        trained = self.methods[method].spec.trained
        return method, seed if trained else self.fold_of(self.config.synthesis.dataset, seed)

    @cached_property
    def tested(self) -> list[tuple[str, str, int]]:
        """The tests of recognisers: data set, recogniser and seed. What learns nothing is tested
        once on each fold of the data set."""
        return [
            (dataset, name, seed)
            for dataset in self.config.recognition.tests
            for name, recogniser in self.recognisers.items()
            for seed in self._fits(recogniser, dataset)
        ]

    def _seeds(self, method: str) -> Sequence[int]:
        return self.replicates if self.methods[method].spec.trained else self.folds()

    def _fits(self, recogniser: Block, dataset: str | None = None) -> Sequence[int]:
        if recogniser.spec.learns or kinds.restorer_of(recogniser):
            return self.replicates
        return self.folds(dataset)


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
    checks.names(config, place)
    checks.styles(config, place)
    synthesis = config.synthesis
    methods = checks.blocks(
        METHODS, dict(sorted(synthesis.methods.items())), place, synthesis.shared,
        synthesis.override,
    )  # fmt: skip
    if REFERENCE not in methods:
        what = f"lacks {REFERENCE}, whose masks the test people wear"
        way_out = f"add the block {REFERENCE}: {{}}"
        raise MaskbenchError(f"{place}: synthesis.methods", what, way_out)
    checks.shared_stages(methods, place)
    running = checks.chosen(methods, config.run.methods, f"{place}: run.methods", "method")
    checks.chosen(dict.fromkeys(running), config.study.methods, f"{place}: study.methods", "method")
    learnt_from = _learnt_from(methods, running)
    recognisers = checks.recognisers(config, methods, learnt_from, place)
    restorers = checks.restorers(config, methods, running, recognisers, place)

    # Test people wear the reference's masks, guides and restorers learn from them.
    needed = {REFERENCE, *running, *restorers}
    for recogniser in recognisers.values():
        needed |= set(kinds.training_sets(recogniser, learnt_from))
    shared = (continued_by(methods[name]) for name in needed & methods.keys())
    needed = needed.union(one.method for one in shared if one)
    methods = {name: block for name, block in methods.items() if name in needed}
    guides = checks.guides(methods.values(), restorers, place)
    every = checks.blocks(GUIDES, {name: {} for name in GUIDES.all()} | config.guides, place)
    found = Experiment(
        config=config,
        methods=methods,
        restorers=restorers,
        guides={name: block for name, block in every.items() if name in guides},
        recognisers=recognisers,
        running=running,
    )
    checks.datasets(config, found.datasets, recognisers.values(), place)
    return found


def _learnt_from(methods: Mapping[str, Block], running: Sequence[str]) -> tuple[str, ...]:
    """The methods whose masks recognisers learn from that ask for ``every``."""
    return tuple(name for name in running if not methods[name].spec.reference)
