"""pyproject.toml declares what the package imports, and ships what it reads."""

import ast
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import maskbench

PACKAGE = Path(maskbench.__file__).parent
PROJECT = tomllib.loads((PACKAGE.parents[1] / "pyproject.toml").read_text("utf-8"))


def imported():
    """The top-level modules that the package imports, but Python's and its own."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            yield from (name.split(".")[0] for name in names)


def test_every_import_is_of_a_declared_dependency():
    # dlib does not say so, and extras need not be installed
    of_module = {"dlib": ["dlib-bin"], "pillow_heif": ["pillow-heif"]}
    of_module |= metadata.packages_distributions()
    extras = PROJECT["project"]["optional-dependencies"]
    lines = [*PROJECT["project"]["dependencies"], *extras["heic"]]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    undeclared = {
        name
        for name in set(imported()) - set(sys.stdlib_module_names) - {"maskbench"}
        if not declared & {canonicalize_name(found) for found in of_module.get(name, ())}
    }
    assert undeclared == set()


def test_every_file_that_is_no_module_is_shipped():
    (patterns,) = PROJECT["tool"]["setuptools"]["package-data"].values()
    shipped = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    there = {
        path
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and "__pycache__" not in path.parts
    }
    assert there == shipped
    assert all(any(PACKAGE.glob(pattern)) for pattern in patterns)
