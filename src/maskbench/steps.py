"""The steps of the experiment: which code and which part of the configuration decide each result.

The workflow hands :func:`settings` of a job to its scheduler, which runs a step again when they
change. They hold the step's own sections and those of all steps before it, so a change reaches
everything that hangs on it even when a run was stopped half-way; and nothing else.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import maskbench
from maskbench.artifacts import sha256_of
from maskbench.config import Config

# Modules that pass values on but decide none: editing them makes no result stale.
INFRASTRUCTURE = frozenset(
    {
        "maskbench",
        "maskbench.artifacts",
        "maskbench.config",
        "maskbench.errors",
        "maskbench.experiment",
        "maskbench.layout",
        "maskbench.measurements",
        "maskbench.registry",
        "maskbench.tracking",
    }
)


BLOCKS = "synthesis.methods."
RECOGNISERS = "recognition.recognisers."


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        module: the module that holds its function, below ``maskbench``.
        sections: dotted keys of the configuration that it reads; ``{dataset}``, ``{method}``,
            ``{restorer}`` and ``{recogniser}`` stand for the job's own.
        after: the steps whose outputs it reads.
        files: patterns of packaged data files that it reads, below ``maskbench``.
    """

    module: str
    sections: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


EVALUATIONS = (
    "embed",
    "evaluate_recognition",
    "evaluate_restoration",
    "evaluate_segmenter",
    "evaluate_synthesis",
)

STEPS: dict[str, Step] = {
    "fetch": Step("datasets.fetch", ("datasets.{dataset}",)),
    "fetch_weights": Step("datasets.fetch_weights", ("metrics.weights",)),
    "split": Step("datasets.split", ("datasets.{dataset}",), ("fetch",)),
    # Not after fetch_weights: which published networks it adds changes nothing for faces.
    "crop_faces": Step("faces.crop_faces", ("datasets.{dataset}", "faces"), ("fetch", "split")),
    "draw_masks": Step("masks.draw_masks", ("masks.size",), (), ("masks/art/*.svg",)),
    "masked_domain": Step(
        "synthesis.masked_domain",
        ("masks.styles", "synthesis.real_domain"),
        ("crop_faces", "draw_masks"),
    ),
    "train_synthesis": Step(
        "synthesis.train_synthesis",
        ("masks.styles", "synthesis.methods.{method}"),
        ("crop_faces", "draw_masks", "masked_domain"),
    ),
    "synthesise": Step(
        "synthesis.synthesise",
        ("masks.figure_styles", "masks.unseen_styles", "synthesis.methods.{method}"),
        ("crop_faces", "draw_masks", "train_synthesis"),
    ),
    "evaluate_synthesis": Step(
        "metrics.evaluate_synthesis",
        ("masks.unseen_styles", "metrics", "synthesis.methods.keypoint"),
        ("crop_faces", "fetch_weights", "synthesise"),
    ),
    "synthesise_training": Step(
        "synthesis.synthesise_training",
        ("masks.styles", "synthesis.copies", "synthesis.methods.{method}"),
        ("crop_faces", "draw_masks", "train_synthesis"),
    ),
    "train_segmenter": Step(
        "restoration.train_segmenter",
        ("restoration.segmenter",),
        ("crop_faces", "synthesise_training"),
    ),
    "train_restorer": Step(
        "restoration.train_restorer",
        ("restoration.restorers.{restorer}",),
        ("crop_faces", "fetch_weights", "synthesise_training"),
    ),
    "restore": Step(
        "restoration.restore",
        ("restoration.restorers.{restorer}",),
        ("crop_faces", "synthesise", "train_restorer", "train_segmenter"),
    ),
    "evaluate_segmenter": Step(
        "restoration.evaluate_segmenter",
        ("masks.unseen_styles", "metrics"),
        ("crop_faces", "synthesise", "train_segmenter"),
    ),
    "evaluate_restoration": Step(
        "restoration.evaluate_restoration",
        ("masks.unseen_styles", "metrics"),
        ("crop_faces", "fetch_weights", "restore", "synthesise", "train_segmenter"),
    ),
    "embed": Step("recognition.embed", (), ("crop_faces", "fetch_weights", "synthesise_training")),
    # Not after embed and restore, which most recognisers do without: their jobs add them.
    "train_recogniser": Step(
        "recognition.train_recogniser",
        ("recognition.recognisers.{recogniser}",),
        ("crop_faces", "fetch_weights", "synthesise_training"),
    ),
    "evaluate_recognition": Step(
        "recognition.evaluate_recognition",
        (
            "masks.unseen_styles",
            "metrics",
            "recognition.folds",
            "recognition.recognisers.{recogniser}",
            "recognition.test_styles",
        ),
        ("crop_faces", "fetch", "fetch_weights", "synthesise", "train_recogniser"),
    ),
    "collect_measurements": Step(
        "reporting.collect_measurements",
        ("synthesis.seeds", "recognition.seeds", "recognition.tests"),
        EVALUATIONS,
    ),
    "make_table": Step(
        "reporting.make_table", (), ("collect_measurements",), ("reporting/reported.yaml",)
    ),
    "make_figure": Step("reporting.make_figure", ("masks",)),
    "judge_claims": Step(
        "reporting.judge_claims",
        ("synthesis.seeds", "recognition.seeds", "recognition.tests"),
        EVALUATIONS,
        ("reporting/claims.yaml",),
    ),
    "summarise": Step(
        "reporting.summarise",
        ("synthesis.seeds", "recognition.seeds", "recognition.tests"),
        ("collect_measurements",),
    ),
}
# What each input of a figure comes from (see maskbench.reporting.make_figure).
FIGURE_INPUTS = {
    "pictures": "fetch",
    "faces": "crop_faces",
    "mask_pictures": "draw_masks",
    "models": "train_synthesis",
    "masked": "synthesise",
    "restored": "restore",
    "recognisers": "train_recogniser",
    "recognition": "evaluate_recognition",
    "worn": "crop_faces",
    "unmasked": "restore",
}


