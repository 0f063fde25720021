"""What the papers' published configurations cost: GPU memory, hours and disk, as tables.

    python benchmarks/hours.py --rates results/benchmarks/scale/scale.json --into docs/scale.md

Hours of trainings are the seconds of a step that ``benchmarks/operations.py --device cuda``
measured on a GPU (``steps_h200.json``: an NVIDIA H200), times their steps; on another device
(:data:`DEVICES`) longer by the ratio of the published peaks. Those of the steps on pictures come
from the rates that ``benchmarks/scale.py`` measured, and are left out where it has not run.
``--into`` replaces the tables of a document, each between ``<!-- name -->`` and ``<!-- end -->``;
without it they are printed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskbench.artifacts import read_json
from maskbench.experiment import Experiment, load

MEASURED = "H200"
DEVICES = {MEASURED: 494.7e12, "A100": 156e12}
"""Operations a second of TF32 tensor cores without sparsity, in which cuDNN convolves float32 by
torch's default: NVIDIA's data sheets of H100 and H200 SXM (989 with sparsity) and of A100 (156)."""
GPUS = (1, 8, 64)
CORES = 8  # threads of the rule crop_faces
STEPS = ("fetch", "crop", "masks", "measure")
MANY = 10_000_000

Training = dict[str, Any]
"""As ``benchmarks/operations.py`` counts it, with what it measured of each stage: ``seconds`` of a
step and ``reserved`` bytes."""


@dataclass(frozen=True)
class Collection:
    """How many pictures a paper has.

    Attributes:
        bare: of bare faces.
        other: of the data set of really masked faces, which may hold bare ones too.
        worn: those among them with a mask.
        side: of all, in pixels, as far as detection is concerned.
    """

    bare: int
    other: int
    worn: int
    side: int


COLLECTIONS = {
    # The paper has 158,462 masked faces and does not say how many bare ones: as many, here.
    "pywgan_div": Collection(158_462, 158_462, 158_462, 128),
    "maskfacenet": Collection(169_396, 0, 0, 128),
    "maskfacenet_cloth": Collection(169_396, 0, 0, 128),
    "mumford": Collection(3_000, 3_000, 3_000, 1024),
    "mfgan": Collection(70_000, 2_203, 2_203, 1024),  # RMFRD's archive, docs/data.md
    "mfgan_celeba": Collection(202_599, 92_671, 2_203, 128),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    results = Path("results/benchmarks")
    parser.add_argument("--operations", type=Path, default=results / "operations.json")
    steps = Path(__file__).with_name("steps_h200.json")
    parser.add_argument("--steps", type=Path, default=steps, help=f"as measured on an {MEASURED}")
    parser.add_argument("--rates", type=Path, default=results / "scale" / "scale.json")
    parser.add_argument("--into", type=Path, help="a document whose tables are replaced")
    options = parser.parse_args()
    counted = read_json(options.operations)
    scale = read_json(options.rates) if options.rates.exists() else {}
    found = {
        name: (load([Path(file) for file in one["files"]]), one["trainings"])
        for name, one in joined(counted, read_json(options.steps)).items()
    }
    tables = {
        "trainings": table_of_trainings({name: made for name, (_, made) in found.items()}),
        "configurations": table_of_configurations(found, rates_of(scale)),
        "many": table_of_many(found, rates_of(scale)),
    }
    if scale:
        tables |= {"memory": table_of_memory(scale), "stages": table_of_stages(scale)}
    if options.into is None:
        print("\n\n".join(f"{name}\n\n{table}" for name, table in tables.items()))
        return
    text = options.into.read_text("utf-8")
    for name, table in tables.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, places = place.subn(
            lambda found, table=table: f"{found[1]}\n{table}\n\n{found[2]}", text
        )
        if places != 1:
            sys.exit(
                f"{options.into} has {places} places <!-- {name} --> ... <!-- end -->, not one"
            )
    options.into.write_text(text, "utf-8")


# Arithmetic -----------------------------------------------------------------------------------
def joined(counted: Any, measured: Any) -> Any:
    """What was counted of each training, with what was measured of it."""
    for name, one in counted.items():
        found = measured.get(name, {"device": MEASURED, "trainings": []})
        if MEASURED not in found["device"]:
            sys.exit(f"{name} was measured on {found['device']}; these tables are of an {MEASURED}")
        stages = {training["name"]: training["stages"] for training in found["trainings"]}
        for training in one["trainings"]:
            times = stages.get(training["name"], [])
            if [steps for _, steps, _ in times] != [steps for _, steps in training["stages"]]:
                sys.exit(
                    f"{name}/{training['name']} was not measured as it is: on an {MEASURED} run "
                    "python benchmarks/operations.py --device cuda, then name its file by --steps"
                )
            training["seconds"] = [seconds for seconds, _, _ in times]
            training["reserved"] = [reserved for _, _, reserved in times]
    return counted


def flops_of(one: Training) -> float:
    """Operations of one such training."""
    return sum(flops * steps for flops, steps in one["stages"])


def hours(one: Training, device: str) -> float:
    """Hours of one such training on one device."""
    stages = zip(one["seconds"], one["stages"], strict=True)
    seconds = sum(seconds * steps for seconds, (_, steps) in stages)
    return seconds * DEVICES[MEASURED] / DEVICES[device] / 3600


def share(one: Training) -> float:
    """Of the peak of the device that was measured."""
    return flops_of(one) / (hours(one, MEASURED) * 3600 * DEVICES[MEASURED])


def longest(found: Sequence[Training], device: str) -> float:
    """Hours of the longest chain of trainings that wait for each other."""
    by_name = {one["name"]: one for one in found}

    def end(name: str) -> float:
        if name not in by_name:
            return 0.0
        one = by_name[name]
        return hours(one, device) + max(map(end, one["after"]), default=0.0)

    return max(map(end, by_name), default=0.0)


def with_gpus(found: Sequence[Training], device: str, gpus: int) -> float:
    """Hours that all trainings take at the least: no training uses two GPUs, and none begins
    before what it waits for."""
    total = sum(hours(one, device) * one["times"] for one in found)
    return max(total / gpus, longest(found, device))


@dataclass(frozen=True)
class Pictures:
    """What a configuration makes of its pictures.

    Attributes:
        cropped: pictures that are cropped.
        side: of these, in pixels.
        size: of the crops.
        masked: masked pictures that are made, by what makes them.
        measured: masked pictures of a method that are measured.
        temporary: bytes that the largest training has on disk meanwhile.
    """

    cropped: int
    side: int
    size: int
    masked: Mapping[str, int]
    measured: int
    temporary: float

    @property
    def disk(self) -> float:
        """Bytes of crops, masked pictures and coverages."""
        pixels = self.size**2
        return 3 * pixels * self.cropped + 4 * pixels * sum(self.masked.values())

    def data_hours(self, rates: Mapping[str, float]) -> dict[str, float]:
        """Hours of steps on a CPU, by step: milliseconds a picture (:func:`rates_of`), of crops of
        128 pixels, grow as the pixels do. Cropping has :data:`CORES` processes, the others one; of
        those that run side by side, a method each, the longest counts."""
        grown = (self.size / 128) ** 2
        made = max(self.masked.values(), default=0)
        wanted = ("fetch", f"crop/{self.side}", "overlay", "metrics_stand_ins")
        if missing := [name for name in wanted if name not in rates]:
            sys.exit(
                f"no rate of {', '.join(missing)}: run benchmarks/scale.py as docs/scale.md says"
            )
        found = {
            "fetch": rates["fetch"] * self.cropped,
            "crop": rates[f"crop/{self.side}"] * self.cropped / CORES,
            "masks": rates["overlay"] * grown * made,
            "measure": rates["metrics_stand_ins"] * grown * self.measured,
        }
        return {name: value / 3.6e6 for name, value in found.items()}


def pictures_of(experiment: Experiment, collection: Collection, bare: int) -> Pictures:
    """What a configuration makes of ``bare`` pictures and its real domain's."""
    config = experiment.config
    own = config.datasets[config.synthesis.dataset].shares
    domain = config.synthesis.real_domain
    measured = len(config.masks.figure_styles) + len(config.masks.unseen_styles)
    styles = {name: measured if block.spec.styled else 1
              for name, block in experiment.methods.items()}  # fmt: skip
    test, train = round(bare * own.test), round(bare * (own.train + own.val))
    masked = {f"test/{name}": test * styles[name] for name in experiment.running}
    learnt = {name for each in experiment.recognisers for name in experiment.training_sets(each)}
    learnt |= {"keypoint"} if experiment.guides or experiment.restorers else set()
    copies = config.synthesis.copies
    masked |= {f"training/{name}": train * copies for name in sorted(learnt - {"bare"})}
    if domain.source == "keypoint":
        masked["real"] = round(bare * own.train) * domain.copies
    else:
        masked["real"] = round(collection.worn * config.datasets[domain.source].shares.train)
    sizes = [getattr(block.params, "train_size", 0) for block in experiment.methods.values()]
    temporary = [3.0 * max(sizes) ** 2 * (round(bare * own.train) + masked["real"])]
    temporary += [
        3.0 * block.params.size**2 * round(bare * own.train) * (1 + copies)
        for block in experiment.recognisers.values()
        if block.spec.name == "network"
    ]
    return Pictures(
        bare + collection.other, collection.side, config.faces.size, masked,
        max(test * styles[name] for name in experiment.running), max(temporary),
    )  # fmt: skip


