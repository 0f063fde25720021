"""Croissant 1.1 metadata of a run's ``measurements.csv``, with the fields of its responsible-AI
vocabulary (RAI 1.0). It describes numbers; pictures of people are neither in it nor linked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

import maskbench
from maskbench.artifacts import sha256_of
from maskbench.export.facts import Facts
from maskbench.measurements import COLUMNS, Measurement

VERSION = "http://mlcommons.org/croissant/1.1"
RAI = "http://mlcommons.org/croissant/RAI/1.0"
INTEGERS = ("fold", "seed", "n_people", "n")
FLOATS = ("value", "ci_low", "ci_high")
_SAME = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileObject fileProperty "
    "fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet "
    "references regex repeated replace samplingRate separator source subField transform"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _SAME.split()},
}
"""The terms of Croissant, as its specification asks for them."""


def croissant(file: Path, measurements: pd.DataFrame, facts: Facts) -> dict[str, Any]:
    """The content of ``croissant.json``.

    Args:
        file: ``measurements.csv``.
        measurements: its rows.
        facts: of the run.
    """
    known = columns_in_words()
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [VERSION, RAI],
        "name": "maskbench-measurements",
        "description": f"{facts.title}. Each number with its method, people, interval and network.",
        "license": facts.licence_address,
        "datePublished": facts.date[:10],
        "version": f"{maskbench.__version__}+{facts.commit}",
        "citeAs": f"{facts.title}, version {maskbench.__version__}, commit {facts.commit}",
        "isLiveDataset": False,
        **_responsible(measurements, facts),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file.name,
                "name": file.name,
                "description": "one number a row",
                "contentUrl": file.name,
                "contentSize": f"{file.stat().st_size} B",
                "encodingFormat": "text/csv",
                "sha256": sha256_of(file),
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "measurements",
                "name": "measurements",
                "description": "the rows of measurements.csv",
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"measurements/{name}",
                        "name": name,
                        "description": known[name],
                        "dataType": _kind(name),
                        "source": {
                            "fileObject": {"@id": file.name},
                            "extract": {"column": name},
                        },
                    }
                    for name in COLUMNS
                ],
            }
        ],
    }
    if facts.creators:
        found["creator"] = [{"@type": "sc:Person", "name": name} for name in facts.creators]
    return found


def columns_in_words() -> dict[str, str]:
    """What each column of ``measurements.csv`` holds, as :class:`Measurement` says it."""
    _, _, text = str(Measurement.__doc__).partition("Attributes:\n")
    found: dict[str, str] = {}
    for names, words in re.findall(r"^ {8}(\w[\w, ]*): (.*(?:\n {12}.*)*)", text, re.M):
        plain = re.sub(r":\w+:", "", re.sub(r"\s+", " ", words)).replace("`", "")
        found |= dict.fromkeys(names.split(", "), plain)
    return found


def _kind(column: str) -> str:
    if column in INTEGERS:
        return "sc:Integer"
    return "sc:Float" if column in FLOATS else "sc:Text"


def _responsible(measurements: pd.DataFrame, facts: Facts) -> dict[str, Any]:
    """The responsible-AI fields."""
    people = measurements.groupby("dataset")["n_people"].max()
    tested = ", ".join(f"{name}: at most {count} people a number" for name, count in people.items())
    terms = "; ".join(f"{name}: {text or 'not known'}" for name, text in facts.terms.items())
    fields = {
        "dataCollection": "Computed by maskbench from pictures of faces: masks are put on them, "
        "networks are trained, and pictures and recognisers are measured on people that no "
        "training here has seen.",
        "dataCollectionType": "Software Collection",
        "dataCollectionRawData": f"Pictures of people, which are not part of it. {terms}",
        "dataPreprocessingProtocol": "MTCNN finds faces; they are cropped to a square and resized; "
        "68 landmarks and a pose are measured. Pictures without a face are left out and listed.",
        "machineAnnotationTools": "MTCNN; dlib's predictor of 68 landmarks",
        "dataAnnotationProtocol": "No human annotation. Software places the masks and knows where "
        "they are.",
        "dataCollectionMissingData": "A number that could not be measured has no value, and a note "
        "that says why.",
        "dataUseCases": "Comparing methods that put masks on faces, and recognisers that are "
        "trained on their pictures. Not for deciding whether a recogniser may be used on people.",
        "dataLimitations": f"Few test people ({tested}). Intervals cover the sampling of such "
        "people alone. The reference of placement, SSIM and LPIPS is an overlay by landmarks, no "
        "photograph. Numbers of different networks and crops cannot be compared.",
        "dataBiases": "The people are those of the collections and represent no population; age, "
        "sex and skin are neither balanced nor recorded. Detector and landmarks were trained by "
        "others on pictures with biases of their own.",
        "personalSensitiveInformation": "None: no picture, name, embedding or network is in it. "
        "The pictures that were measured are personal data and stay where they are.",
        "dataSocialImpact": "Better recognition of people in masks can serve surveillance. Do not "
        "use it to identify people who have not agreed.",
        "dataReleaseMaintenancePlan": "Made by one commit of the code, which makes it again; a new "
        "run is a new version.",
    }
    return {f"rai:{name}": text for name, text in fields.items()}
