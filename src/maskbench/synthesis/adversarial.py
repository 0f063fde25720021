"""The shared half of the adversarial methods: training, checkpoints, curves, sheets, applying.

A method adds its networks and its objective, in less than a hundred lines each.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor, nn

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FACE_COLUMNS, FaceSet
from maskbench.imaging import light as relight
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet, MaskedSetWriter
from maskbench.synthesis import stn
from maskbench.synthesis.specs.adversarial import AdversarialParams, PlacingParams
from maskbench.synthesis.adversarial_training import AdversarialTraining
from maskbench.synthesis.base import Method
from maskbench.synthesis.batches import Batch, Batches, as_tensor, mask_textures, resize
from maskbench.synthesis.snapshots import Snapshots
from maskbench.training import state
from maskbench.training.checkpoint import STATE, Checkpoints
from maskbench.training.devices import place
from maskbench.training.progress import TrainingProgress
from maskbench.training.seeding import seeded

FACES_A_BATCH = 16


class Worn(NamedTuple):
    """What a generator makes of a batch.

    Attributes:
        picture: (B, 3, size, size) in [0, 1], with gradient where the generator has one.
        numbers: (B, 8) the homography's numbers (before any jitter); empty without a transformer.
        squares: the mean square of the updates.
    """

    picture: Tensor
    numbers: Tensor
    squares: Tensor


class AdversarialMethod(Method):
    """A generator trained against a critic."""

    trained = True
    Params: ClassVar[type[BaseModel]] = AdversarialParams

    # What a method must say -----------------------------------------------------------------
    @abstractmethod
    def generator(self, params: Any) -> nn.Module:
        """The generator, freshly initialised."""

    @abstractmethod
    def critic(self, params: Any) -> nn.Module:
        """The critic, freshly initialised: (B, 3, size, size) in [-1, 1] -> scores."""

    @abstractmethod
    def critic_loss(self, real: Tensor, fake: Tensor, params: Any) -> Tensor:
        """From (B,) scores; minimised by the critic."""

    @abstractmethod
    def generator_loss(self, fake: Tensor, params: Any) -> Tensor:
        """From (B,) scores; minimised by the generator."""

    @abstractmethod
    def wear(
        self,
        generator: nn.Module,
        faces: Tensor,
        textures: Tensor,
        params: Any,
        random: torch.Generator,
    ) -> Worn:
        """Put mask pictures (B, 4, s, s, premultiplied) on faces (B, 3, s, s)."""

    @abstractmethod
    def random_pictures(
        self, faces: Tensor, textures: Tensor, params: Any, random: torch.Generator
    ) -> Tensor:
        """Wrong pictures of many kinds, for the critic's warm-up."""

    @abstractmethod
    def render(
        self, generator: nn.Module, faces: Tensor, textures: Tensor, params: Any
    ) -> tuple[Tensor, Tensor]:
        """The final pictures at full resolution.

        Args:
            faces: (B, 3, n, n) in [0, 1] at the resolution of the FaceSet.
            textures: (B, 4, m, m) premultiplied, at the resolution of the mask pictures.

        Returns:
            pictures (B, 3, n, n) and coverages (B, n, n), both in [0, 1].
        """

    # What a method may change ---------------------------------------------------------------
    def regulariser(
        self, critic: nn.Module, real: Tensor, fake: Tensor, params: Any, random: torch.Generator
    ) -> Tensor:
        """A penalty on the critic; none by default."""
        return torch.zeros(())

    def penalties(
        self, generator: nn.Module, batch: Batch, worn: Worn, batches: Batches, params: Any
    ) -> dict[str, Tensor]:
        """What the generator minimises beside its adversarial loss, by name (for the curves)."""
        return {}

    def after_critic_step(self, critic: nn.Module, params: Any) -> None:
        """A constraint on the critic's weights; none by default."""

    def optimiser(self, module: nn.Module, rate: float, params: Any) -> torch.optim.Optimizer:
        return torch.optim.Adam(module.parameters(), rate, betas=params.betas)

    # The interface of every method ----------------------------------------------------------
    def training(
        self,
        faces: FaceSet,
        masked: MaskedSet,
        pictures: MaskPictures,
        params: Any,
        styles: Sequence[str],
        seed: int,
    ) -> AdversarialTraining:
        """A training at its first step."""
        placement = place(params.precision)
        batches = Batches(
            faces, masked, pictures, styles=styles,
            # Crops are never enlarged: that would cost memory and show nothing more.
            size=max(params.train_size, min(params.train_size * params.supersampling, faces.size)),
            match=params.match, ranges=params.augmentation, borrow=params.borrow, seed=seed,
            device=placement.device,
        )  # fmt: skip
        torch.manual_seed(seed)
        return AdversarialTraining(self, params, batches, seed, placement)

    def train(
        self,
        faces: FaceSet,
        masked: MaskedSet,
        pictures: MaskPictures,
        params: Any,
        *,
        styles: Sequence[str],
        seed: int,
        out: Path,
        scratch: Path,
        log: Callable[[int, dict[str, float]], None],
    ) -> None:
        training = self.training(faces, masked, pictures, params, styles, seed)
        checkpoints = Checkpoints(scratch, params.checkpoint_every)
        if (values := checkpoints.resume()) is not None:
            training.restore(values)
        sheet = Snapshots(
            self, faces, pictures, params, styles, scratch / "snapshots", params.snapshot_every
        )
        shown = params.batch_size * (1 + params.critic_steps)
        title = f"{self.name} seed {seed}"
        with TrainingProgress(title, params.steps, shown, training.step) as progress:
            training.warm_up()
            sheet.maybe_write(training.step, training.average)
            while training.step < params.steps:
                progress.advance(training.advance())
                sheet.maybe_write(training.step, training.average)
                if training.step % params.log_every == 0:
                    log(training.step, training.last())
                checkpoints.maybe_save(training.step, training.capture)
        training.write(out)
        sheet.copy_to(out / "snapshots")

    def load_generator(self, model: Path, params: Any) -> nn.Module:
        """The generator's moving average out of a model folder, ready to be applied.

        Raises:
            MaskbenchError: no readable model, or one of other networks.
        """
        generator: nn.Module = seeded(lambda: self.generator(params), 0)
        values = state.load(Path(model) / STATE)
        try:
            generator.load_state_dict(values["average"])
        except (KeyError, RuntimeError) as error:
            raise MaskbenchError(
                model,
                f"its weights do not fit {self.name} with these parameters",
                "use the method and the parameters that it was trained with, or train again",
            ) from error
        placement = place(params.precision)
        return generator.to(placement.device).eval().requires_grad_(False)

    def apply(
        self,
        model: Path,
        faces: FaceSet,
        pictures: MaskPictures,
        params: Any,
        *,
        rows: Sequence[int],
        styles: Sequence[str],
        seed: int,
        out: Path,
    ) -> None:
        generator = self.load_generator(model, params)
        spec = {**faces.spec, "method": self.name, "seed": seed}
        with MaskedSetWriter(out, faces.size, spec) as writer:
            for row, style, picture, coverage in self.pictures_of(
                generator, faces, pictures, params, rows, styles
            ):
                values = {c: faces.faces[c].iloc[row] for c in FACE_COLUMNS}
                of = values["face_id"]
                values |= {"face_id": f"{of}@{style}", "bare_id": of}
                writer.add(picture, values | {"method": self.name, "style": style}, coverage)

    def pictures_of(
        self,
        generator: nn.Module,
        faces: FaceSet,
        pictures: MaskPictures,
        params: Any,
        rows: Sequence[int],
        styles: Sequence[str],
    ) -> Iterator[tuple[int, str, np.ndarray, np.ndarray]]:
        """Row, style, picture (H, W, 3) uint8 and coverage (H, W) uint8; rows outer."""
        device = next(generator.parameters()).device
        textures = mask_textures(pictures, styles, pictures.size).to(device)
        for start in range(0, len(rows), FACES_A_BATCH):
            part = list(rows[start : start + FACES_A_BATCH])
            bare = as_tensor(faces.images[part]).to(device)
            pairs = bare.repeat_interleave(len(styles), 0), textures.repeat(len(part), 1, 1, 1)
            with torch.inference_mode():
                images, coverages = self.render(generator, *pairs, params)
            results = zip(_bytes(images.permute(0, 2, 3, 1)), _bytes(coverages), strict=True)
            for index, (image, coverage) in enumerate(results):
                face, style = divmod(index, len(styles))
                yield part[face], styles[style], image, coverage