def rates_of(scale: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Milliseconds a picture in one process, of the most pictures that were measured."""
    most: dict[str, tuple[int, float]] = {}
    for name, result in scale.items():
        stage, side, count, workers = name.split("/")
        key = f"crop/{side}" if stage == "crop" else stage
        if workers == "1" and (stage == "crop" or side == "128"):
            most[key] = max(most.get(key, (0, 0.0)), (int(count), result["ms"]))
    return {key: ms for key, (_, ms) in most.items()}


def growth_of(scale: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Bytes by which a stage's memory grows for a picture: between the fewest and the most of 128
    pixels that were measured, in one process."""
    runs: dict[str, dict[int, float]] = {}
    for name, result in scale.items():
        stage, side, count, workers = name.split("/")
        if side == "128" and workers == "1":
            runs.setdefault(stage, {})[int(count)] = result["memory_mb"]
    return {
        stage: (counts[max(counts)] - counts[min(counts)]) * 2**20 / (max(counts) - min(counts))
        for stage, counts in runs.items()
        if len(counts) > 1
    }


# Tables ---------------------------------------------------------------------------------------
Found = Mapping[str, tuple[Experiment, Sequence[Training]]]


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short(value: float) -> str:
    """A number in three digits at least."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table_of_trainings(found: Mapping[str, Sequence[Training]]) -> str:
    head = ["training", "steps", "Gflop a step", "ms a step", "of the peak", "GPU memory, GB"]
    head += [f"hours, {device}" for device in DEVICES]
    rows = []
    for name, made in found.items():
        for one in made:
            steps = sum(steps for _, steps in one["stages"])
            times = f", {one['times']} times" if one["times"] > 1 else ""
            row = [f"{name}: `{one['name']}`{times}", f"{steps:,}"]
            row += [short(flops_of(one) / steps / 1e9), short(hours(one, MEASURED) * 3.6e6 / steps)]
            row += [f"{share(one):.1%}", short(max(one["reserved"]) / 1e9)]
            rows.append(row + [short(hours(one, device)) for device in DEVICES])
    return markdown(head, rows)


def table_of_configurations(found: Found, rates: Mapping[str, float]) -> str:
    head = ["configuration", "Eflop", "GPU memory, GB", "disk, GB", "temporary, GB"]
    head += [f"trainings, hours on {gpus} {device}" for device in DEVICES for gpus in GPUS]
    head += [f"{step}, hours" for step in STEPS if rates]
    rows = []
    for name, (experiment, made) in found.items():
        pictures = pictures_of(experiment, COLLECTIONS[name], COLLECTIONS[name].bare)
        row = [name, short(sum(flops_of(one) * one["times"] for one in made) / 1e18)]
        row += [short(max(max(one["reserved"]) for one in made) / 1e9)]
        row += [short(pictures.disk / 1e9), short(pictures.temporary / 1e9)]
        row += [short(with_gpus(made, device, gpus)) for device in DEVICES for gpus in GPUS]
        rows.append(row + (list(map(short, pictures.data_hours(rates).values())) if rates else []))
    return markdown(head, rows)


def table_of_many(found: Found, rates: Mapping[str, float]) -> str:
    head = ["configuration", "crops and masks made", "disk, TB", "temporary, TB"]
    head += [f"{step}, hours" for step in STEPS if rates]
    rows = []
    for name, (experiment, _) in found.items():
        pictures = pictures_of(experiment, COLLECTIONS[name], MANY)
        row = [name, f"{pictures.cropped + sum(pictures.masked.values()):,}"]
        row += [short(pictures.disk / 1e12), short(pictures.temporary / 1e12)]
        rows.append(row + (list(map(short, pictures.data_hours(rates).values())) if rates else []))
    return markdown(head, rows)


def table_of_memory(scale: Mapping[str, Mapping[str, float]]) -> str:
    head = ["stage", "bytes a picture", f"GB more for {MANY:,}"]
    grown = growth_of(scale)
    return markdown(head, [[s, short(b), short(b * MANY / 1e9)] for s, b in grown.items()])


def table_of_stages(scale: Mapping[str, Mapping[str, float]]) -> str:
    """A line for each stage, side of the pictures and number of processes: of the fewest and of the
    most pictures, and their ratio."""
    runs: dict[tuple[str, ...], dict[int, Mapping[str, float]]] = {}
    for name, result in scale.items():
        stage, side, count, workers = name.split("/")
        runs.setdefault((stage, side, workers), {})[int(count)] = result
    columns = {"memory_mb": ".0f", "with_files_mb": ".0f", "ms": ".2f", "cpu_ms": ".2f"}
    head = ["stage", "pixels", "processes", "pictures", "memory, MB", "with mapped files, MB"]
    rows = []
    for key, counts in runs.items():
        ends = sorted({min(counts), max(counts)})
        row = [*key, " and ".join(f"{count:,}" for count in ends)]
        for column, form in columns.items():
            values = [counts[count][column] for count in ends]
            ratio = f" ({values[-1] / values[0]:.2f})" if len(ends) > 1 else ""
            row.append(", ".join(f"{value:{form}}" for value in values) + ratio)
        rows.append(row)
    return markdown([*head, "ms a picture", "ms of processors"], rows)


if __name__ == "__main__":
    main()
