"""Operations and memory of every training of the papers' published configurations.

    python benchmarks/operations.py

Nothing is trained. Each training of ``config/paper/`` takes one step of every stage at its
published size on torch's ``meta`` device, where tensors have shapes and no numbers:
``FlopCounterMode`` counts the operations of convolutions and products, forward and backward, and a
hook on what autograd keeps counts the activations. Of guides and recognisers one batch goes through
the network and back. Written to ``results/benchmarks/operations.json``, from which
``benchmarks/hours.py`` makes tables.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from maskbench.artifacts import write_json
from maskbench.experiment import DEFAULT, Experiment, load
from maskbench.faces.faceset import FaceSet, FaceSetWriter
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import REAL, MaskedSet, MaskedSetWriter
from maskbench.registry import Block
from maskbench.synthesis.base import LearningMethod, TrainingData
from maskbench.synthesis.specs import continued_by
from maskbench.training.devices import Placement
from maskbench.training.loop import Learner
from maskbench.training.player import Player
from maskbench.training.stage import Stage, Turn

META = torch.device("meta")
PAPERS = Path("config/paper")
OVER = {"maskfacenet_cloth": ("maskfacenet",), "mfgan_celeba": ("mfgan",)}
"""What a configuration lies over, beside params.yaml."""

Training = dict[str, Any]
"""``name``; ``stages``: operations of a step, steps, and bytes that autograd keeps in one, of each;
``weights``: bytes of weights, gradients, optimisers and averages; ``after``: the trainings that it
waits for; ``times``: how many such trainings there are, each from pictures of its own."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/operations.json"))
    parser.add_argument("configurations", nargs="*", help="by name; default: all")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {}
    for name in options.configurations or sorted(path.stem for path in PAPERS.glob("*.yaml")):
        files = [DEFAULT, *(PAPERS / f"{one}.yaml" for one in (*OVER.get(name, ()), name))]
        with tempfile.TemporaryDirectory() as folder:
            counted = trainings(load(files), Path(folder))
        found[name] = {"files": [str(file) for file in files], "trainings": counted}
        for one in counted:
            print(name, one, flush=True)
    write_json(options.out, found)


def training(
    name: str,
    stages: list[tuple[float, int, float]],
    weights: float,
    after: Sequence[str] = (),
    times: int = 1,
) -> Training:
    return {
        "name": name, "stages": stages, "weights": weights, "after": list(after), "times": times,
    }  # fmt: skip


# Counting --------------------------------------------------------------------------------------
@contextmanager
def kept_by_autograd(own: set[int]) -> Iterator[Callable[[], float]]:
    """What autograd keeps meanwhile, in bytes, each storage once and without those of ``own``."""
    seen: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()._cdata
        if storage not in own:
            seen[storage] = tensor
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        yield lambda: float(sum(one.untyped_storage().nbytes() for one in seen.values()))


class _Nowhere(nullcontext[None]):
    """Operations belong to no module: hooks that would say so break a gradient of a gradient."""

    parents = frozenset({"Global"})


def counting() -> FlopCounterMode:
    """A counter of all operations together."""
    counter = FlopCounterMode(display=False)
    counter.mod_tracker = _Nowhere()  # type: ignore[assignment]
    return counter


def storages(tensors: Iterator[Tensor]) -> set[int]:
    return {tensor.untyped_storage()._cdata for tensor in tensors}


