"""Studies that nobody was asked in: plans without pictures, and raters with known preferences."""

import numpy as np
from PIL import Image

from maskbench.study.design import Face, groups_of, pairs_of, turns_of
from maskbench.study.plan import Judged, Plan, Trial, Vote, Votes
from maskbench.study.settings import Rule

METHODS = ("gan_stn", "dcgan_stn", "wgan_stn", "pywgan_div")
NAMES = (f"{number:032x}.png" for number in range(10**9))


def a_plan(groups=24, raters=20, people=8, catches=4, methods=METHODS, seed=0, photographs=True):
    """A plan whose files do not exist."""
    rng = np.random.default_rng(seed)
    pairs = pairs_of(methods, groups, rng)
    faces = [Face(f"p{i}/{n}", f"p{i}", "pose_frontal") for i in range(people) for n in range(5)]
    trainings = {f"p{i}": (0,) for i in range(people)}
    trials = [
        Trial(
            face=next(NAMES), mask=next(NAMES), identity=group.face.identity, style=group.style,
            pose=group.face.pose,
            pictures=[Judged(file=next(NAMES), kind="method", method=m) for m in group.methods],
        )
        for group in groups_of(pairs, ["s1", "s2"], faces, trainings, rng)
    ]  # fmt: skip
    for number in range(catches):
        kind = "photograph" if number % 2 and photographs else "broken"
        trials.append(Trial(pictures=[Judged(file=next(NAMES), kind=kind) for _ in range(2)]))
    return Plan(
        dataset="orl", split="test", crop="mtcnn+0.2/144", rule=Rule(), days=60,
        trials=trials, raters=turns_of(pairs, catches, raters, rng),
    )  # fmt: skip


def votes_on(plan, answer):
    """All votes, where ``answer(rater, trial number, picture)`` says whether it is real."""
    return Votes(
        plan=plan,
        votes=[
            Vote(rater=rater, trial=number,
                 real=[bool(answer(rater, number, one)) for one in plan.trials[number].pictures])
            for rater, turns in enumerate(plan.raters)
            for number, _ in turns
        ],
    )  # fmt: skip


def knows(picture):
    """The right answer of a catch trial."""
    return picture.kind == "photograph"


def a_folder(folder, plan):
    """A study's folder whose pictures are all different and small."""
    (folder / "pictures").mkdir(parents=True)
    for number, name in enumerate(sorted(plan.files())):
        pixels = np.full((12, 12, 3), (number * 37 % 256, number * 91 % 256, 120), np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / name)
    (folder / "plan.json").write_text(plan.model_dump_json(), "utf-8")
    (folder / "secret.key").write_text("0123456789abcdef" * 4, "ascii")
    return folder