def lineage(name: str) -> list[str]:
    """A step and all steps before it, sorted by name."""
    found = {name}
    for before in STEPS[name].after:
        found.update(lineage(before))
    return sorted(found)


def settings(
    name: str,
    config: Config,
    dataset: str = "",
    method: str = "",
    after: tuple[str, ...] = (),
    modules: tuple[str, ...] = (),
    methods: Mapping[str, str] | None = None,
    among: Collection[str] | None = None,
    recogniser: str = "",
    restorer: str = "",
) -> dict[str, str]:
    """What decides the result of one job, apart from its input pictures and its seed.

    Args:
        name: the step.
        config: the whole configuration.
        dataset, method: the job's own; without a method, those of ``among`` count.
        after: steps that this job comes after, beside those of the table.
        modules: modules that it uses beside those of the table.
        methods: the module of each method; None: look them up in the registry.
        among: the methods whose artifacts the job reads; None: all of the configuration.
        recogniser, restorer: the job's own; without one all of the configuration count.

    Returns:
        the text of each section by its dotted key, and ``code``: a digest of the steps' modules
        and packaged data.
    """
    before = sorted({*lineage(name), *(step for other in after for step in lineage(other))})
    chosen = [method] if method else sorted(config.synthesis.methods if among is None else among)
    sections = [key for step in before for key in STEPS[step].sections]
    of = {
        "dataset": _datasets(dataset, config, before),
        "method": chosen,
        "recogniser": [recogniser] if recogniser else sorted(config.recognition.recognisers),
        "restorer": [restorer] if restorer else sorted(config.restoration.restorers),
    }
    keys = {key for section in sections for key in _filled(section, of)}
    if "masked_domain" in before and config.synthesis.real_domain.source in config.datasets:
        keys.add(f"datasets.{config.synthesis.real_domain.source}")
    keys = {key for key in keys if _exists(config, key)}
    found = {key: repr(_plain(_value(config, key))) for key in sorted(keys)}
    code = [f"maskbench.{STEPS[step].module}" for step in before] + list(modules)
    used = [key.removeprefix(BLOCKS) for key in keys if key.startswith(BLOCKS)]
    if used:
        methods_of = _registered() if methods is None else methods
        code += [methods_of[each] for each in sorted(used)]
    if "train_restorer" in before:  # a registry finds restorers: no module names them
        code += [f"maskbench.restoration.{path.stem}" for path in _restoration()]
    files = [pattern for step in before for pattern in STEPS[step].files]
    return found | {"code": code_digest(tuple(code), tuple(files))}


def _datasets(dataset: str, config: Config, before: Collection[str]) -> list[str]:
    """The data sets behind a job: its own, and the one that recognisers learn from."""
    own = [dataset] if dataset else [config.synthesis.dataset]
    if "evaluate_recognition" in before:
        own += [config.synthesis.dataset, *([] if dataset else config.recognition.tests)]
    elif "restore" in before:
        own.append(config.synthesis.dataset)
    return own


def _filled(section: str, of: Mapping[str, Collection[str]]) -> list[str]:
    """A section's keys, its placeholder replaced by each of its values."""
    for name, values in of.items():
        if "{" + name + "}" in section:
            return [section.replace("{" + name + "}", value) for value in values]
    return [section]


def _restoration() -> list[Path]:
    return sorted(Path(maskbench.__file__).parent.glob("restoration/*.py"))


def _registered() -> dict[str, str]:
    from maskbench.synthesis import base

    return {name: type(method).__module__ for name, method in base.methods().items()}


def code_digest(modules: tuple[str, ...], files: tuple[str, ...] = ()) -> str:
    """A digest of modules, of what they import from this package, and of packaged data files.

    Comments, docstrings and layout do not count, nor do :data:`INFRASTRUCTURE` modules.
    """
    seen = {name: _read(path)[0] for name, path in code_files(modules).items()}
    root = Path(maskbench.__file__).parent
    for pattern in files:
        seen |= {path.name: sha256_of(path) for path in root.glob(pattern)}
    text = "\n".join(f"{name} {digest}" for name, digest in sorted(seen.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_files(modules: Collection[str]) -> dict[str, Path]:
    """The files of modules and of what they import from this package, by module name.

    :data:`INFRASTRUCTURE` modules are not among them. ``dvc.yaml`` must depend on all of them.
    """
    found: dict[str, Path] = {}
    todo = list(modules)
    while todo:
        name = todo.pop()
        path = None if name in found or name in INFRASTRUCTURE else _file(name)
        if path is not None:
            found[name] = path
            todo += _read(path)[1]
    return found


def _file(name: str) -> Path | None:
    """The file of a module; None when it is not one of ours."""
    base = Path(maskbench.__file__).parent.joinpath(*name.split(".")[1:])
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.exists()), None)


@functools.cache
def _read(path: Path) -> tuple[str, list[str]]:
    """Digest and imports of one module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = list(_imports(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body[0] = ast.Pass()
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), imports


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module.split(".")[0] == "maskbench":
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "maskbench")


def _exists(config: Config, key: str) -> bool:
    """False for the block of a method that this configuration does not run."""
    return not key.startswith(BLOCKS) or key.removeprefix(BLOCKS) in config.synthesis.methods


def _value(config: Config, key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
