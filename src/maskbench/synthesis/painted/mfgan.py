"""MFGAN: a CycleGAN that learns correct, then authentic, then diverse masks (paper 4, section III).

Three stages, each with one module more: the adaptive correction by the feature detector, the local
invariance by the segmenter, the mask style encoder. A module whose weight is 0 is left out, in a
stage or altogether.

In four things this fills the paper's text in, or departs from it. The detections on a made picture
are compared with those of a rightly worn mask, not with those of the bare face: formula (1) on an
exclusive or of the two would punish a hidden mouth. The way back of a masked face takes its own
code, as in StarGAN v2; no other loss ties a code to what the reference looks like. Formula (5) is
to force the generator, so the encoder's weights are constants in it. And masked pictures are the
references: the code of the masked face that a bare one meets in a batch is the code that it is
given.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from maskbench.guides.specs import GUIDES
from maskbench.imaging.tensors import as_tensor, resize
from maskbench.masks.styles import KINDS, kind_of
from maskbench.networks.style import StyledGenerator, StyleEncoder
from maskbench.registry import Block
from maskbench.synthesis.base import Faces, Styles, TrainingData
from maskbench.synthesis.painted.cyclegan import (
    BARE,
    MASK,
    MASKED,
    UNMASK,
    CycleGan,
    Generator,
    distance,
)
from maskbench.synthesis.painted.guided import (
    correction_factor,
    free_of_masks,
    local_invariance,
    wearing_penalty,
)
from maskbench.synthesis.painted.translation import CRITIC, GENERATOR, Pictures
from maskbench.training.stage import Ramp, Schedule, Stage, Turn

STYLE, CODE, DETECTOR = "style", "code", "feature_detector"
UNLABELLED = len(KINDS)  # the branch of photographs of no known kind
HIDDEN = ("nose", "mouth")  # by a mask that is worn rightly; the other parts are seen


class Mfgan(CycleGan):
    """Player ``generator`` also holds the style encoder."""

    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        def generators() -> nn.Module:
            styled = {"network": StyledGenerator, "style": params.style_length}
            encoder = StyleEncoder(
                params.encoder_width, params.style_length, UNLABELLED + 1, params.encoder_norm
            )  # also without styles: variants with the same networks can share stages
            return nn.ModuleDict({
                MASK: self.painter(params, **styled), UNMASK: self.painter(params), STYLE: encoder,
            })  # fmt: skip

        def critics() -> nn.Module:
            return nn.ModuleDict({name: self.critic(params, extra=1) for name in (MASKED, BARE)})

        return {GENERATOR: generators, CRITIC: critics}

    def weights(self, params: Any) -> dict[str, float | Ramp]:
        return super().weights(params) | {
            "correction": params.correction,
            "invariance": params.invariance,
            "style": params.style,
            "diversity": Ramp(start=-params.diversity, end=0),
        }

    def stages_of(self, params: Any) -> list[Stage]:
        *earlier, last = super().stages_of(params)
        return [one.model_copy(update={"schedule": Schedule()}) for one in earlier] + [last]

    def start(self, block: Block, data: TrainingData, seed: int) -> None:
        super().start(block, data, seed)
        # the last one is that of the style -1
        self.kinds = torch.tensor([*map(branch_of, data.styles), UNLABELLED], device=self.device)

    # Stage 1 --------------------------------------------------------------------------------
    @cached_property
    def detector(self) -> Any:
        """The trained guide that finds facial features."""
        return GUIDES.get(DETECTOR).load().open(self.guides[DETECTOR])

    def factors(self, masked: Tensor, turn: Turn) -> Tensor | None:
        weight, params = turn.weight("correction"), self.params
        if not weight:
            return None
        penalties = params.penalties.model_dump()
        wanted = masked.new_tensor([part not in HIDDEN for part in penalties])
        x = wearing_penalty(
            self.detector.presence(masked), wanted, masked.new_tensor(list(penalties.values())),
            params.threshold,
        )  # fmt: skip
        return correction_factor(weight * x, params.alpha, params.c)

    # Stages 2 and 3 -------------------------------------------------------------------------
    def generators(self, batch: Pictures, turn: Turn) -> tuple[Generator, Generator]:
        batch.made[CODE] = code = self._code(batch, turn)
        mask = self.part(GENERATOR, MASK)
        return lambda pictures: mask(pictures, code), self.part(GENERATOR, UNMASK)

    def _code(self, batch: Pictures, turn: Turn) -> Tensor | None:
        """The codes of a batch's masked faces, and of the branch that each one goes through; None
        in a stage without styles."""
        if not turn.weight("style"):
            return None
        kinds = self.kinds[torch.from_numpy(batch.worn)]
        if self.params.unlabelled:
            hidden = torch.rand(len(kinds), generator=self.random) < self.params.unlabelled
            kinds = kinds.masked_fill(hidden.to(kinds.device), UNLABELLED)
        batch.made["kinds"] = kinds
        codes: Tensor = self.part(GENERATOR, STYLE)(batch.masked, kinds)
        return codes.float()

    def _generator_losses(self, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        found = super()._generator_losses(batch, turn)
        made, code = batch.made[MASKED], batch.made[CODE]
        if turn.weight("invariance"):
            free = free_of_masks(self.segmenter, made)
            found["invariance"] = local_invariance(made, batch.bare, free)
        if code is not None:
            read = self._read(made, batch.made["kinds"])
            found["style"] = distance(read, code.detach())  # else both shrink together
            with torch.no_grad():  # as in StarGAN v2; either picture's gradient is half of it
                other = self._code(self.batch(turn), turn)
                second = self.part(GENERATOR, MASK)(batch.bare, other).pictures
            found["diversity"] = distance(made, second)
        return found

    def _read(self, made: Tensor, kinds: Tensor) -> Tensor:
        """The codes of made pictures, by the encoder as it is: with a gradient of its own, it
        would learn to give the wanted codes whatever the generator paints."""
        encoder = self.part(GENERATOR, STYLE)
        weights = {name: weight.detach() for name, weight in encoder.named_parameters()}
        codes: Tensor = functional_call(encoder, weights, (made, kinds))
        return codes.float()

    # Afterwards -----------------------------------------------------------------------------
    def paint_after(self, faces: Tensor, styles: Styles | None, whole: Faces) -> Tensor:
        """Each face after its style's reference photograph."""
        assert styles is not None
        code = self.codes(whole, styles) if self.params.style else None
        mask = self.applied[GENERATOR].get_submodule(MASK)
        return (mask(faces * 2 - 1, code).pictures + 1) / 2

    def codes(self, faces: Faces, styles: Styles) -> Tensor:
        """The codes of photographs of the styles being worn, (B, style)."""
        assert styles.worn is not None
        photographs = as_tensor(styles.references(faces)).to(self.device)
        shown = resize(photographs, self.params.train_size) * 2 - 1
        branches = [branch_of(styles.worn.known(name)) for name in styles.names]
        encoder = self.applied[GENERATOR].get_submodule(STYLE)
        codes: Tensor = encoder(shown, torch.tensor(branches, device=self.device))
        return codes.float()


def branch_of(style: str) -> int:
    """The number of a style's kind; the last branch's where the kind is unknown."""
    kind = kind_of(style)
    return KINDS.index(kind) if kind else UNLABELLED
