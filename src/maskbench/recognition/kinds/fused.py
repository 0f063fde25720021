"""Several recognisers whose standardised scores are added."""

from pydantic import Field, field_validator

from maskbench.config import Section
from maskbench.recognition.kinds import EVERY, RECOGNISERS, RecogniserSpec


class FusedParams(Section):
    """The recognisers, and the masks of the validation people."""

    recognisers: tuple[str, ...] = Field(
        min_length=2,
        description="blocks of recognition.recognisers whose scores are added; they run as well",
    )
    training: str = Field(
        "keypoint",
        description="the training set of those that learn, and the method whose masks the "
        "validation people wear on whose pairs scores are standardised",
    )

    @field_validator("training")
    @classmethod
    def _one(cls, value: str) -> str:
        if value == EVERY:
            raise ValueError("name one training set")
        return value

    @field_validator("recognisers")
    @classmethod
    def _differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("name none of them twice")
        return value


RECOGNISERS.register(
    RecogniserSpec(
        name="fused",
        title="The sum of several recognisers' standardised scores",
        paper="Jain, Nandakumar, Ross 2005",
        Params=FusedParams,
        implementation="maskbench.recognition.fused:Fused",
        learns="once",
        from_bare=False,
    )
)
