"""A digest of the code that decides a result: a rerun trigger of the workflow.

It covers a module, what it imports from this package, and packaged data files. Comments, docstrings
and layout do not count. What a registry finds by name is imported by nobody, so its modules are
named in the call.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path

PACKAGE = "maskbench"
ROOT = Path(__file__).parent
# Modules that pass values on but decide none: editing them makes no result stale.
INFRASTRUCTURE = frozenset(
    {"maskbench", *(f"maskbench.{name}" for name in
     ("artifacts", "config", "errors", "experiment", "measurements", "registry", "tracking"))}
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


def _file(name: str) -> Path | None:
    """The file of a module; None when it is none of this package."""
    base = ROOT.joinpath(*name.split(".")[1:])
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.exists()), None)


@functools.cache
def _read(path: Path) -> tuple[str, list[str]]:
    """Digest and imports of one module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = list(_imports(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                del node.body[0]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), imports


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module.split(".")[0] == PACKAGE:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == PACKAGE)
