"""A trained model as one file, ``model.safetensors``: what puts masks on, and nothing else.

The tensors are the weights of the method's applied networks, and of those of the guides that put
masks on. The header's text holds what ``params.json`` says of each. The file stands for itself: it
can be sent to somebody who has no results.
"""

from __future__ import annotations

import importlib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maskbench.artifacts import read_json, write_json
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.guides.specs import GUIDES
from maskbench.registry import Block
from maskbench.synthesis.model import PARAMS
from maskbench.training import state
from maskbench.training.checkpoint import STATE, weights_of

MODEL_FILE = "model.safetensors"
GUIDES_BESIDE = "guides"  # folder of an unpacked model
_PARTS = {"params", "networks", "guides"}


def guides_applied(block: Block) -> tuple[str, ...]:
    """The guides that a method puts masks on with; its training may need others."""
    used = getattr(block.params, "coverage_from", "")
    return tuple(guide for guide in block.spec.guides if guide == used)


def write_model(
    folder: Path, block: Block, players: Sequence[str], guides: Mapping[str, Path]
) -> None:
    """Write ``model.safetensors`` into a model folder that is otherwise complete.

    Args:
        folder: with ``state.safetensors`` and ``params.json``.
        block: the method.
        players: whose networks put masks on.
        guides: model folders by name; those that put masks on are taken.
    """
    values: dict[str, Any] = _packed(folder, players) | {"guides": {}}
    for name in guides_applied(block):
        player = importlib.import_module(GUIDES.get(name).module).PLAYER
        values["guides"][name] = _packed(guides[name], [player])
    state.save(folder / MODEL_FILE, values)


def _packed(folder: Path, players: Sequence[str]) -> dict[str, Any]:
    values = state.load(folder / STATE)
    networks = {player: weights_of(values, player) for player in players}
    return {"params": read_json(folder / PARAMS), "networks": networks}


@contextmanager
def opened_model(model: str | Path, results: Path) -> Iterator[Path]:
    """The model folder of a trained model.

    Args:
        model: such a folder; a file ``model.safetensors``, whatever it is called; the name of a
            method in ``results``, where the first seed is taken; or the id of an MLflow run that
            trained a method (the store is that of MLFLOW_TRACKING_URI, or of this folder).
        results: the folder of everything that a run made.

    Raises:
        MaskbenchError: no such model, several of that name, or a damaged one.
    """
    path = Path(model)
    with tempfile.TemporaryDirectory(prefix="maskbench-") as name:
        scratch = Path(name)
        if path.is_dir():
            yield path
        elif path.is_file():
            yield _unpacked(path, scratch)
        elif re.fullmatch("[0-9a-f]{32}", str(model)):
            yield _unpacked(_of_run(str(model), scratch), scratch / "model")
        elif path.suffix or path.name != str(model):
            raise MaskbenchError(model, "no such model", "name the folder or file of a trained one")
        else:
            yield _in_results(str(model), results)


def _unpacked(file: Path, folder: Path) -> Path:
    """A model folder with a file's content; guides lie below it."""
    values = state.load(file)
    try:
        if set(values) != _PARTS:
            raise KeyError("params, networks, guides")
        guides = {GUIDES.get(name, str(file)).name: part for name, part in values["guides"].items()}
        for place, part in (
            (folder, values),
            *((folder / GUIDES_BESIDE / name, part) for name, part in guides.items()),
        ):
            place.mkdir(parents=True, exist_ok=True)
            state.save(place / STATE, part["networks"])
            write_json(place / PARAMS, part["params"])
    except (KeyError, TypeError, AttributeError) as error:
        what = f"is no model of a method ({error})"
        raise MaskbenchError(file, what, f"name a {MODEL_FILE}, or a model folder") from error
    return folder


def _in_results(name: str, results: Path) -> Path:
    """The model folder of a method, of its first seed."""
    root = Path(results) / "models"
    known = sorted({path.parent.name for path in root.glob("*/*/seed*")})
    found = sorted(root.glob(f"*/{name}/seed*"), key=lambda path: (len(path.name), path.name))
    if not found:
        raise unknown_name(root, "trained method", name, known)
    if len({path.parent for path in found}) > 1:
        folders = ", ".join(sorted({str(path.parent) for path in found}))
        raise MaskbenchError(name, f"was trained on several data sets: {folders}", "name a folder")
    return found[0]


def _of_run(run_id: str, folder: Path) -> Path:
    """The file that a run of MLflow kept."""
    from maskbench.tracking_store import DATABASE, URI, client, default_uri, first_line

    uri = default_uri()
    way_out = f"set {URI}, or name the model's file"
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).is_file():
        raise MaskbenchError(f"MLflow run {run_id}", f"no {DATABASE} here", way_out)
    try:
        return Path(client().download_artifacts(run_id, MODEL_FILE, str(folder)))
    except Exception as error:  # MLflow raises what its stores raise
        what = f"gives no {MODEL_FILE} ({first_line(error)})"
        raise MaskbenchError(f"MLflow run {run_id}", what, way_out) from error