def step_of(learner: Learner, stage: Stage) -> tuple[float, float]:
    """Operations of a step of a stage, and the most bytes that autograd keeps: of each player's
    last turn, added, since a generator's pictures outlive the critic's turn."""
    turn, kept = Turn(stage, 0), 0.0
    own = storages(
        part for player in learner.players.values() for part in player.network.parameters()
    )
    with counting() as counter:
        batch = learner.batch(turn)
        for name in stage.players:
            for repeat in range(stage.repeats.get(name, 1)):
                with kept_by_autograd(own) as count:
                    batch = learner.batch(turn) if repeat else batch
                    losses = learner.losses(name, batch, turn)
                    parts = [turn.weight(n) * v for n, v in losses.items() if v.requires_grad]
                    player = learner.players[name]
                    player.optimiser.zero_grad(set_to_none=True)
                    sum(parts, torch.zeros((), device=META)).backward(inputs=player.parameters)
                    player.optimiser.step()
                    learner.after(name, turn)
                    last = count()
            kept += last
    return float(counter.get_total_flops()), kept


def network_step(network: nn.Module, shape: Sequence[int]) -> tuple[float, float]:
    """The same of a batch that goes through a network and back, whatever the loss."""
    network = network.to(META).train()
    own = storages(iter(network.parameters()))
    with counting() as counter, kept_by_autograd(own) as count:
        out = network(torch.zeros(tuple(shape), device=META))
        out = out[0] if isinstance(out, tuple) else out
        out.sum().backward()
        return float(counter.get_total_flops()), count()


def weights_of(players: Mapping[str, Player]) -> float:
    """Bytes of weights, gradients, optimisers and averages."""
    total = 0.0
    for player in players.values():
        parts = list(player.parameters)
        state = [v for one in player.optimiser.state.values() for v in one.values()]
        parts += parts + [value for value in state if isinstance(value, Tensor)]
        parts += [] if player.average is None else list(player.average.parameters())
        total += sum(part.numel() * part.element_size() for part in parts)
    return total


def plain_weights(network: nn.Module, copies: int) -> float:
    """Bytes of a network's weights, so many times: weights, gradients, the optimiser's."""
    return copies * sum(part.numel() * part.element_size() for part in network.parameters())


# The trainings of a configuration ----------------------------------------------------------------
def trainings(experiment: Experiment, folder: Path) -> list[Training]:
    """Every training of a configuration, but for those that cost next to nothing."""
    faces, masked = made_faces(folder, experiment)
    pictures = MaskPictures.draw(experiment.config.masks.size, experiment.config.masks.styles)
    data = TrainingData(faces, masked, pictures, experiment.config.masks.styles)
    guides = {name: guide_of(block) for name, block in experiment.guides.items()}
    found = [one for _, one in guides.values()]
    networks = {name: network for name, (network, _) in guides.items()}
    for name, block in experiment.methods.items():
        if issubclass(type(block.spec.load()), LearningMethod):
            found.append(method_of(name, block, data, networks))
    for name, block in experiment.restorers.items():
        if name == "edgeconnect":
            found.append(restorer_of(name, block, data))
    for name, block in experiment.recognisers.items():
        if block.spec.name == "network":
            found.append(recogniser_of(name, block, experiment.training_sets(name)))
    return found


def made_faces(folder: Path, experiment: Experiment) -> tuple[FaceSet, MaskedSet]:
    """A few faces of no content at the configuration's size."""
    size, real = experiment.config.faces.size, experiment.config.synthesis.real_domain.source
    points = np.random.default_rng(0).uniform(0.2, 0.8, (68, 2)).astype(np.float32) * size
    row: dict[str, Any] = {
        "split": "train", "box": np.zeros(4, np.float32), "score": 1.0,
        "crop_box": np.zeros(4, np.float32), "landmarks": points.ravel(),
        "yaw": 0.0, "pitch": 0.0, "roll": 0.0,
    }  # fmt: skip
    spec, image = {"dataset": "made", "crop": "made"}, np.zeros((size, size, 3), np.uint8)
    style = experiment.config.masks.styles[0] if real == "keypoint" else ""
    for name in ("faces", "masked"):
        (folder / name).mkdir(parents=True)
    with (
        FaceSetWriter(folder / "faces", size, spec) as faces,
        MaskedSetWriter(folder / "masked", size, spec) as masked,
    ):
        for number in range(4):
            named = {"face_id": str(number), "identity": str(number), "source": str(number)}
            faces.add(image, row | named)
            own = {"bare_id": str(number), "method": "keypoint" if style else REAL, "style": style}
            masked.add(image, row | named | own, np.full((size, size), 255, np.uint8))
    return FaceSet.open(folder / "faces"), MaskedSet.open(folder / "masked")


