"""Typed configuration: the models of ``params.yaml``, overlays, and errors that teach.

Configuration enters here once; below this module functions take plain arguments or one section.
Blocks of what a registry knows (``synthesis.methods.<name>``) belong to their specs and are checked
by :mod:`maskbench.experiment`.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from maskbench.errors import MaskbenchError, read_text
from maskbench.section import Section
from maskbench.study.settings import StudyConfig

Precision = Literal["float32", "bfloat16"]
REFERENCE = "keypoint"
"""The method whose masks test people wear, and segmenters and restorers learn from."""


def _no_nulls(blocks: Any) -> Any:
    known = blocks.items() if isinstance(blocks, dict) else ()
    empty = [name for name, block in known if block is None]
    if empty:
        raise ValueError(f"{empty[0]} is null; write {empty[0]}: {{}}, or leave it out under run")
    return blocks


Blocks = Annotated[dict[str, dict[str, Any]], BeforeValidator(_no_nulls)]
_USE = "`use` names another block whose values it starts from, or the {0} where it has another name"


class RunConfig(Section):
    """Which of the configured blocks run. What they need (the restorer of a recogniser, the overlay
    that test people wear) is made in any case."""

    methods: tuple[str, ...] | None = Field(
        None, description="blocks of synthesis.methods; null: all"
    )
    restorers: tuple[str, ...] | None = Field(
        None,
        description="blocks of restoration.restorers, and methods that can take masks off; null: "
        "all blocks, and all such methods that run",
    )
    recognisers: tuple[str, ...] | None = Field(
        None, description="blocks of recognition.recognisers; null: all"
    )
    replicates: int = Field(
        1, ge=1, description="of everything trained; replicate r has seed r and, with folds, fold r"
    )


class SplitShares(Section):
    """Shares of the identities; they sum to 1."""

    train: float = Field(0.7, ge=0, le=1, description="share of identities for training")
    val: float = Field(0.1, ge=0, le=1, description="share of identities for choices")
    test: float = Field(0.2, ge=0, le=1, description="share of identities for the numbers")

    @model_validator(mode="after")
    def _sums_to_one(self) -> SplitShares:
        if abs(self.train + self.val + self.test - 1) > 1e-6:
            raise ValueError("train + val + test must be 1")
        return self


class DatasetConfig(Section):
    """One data set: where its pictures come from and how its people are split."""

    adapter: str = Field(
        description="the reader; folder: one folder per identity, flat: no identities known"
    )
    path: str | None = Field(
        None,
        repr=False,  # no trigger of the workflow: what lies there decides, not where
        description="folder of a local collection; relative paths are looked up in MASKBENCH_DATA "
        "(default: data/ in the project)",
    )
    shares: SplitShares = Field(default_factory=SplitShares, description="identity shares")
    split_seed: int = Field(0, description="seed of the identity split")
    official: bool = Field(False, description="divide the people as published, not by shares")
    folds: int | None = Field(None, ge=2, description="test sets of people; null: one split")
    max_identities: int | None = Field(None, ge=1, description="use only this many people")
    max_pictures_per_identity: int | None = Field(None, ge=1, description="pictures a person")
    exclude: tuple[str, ...] = Field(
        (), description="people left out, e.g. those who are also in a data set that is tested on"
    )
    undetected: Literal["reject", "whole"] = Field(
        "reject",
        description="a picture whose face the detector misses: reject it, or take a square in the "
        "picture's middle (its score is then 0), where a protocol needs every picture",
    )
    max_reject_share: float = Field(
        0.05, ge=0, le=1, description="stop when more than this share of pictures is rejected"
    )


class DetectorConfig(Section):
    """MTCNN (Zhang et al. 2016) as the papers use it."""

    thresholds: tuple[float, float, float] = Field(
        (0.6, 0.7, 0.7), description="score thresholds of P-, R- and O-Net"
    )
    factor: float = Field(0.709, gt=0, lt=1, description="scale step of the image pyramid")
    min_face: int = Field(20, ge=12, description="smallest face side in pixels of the picture")
    coarse_share: float = Field(
        0.23,
        ge=0,
        lt=1,
        description="faces are first sought from this share of the picture's short side upwards, "
        "with fewer candidates; the whole search down to min_face follows only where none "
        "convinces. 0: the whole search at once, as published",
    )
    coarse_score: float = Field(
        0.95, ge=0, le=1, description="a face of this score convinces the coarse search"
    )
    second_look: bool = Field(
        True,
        description="where the whole search finds nothing, seek once more in the mirrored picture "
        "with twice as many scales (recovers some masked and turned faces)",
    )
    working_side: int = Field(
        1024,
        ge=64,
        description="pictures with a longer side are shrunk to it for detection, where min_face "
        "then counts; bounds memory",
    )


class FacesConfig(Section):
    """Detection and cropping."""

    detector: DetectorConfig = Field(default_factory=DetectorConfig, description="MTCNN")
    margin: float = Field(0.2, ge=0, description="the box is enlarged by this share of its side")
    size: int = Field(144, ge=32, description="side of the square crops in pixels")
    max_pixels: int = Field(
        100_000_000, ge=1, description="pictures with more pixels are rejected unread"
    )


class MasksConfig(Section):
    """Mask pictures and the key-point overlay."""

    size: int = Field(144, ge=32, description="side of the rasterised mask pictures in pixels")
    styles: tuple[str, ...] = Field(description="mask styles used in training")
    unseen_styles: tuple[str, ...] = Field(description="mask styles kept for the test alone")
    figure_styles: tuple[str, ...] = Field(
        ("surgical_blue", "kn95", "surgical_pink", "checkered", "speckled"),
        description="the five styles of Figure 5; they are measured",
    )

    @model_validator(mode="after")
    def _disjoint(self) -> MasksConfig:
        both = set(self.styles) & set(self.unseen_styles)
        if both:
            raise ValueError(f"styles both for training and kept for the test: {sorted(both)}")
        missing = set(self.figure_styles) - set(self.styles)
        if missing:
            raise ValueError(f"figure_styles that are not among styles: {sorted(missing)}")
        return self


class RealDomain(Section):
    """Where a critic's pictures of people wearing masks come from."""

    source: str = Field(
        "keypoint",
        description="keypoint: the overlay on training people; otherwise the name of a data set "
        "of really masked faces",
    )
    copies: int = Field(4, ge=1, description="overlays with different styles per training face")


