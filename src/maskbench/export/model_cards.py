"""A model card for each trained model of a run: ``README.md`` with Hugging Face's metadata.

It lies where the results keep the model (``models/orl/pywgan_div/README.md``) and speaks of all its
trainings. Weights are not copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

import maskbench
from maskbench.artifacts import read_json
from maskbench.export.facts import Facts
from maskbench.faces.people import people_behind
from maskbench.guides.specs import GUIDES
from maskbench.metrics.catalogue import metric
from maskbench.recognition.specs import LOSSES, NETWORKS
from maskbench.registry import Registry
from maskbench.reporting.aggregate import interval, number, over_seeds
from maskbench.reporting.headline import plain
from maskbench.reporting.names import title_of
from maskbench.reporting.pages import render
from maskbench.restoration.specs import RESTORERS
from maskbench.synthesis.specs import METHODS

KINDS: dict[str, tuple[str, str, str, str]] = {
    "models": ("synthesis", "image-to-image", "puts masks on faces", "*/*"),
    "guides": ("guides", "image-segmentation", "finds masks or parts of faces", "*/*"),
    "restorers": ("restoration", "image-to-image", "takes masks off faces", "*/*"),
    "recognisers": ("recognition", "image-feature-extraction", "recognises faces", "*/*/*"),
}
"""Folders of models: the step that measures them, their task as Hugging Face calls it and in words,
and how deep their folders lie."""
NOTES = ("params.json", "recogniser.json")


@dataclass(frozen=True)
class Trained:
    """The trainings of one model.

    Attributes:
        kind: a key of :data:`KINDS`.
        folder: relative to the results.
        notes: what each training wrote of itself, by seed.
    """

    kind: str
    folder: Path
    notes: dict[int, dict[str, Any]]

    @property
    def name(self) -> str:
        return self.folder.parts[2]

    @property
    def training_set(self) -> str:
        """What a recogniser learnt from; "" of others."""
        return self.folder.parts[3] if len(self.folder.parts) > 3 else ""

    @property
    def spec(self) -> Any:
        """Of what it is made from; None where no registry has it."""
        note = next(iter(self.notes.values()))
        loss = note["params"].get("loss") or note["params"].get("network")
        registries: tuple[Registry[Any], ...] = (METHODS, GUIDES, RESTORERS, LOSSES, NETWORKS)
        for name in (note.get("use"), self.name, loss):
            for registry in registries:
                if name in registry.all():
                    return registry.get(name)
        return None


def trained_models(root: Path) -> Iterator[Trained]:
    """The models of a run that learnt from people."""
    for kind, (_, _, _, depth) in KINDS.items():
        for folder in sorted(Path(root, kind).glob(depth)):
            notes = {}
            for seed in sorted(folder.glob("seed*")):
                if not seed.name.removeprefix("seed").isdecimal():  # somebody's copy
                    continue
                note = next((seed / name for name in NOTES if (seed / name).is_file()), None)
                if note and any(people_behind(read_json(note), note).values()):
                    notes[int(seed.name.removeprefix("seed"))] = read_json(note)
            if notes:
                yield Trained(kind, folder.relative_to(root), notes)


def write_cards(root: Path, measurements: pd.DataFrame, facts: Facts, out: Path) -> list[str]:
    """Write the cards of a run's models into a folder.

    Returns:
        their names.
    """
    table = over_seeds(measurements)
    names = []
    for model in trained_models(root):
        path = model.folder / "README.md"
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(
            card(model, numbers_of(model, table), facts) + "\n", encoding="utf-8"
        )
        names.append(path.as_posix())
    return names


def numbers_of(model: Trained, table: pd.DataFrame) -> pd.DataFrame:
    """A model's numbers in the plain case, over its seeds; ``table`` is of :func:`over_seeds`."""
    step = KINDS[model.kind][0]
    rows = plain(table.rename(columns={"mean": "value"}), step)
    return rows[(rows["method"] == model.name) & (rows["training_set"] == model.training_set)]


def card(model: Trained, numbers: pd.DataFrame, facts: Facts) -> str:
    """The text of a model's ``README.md``."""
    step, task, does, _ = KINDS[model.kind]
    first, (_, dataset) = next(iter(model.notes.values())), model.folder.parts[:2]
    rows = [
        {
            "dataset": row["dataset"],
            "title": metric(row["metric"]).title + metric(row["metric"]).arrow,
            "value": number(row["value"], metric(row["metric"]).digits),
            "interval": interval(row["ci_low"], row["ci_high"], metric(row["metric"]).digits),
            "people": row["n_people"],
            "network": row["backbone"],
        }
        for row in numbers.to_dict("records")
    ]
    people = {
        name: {len(note["people"].get(name, ())) for note in model.notes.values()}
        for name in first["people"]
    }
    return render(
        "model_card.md",
        head=yaml.safe_dump(_head(model, numbers, task), sort_keys=False, allow_unicode=True),
        title=title_of(model.name),
        name=model.name,
        step=step,
        does=does,
        paper=getattr(model.spec, "paper", ""),
        dataset=dataset,
        learnt_from=title_of(model.training_set) if model.training_set else "",
        folder=model.folder.as_posix(),
        seeds=sorted(model.notes),
        people={
            name: f"{min(n)} to {max(n)}" if len(n) > 1 else max(n) for name, n in people.items()
        },
        terms=facts.terms,
        rows=rows,
        steps=first["params"].get("steps"),
        side=first["params"].get("train_size") or first["params"].get("size"),
        few=max(numbers["n_people"], default=0),
        commit=facts.commit,
        version=maskbench.__version__,
    )


def _head(model: Trained, numbers: pd.DataFrame, task: str) -> dict[str, Any]:
    """Hugging Face's metadata of a model."""
    results = [
        {
            "task": {"type": task},
            "dataset": {"type": str(dataset), "name": str(dataset), "split": "test"},
            "metrics": [
                {
                    "type": row["metric"],
                    "name": metric(row["metric"]).title,
                    "value": float(f"{row['value']:.6g}"),
                }
                for row in rows.drop_duplicates("metric").to_dict("records")
            ],
        }
        for dataset, rows in numbers.groupby("dataset")
    ]
    head: dict[str, Any] = {
        "license": "other",
        "license_name": "research-only",
        "library_name": "maskbench",
        "pipeline_tag": task,
        "tags": ["faces", "face masks", "maskbench"],
    }
    if results:
        head["model-index"] = [{"name": model.name, "results": results}]
    return head
