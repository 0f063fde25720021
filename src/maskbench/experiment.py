"""The composition root: ``params.yaml`` and its overlays, checked against every registry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maskbench.config import Config, read_layers, validate
from maskbench.datasets.adapters import ADAPTERS
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.layout import Layout
from maskbench.masks import artwork
from maskbench.recognition import params as recognition
from maskbench.restoration import base as restoration
from maskbench.restoration.segmenter import parse_params as parse_segmenter
from maskbench.synthesis import base as synthesis

DEFAULT = Path("params.yaml")
REFERENCE = "keypoint"  # whose masks test people wear, and restorers learn to take off
NOTHING = "none"  # the training set of what learns nothing
SHOWN_METHOD = "pywgan_div"  # whose placement is shown through training, where it is run


def load(paths: Sequence[Path] = (DEFAULT,)) -> Config:
    """Read, merge and check configuration files (later ones lie over earlier ones).

    Raises:
        MaskbenchError: naming the file, the key and the nearest known key.
    """
    return check(read_layers(paths), place=" + ".join(str(path) for path in paths))


def check(values: dict[str, Any], place: str) -> Config:
    """Check already merged values (as Snakemake hands them over)."""
    config: Config = validate(Config, values, place)
    known = synthesis.methods()
    for name, block in config.synthesis.methods.items():
        if name not in known:
            raise unknown_name(f"{place}: synthesis.methods", "method", name, known)
        synthesis.parse_params(name, block, place)
    _check_recognition(config, place)
    styles = artwork.style_names()
    for key in ("styles", "unseen_styles", "figure_styles"):
        for style in getattr(config.masks, key):
            if style not in styles:
                raise unknown_name(f"{place}: masks.{key}", "mask style", style, styles)
    return config


def _check_recognition(config: Config, place: str) -> None:
    """Blocks of recognisers and restorers, and the names that they refer to.

    Raises:
        MaskbenchError: naming the key.
    """
    sets = (recognition.BARE, *config.synthesis.methods)
    for name, block in config.restoration.restorers.items():
        restoration.parse_params(name, block, place)
    parse_segmenter(config.restoration.segmenter, place)
    for name, block in config.recognition.recognisers.items():
        recogniser = recognition.parse(name, block, place)
        key = f"{place}: recognition.recognisers.{name}"
        known_sets = sets
        if isinstance(recogniser, recognition.Projected):  # it needs masked pictures
            known_sets = tuple(config.synthesis.methods)
        for wanted in recognition.learnt_from(recogniser, tuple(config.synthesis.methods)):
            if wanted not in known_sets:
                raise unknown_name(f"{key}.training", "training set", wanted, known_sets)
        if isinstance(recogniser, recognition.Restored) and recogniser.restorer not in (
            known := config.restoration.restorers
        ):
            raise unknown_name(f"{key}.restorer", "restorer", recogniser.restorer, known)
    if config.recognition.recognisers and REFERENCE not in config.synthesis.methods:
        raise MaskbenchError(
            f"{place}: synthesis.methods",
            f"lacks {REFERENCE}, whose masks the test people wear",
            f"add the block {REFERENCE}: {{}}",
        )


def recognisers(config: Config) -> dict[str, recognition.Recogniser]:
    """The parsed blocks by name."""
    blocks = config.recognition.recognisers
    return {name: recognition.parse(name, block) for name, block in blocks.items()}


def fits(config: Config) -> list[tuple[str, str, int]]:
    """Every (recogniser, training set, seed) that the configuration asks for.

    What learns nothing has one fit, of the training set ``none`` and seed 0; a projection has one
    for each of its training sets, of seed 0.
    """
    methods = tuple(name for name in synthesis.methods() if name in config.synthesis.methods)
    found: list[tuple[str, str, int]] = []
    for name, recogniser in recognisers(config).items():
        learns = isinstance(recogniser, recognition.Learning)
        seeds = config.recognition.seeds if learns else (0,)
        sets = recognition.learnt_from(recogniser, methods) or (NOTHING,)
        found += [(name, training, seed) for training in sets for seed in seeds]
    return found


def really_masked(config: Config) -> list[str]:
    """The test data sets of people who really wear masks."""
    return [
        name
        for name in config.recognition.tests
        if ADAPTERS.get(config.datasets[name].adapter).really_masked
    ]


def trainings(config: Config, place: str = str(DEFAULT)) -> list[tuple[str, int]]:
    """Every (method, seed) that the configuration asks for, in the registry's order.

    Methods that learn nothing have one training, of seed 0.

    Raises:
        MaskbenchError: a method that the registry does not know.
    """
    known = synthesis.methods()
    for name in config.synthesis.methods:
        if name not in known:
            raise unknown_name(f"{place}: synthesis.methods", "method", name, known)
    return [
        (name, seed)
        for name, method in known.items()
        if name in config.synthesis.methods
        for seed in (config.synthesis.seeds if method.trained else (0,))
    ]


def figure_inputs(name: str, config: Config, place: str = str(DEFAULT)) -> dict[str, list[Path]]:
    """The artifacts that a figure is drawn from, by the names of its needs.

    ``masked`` is one MaskedSet a method (its first training) or, for the figures of the second
    paper's data pipeline, the key-point overlay alone; ``models`` are all trainings, those of the
    last trained method first for the figure that shows one. A need that this configuration does not
    make is an empty list.

    Raises:
        MaskbenchError: unknown figure or method.
    """
    from maskbench.reporting import figures

    if name not in figures.names():
        raise unknown_name("figure", "figure", name, figures.names())
    layout, dataset = Layout(Path(config.output)), config.synthesis.dataset
    learning = [
        name
        for name, recogniser in recognisers(config).items()
        if isinstance(recogniser, recognition.Learning)
    ]
    runs = trainings(config, place)
    learnt = [run for run in runs if synthesis.method(run[0]).trained]
    first = list({name: (name, seed) for name, seed in reversed(runs)}.values())[::-1]
    if name.startswith("maskfacenet") or name == "restoration_sheet":
        first = [run for run in first if run[0] == "keypoint"]
    if name == "placement_training":
        learnt = [run for run in learnt if run[0] == SHOWN_METHOD] or learnt
    known = {
        "faces": [layout.faces(dataset)],
        "pictures": [layout.pictures(dataset)],
        "mask_pictures": [layout.mask_pictures],
        "masked": [layout.masked(dataset, *run) for run in first],
        "models": [layout.model(dataset, *run) for run in learnt],
        "recognition": [
            layout.recognition_metrics(test, *fit)
            for test in config.recognition.tests
            for fit in fits(config)
        ],
        "recognisers": [
            layout.recogniser(dataset, *fit) for fit in fits(config) if fit[0] in learning
        ],
        "restored": [layout.restored(dataset, name, 0) for name in config.restoration.restorers],
        "worn": [layout.faces(worn) for worn in really_masked(config)],
        "unmasked": [
            layout.restored(worn, name, 0)
            for worn in really_masked(config)
            for name in config.restoration.restorers
        ],
    }
    return {need: known[need] for need in figures.load(name).NEEDS if need in known}
