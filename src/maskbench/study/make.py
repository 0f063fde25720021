"""A plan and its pictures, from the results of a run."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from maskbench.artifacts import atomic_dir, write_json
from maskbench.config import REFERENCE
from maskbench.errors import MaskbenchError
from maskbench.experiment import Experiment
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.metrics.evaluate_synthesis import FRONTAL_PITCH, FRONTAL_YAW
from maskbench.study.design import Face, Group, groups_of, pairs_of, turns_of
from maskbench.study.plan import PICTURES, PLAN, Judged, Plan, Trial
from maskbench.study.secret import SECRET

MAKER = "maskbench study make"
PAPER = 255
"""What mask pictures are laid on, as white paper."""


def make_study(experiment: Experiment, out: Path) -> Plan:
    """Write a study's folder: ``plan.json``, ``pictures/`` and the secret that its links need.

    The plan depends on the results and the section ``study`` alone, the secret is drawn anew.

    Args:
        experiment: whose results are shown; its test people's pictures with ``figure_styles``.
        out: folder to make.

    Raises:
        MaskbenchError: a method puts no mask pictures on, pictures were not made, or ``out`` holds
            somebody's files: a study that has votes is not made again.
    """
    settings = experiment.config.study
    results = _Results.open(experiment)
    rng = np.random.default_rng(settings.seed)
    pairs = pairs_of(results.methods, settings.groups, rng)
    styles = experiment.config.masks.figure_styles
    groups = groups_of(pairs, styles, results.faces, results.trainings, rng)
    with atomic_dir(Path(out), MAKER) as tmp:
        (tmp / PICTURES).mkdir()
        album = _Album(tmp / PICTURES)
        trials = [results.trial(group, album) for group in groups]
        catches = round(settings.catch_share * settings.groups)
        trials += results.catch_trials(groups, catches, album, rng)
        plan = Plan(
            dataset=results.bare[0].dataset,
            split="test",
            crop=results.bare[0].crop,
            rule=settings.rule,
            days=settings.days,
            trials=tuple(trials),
            raters=tuple(map(tuple, turns_of(pairs, catches, settings.raters, rng))),
        )
        write_json(tmp / PLAN, plan.model_dump())
        (tmp / SECRET).touch(0o600)
        (tmp / SECRET).write_text(secrets.token_hex(32), encoding="ascii")
    return plan


class _Album:
    """Pictures by a digest of their pixels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, pixels: np.ndarray) -> str:
        """Keep a picture (H, W, 3 uint8) and return its file's name."""
        pixels = np.ascontiguousarray(pixels)
        name = f"{hashlib.sha256(pixels.tobytes()).hexdigest()[:32]}.png"
        Image.fromarray(pixels).save(self.folder / name)
        return name


