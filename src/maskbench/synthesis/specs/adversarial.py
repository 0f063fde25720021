"""Settings that every adversarially trained method shares; each method's block extends them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.config import Precision, Section
from maskbench.imaging.ranges import Augmentation

#: What the real and the fake pictures of a batch share. ``nothing``: they are drawn apart.
#: ``styles``: the same mask styles, so that a critic judges the place and not the style.
#: ``faces``: the same faces, styles and random geometry. Each domain is drawn as before and the
#: critic does not see which picture belongs to which, so the objective has the same expectation;
#: but the faces cancel out of the difference of the two means, which is far less noisy. (A penalty
#: between real and fake pictures then runs along such pairs; see losses.divergence_penalty.)
Match = Literal["nothing", "styles", "faces"]


class Reach(Section):
    """Largest update that one pass of a generator can give a number of the homography."""

    translation: float = Field(0.7, ge=0, description="p1 and p5; 2 is the picture's side")
    scale: float = Field(0.35, ge=0, description="p3 and p7")
    shear: float = Field(0.3, ge=0, description="p2 and p6 (a rotation is two opposite shears)")
    perspective: float = Field(0.45, ge=0, description="p4 and p8")


class GanParams(Section):
    """What trainings of generators against critics share."""

    train_size: int = Field(64, ge=16, description="side of the pictures that networks see")
    generator_width: int = Field(64, ge=1, description="channels (or units) of the generator")
    critic_width: int = Field(64, ge=1, description="channels (or units) of the critic")
    steps: int = Field(1000, ge=1, description="generator steps")
    batch_size: int = Field(16, ge=1, description="pictures of each domain a step")
    critic_steps: int = Field(1, ge=1, description="critic steps for each generator step")
    generator_lr: float = Field(2e-4, gt=0, description="Adam's learning rate, generator")
    critic_lr: float = Field(2e-4, gt=0, description="Adam's learning rate, critic")
    betas: tuple[float, float] = Field((0.0, 0.9), description="Adam's decay rates")
    decay_from: float = Field(
        0.5, ge=0, le=1, description="share of the steps after which both rates fall linearly to 0"
    )
    ema: float = Field(0.99, ge=0, lt=1, description="moving average of the generator's weights")
    augmentation: Augmentation = Field(
        default_factory=Augmentation, description="random geometry of both domains"
    )
    precision: Precision = Field("float32", description="of convolutions and products")
    log_every: int = Field(10, ge=1, description="generator steps between two points of a curve")
    sheet_every: int = Field(200, ge=0, description="steps between placement sheets; 0: none")
    checkpoint_every: int = Field(100, ge=0, description="steps between checkpoints; 0: none")


class AdversarialParams(GanParams):
    """One generator against one critic, which both see mask pictures."""

    supersampling: int = Field(
        2,
        ge=1,
        description="pictures are moved and laid over each other at this many times train_size "
        "and averaged down: warping at the small size would make painted textures sharper than "
        "real ones, which a critic sees and no placement can mend",
    )
    critic_warmup: int = Field(
        100, ge=0, description="critic steps on random placements before the generator moves"
    )
    match: Match = Field(
        "styles",
        description="what real and fake pictures of a batch share: nothing, styles, or faces "
        "(the same faces, styles and geometry: a less noisy estimate of the same objective)",
    )
    blur: float = Field(
        0.0,
        ge=0,
        description="sigma of the Gaussian blur of what the critic sees, in shares of the side: "
        "it hides what no homography can mend (ear loops, texture) and leaves the place",
    )
    view: float = Field(
        0.0,
        ge=0,
        le=1,
        description="the critic sees an oval of this share of the side around the centre, the rest "
        "is grey: what lies behind people differs between collections, and a generator would cover "
        "it with large masks rather than place them; 0: it sees everything",
    )
    standardise: bool = Field(
        False,
        description="the critic sees each picture's colours with mean 0 and equal spread: where "
        "one collection is brighter, a generator would level that with large masks",
    )
    borrow: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the faces to be masked that are pictures of the real domain, its "
        "people wearing masks, with the generated mask laid over theirs: the critic then finds the "
        "same people and cameras on both sides. For really masked people; not with matched faces",
    )


class PlacedParams(AdversarialParams):
    """Settings of the methods with a spatial transformer."""

    updates: int = Field(
        1, ge=1, description="passes of the generator, each seeing the picture as warped so far "
        "and adding its update (composed warps of ST-GAN)"
    )  # fmt: skip
    reach: Reach = Field(default_factory=Reach, description="bounds of one update")
    update_penalty: float = Field(0.01, ge=0, description="weight of the mean squared update")
    relight: bool = Field(
        True,
        description="light the warped mask as the face beneath it, and in grey on a grey face, as "
        "the key-point overlay does by landmarks; false: plain alpha composite",
    )
    equivariance: float = Field(
        0.0,
        ge=0,
        description="weight of an addition to the paper: the mask of a face that is moved moves "
        "along, whatever its style (two copies of each training face, moved differently and "
        "in different styles, must agree on the place)",
    )
    twins: Augmentation = Field(
        default_factory=lambda: Augmentation(translation=0.1, rotation=15, scaling=0.15),
        description="how the second copies are moved",
    )
    jitter: float = Field(
        0.0, ge=0, description="uniform noise on the homography's numbers in training, in shares "
        "of the reach: the critic sees what lies around a placement, not that one alone"
    )  # fmt: skip
    warmup_spread: float = Field(
        1.0, ge=0, description="random placements of the warm-up, in shares of the reach"
    )