class SynthesisConfig(Section):
    """Mask synthesis: what is trained, on what, and what is measured."""

    dataset: str = Field("orl", description="name of a data set above")
    real_domain: RealDomain = Field(default_factory=RealDomain, description="the real pictures")
    copies: int = Field(
        2, ge=1, description="differently masked pictures of each training and validation face"
    )
    shared: Blocks = Field(
        default_factory=dict,
        description="values that all methods of a family share; a method's own block wins",
    )
    override: dict[str, Any] = Field(
        default_factory=dict,
        description="values that win over every method's own, where it knows the key: for small "
        "runs, of all methods whatever they are",
    )
    methods: Blocks = Field(
        description="one block a method; its keys are those of the method's Params, and "
        + _USE.format("method")
    )


class RestorationConfig(Section):
    """Mask removal."""

    restorers: Blocks = Field(
        default_factory=dict,
        description="one block a restorer; its keys are those of the restorer's Params, and "
        + _USE.format("restorer"),
    )


class RecognitionConfig(Section):
    """Masked face recognition: what is trained and how it is tested."""

    tests: tuple[str, ...] = Field(
        (),
        description="data sets that every recogniser is tested on; none: synthesis.dataset, whose "
        "training people are learnt from",
    )
    folds: int = Field(10, ge=2, description="folds of people; fewer where people are fewer")
    test_styles: int = Field(
        2, ge=1, description="of the measured mask styles, how many each test face wears"
    )
    shared: Blocks = Field(
        default_factory=dict,
        description="values that all recognisers of a kind share; a recogniser's own block wins",
    )
    recognisers: Blocks = Field(
        default_factory=dict,
        description="one block a recogniser; its keys are those of its kind's Params, and "
        + _USE.format("kind of recogniser"),
    )


class MetricsConfig(Section):
    """Image and set metrics."""

    bootstrap: int = Field(1000, ge=0, description="resamples for the 95% intervals")
    bootstrap_seed: int = Field(0, description="seed of the resampling")
    batch_size: int = Field(32, ge=1, description="pictures per feature batch")
    weights: Literal["published", "packaged"] = Field(
        "published",
        description="published: the papers' networks where they are present or can be fetched, "
        "else the packaged ImageNet network; packaged: always that one (equal on every machine)",
    )


class TrackingConfig(Section):
    """MLflow. The environment variable MLFLOW_TRACKING_URI wins over this section."""

    enabled: bool = Field(True, description="log runs")
    experiment: str = Field("maskbench", description="MLflow experiment name")
    sqlite_on_cluster: bool = Field(
        False, description="use a SQLite file also where jobs run on several machines"
    )