@dataclass(frozen=True)
class _Results:
    """What a run has made of its test people.

    Attributes:
        methods: that are judged.
        bare, masked: by fold, and by method and seed.
        places: row of each face and style in a masked set.
        runs: the seed of a method's pictures for each training.
        folds: of each training.
        faces: test faces of all folds; trainings: those that tested a person.
        mask_pictures: of all styles.
        photographs: people who really wear masks.
    """

    methods: tuple[str, ...]
    bare: dict[int, FaceSet]
    masked: dict[tuple[str, int], MaskedSet]
    places: dict[tuple[str, int], dict[tuple[str, str], int]]
    runs: dict[tuple[str, int], int]
    folds: dict[int, int]
    faces: list[Face]
    trainings: dict[str, list[int]]
    mask_pictures: MaskPictures
    photographs: list[FaceSet]

    @classmethod
    def open(cls, experiment: Experiment) -> _Results:
        """The results of a run, as they lie there."""
        config, root = experiment.config, Path(experiment.config.output)
        dataset = config.synthesis.dataset
        methods = _methods(experiment)
        folds = {number: experiment.fold_of(dataset, number) for number in experiment.replicates}
        runs = {(name, n): experiment.run_of(name, n)[1] for name in methods for n in folds}
        masked = {
            (name, seed): MaskedSet.open(_made(root / "masked" / dataset / name / f"seed{seed}"))
            for name, seed in sorted({(name, seed) for (name, _), seed in runs.items()})
        }
        faces: dict[str, Face] = {}
        trainings: dict[str, list[int]] = {}
        for number in folds:
            table = masked[methods[0], runs[methods[0], number]].faces.drop_duplicates("bare_id")
            for face_id, who, yaw, pitch in zip(
                table["bare_id"], table["identity"], table["yaw"], table["pitch"], strict=True
            ):
                faces.setdefault(face_id, Face(face_id, who or face_id, _pose(yaw, pitch)))
                of_person = trainings.setdefault(who or face_id, [])
                of_person += [number] * (number not in of_person)
        source = config.synthesis.real_domain.source
        real = {*experiment.really_masked, *([source] if source != REFERENCE else [])}
        return cls(
            methods,
            {fold: FaceSet.open(_made(root / "faces" / dataset / f"fold{fold}"))
             for fold in set(folds.values())},
            masked,
            {run: {at: row for row, at in enumerate(zip(s.faces["bare_id"], s.faces["style"],
                                                        strict=True))}
             for run, s in masked.items()},
            runs,
            folds,
            list(faces.values()),
            trainings,
            MaskPictures.open(_made(root / "mask_pictures")),
            [FaceSet.open(_made(root / "faces" / name / "fold0")) for name in sorted(real)],
        )  # fmt: skip

    def trial(self, group: Group, album: _Album) -> Trial:
        """A group with its pictures."""
        shown = []
        for method in group.methods:
            pixels = self._picture(method, group)
            seed = self.runs[method, group.training]
            shown.append(Judged(file=album.add(pixels), kind="method", method=method, seed=seed))
        return self._beside(group, (shown[0], shown[1]), album)

    def catch_trials(
        self, groups: list[Group], count: int, album: _Album, rng: np.random.Generator
    ) -> Iterator[Trial]:
        """Plainly broken pictures of drawn groups; every second trial has two photographs of people
        who really wear masks, where there are any."""
        photographs = [(one, row) for one in self.photographs for row in range(len(one))]
        drawn = rng.permutation(len(photographs))
        for number in range(count):
            group = groups[rng.integers(len(groups))]
            if number % 2 and len(drawn) > number:
                two = [photographs[i] for i in drawn[number - 1 : number + 1]]
                files = [album.add(np.asarray(one.images[row])) for one, row in two]
                shown = [Judged(file=file, kind="photograph") for file in files]
                yield Trial(pictures=(shown[0], shown[1]))
                continue
            pixels = [self._picture(method, group) for method in group.methods]
            files = [album.add(broken(one, turn)) for turn, one in enumerate(pixels)]
            shown = [Judged(file=file, kind="broken") for file in files]
            yield self._beside(group, (shown[0], shown[1]), album)

    def _beside(self, group: Group, shown: tuple[Judged, Judged], album: _Album) -> Trial:
        fold = self.folds[group.training]
        faces = self.bare[fold]
        row = int(np.flatnonzero(faces.faces["face_id"] == group.face.face_id)[0])
        rgba, _ = self.mask_pictures.picture(group.style)
        coverage = rgba[..., 3:] / 255
        mask = np.round(rgba[..., :3] * coverage + PAPER * (1 - coverage)).astype(np.uint8)
        return Trial(
            face=album.add(np.asarray(faces.images[row])),
            mask=album.add(mask),
            pictures=shown,
            identity=group.face.identity,
            style=group.style,
            pose=group.face.pose,
            fold=fold,
        )

    def _picture(self, method: str, group: Group) -> np.ndarray:
        run = method, self.runs[method, group.training]
        row = self.places[run].get((group.face.face_id, group.style))
        if row is None:
            what = f"has no picture of {group.face.face_id} with {group.style}"
            raise MaskbenchError(self.masked[run].path, what, "make it again: snakemake synthesis")
        return np.asarray(self.masked[run].images[row])


def broken(pixels: np.ndarray, turn: int) -> np.ndarray:
    """A picture that nobody can take for real: its quarters exchanged crosswise, or, every second
    ``turn``, eight upright strips in reverse order."""
    height, width = pixels.shape[:2]
    if turn % 2 == 0:
        return np.roll(pixels, (height // 2, width // 2), (0, 1))
    return np.concatenate(np.array_split(pixels, 8, axis=1)[::-1], axis=1)


def _methods(experiment: Experiment) -> tuple[str, ...]:
    wanted = experiment.config.study.methods
    styled = [name for name in experiment.running if experiment.methods[name].spec.styled]
    for name in wanted or ():
        if name not in styled:
            what = f"{name} does not put a mask picture on"
            raise MaskbenchError("study.methods", what, "leave it out")
    methods = tuple(name for name in styled if wanted is None or name in wanted)
    if len(methods) < 2:
        raise MaskbenchError("study.methods", "fewer than two methods", "let more of them run")
    return methods


def _pose(yaw: float, pitch: float) -> str:
    if pitch > FRONTAL_PITCH:
        return "pose_bowed"
    return "pose_turned" if abs(yaw) > FRONTAL_YAW else "pose_frontal"


def _made(path: Path) -> Path:
    if not path.exists():
        raise MaskbenchError(path, "was not made yet", "run: snakemake --cores all synthesis")
    return path
