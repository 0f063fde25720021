"""The JSON schema of ``params.yaml``, generated from the models, for editors and for reading.

It is complete: the blocks of synthesis methods, of restorers and of recognisers are described by
their own models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from maskbench.artifacts import atomic_file
from maskbench.config import Config
from maskbench.recognition import params as recognition
from maskbench.restoration import base as restoration
from maskbench.restoration.segmenter import SegmenterParams
from maskbench.synthesis import base as synthesis

NAME = "params.schema.json"


def schema() -> dict[str, Any]:
    """The schema of the whole configuration."""
    whole = Config.model_json_schema()
    known = whole.setdefault("$defs", {})
    known["SynthesisConfig"]["properties"]["methods"] |= _blocks(
        synthesis.methods(), known, "synthesis"
    )
    removal = known["RestorationConfig"]["properties"]
    removal["restorers"] |= _blocks(restoration.restorers(), known, "restoration")
    removal["segmenter"] |= _adopted(SegmenterParams.model_json_schema(), known, "restoration")
    known["RecognitionConfig"]["properties"]["recognisers"]["additionalProperties"] = _recogniser(
        known
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def _blocks(registry: dict[str, Any], known: dict[str, Any], area: str) -> dict[str, Any]:
    """The blocks of a registry: a property for each name, and no others."""
    blocks = {
        name: {
            **_adopted(entry.Params.model_json_schema(), known, area),
            "description": f"{entry.title} ({entry.paper})",
        }
        for name, entry in registry.items()
    }
    return {"properties": blocks, "additionalProperties": False}


def _recogniser(known: dict[str, Any]) -> dict[str, Any]:
    """A block of ``recognition.recognisers``: one of the kinds, and ``kind`` says which."""
    block = recognition.schema()
    for model in get_args(recognition.Recogniser):
        definition = block["$defs"][model.__name__]
        definition["required"] = sorted({"kind", *definition.get("required", ())})
        for key, described in definition["properties"].items():
            described.setdefault("description", _inherited(model, key))
    return _adopted(block, known, "recognition")


def _inherited(model: type[BaseModel], key: str) -> str:
    """What a base class says of a key that a model only gives another default; for the key that is
    a model's own name (``kind``) what the model says of itself."""
    for base in model.__mro__:
        field = base.model_fields.get(key) if issubclass(base, BaseModel) else None
        if field is not None and field.description:
            return field.description
    return (model.__doc__ or "").partition("\n")[0]


def _adopted(block: dict[str, Any], known: dict[str, Any], area: str) -> dict[str, Any]:
    """A model's schema whose definitions move to ``known``, as ``<area>.<name>``: two areas may
    each have an ``Augmentation``."""
    here = '"#/$defs/'
    moved = json.loads(json.dumps(block).replace(here, f"{here}{area}."))
    for name, definition in moved.pop("$defs", {}).items():
        if known.setdefault(f"{area}.{name}", definition) != definition:
            raise ValueError(f"two models of {area} are called {name}")
    return dict(moved)


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schema(folder: Path) -> Path:
    """Write ``params.schema.json`` into ``folder``.

    Raises:
        MaskbenchError: the folder cannot be written.
    """
    path = Path(folder) / NAME
    with atomic_file(path) as tmp:
        tmp.write_text(text(), encoding="utf-8")
    return path
