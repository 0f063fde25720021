"""The JSON schema of ``params.yaml``, generated from the models, for editors and for reading.

It is complete: every method's block is described by the method's own ``Params``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from maskbench.artifacts import atomic_file
from maskbench.config import Config
from maskbench.synthesis import base

NAME = "params.schema.json"


def schema() -> dict[str, Any]:
    """The schema of the whole configuration, overlays included (nothing but types is required)."""
    whole = Config.model_json_schema()
    definitions = whole.setdefault("$defs", {})
    blocks: dict[str, Any] = {}
    for name, method in base.methods().items():
        block = method.Params.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= block.pop("$defs", {})
        blocks[name] = {**block, "description": f"{method.title} ({method.paper})"}
    methods = definitions["SynthesisConfig"]["properties"]["methods"]
    methods |= {"properties": blocks, "additionalProperties": False}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


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
