"""The mask segmenter's settings."""

from __future__ import annotations

from pydantic import Field, model_validator

from maskbench.config import Precision, Section
from maskbench.guides.specs import GUIDES
from maskbench.registry import Spec


class Variety(Section):
    """How much the pictures of a guide's training vary; 0 switches one off."""

    repaint: float = Field(0.5, ge=0, le=1, description="share of masks in new colours or patterns")
    marks: float = Field(
        0.4, ge=0, le=1, description="share of masks with a valve, a print or a spot: else a dark "
        "thing where a mouth may be says that there is no mask"
    )  # fmt: skip
    slip: float = Field(
        0.03, ge=0, lt=0.5, description="how far masks move against their face, share of the side"
    )
    stretch: float = Field(
        0.15,
        ge=0,
        lt=1,
        description="width and height of masks, each between 1 - s and 1 / (1 - s)",
    )
    rotation: float = Field(10.0, ge=0, le=180, description="largest turn in degrees")
    scaling: float = Field(0.1, ge=0, lt=1, description="size between 1 - s and 1 / (1 - s)")
    translation: float = Field(0.05, ge=0, le=1, description="largest shift, share of the side")
    light: float = Field(0.25, ge=0, lt=1, description="brightness, contrast and gamma, +- this")
    colour: float = Field(0.15, ge=0, lt=1, description="gain of each colour, +- this")
    grey: float = Field(0.1, ge=0, le=1, description="share of pictures made grey")
    blur: float = Field(0.6, ge=0, description="largest sigma of a blur, in pixels")
    noise: float = Field(0.01, ge=0, description="largest deviation of pixel noise, of 1")


class SegmenterParams(Section):
    """The block ``guides.segmenter``. Published: U-Net's width 64 and depth 4, 20,000 steps
    of SGD."""

    train_size: int = Field(144, ge=16, description="side of the pictures that the network sees")
    fold: int = Field(
        2, ge=1, description="squares of so many pixels a side become channels (1 as published): "
        "ear loops stay visible, at the cost of a smaller picture"
    )  # fmt: skip
    width: int = Field(16, ge=1, description="channels of the first scale")
    depth: int = Field(3, ge=1, le=6, description="poolings")
    steps: int = Field(1500, ge=1, description="batches that are learnt from")
    batch_size: int = Field(8, ge=2, description="pictures a step")
    bare_share: float = Field(
        0.125, ge=0, lt=1, description="share of a batch that are bare faces with nothing to find"
    )
    learning_rate: float = Field(0.2, gt=0, description="SGD's learning rate at its height")
    momentum: float = Field(0.9, ge=0, lt=1, description="SGD's momentum (0.99 for U-Net)")
    weight_decay: float = Field(1e-4, ge=0, description="SGD's weight decay")
    warmup: int = Field(20, ge=0, description="steps until the learning rate is at its height")
    border: float = Field(
        5.0, ge=0, description="how much more a pixel near a mask's border, or of a thin loop, "
        "weighs in the cross entropy (the purpose of U-Net's weight map)"
    )  # fmt: skip
    overlap: float = Field(
        1.0, ge=0, description="weight of 1 - the soft Dice overlap, beside the cross entropy"
    )
    variety: Variety = Field(default_factory=Variety, description="how much pictures vary")
    precision: Precision = Field("float32", description="of the network's products")
    log_every: int = Field(50, ge=1, description="steps between points of the curves")
    checkpoint_every: int = Field(50, ge=0, description="steps between checkpoints; 0: none")

    @model_validator(mode="after")
    def _sizes_fit(self) -> SegmenterParams:
        step = self.fold * 2**self.depth
        if self.train_size % step:
            raise ValueError(
                f"train_size {self.train_size} is no multiple of {step} (fold x 2 ** depth)"
            )
        return self


GUIDES.register(
    Spec(
        name="segmenter",
        title="Mask segmenter",
        paper="Paper 4, sections III-C and IV; Ronneberger et al. 2015",
        Params=SegmenterParams,
        implementation="maskbench.guides.segmenter:SegmenterGuide",
    )
)
