"""One file for a whole training: networks, optimisers, schedulers, EMA, data order, generators.

The file is safetensors: raw tensors and one JSON text. Nothing in it is ever unpickled, so a
state from elsewhere can be read safely. What ``capture`` wrote, ``restore`` puts back exactly;
saving a restored state gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from maskbench.artifacts import atomic_file
from maskbench.errors import MaskbenchError

_KEY = "state"  # a single metadata key: safetensors keeps several in no fixed order


class GlobalRandom:
    """Torch's global generator (dropout draws from it), as a part of the state."""

    def state_dict(self) -> dict[str, Any]:
        values = {"cpu": torch.get_rng_state()}
        if torch.cuda.is_available():
            values["cuda"] = torch.cuda.get_rng_state()
        return values

    def load_state_dict(self, values: dict[str, Any]) -> None:
        torch.set_rng_state(values["cpu"])
        if "cuda" in values and torch.cuda.is_available():
            torch.cuda.set_rng_state(values["cuda"])


def capture(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The present value of every part as plain data.

    Args:
        parts: by name: anything with ``state_dict``; a ``torch.Generator``; a
            ``numpy.random.Generator``; a tensor; or plain data (numbers, text, lists, dicts).
    """
    return {name: _capture(part) for name, part in parts.items()}


def _capture(part: Any) -> Any:
    if isinstance(part, torch.Generator):
        return part.get_state()
    if isinstance(part, np.random.Generator):
        return part.bit_generator.state
    if hasattr(part, "state_dict"):
        return part.state_dict()
    return part


def restore(parts: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Put captured values back into the same parts; tensors and lists are filled in place.

    Plain numbers cannot be filled in place: read them from ``values``.

    Raises:
        KeyError: a part is missing in ``values``.
    """
    for name, part in parts.items():
        value = values[name]
        if isinstance(part, torch.Generator):
            part.set_state(value.cpu())
        elif isinstance(part, np.random.Generator):
            part.bit_generator.state = value
        elif hasattr(part, "load_state_dict"):
            part.load_state_dict(value)
        elif isinstance(part, Tensor):
            part.copy_(value)
        elif isinstance(part, list):
            part[:] = value


def save(path: Path, values: Mapping[str, Any]) -> None:
    """Write captured values, whole or not at all."""
    tensors: dict[str, Tensor] = {}
    tree = _pack(values, "", tensors)
    text = json.dumps(tree, sort_keys=True)
    content = safetensors.torch.save(dict(sorted(tensors.items())), metadata={_KEY: text})
    with atomic_file(path) as tmp:
        tmp.write_bytes(content)


def load(path: Path) -> dict[str, Any]:
    """Read what :func:`save` wrote; tensors on the CPU.

    Raises:
        MaskbenchError: the file is missing, damaged or not a training state.
    """
    try:
        with safetensors.safe_open(str(path), framework="pt") as stream:
            text = (stream.metadata() or {})[_KEY]
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
        return dict(_unpack(json.loads(text), tensors))
    except (
        OSError, ValueError, KeyError, TypeError, RecursionError, safetensors.SafetensorError,
    ) as error:  # fmt: skip
        raise MaskbenchError(
            path, f"not a readable training state ({error})", "train again"
        ) from error


def _pack(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Data as JSON; tensors are moved to ``tensors`` and named by their place."""
    if isinstance(value, Tensor | np.ndarray):
        tensor = torch.from_numpy(value) if isinstance(value, np.ndarray) else value
        # A copy of its own: safetensors refuses tensors that share memory.
        tensors[name] = tensor.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, Mapping):
        items = [[_plain(k), _pack(v, f"{name}/{k}" if name else str(k), tensors)]
                 for k, v in value.items()]  # fmt: skip
        return {"dict": items}
    if isinstance(value, list | tuple):
        parts = [_pack(v, f"{name}/{i}", tensors) for i, v in enumerate(value)]
        return {"tuple" if isinstance(value, tuple) else "list": parts}
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a training state cannot hold {type(value).__name__}")


def _unpack(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _unpack(value, tensors) for key, value in content}
    parts = [_unpack(value, tensors) for value in content]
    return tuple(parts) if kind == "tuple" else parts
