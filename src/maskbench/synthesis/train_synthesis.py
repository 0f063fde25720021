"""Step ``train_synthesis``: train one method with one seed into a model folder."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.faces.people import People, together
from maskbench.guides.specs import GUIDES
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.registry import Block
from maskbench.synthesis.base import LearningMethod, Method, TrainingData
from maskbench.synthesis.model import write_params
from maskbench.synthesis.model_file import write_model
from maskbench.synthesis.specs import continued_by
from maskbench.training import processes, state
from maskbench.training.checkpoint import STATE, discard, training_key
from maskbench.training.curves import Run, to_run, write_curves
from maskbench.training.loop import train

log = logging.getLogger(__name__)


def train_synthesis(
    method: Block,
    faces: Path,
    masked_domain: Path,
    mask_pictures: Path,
    styles: Sequence[str],
    seed: int,
    out: Path,
    scratch: Path,
    guides: Sequence[Path] = (),
    shared: Path | None = None,
    run: Run | None = None,
    external: str = "",
    workers: int = 1,
) -> None:
    """Train, or go on with a training that was stopped, and write ``out`` whole or not at all.

    Args:
        method: its block.
        faces: FaceSet of bare faces.
        masked_domain: MaskedSet of the real domain.
        mask_pictures: folder of the rasterised mask pictures.
        styles: the styles that training may use.
        seed: of every random choice.
        out: the model folder: state.safetensors, curves.parquet, sheets/, stages/, params.json,
            and model.safetensors, the whole model as one file. A method that learns nothing has an
            empty state.
        scratch: folder for checkpoints. Each training keeps its own below it, under a name made of
            all that decides its result, so that another training's is never taken up.
        guides: model folders of the spec's guides, in their order.
        shared: the model folder of the method that the block ``continues``.
        run: a tracking run for the curves.
        external: digest of the pictures that another tool made, of an external method.
        workers: processes that share each batch; the model is the same but for rounding.

    Raises:
        MaskbenchError: unreadable inputs, an unwritable output, no ``shared`` where it is needed, a
            batch that the processes cannot share.
    """
    spec = method.spec
    begin = None
    if continued := continued_by(method):
        if shared is None:
            what = f"goes on from stage {continued.stage} of {continued.method}"
            raise MaskbenchError(method.name, what, "give that method's model")
        begin = Path(shared), continued.stage
    settings = {"method": repr(method), "styles": list(styles), "seed": seed}
    inputs = [Path(path) for path in (faces, masked_domain, mask_pictures, *guides)]
    inputs += [begin[0]] if begin else []
    code = {__name__, spec.module, *(GUIDES.get(name).module for name in spec.guides)}
    own = Path(scratch) / training_key(settings, inputs, code)
    bare, pictures = FaceSet.open(faces, lists=False), MaskPictures.open(mask_pictures)
    people = People()
    named = dict(zip(spec.guides, guides, strict=True))
    with atomic_dir(Path(out)) as tmp:
        learner: Method = spec.load()
        if spec.trained:
            masked = MaskedSet.open(masked_domain, lists=False)
            people = together(bare.people_of("train"), masked.people_of("train"))
            data = TrainingData(bare, masked, pictures, styles, named, own)
        if isinstance(learner, LearningMethod):
            sets = (faces, masked_domain, mask_pictures, styles, named)
            with processes.together(workers, _assist, method, sets, seed, tmp, own, begin):
                _learn(learner, method, data, seed, tmp, own, begin, run)
        else:
            learnt = learner.fit(data) if spec.trained else {}
            state.save(tmp / STATE, state.capture(learnt))
            write_curves(tmp / "curves.parquet", {})
        write_params(tmp, method, styles, seed, bare, pictures, people, external)
        write_model(tmp, method, learner.APPLIED, named)
    discard(own)
    log.info("%s seed %d: trained, %s", method.name, seed, out)


def _learn(
    learner: LearningMethod,
    method: Block,
    data: TrainingData,
    seed: int,
    out: Path,
    scratch: Path,
    begin: tuple[Path, str] | None,
    run: Run | None = None,
) -> None:
    params = method.params
    learner.start(method, data, seed)
    train(
        learner, title=f"{method.name} seed {seed}", seed=seed, out=out, scratch=scratch,
        log=to_run(run), log_every=params.log_every, checkpoint_every=params.checkpoint_every,
        pictures=2 * params.batch_size, begin=begin,
    )  # fmt: skip


def _assist(method: Block, sets: tuple[Any, ...], *given: Any) -> None:
    """Learn in a further process, which opens the sets by itself."""
    faces, masked, pictures, *others = sets
    opened = FaceSet.open(faces), MaskedSet.open(masked), MaskPictures.open(pictures)
    _learn(method.spec.load(), method, TrainingData(*opened, *others), *given)