class Config(Section):
    """The whole of ``params.yaml``."""

    output: str = Field(
        "results",
        description="folder of everything that a run makes; letters, digits, _ - . and /",
    )
    run: RunConfig = Field(default_factory=RunConfig, description="what runs; null: all")
    datasets: dict[str, DatasetConfig] = Field(description="data sets by name: letters, digits, _")
    faces: FacesConfig = Field(default_factory=FacesConfig, description="detection and crops")
    masks: MasksConfig = Field(description="mask pictures")
    synthesis: SynthesisConfig = Field(description="putting masks on")
    guides: Blocks = Field(
        default_factory=dict,
        description="trained parts that methods and restorers need; one block each, its keys are "
        "those of the guide's Params",
    )
    restoration: RestorationConfig = Field(
        default_factory=RestorationConfig, description="taking masks off"
    )
    recognition: RecognitionConfig = Field(
        default_factory=RecognitionConfig, description="masked face recognition"
    )
    metrics: MetricsConfig = Field(default_factory=MetricsConfig, description="measuring")
    study: StudyConfig = Field(default_factory=StudyConfig, description="asking people")
    tracking: TrackingConfig = Field(default_factory=TrackingConfig, description="MLflow")

    @model_validator(mode="before")
    @classmethod
    def _tests_follow(cls, values: Any) -> Any:
        """Without test sets, the people of the data set that is learnt from are tested."""
        if not isinstance(values, dict) or not isinstance(values.get("synthesis"), dict):
            return values
        block = values.get("recognition") or {}
        if not isinstance(block, dict) or block.get("tests"):
            return values
        dataset = values["synthesis"].get(
            "dataset", SynthesisConfig.model_fields["dataset"].default
        )
        return {**values, "recognition": {**block, "tests": [dataset]}}

    @model_validator(mode="after")
    def _names_exist(self) -> Config:
        wanted = [self.synthesis.dataset, *self.recognition.tests]
        if self.synthesis.real_domain.source != REFERENCE:
            wanted.append(self.synthesis.real_domain.source)
        for name in wanted:
            if name not in self.datasets:
                raise ValueError(f"data set {name} is used but not listed under datasets")
        return self


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C's is ten times as fast


def read_layers(paths: Sequence[Path]) -> dict[str, Any]:
    """Read YAML files and lay each over the ones before (mappings merge, all else replaces).

    Raises:
        MaskbenchError: a file is missing, is not YAML or is not a mapping.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        try:
            layer = yaml.load(read_text(path), Loader=LOADER)
        except yaml.YAMLError as error:
            raise MaskbenchError(path, f"not YAML: {error}", "mend the syntax") from error
        if layer is None:
            layer = {}
        if not isinstance(layer, dict):
            raise MaskbenchError(path, "not a mapping of keys to values", "see params.yaml")
        merged = merge(merged, layer)
    return merged


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay ``above`` over ``below``: mappings merge key by key, everything else replaces."""
    out = dict(below)
    for key, value in above.items():
        old = out.get(key)
        out[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return out


def validate(model: type[BaseModel], values: Any, place: str) -> Any:
    """Build ``model`` from ``values``.

    Raises:
        MaskbenchError: «place.key: what is wrong; did you mean ...?» for the first wrong key, with
            all others listed after it.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [_sentence(model, problem) for problem in error.errors()]
        where, what, way_out = problems[0]
        more = "".join(f"\n  also {w}: {x}" + (f"; {y}" if y else "") for w, x, y in problems[1:])
        key = f"{place}: {where}" if where else place
        raise MaskbenchError(key, what, (way_out or "see params.yaml") + more) from None


def _sentence(model: type[BaseModel], problem: Any) -> tuple[str, str, str]:
    location = [str(part) for part in problem["loc"] if part != "[key]"]
    where = ".".join(location)
    if problem["type"] == "extra_forbidden":
        known = _keys_at(model, location[:-1])
        near = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(sorted(known))}"
        return where, "unknown key", hint
    if problem["type"] == "missing":
        return where, "missing key", "add it, see params.yaml"
    got = problem.get("input")
    shown = f", got {got!r}" if not isinstance(got, dict | list | BaseModel) else ""
    what = problem["msg"].removeprefix("Value error, ")
    return where, what[:1].lower() + what[1:] + shown, ""


def _keys_at(model: type[BaseModel], location: list[str]) -> list[str]:
    """Keys that the schema of ``model`` knows at a location."""
    schema = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in location:
        node = _resolve(schema, node)
        node = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
        if not isinstance(node, dict):
            return []
    return list(_resolve(schema, node).get("properties", {}))


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node or "allOf" in node:
        ref = node.get("$ref") or node["allOf"][0].get("$ref", "")
        node = schema["$defs"][ref.rsplit("/", 1)[-1]]
    return node
