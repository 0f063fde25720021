"""Settings of EdgeConnect. Defaults are for a CPU; the published values stand in the text."""

from __future__ import annotations

from pydantic import Field

from maskbench.config import Precision
from maskbench.registry import Spec
from maskbench.restoration.specs import RESTORERS, RestorerParams


class EdgeConnectParams(RestorerParams):
    """``restoration.restorers.edgeconnect``."""

    train_size: int = Field(
        48, ge=32, multiple_of=4, description="side of the pictures that networks see and paint "
        "(256 as published); paintings are enlarged into the hole"
    )  # fmt: skip
    width: int = Field(
        24, ge=1, description="channels of the generators' first convolution (64 as published)"
    )
    blocks: int = Field(4, ge=1, description="residual blocks of the generators (8 as published)")
    critic_width: int = Field(
        16, ge=1, description="channels of the discriminators' first convolution (64 as published)"
    )
    edge_steps: int = Field(120, ge=1, description="batches for stage 1, the edges")
    steps: int = Field(1500, ge=1, description="batches for stage 2, the colours")
    batch_size: int = Field(8, ge=1, description="pictures a step (8 as published)")
    learning_rate: float = Field(
        1e-3, gt=0, description="Adam's learning rate of the generators (1e-4 as published, over "
        "millions of pictures)"
    )  # fmt: skip
    critic_rate: float = Field(
        0.1, gt=0, description="the discriminators' learning rate, as a share of the generators'"
    )
    betas: tuple[float, float] = Field(
        (0.5, 0.99), description="Adam's decay rates (0, 0.9 as published)"
    )
    decay_from: float = Field(
        0.5, ge=0, le=1, description="share of a stage after which its rates fall linearly to 0"
    )
    sigma: float = Field(
        1.0, gt=0, description="of Canny's filter, pixels (2 as published, at 256 pixels)"
    )
    true_edges: float = Field(
        0.0, ge=0, le=1, description="share of stage 2's pictures that get the true edges; the "
        "others get those that stage 1 predicts, as later in use"
    )  # fmt: skip
    edge_adversarial: float = Field(
        0.01, ge=0, description="stage 1: weight of the adversarial loss (1 as published)"
    )
    feature_matching: float = Field(
        0.1, ge=0, description="stage 1: weight of feature matching (10 as published; in a few "
        "hundred steps the discriminator has learnt nothing that is worth matching)"
    )  # fmt: skip
    edge_entropy: float = Field(
        1.0, ge=0, description="stage 1: weight of the cross entropy with the true edges / mean of "
        "the hole, an addition for short trainings (0 as published)"
    )  # fmt: skip
    l1: float = Field(
        1.0, ge=0, description="stage 2: weight of the L1 distance / mean of the hole"
    )
    adversarial: float = Field(0.1, ge=0, description="stage 2: weight of the adversarial loss")
    perceptual: float = Field(
        0.2,
        ge=0,
        description="stage 2: weight of the perceptual loss (0.1 as published, of VGG-19)",
    )
    style: float = Field(
        30.0, ge=0, description="stage 2: weight of the style loss (250 as published, of VGG-19)"
    )
    published_maps: bool = Field(
        False, description="VGG-19 for the last two where its file is there (a step on a CPU then "
        "takes four times as long); false: the packaged network always"
    )  # fmt: skip
    rotation: float = Field(6.0, ge=0, le=180, description="training: largest turn in degrees")
    scaling: float = Field(0.06, ge=0, lt=1, description="training: size, +- this share")
    translation: float = Field(0.03, ge=0, le=1, description="training: largest shift of the side")
    light: float = Field(0.15, ge=0, lt=1, description="training: brightness and contrast, +- this")
    holes_from: float = Field(
        0.02,
        ge=0,
        lt=0.5,
        description="training: holes are grown by at least this share of the side",
    )
    holes_to: float = Field(0.08, ge=0, lt=0.5, description="training: and by at most this share")
    precision: Precision = Field("float32", description="of the networks' products")
    log_every: int = Field(20, ge=1, description="steps between points of the curves")
    checkpoint_every: int = Field(50, ge=0, description="steps between checkpoints; 0: none")


RESTORERS.register(
    Spec(
        name="edgeconnect",
        title="EdgeConnect (MRII)",
        paper="Paper 2, section 4.4; Nazeri et al. 2019",
        Params=EdgeConnectParams,
        implementation="maskbench.restoration.edgeconnect:EdgeConnect",
    )
)