class PlacingMethod(AdversarialMethod):
    """A generator that moves the mask picture by a spatial transformer."""

    uses_stn = True
    Params: ClassVar[type[BaseModel]] = PlacingParams

    def numbers(
        self, generator: nn.Module, faces: Tensor, textures: Tensor, params: Any
    ) -> tuple[Tensor, Tensor]:
        """The composed homography numbers (B, 8) and the updates' mean square.

        Each pass sees the face and the mask picture as warped so far; p starts at 0.
        """
        faces, textures = resize(faces, params.train_size), resize(textures, params.train_size)
        p = torch.zeros(len(faces), stn.NUMBERS, device=faces.device)
        squares = torch.zeros((), device=faces.device)
        warped = textures
        for index in range(params.updates):
            if index:
                warped = stn.warp(textures, stn.homography(p))
            stacked = torch.cat([faces * 2 - 1, warped * 2 - 1], dim=1)
            update = generator(stacked.contiguous(memory_format=torch.channels_last)).float()
            squares = squares + update.square().mean()
            p = p + update
        return p, squares

    def wear(
        self,
        generator: nn.Module,
        faces: Tensor,
        textures: Tensor,
        params: Any,
        random: torch.Generator,
    ) -> Worn:
        textures = relight.match_colour(faces, textures) if params.relight else textures
        p, squares = self.numbers(generator, faces, textures, params)
        at = p
        if params.jitter:
            at = p + self.random_numbers(len(faces), params, random, params.jitter).to(p.device)
        return Worn(self.place(faces, textures, at, params)[0], p, squares)

    def penalties(
        self, generator: nn.Module, batch: Batch, worn: Worn, batches: Batches, params: Any
    ) -> dict[str, Tensor]:
        out = {"update": params.update_penalty * worn.squares}
        if params.equivariance:
            faces, maps = batches.again(batch, params.twins)
            # In other styles: the place depends on the face, not on what is printed on the mask.
            textures = batches.textures[batch.styles.roll(1)]
            textures = relight.match_colour(faces, textures) if params.relight else textures
            p, _ = self.numbers(generator, faces, textures, params)
            gap = stn.equivariance_gap(worn.numbers, batch.maps, p, maps)
            out["equivariance"] = params.equivariance * gap
        return out

    def place(
        self, faces: Tensor, textures: Tensor, p: Tensor, params: Any
    ) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, n, n) and coverages (B, n, n) for homography numbers (B, 8)."""
        warped = stn.warp(textures, stn.homography(p), faces.shape[-1])
        if params.relight:
            warped = relight.relight(warped, relight.light(faces, warped[:, 3:]))
        return stn.composite(faces, warped), warped[:, 3]

    def random_pictures(
        self, faces: Tensor, textures: Tensor, params: Any, random: torch.Generator
    ) -> Tensor:
        p = self.random_numbers(len(faces), params, random, params.warmup_spread).to(faces.device)
        textures = relight.match_colour(faces, textures) if params.relight else textures
        return self.place(faces, textures, p, params)[0]

    def random_numbers(
        self, count: int, params: Any, random: torch.Generator, spread: float
    ) -> Tensor:
        """(count, 8) uniform homography numbers within ``spread`` times the reach."""
        reach = torch.tensor([getattr(params.reach, kind) for kind in stn.KINDS])
        return (torch.rand(count, stn.NUMBERS, generator=random) * 2 - 1) * reach * spread

    def render(
        self, generator: nn.Module, faces: Tensor, textures: Tensor, params: Any
    ) -> tuple[Tensor, Tensor]:
        textures = relight.match_colour(faces, textures) if params.relight else textures
        p, _ = self.numbers(generator, faces, textures, params)
        return self.place(faces, textures, p, params)


def _bytes(values: Tensor) -> np.ndarray:
    return values.clamp(0, 1).mul(255).round().to(torch.uint8).cpu().numpy()
