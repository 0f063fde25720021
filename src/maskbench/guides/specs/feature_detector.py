"""The facial-feature detector's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from maskbench.config import Precision, Section
from maskbench.guides.specs import GUIDES
from maskbench.guides.specs.segmenter import Variety
from maskbench.registry import Spec


class FeatureDetectorParams(Section):
    """The block ``guides.feature_detector``. Published: YOLOv3 with width 32 and depth 5, 62,500
    steps of Adam."""

    design: Literal["yolov3-tiny", "yolov3"] = Field(
        "yolov3-tiny", description="Darknet's small network or, as published, the full one"
    )
    train_size: int = Field(64, ge=16, description="side of the pictures that the network sees")
    width: int = Field(
        8, ge=2, multiple_of=2, description="channels of the first convolution (Darknet: 16 of "
        "the small, 32 of the full network)"
    )  # fmt: skip
    depth: int = Field(
        4, ge=3, le=5, description="halvings of the picture (5 as published); the finest map on "
        "which parts are found has one halving less, of yolov3 two"
    )  # fmt: skip
    steps: int = Field(800, ge=1, description="batches that are learnt from")
    batch_size: int = Field(12, ge=2, description="pictures a step")
    bare_share: float = Field(0.5, ge=0, lt=1, description="share of a batch that are bare faces")
    learning_rate: float = Field(
        0.002, gt=0, description="Adam's learning rate at its height, from which it falls to 0"
    )
    betas: tuple[float, float] = Field((0.9, 0.999), description="of Adam")
    weight_decay: float = Field(5e-4, ge=0, description="Adam's (Darknet: 0.0005)")
    warmup: int = Field(
        50, ge=0, description="steps until the learning rate is at its height (Darknet: 1000)"
    )
    ignore: float = Field(
        0.7, gt=0, le=1, description="a prediction that overlaps a part by more than this IoU is "
        "not taught that nothing is there (0.7 in Darknet's configuration, 0.5 in the paper)"
    )  # fmt: skip
    variety: Variety = Field(default_factory=Variety, description="how much pictures vary")
    precision: Precision = Field("float32", description="of the network's products")
    log_every: int = Field(50, ge=1, description="steps between points of the curves")
    checkpoint_every: int = Field(50, ge=0, description="steps between checkpoints; 0: none")

    @model_validator(mode="after")
    def _sizes_fit(self) -> FeatureDetectorParams:
        step = 2**self.depth
        if self.train_size % step:
            raise ValueError(f"train_size {self.train_size} is no multiple of {step} (2 ** depth)")
        return self


GUIDES.register(
    Spec(
        name="feature_detector",
        title="Facial-feature detector",
        paper="Paper 4, sections III-B and IV-A; Redmon & Farhadi 2018",
        Params=FeatureDetectorParams,
        implementation="maskbench.guides.feature_detector:FeatureDetectorGuide",
    )
)