def guide_of(block: Block) -> tuple[Any, Training]:
    """A guide that is not trained, and its training."""
    from maskbench.guides.feature_detector import FeatureDetector
    from maskbench.guides.segmenter import Segmenter

    params = block.params
    of_segmenter = block.name == "segmenter"
    network_of = importlib.import_module(f"maskbench.guides.{block.name}_training").network_of
    shape = (params.batch_size, 3, params.train_size, params.train_size)
    flops, kept = network_step(network_of(params), shape)
    network = network_of(params).to(META).eval().requires_grad_(False)
    weights = plain_weights(network, 3 if of_segmenter else 4)  # SGD with momentum; Adam
    guide: Any = (
        Segmenter(network, params.train_size)
        if of_segmenter
        else FeatureDetector(network, params.train_size, META)
    )
    return guide, training(block.name, [(flops, params.steps, kept)], weights)


def method_of(name: str, block: Block, data: TrainingData, guides: Mapping[str, Any]) -> Training:
    """The training of a method; steps that it takes over from another are not its own."""
    learner: LearningMethod = block.spec.load()
    learner.__dict__ |= {guide: guides[guide] for guide in block.spec.guides}
    if "feature_detector" in block.spec.guides:
        learner.__dict__["detector"] = guides["feature_detector"]
    placement = Placement(META, "float32")
    with patch("maskbench.synthesis.base.place", lambda _: placement):
        learner.start(block, data, 0)
    stages = [stage for stage in learner.stages if stage.steps]
    shared = continued_by(block)
    names = [stage.name for stage in stages]
    own = stages[names.index(shared.stage) + 1 :] if shared else stages
    costs = [
        (flops, stage.steps, kept) for stage in own for flops, kept in [step_of(learner, stage)]
    ]
    after = [*block.spec.guides, *([shared.method] if shared else [])]
    return training(name, costs, weights_of(learner.players), after)


def restorer_of(name: str, block: Block, data: TrainingData) -> Training:
    """The training of EdgeConnect, with VGG-19's maps."""
    import maskbench.restoration.edgeconnect_training as step
    from maskbench.guides.pairs import Pairs
    from maskbench.networks.vgg19 import without_weights
    from maskbench.restoration.perceptual import Vgg19Maps

    shapes = without_weights().features.state_dict()
    maps = Vgg19Maps({f"features.{k}": torch.zeros(v.shape) for k, v in shapes.items()})
    maps.eval().requires_grad_(False)
    pairs = Pairs(data.faces, data.masked, "train", block.params.train_size)
    with patch.object(step, "edges_of", lambda grey, *_: torch.zeros_like(grey)):
        learner = step.EdgeConnectLearner(pairs, block.params, maps, 0, Placement(META, "float32"))
        costs = [
            (flops, stage.steps, kept)
            for stage in learner.stages
            for flops, kept in [step_of(learner, stage)]
        ]
    return training(name, costs, weights_of(learner.players), ["keypoint"])


def recogniser_of(name: str, block: Block, training_sets: Sequence[str]) -> Training:
    """The trainings of a network for recognition, one for each training set."""
    from maskbench.recognition.backbones.build import build

    params = block.params
    network = build(params.backbone, params.size, params.width, 0).network
    shape = (params.people * (params.bare + params.masked), 3, params.size, params.size)
    flops, kept = network_step(network, shape)
    cost = (flops, params.steps, kept)
    weights = plain_weights(network, 3)  # SGD with momentum
    return training(name, [cost], weights, list(training_sets), len(training_sets))


if __name__ == "__main__":
    main()
