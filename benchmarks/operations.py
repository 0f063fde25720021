"""Operations of every training of the papers' published configurations, and what a step costs.

    python benchmarks/operations.py                  # counted; needs no GPU
    python benchmarks/operations.py --device cuda    # seconds and memory of a step, measured

Nothing is trained to its end. Each training of ``config/paper/`` takes one step of every stage at
its published size on torch's ``meta`` device, where tensors have shapes and no numbers, and
``FlopCounterMode`` counts the operations of convolutions and products, forward and backward. Of
guides and recognisers one batch goes through the network and back. On a GPU the same steps run with
numbers: the median of their seconds, and the most memory that torch reserved. Methods and mask
removal read and move their pictures as in a training; guides and recognisers see random numbers and
have neither loss nor optimiser. Written to ``results/benchmarks/operations.json`` and
``steps.json``, from which ``benchmarks/hours.py`` makes tables.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from maskbench.artifacts import write_json
from maskbench.experiment import DEFAULT, Experiment, load
from maskbench.faces.faceset import FaceSet, FaceSetWriter
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import REAL, MaskedSet, MaskedSetWriter
from maskbench.registry import Block
from maskbench.synthesis.base import LearningMethod, TrainingData
from maskbench.synthesis.specs import continued_by
from maskbench.training.devices import Placement, place
from maskbench.training.loop import Learner
from maskbench.training.loop import Training as TrainingLoop
from maskbench.training.stage import Stage

META = torch.device("meta")
WARM_UP, REPEATS = 2, 8
"""Steps on a GPU before those that are timed, and these."""
PAPERS = Path("config/paper")
OVER = {"maskfacenet_cloth": ("maskfacenet",), "mfgan_celeba": ("mfgan",)}
"""What a configuration lies over, beside params.yaml."""

Training = dict[str, Any]
"""``name``; ``stages``: operations and number of steps of each (on a GPU: seconds, number, and the
most bytes reserved); ``after``: the trainings that it waits for; ``times``: how many such
trainings there are, each from pictures of its own."""
Cost = tuple[float, ...]
"""Of a step: its operations, or its seconds and bytes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", choices=("meta", "cuda"), default="meta")
    parser.add_argument("--out", type=Path, help="default: a file in results/benchmarks")
    parser.add_argument("configurations", nargs="*", help="by name; default: all")
    options = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(options.device)
    named = "operations.json" if device == META else "steps.json"
    out = options.out or Path("results/benchmarks") / named
    found = {}
    for name in options.configurations or sorted(path.stem for path in PAPERS.glob("*.yaml")):
        files = [DEFAULT, *(PAPERS / f"{one}.yaml" for one in (*OVER.get(name, ()), name))]
        with tempfile.TemporaryDirectory() as folder:
            counted = trainings(load(files), Path(folder), device)
        found[name] = {"files": [str(file) for file in files], "trainings": counted}
        if device != META:
            found[name]["device"] = torch.cuda.get_device_name()
        for one in counted:
            print(name, one, flush=True)
    write_json(out, found)


def training(
    name: str, stages: Sequence[tuple[Cost, int]], after: Sequence[str] = (), times: int = 1
) -> Training:
    costs = [[cost[0], steps, *cost[1:]] for cost, steps in stages]
    return {"name": name, "stages": costs, "after": list(after), "times": times}


# A step ----------------------------------------------------------------------------------------
class _Nowhere(nullcontext[None]):
    """Operations belong to no module: hooks that would say so break a gradient of a gradient."""

    parents = frozenset({"Global"})


def counting() -> FlopCounterMode:
    """A counter of all operations together."""
    counter = FlopCounterMode(display=False)
    counter.mod_tracker = _Nowhere()  # type: ignore[assignment]
    return counter


def cost_of(step: Callable[[], object], device: torch.device) -> Cost:
    """Operations of a step; on a GPU its seconds, the median, and the most bytes that torch
    reserved for it."""
    if device == META:
        # Tensors have no numbers here: neither losses to note nor a count of averaged steps.
        numbers = patch.multiple(Tensor, __float__=lambda _: 0.0, __int__=lambda _: 0)
        with numbers, counting() as counter:
            step()
        return (float(counter.get_total_flops()),)
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    times = []
    for _ in range(WARM_UP + REPEATS):
        start = time.perf_counter()
        step()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return median(times[WARM_UP:]), float(torch.cuda.max_memory_reserved())


def step_of(learner: Learner, stage: Stage, device: torch.device) -> Cost:
    """The cost of a step of a stage."""
    loop = TrainingLoop(learner, 0, stage.steps)
    loop.index = loop.stages.index(stage)
    return cost_of(loop.advance, device)


