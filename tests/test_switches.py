"""config/switches.yaml: each block takes back one switch that CycleGAN has, one has the switch
that it has not, and the last one takes back all."""

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
    assert own not in found and all(found.count(values) == 1 for values in found)
    used = {switch for switch in off.keys() - {HOW_OFTEN} if own[switch] != off[switch]}
    assert off.keys() - {HOW_OFTEN} - used == {"bare_cycle"}
    assert own | {"bare_cycle": 0.2} in found
    for switch in used:
        taken = TOGETHER if switch == "compose" else (switch,)
        assert own | {key: off[key] for key in taken} in found, switch
    assert off | {HOW_OFTEN: own[HOW_OFTEN]} in found
