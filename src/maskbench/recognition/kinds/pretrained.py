"""A published or packaged network, as it is."""

from pydantic import Field

from maskbench.config import Section
from maskbench.recognition.kinds import RECOGNISERS, RecogniserSpec
from maskbench.recognition.kinds.learning import Network


class PretrainedParams(Section):
    """A network as it was published."""

    network: Network = Field(description="which network")


RECOGNISERS.register(
    RecogniserSpec(
        name="pretrained",
        title="A network as it was published",
        family="pretrained",
        Params=PretrainedParams,
        implementation="maskbench.recognition.recogniser:Recogniser",
    )
)