def network_step(network: nn.Module, shape: Sequence[int], device: torch.device = META) -> Cost:
    """The cost of a batch that goes through a network and back, whatever the loss."""
    network = network.to(device).train()

    def step() -> None:
        network.zero_grad()
        out = network(torch.rand(tuple(shape), device=device))
        (out[0] if isinstance(out, tuple) else out).sum().backward()

    return cost_of(step, device)


# The trainings of a configuration ----------------------------------------------------------------
def trainings(experiment: Experiment, folder: Path, device: torch.device) -> list[Training]:
    """Every training of a configuration, but for those that cost next to nothing."""
    placement = Placement(META, "float32") if device == META else place("float32")
    faces, masked = made_faces(folder, experiment)
    pictures = MaskPictures.draw(experiment.config.masks.size, experiment.config.masks.styles)
    data = TrainingData(faces, masked, pictures, experiment.config.masks.styles)
    guides = {name: guide_of(block, device) for name, block in experiment.guides.items()}
    found = [one for _, one in guides.values()]
    networks = {name: network for name, (network, _) in guides.items()}
    for name, block in experiment.methods.items():
        if issubclass(type(block.spec.load()), LearningMethod):
            found.append(method_of(name, block, data, networks, placement))
    for name, block in experiment.restorers.items():
        if name == "edgeconnect":
            found.append(restorer_of(name, block, data, placement))
    for name, block in experiment.recognisers.items():
        if block.spec.name == "network":
            found.append(recogniser_of(name, block, experiment.training_sets(name), device))
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


def guide_of(block: Block, device: torch.device) -> tuple[Any, Training]:
    """A guide that is not trained, and its training."""
    from maskbench.guides.feature_detector import FeatureDetector
    from maskbench.guides.segmenter import Segmenter

    params = block.params
    network_of = importlib.import_module(f"maskbench.guides.{block.name}_training").network_of
    shape = (params.batch_size, 3, params.train_size, params.train_size)
    cost = network_step(network_of(params), shape, device)
    network = network_of(params).to(device).eval().requires_grad_(False)
    guide: Any = (
        Segmenter(network, params.train_size)
        if block.name == "segmenter"
        else FeatureDetector(network, params.train_size, device)
    )
    return guide, training(block.name, [(cost, params.steps)])


def method_of(
    name: str, block: Block, data: TrainingData, guides: Mapping[str, Any], placement: Placement
) -> Training:
    """The training of a method; steps that it takes over from another are not its own."""
    learner: LearningMethod = block.spec.load()
    learner.__dict__ |= {guide: guides[guide] for guide in block.spec.guides}
    if "feature_detector" in block.spec.guides:
        learner.__dict__["detector"] = guides["feature_detector"]
    with patch("maskbench.synthesis.base.place", lambda _: placement):
        learner.start(block, data, 0)
    stages = [stage for stage in learner.stages if stage.steps]
    shared = continued_by(block)
    names = [stage.name for stage in stages]
    own = stages[names.index(shared.stage) + 1 :] if shared else stages
    costs = [(step_of(learner, stage, placement.device), stage.steps) for stage in own]
    after = [*block.spec.guides, *([shared.method] if shared else [])]
    return training(name, costs, after)


def restorer_of(name: str, block: Block, data: TrainingData, placement: Placement) -> Training:
    """The training of EdgeConnect, with VGG-19's maps."""
    import maskbench.restoration.edgeconnect_training as step
    from maskbench.guides.pairs import Pairs
    from maskbench.networks.vgg19 import without_weights
    from maskbench.restoration.perceptual import Vgg19Maps

    shapes = without_weights().features.state_dict()
    maps = Vgg19Maps({f"features.{k}": torch.zeros(v.shape) for k, v in shapes.items()})
    maps.eval().requires_grad_(False)
    pairs = Pairs(data.faces, data.masked, "train", block.params.train_size)
    on_meta = patch.object(step, "edges_of", lambda grey, *_: torch.zeros_like(grey))
    with on_meta if placement.device == META else nullcontext():
        learner = step.EdgeConnectLearner(pairs, block.params, maps, 0, placement)
        costs = [
            (step_of(learner, stage, placement.device), stage.steps) for stage in learner.stages
        ]
    return training(name, costs, ["keypoint"])


def recogniser_of(
    name: str, block: Block, training_sets: Sequence[str], device: torch.device
) -> Training:
    """The trainings of a network for recognition, one for each training set."""
    from maskbench.recognition.backbones.build import build

    params = block.params
    network = build(params.backbone, params.size, params.width, 0).network
    shape = (params.people * (params.bare + params.masked), 3, params.size, params.size)
    cost = network_step(network, shape, device)
    return training(name, [(cost, params.steps)], list(training_sets), len(training_sets))


if __name__ == "__main__":
    main()
