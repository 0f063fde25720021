"""What ``maskbench datasets`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from maskbench.config import DatasetConfig
from maskbench.datasets import known
from maskbench.datasets.adapters import ADAPTERS
from maskbench.errors import MaskbenchError, unknown_name


def run(
    configured: Mapping[str, DatasetConfig] | None,
    name: str | None,
    download: bool = False,
    archive: Path | None = None,
) -> None:
    """Print all data sets, or one, which is fetched before if wanted.

    Args:
        configured: those of a configuration; None: all that have an adapter, at their usual place.
        name: of one.
        download: fetch it.
        archive: unpack this archive of it.

    Raises:
        MaskbenchError: an unknown name, or see :mod:`maskbench.datasets.known`.
    """
    if configured is None:
        configured = {each: DatasetConfig(adapter=each) for each in ADAPTERS.all()}
    if name is None:
        if download or archive:
            raise MaskbenchError("maskbench datasets", "no data set is named", "name one")
        _all(configured)
        return
    if name not in configured:
        raise unknown_name("maskbench datasets", "data set", name, configured)
    config = configured[name]
    if archive is not None:
        known.place(config.adapter, archive, config.path)
    elif download:
        known.download(config.adapter, config.path)
    _one(name, config)


def _all(configured: Mapping[str, DatasetConfig]) -> None:
    name_column = Column("data set", no_wrap=True)
    table = Table(name_column, "licence", "people", "pictures", "size", "access", "here")
    for name, config in configured.items():
        adapter = ADAPTERS.get(config.adapter, f"datasets.{name}.adapter")
        if not (config.path or adapter.folder):
            continue
        here = "yes" if known.is_here(adapter, config.path) else "no"
        counts = (known.counted(adapter.people), known.counted(adapter.pictures))
        terms = known.terms_of(adapter).partition(";")[0]
        table.add_row(name, terms, *counts, known.size_of(adapter), adapter.access, here)
    Console().print(table)


def _one(name: str, config: DatasetConfig) -> None:
    adapter = ADAPTERS.get(config.adapter)
    table = Table(show_header=False, box=None)
    for what, text in known.described(adapter):
        table.add_row(what, text)
    if known.is_here(adapter, config.path):
        table.add_row("here", known.verified(name, config))
    else:
        table.add_row("here", "no")
    Console().print(table)
