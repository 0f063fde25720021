"""config/switches.yaml: each block takes back one switch, and the last one all."""

from __future__ import annotations

from pathlib import Path

from maskbench.config import read_layers
from maskbench.experiment import check
from maskbench.synthesis.specs.translation import Switches

ROOT = Path(__file__).parents[1]
TOGETHER = ("compose", "held", "see_through")  # the latter two need the first
HOW_OFTEN = "r1_every"


def test_every_switch_is_off_once_and_all_of_them_once():
    layers = read_layers([ROOT / "params.yaml", ROOT / "config" / "switches.yaml"])
    methods = check(layers).methods
    own = methods["cyclegan"].params.switches.model_dump()
    off = Switches().model_dump()
    found = []
    for name in methods:
        values = methods[name].params.model_dump().get("switches")
        if name.startswith("cyclegan_") and values:
            rest = methods[name].params.model_copy(update={"switches": None})
            assert name.endswith("published") or rest == methods["cyclegan"].params.model_copy(
                update={"switches": None}
            )
            found.append(values)
    for switch in off.keys() - {HOW_OFTEN}:
        taken = TOGETHER if switch == "compose" else (switch,)
        assert own | {key: off[key] for key in taken} in found, switch
    assert off | {HOW_OFTEN: own[HOW_OFTEN]} in found
