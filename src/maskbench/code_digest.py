"""A digest of the code that decides a result: a rerun trigger of the workflow.

It covers a module, what it imports from this package, and packaged data files. Comments, docstrings
and layout do not count. No module imports what a registry finds by name, so those modules are
named in the call.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).parent
_IMPORT = re.compile(r"^\s*from (maskbench[\w.]*) import (\([^)]*\)|.*)", re.M)
# Modules that pass values on but decide none: editing them makes no result stale.
INFRASTRUCTURE = frozenset(
    {"maskbench", *(f"maskbench.{name}" for name in
     ("artifacts", "code_digest", "config", "errors", "experiment", "measurements", "registry",
      "section", "tracking", "tracking_store"))}
)  # fmt: skip


@functools.cache
def code_digest(modules: Collection[str], files: Collection[str] = ()) -> str:
    """The digest of modules, with what they import, and of data files.

    Args:
        modules: dotted names, a hashable collection.
        files: patterns of packaged files, below the package.
    """
    parts = {name: _read(path)[0] for name, path in code_files(modules).items()}
    for path in (path for pattern in files for path in ROOT.glob(pattern)):
        parts[path.relative_to(ROOT).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    text = "\n".join(f"{name} {digest}" for name, digest in sorted(parts.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_files(modules: Collection[str]) -> dict[str, Path]:
    """The files of modules and of what they import from this package, by module name."""
    found: dict[str, Path] = {}
    todo = list(modules)
    while todo:
        name = todo.pop()
        path = None if name in found or name in INFRASTRUCTURE else _file(name)
        if path is not None:
            found[name] = path
            todo += _read(path)[1]
    return found


@functools.cache
def _file(name: str) -> Path | None:
    """The file of a module; None when it is none of this package."""
    base = ROOT.joinpath(*name.split(".")[1:])
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.exists()), None)


@functools.cache
def _read(path: Path) -> tuple[str, list[str]]:
    """Digest and imports of one module."""
    text = path.read_text(encoding="utf-8")
    imports: list[str] = []
    for module, names in _IMPORT.findall(text):
        imports += [module, *(f"{module}.{name}" for name in re.findall(r"\w+", names))]
    code = compile(_undocumented(ast.parse(text)), path.name, "exec", dont_inherit=True)
    return hashlib.sha256("\n".join(_parts(code)).encode()).hexdigest(), imports


def _undocumented(node: Any) -> Any:
    """A module, class or function without its docstrings."""
    if ast.get_docstring(node, clean=False) is not None:
        nothing = ast.copy_location(ast.Pass(), node.body[0])
        node.body[:1] = [] if node.body[1:] else [nothing]
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _undocumented(child)
    return node


def _parts(code: CodeType) -> Iterator[str]:
    """What code does, whatever the lines that it stands on."""
    yield f"{code.co_code!r} {code.co_names} {code.co_varnames} {code.co_freevars}"
    yield f"{code.co_name} {code.co_flags} {code.co_argcount} {code.co_kwonlyargcount}"
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _parts(value)
        else:  # a set has no order
            yield str(sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value))
