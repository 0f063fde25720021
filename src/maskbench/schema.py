"""The files that are made from others: the JSON schema of ``params.yaml``, and environment.yml.

The schema, for editors and for reading, is complete: blocks of methods, guides, restorers and
recognisers are described by their own models. ``python -m maskbench.schema`` writes both files;
with ``--check`` it shows what would change, and fails if anything does.
"""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path
from typing import Any

from maskbench.config import Config
from maskbench.datasets.adapters import ADAPTERS
from maskbench.guides.specs import GUIDES
from maskbench.recognition.kinds import RECOGNISERS
from maskbench.registry import Registry
from maskbench.restoration.specs import RESTORERS
from maskbench.synthesis.specs import METHODS

USE = {
    "type": "string",
    "description": "the block whose values this one starts from, or what it is if its own name is "
    "another",
}
ENVIRONMENT = """\
# conda env create -f environment.yml && conda activate maskbench && pip install --no-deps -e .
# Written by `make files`; the pins are those of requirements.lock.
name: maskbench
channels:
  - conda-forge
dependencies:
  - python >=3.11,<3.14
  - pip
  - git
  - pip:
"""


def schema() -> dict[str, Any]:
    """The schema of the whole configuration."""
    whole = Config.model_json_schema()
    known = whole.setdefault("$defs", {})
    known["DatasetConfig"]["properties"]["adapter"]["enum"] = list(ADAPTERS.all())
    whole["properties"]["guides"] |= _blocks(GUIDES, known, "guides")
    known["RestorationConfig"]["properties"]["restorers"] |= _blocks(
        RESTORERS, known, "restoration"
    )
    synthesis = known["SynthesisConfig"]["properties"]
    synthesis["methods"] |= _blocks(METHODS, known, "synthesis")
    synthesis["shared"] |= _shared(_families(METHODS, "synthesis"), known)
    every = {"every": [f"synthesis.{name}" for name in METHODS.all()]}
    override = _shared(every, known)["properties"]["every"]
    synthesis["override"] |= override | {"description": synthesis["override"]["description"]}
    recognition = known["RecognitionConfig"]["properties"]
    recognition["recognisers"] |= _blocks(RECOGNISERS, known, "recognition")
    recognition["shared"] |= _shared(_families(RECOGNISERS, "recognition"), known)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def _blocks(registry: Registry[Any], known: dict[str, Any], area: str) -> dict[str, Any]:
    """The blocks of a registry: a property for each spec; another name must say what it uses. Keys
    that a model requires may be another block's or shared ones."""
    blocks, named = {}, []
    for name, spec in registry.all().items():
        block = _adopted(spec.Params.model_json_schema(), known, area)
        block.pop("required", None)
        block.setdefault("properties", {})["use"] = USE
        known[f"{area}.{name}"] = block
        described = f"{spec.title} ({spec.paper})" if spec.paper else spec.title
        reference = {"$ref": f"#/$defs/{area}.{name}"}
        blocks[name] = {**reference, "description": described}
        named.append({"if": {"properties": {"use": {"const": name}}}, "then": reference})
    others = [{"$ref": block["$ref"]} for block in blocks.values()]
    another = {"required": ["use"], "anyOf": others, "allOf": named}
    return {"properties": blocks, "additionalProperties": another}


def _families(registry: Registry[Any], area: str) -> dict[str, list[str]]:
    """The definitions of each family."""
    found: dict[str, list[str]] = {}
    for name, spec in registry.all().items():
        found.setdefault(spec.family, []).append(f"{area}.{name}")
    return found


def _shared(families: dict[str, list[str]], known: dict[str, Any]) -> dict[str, Any]:
    """Values by family: the keys of all its definitions, none of them required."""
    described = {
        family: {
            "type": "object",
            "description": f"values that all of {family} share",
            "properties": {
                key: {"$ref": f"#/$defs/{name}/properties/{key}"}
                for name in names
                for key in known[name]["properties"]
                if key != "use"
            },
            "additionalProperties": False,
        }
        for family, names in sorted(families.items())
    }
    return {"properties": described, "additionalProperties": False}


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
    return _written(schema(), "") + "\n"


def _written(node: Any, margin: str) -> str:
    """JSON, a line for everything that holds no further mapping."""
    values = node.values() if isinstance(node, dict) else ()
    if not any(isinstance(value, dict) for value in values):
        return json.dumps(node, sort_keys=True, ensure_ascii=False)
    deeper = margin + "  "
    lines = (f"{deeper}{json.dumps(k)}: {_written(v, deeper)}" for k, v in sorted(node.items()))
    return "{\n" + ",\n".join(lines) + f"\n{margin}}}"


def files() -> dict[Path, str]:
    """What the files should hold."""
    lines = Path("requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    return {
        Path("workflow/schemas/params.schema.json"): text(),
        Path("environment.yml"): ENVIRONMENT + "".join(f"      - {pin}\n" for pin in pins),
    }


def main() -> int:
    """Write or check the files; 1: something differs."""
    check, differs = "--check" in sys.argv[1:], False
    for path, made in files().items():
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if check:
            lines = old.splitlines(True), made.splitlines(True)
            sys.stdout.writelines(difflib.unified_diff(*lines, str(path), "as made"))
            differs |= old != made
        elif old != made:
            path.write_text(made, encoding="utf-8")
    if differs:
        print("\nrun: make files")
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
