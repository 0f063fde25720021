"""How much pictures are moved and lit while a network learns, as a section of the configuration."""

from __future__ import annotations

from pydantic import Field

from maskbench.config import Section


class Augmentation(Section):
    """Ranges of the random geometry and light; 0 switches one off."""

    translation: float = Field(0.06, ge=0, le=1, description="largest shift, share of the side")
    rotation: float = Field(10.0, ge=0, le=180, description="largest turn in degrees")
    scaling: float = Field(0.1, ge=0, lt=1, description="size between 1 - s and 1 / (1 - s)")
    stretch: float = Field(
        0.0, ge=0, lt=1, description="width against height between 1 - s and 1 / (1 - s)"
    )
    flip: bool = Field(True, description="mirror half of the pictures")
    light: float = Field(0.0, ge=0, lt=1, description="brightness and contrast, +- this share")
