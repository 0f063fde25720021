"""What a synthesis method is: a learner, and afterwards what puts masks on (and takes them off).

:data:`maskbench.synthesis.specs.METHODS` knows all methods; ``spec.load()`` gives an instance,
which :meth:`LearningMethod.start` makes a learner and :meth:`Method.open` a trained method.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.imaging.tensors import as_tensor, resize
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.masks.overlay import overlay
from maskbench.networks.normalisation import InstanceNorm
from maskbench.networks.stn import premultiply
from maskbench.registry import Block
from maskbench.training.checkpoint import load_network
from maskbench.training.devices import place
from maskbench.training.loop import Learner
from maskbench.training.player import Optimise, Player
from maskbench.training.seeding import seeded

FACES_A_SHEET, STYLES_A_SHEET = 4, 5
PICTURES_A_BATCH = 64


class Faces(NamedTuple):
    """Bare faces.

    Attributes:
        images: (B, n, n, 3) uint8.
        landmarks: (B, 68, 2) in pixels.
    """

    images: np.ndarray
    landmarks: np.ndarray

    @classmethod
    def of(cls, faces: FaceSet, rows: Sequence[int]) -> Faces:
        """Some rows of a set."""
        return cls(np.asarray(faces.images[list(rows)]), faces.landmarks_of(rows))


class References:
    """Photographs of masks being worn, read when they are asked for.

    Args:
        masked: the real domain; its training people are shown. Pictures whose style is unknown
            stand for every style.
        faces: a set whose training people are shown under the overlay where nobody of the real
            domain wears a style.
    """

    def __init__(self, masked: MaskedSet, faces: FaceSet) -> None:
        rows = masked.of_split("train")
        styles = masked.faces["style"].to_numpy()[rows]
        self._rows_of = {str(style): rows[styles == style] for style in np.unique(styles)}
        self._masked, self._faces, self._bare = masked, faces, faces.of_split("train")

    def known(self, style: str) -> str:
        """A style by the name that its photographs have: "" where they are unlabelled."""
        return "" if style not in self._rows_of and "" in self._rows_of else style

    def of(self, face: np.ndarray, style: str, pictures: MaskPictures) -> np.ndarray:
        """A photograph (n, n, 3) uint8: the same one for a face and a style, whatever else is in
        the batch.

        Raises:
            MaskbenchError: nobody wears the style.
        """
        number = zlib.crc32(face.tobytes() + style.encode())
        rows = self._rows_of.get(self.known(style), ())
        if len(rows):
            return np.array(self._masked.images[rows[number % len(rows)]])
        if not len(self._bare):
            raise MaskbenchError(self._masked.path, f"nobody wears {style}", "name other styles")
        bare = Faces.of(self._faces, [self._bare[number % len(self._bare)]])
        return overlay(bare.images[0], bare.landmarks[0], *pictures.picture(style))[0]


@dataclass(frozen=True)
class Styles:
    """The style of each face of a batch.

    Attributes:
        names: one for each face.
        pictures: the mask pictures.
        worn: photographs of them being worn; None for a method that is not reference-guided.
    """

    names: Sequence[str]
    pictures: MaskPictures
    worn: References | None = None

    def references(self, faces: Faces) -> np.ndarray:
        """For each face of the batch a photograph of its style being worn: (B, n, n, 3) uint8."""
        assert self.worn is not None
        chosen = zip(faces.images, self.names, strict=True)
        return np.stack([self.worn.of(face, name, self.pictures) for face, name in chosen])

    def textures(self) -> Tensor:
        """The mask picture of each face with premultiplied colour: (B, 4, m, m) in [0, 1]."""
        unique = list(dict.fromkeys(self.names))
        rows = torch.tensor([unique.index(name) for name in self.names])
        return mask_textures(self.pictures, unique, self.pictures.size)[rows]


def mask_textures(pictures: MaskPictures, styles: Sequence[str], size: int) -> Tensor:
    """Mask pictures with premultiplied colour: (S, 4, size, size) float32 in [0, 1]."""
    rows = [pictures.index(style) for style in styles]
    return resize(premultiply(as_tensor(pictures.rgba[rows])), size)


@dataclass(frozen=True)
class TrainingData:
    """What a method may learn from.

    Attributes:
        faces: bare faces; rows of split ``train`` are learnt from, rows of ``val`` may be shown
            on sheets and used for choices, rows of ``test`` never.
        masked: the real domain, people wearing masks (training people only).
        pictures: the mask pictures.
        styles: that training may use.
        guides: model folders by name.
        scratch: folder for pictures at the training size; None: they are held in memory.
    """

    faces: FaceSet
    masked: MaskedSet
    pictures: MaskPictures
    styles: Sequence[str]
    guides: Mapping[str, Path] = field(default_factory=dict)
    scratch: Path | None = None


class Method(ABC):
    """A way of putting masks on faces.

    Attributes:
        APPLIED: the players whose networks put masks on or take them off.
        block: the method's spec and typed parameters.
        guides: model folders of its guides by name.
        masked: the real domain, for a reference-guided method.
        applied: those networks by player, in evaluation mode.
        device: where they are.
    """

    APPLIED: ClassVar[tuple[str, ...]] = ()
    block: Block
    guides: Mapping[str, Path]
    masked: MaskedSet | None = None
    applied: Mapping[str, nn.Module]
    device: torch.device

    @property
    def params(self) -> Any:
        """The typed parameters."""
        return self.block.params

    def networks(self, params: Any) -> Mapping[str, Callable[[], nn.Module]]:
        """What makes each player's network, freshly initialised, by the player's name."""
        return {}

    def fit(self, data: TrainingData) -> Mapping[str, nn.Module]:
        """Learn at once, without steps: the networks of :attr:`APPLIED` by player. For methods
        whose spec is ``trained`` and that are no :class:`LearningMethod`."""
        raise NotImplementedError(f"{type(self).__name__} does not learn at once")

    @abstractmethod
    def put_on(self, faces: Faces, styles: Styles | None) -> tuple[np.ndarray, np.ndarray]:
        """Put masks on.

        Args:
            faces: B bare faces.
            styles: a style for each; None for a method whose spec is not ``styled``.

        Returns:
            pictures (B, n, n, 3) and coverages (B, n, n), uint8.
        """

    def take_off(self, pictures: np.ndarray) -> np.ndarray:
        """Take masks off pictures (B, n, n, 3) uint8; the same shape. For ``unmasker`` methods."""
        raise NotImplementedError(f"{type(self).__name__} takes no masks off")

    def open(
        self,
        block: Block,
        model: Path | None,
        guides: Sequence[Path] = (),
        references: Path | None = None,
        stage: str | None = None,
    ) -> Self:
        """Take up trained networks.

        Args:
            block: with the parameters of the training.
            model: folder written by ``train_synthesis``; None: the networks before any training.
            guides: model folders of the spec's guides, in their order; none where only masks are
                taken off.
            references: MaskedSet of the real domain, for a reference-guided method that puts
                masks on.
            stage: the networks at the end of a stage, or on its way; None: of the training.

        Raises:
            MaskbenchError: no readable model, or one of other networks.
        """
        self.block, self.guides = block, dict(zip(block.spec.guides, guides, strict=False))
        self.masked = None if references is None else MaskedSet.open(references)
        self.device = place("float32").device
        makers = self.networks(block.params)
        fresh = {name: seeded(makers[name], 0) for name in self.APPLIED}
        self.applied = {
            name: network.to(self.device).eval().requires_grad_(False)
            if model is None
            else load_network(network, model, name, self.device, stage)
            for name, network in fresh.items()
        }
        return self

    def pictures_of(
        self,
        faces: FaceSet,
        pictures: MaskPictures,
        pairs: Sequence[tuple[int, str]],
        worn: References | None = None,
    ) -> Iterator[tuple[int, str, np.ndarray, np.ndarray]]:
        """Row, style, picture (n, n, 3) and coverage (n, n), uint8, for pairs of row and style
        ("" of a method without styles). The photographs of a reference-guided method are ``worn``,
        or else those of its real domain.

        Raises:
            MaskbenchError: a reference-guided method has no real domain.
        """
        spec = self.block.spec
        if spec.reference_guided and worn is None:
            if self.masked is None:
                what = "needs photographs of masks being worn"
                raise MaskbenchError(self.block.name, what, "give it a masked set")
            worn = References(self.masked, faces)
        for start in range(0, len(pairs), PICTURES_A_BATCH):
            part = pairs[start : start + PICTURES_A_BATCH]
            names = [style for _, style in part]
            styles = Styles(names, pictures, worn) if spec.styled else None
            made = self.put_on(Faces.of(faces, [row for row, _ in part]), styles)
            for (row, style), image, coverage in zip(part, *made, strict=True):
                yield row, style, image, coverage


class LearningMethod(Method, Learner):
    """A method that is trained in steps.

    Attributes:
        data: what it learns from.
    """

    data: TrainingData
    players: dict[str, Player]

    def start(self, block: Block, data: TrainingData, seed: int) -> None:
        """Become a learner at its first step: set ``players``, ``stages`` and ``applied``."""
        self.block, self.data, self.guides, self.masked = block, data, data.guides, data.masked

    def optimiser(self) -> Optimise:
        """What makes each player's optimiser."""
        return partial(torch.optim.Adam, betas=self.params.betas)

    def enlist(self, seed: int) -> None:
        """Set ``players``, and ``applied`` to the moving averages of the networks that put masks
        on. Parameters: ``precision``, ``ema``, the widths, and ``betas`` of Adam."""
        placement = place(self.params.precision)
        self.device = placement.device
        # With 8 channels the backward pass of torch 2.14's channels-last convolutions writes beyond
        # its memory on CPUs.
        narrow = self.params.generator_width % 16 or self.params.critic_width % 16
        self.players = {}
        for number, (name, make) in enumerate(self.networks(self.params).items()):
            network = seeded(make, seed + number)
            # Instance normalisation computes in contiguous order: each layer would convert its
            # maps and convert them back.
            contiguous = narrow or any(isinstance(m, InstanceNorm) for m in network.modules())
            self.players[name] = Player(
                network, self.optimiser(), placement,
                ema=self.params.ema if name in self.APPLIED else None,
                form=torch.contiguous_format if contiguous else torch.channels_last,
            )  # fmt: skip
        averages = {name: self.players[name].average for name in self.APPLIED}
        self.applied = {name: a.module for name, a in averages.items() if a is not None}

    def sheet(self) -> np.ndarray | None:
        """A row a validation face, a column a style of training."""
        faces = self.data.faces
        found = faces.of_split("val")
        rows = spread((found if len(found) else faces.of_split("train")).tolist(), FACES_A_SHEET)
        styles = spread(self.data.styles, STYLES_A_SHEET) if self.block.spec.styled else [""]
        pairs = [(row, style) for row in rows for style in styles]
        images = [image for *_, image, _ in self.pictures_of(faces, self.data.pictures, pairs)]
        lines = [images[i : i + len(styles)] for i in range(0, len(images), len(styles))]
        return np.concatenate([np.concatenate(line, 1) for line in lines], 0)


def spread(items: Sequence[Any], count: int) -> list[Any]:
    """At most ``count`` items, evenly spread over the sequence, the first one among them."""
    count = min(count, len(items))
    return [items[index * len(items) // count] for index in range(count)]
