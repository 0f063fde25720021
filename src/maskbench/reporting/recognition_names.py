"""How tables, figures and claims call recognisers, their training sets and the protocols.

The ``variant`` of a recognition row is made of up to two parts, ``training set/protocol``:
``keypoint``, ``keypoint/bare_bare``, ``masked_masked`` or "" (one training set or none, standard
protocol). Recognisers and training sets without an entry here are shown by their plain names.
"""

from __future__ import annotations

from collections.abc import Iterable

from maskbench.reporting.names import in_order, known_methods, method_order, method_title

RECOGNISERS: dict[str, str] = {
    "dlib_resnet": "dlib ResNet, frozen",
    "dlib_resnet_upper": "dlib ResNet, upper half of the face",
    "facenet": "FaceNet",
    "maskfacenet": "MaskFaceNet",
    "mrii": "MRII (mask removal first)",
    "softmax": "Softmax",
    "triplet": "Triplet",
    "cosface": "CosFace",
    "arcface": "ArcFace",
    "adapter_arcface": "Adapter, ArcFace",
    "adapter_triplet": "Adapter, triplet",
    "adapter_self_restrained": "Adapter, self-restrained triplet",
    "inception": "Inception",
    "vgg19": "VGG19",
    "efficientnet_lite0": "EfficientNet-Lite0",
}
APPROACHES: dict[str, str] = {
    "": "Baseline",
    "_projected": "Bias projection",
    "_strip": "Mask removed first",
}
"""What is done for a frozen encoder, by the end of the recogniser's name (paper 3, section 5)."""

BARE = "bare"
PROTOCOLS: dict[str, str] = {
    "": "standard pairs: bare with masked faces, or the data set's official pairs",
    "unseen_styles": "bare with masked faces, mask styles kept for the test",
    "bare_bare": "bare with bare faces",
    "bare_masked": "bare with masked faces",
    "masked_masked": "masked with masked faces",
    "same_picture": "a face with its own masked picture, and with those of other people",
    "identification": "bare gallery, masked probes",
}


def split_variant(variant: str) -> tuple[str, str]:
    """(training set, protocol) of a recognition row's variant.

    >>> split_variant("keypoint/bare_bare"), split_variant("keypoint"), split_variant("bare_bare")
    (('keypoint', 'bare_bare'), ('keypoint', ''), ('', 'bare_bare'))
    """
    first, _, rest = variant.partition("/")
    if rest:
        return first, rest
    return ("", first) if first in PROTOCOLS else (first, "")


def join_variant(training_set: str, protocol: str) -> str:
    """The variant of a training set and a protocol."""
    return "/".join(part for part in (training_set, protocol) if part)


def encoder_of(recogniser: str) -> tuple[str, str]:
    """(encoder, approach's ending): ``vgg19_strip`` is (vgg19, _strip)."""
    for ending in APPROACHES:
        if ending and recogniser.endswith(ending):
            return recogniser.removesuffix(ending), ending
    return recogniser, ""


def recogniser_title(name: str) -> str:
    """Words for a recogniser."""
    encoder, ending = encoder_of(name)
    title = RECOGNISERS.get(encoder, encoder)
    return f"{title}: {APPROACHES[ending].lower()}" if ending else title


def recogniser_order(names: Iterable[str]) -> list[str]:
    """Known recognisers in the order above, each before its approaches, then others by name."""
    first = [name + ending for name in RECOGNISERS for ending in APPROACHES]
    return in_order(names, tuple(first))


def protocol_title(name: str) -> str:
    """Words for a protocol."""
    return {"official": "official pairs"}.get(name) or PROTOCOLS.get(name, name.replace("_", " "))


def protocol_order(names: Iterable[str]) -> list[str]:
    """Known protocols in the order above, then others by name."""
    return in_order(names, tuple(PROTOCOLS))


def training_set_title(name: str) -> str:
    """Words for a training set; "" where the recogniser has one or learns nothing."""
    return {"": "", BARE: "bare faces"}.get(name) or method_title(name)


def training_set_order(names: Iterable[str]) -> list[str]:
    """None first, bare faces, then synthesis methods in their order."""
    names = set(names)
    head = [name for name in ("", BARE) if name in names]
    return head + method_order(names - {"", BARE})


def known_recognisers() -> tuple[str, ...]:
    """Names that claims may use before anything of that name was measured."""
    return tuple(name + ending for name in RECOGNISERS for ending in APPROACHES)


def known_variants() -> tuple[str, ...]:
    """Every training set with every protocol."""
    sets = ("", BARE, *known_methods())
    return tuple(sorted({join_variant(each, protocol) for each in sets for protocol in PROTOCOLS}))
