"""The table of a FaceSet, written and read a few hundred rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from maskbench.errors import MaskbenchError

ROWS = 512
"""Rows that are held at once; each so many are a row group of the file."""


class TableWriter:
    """A parquet file that grows frame by frame; up to one row group it has the bytes of
    ``DataFrame.to_parquet(index=False)``.

    Args:
        file: to write.
    """

    def __init__(self, file: Path) -> None:
        self._file = Path(file)
        self._writer: pq.ParquetWriter | None = None

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows; later frames have the columns and types of the first one."""
        schema = None if self._writer is None else self._writer.schema
        table = pa.Table.from_pandas(frame, schema, preserve_index=False)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class TableReader:
    """The rows of a parquet file, read when they are asked for. The last two row groups are kept,
    so that ascending rows are read once.

    Args:
        file: a parquet file.

    Raises:
        MaskbenchError: it is missing or damaged.
    """

    def __init__(self, file: Path) -> None:
        try:
            self._file = pq.ParquetFile(file)
        except (OSError, ValueError) as error:
            raise MaskbenchError(file, f"is no parquet file: {error}", "make it again") from error
        groups = range(self._file.num_row_groups)
        self._ends = np.cumsum([self._file.metadata.row_group(i).num_rows for i in groups])
        self._group = lru_cache(maxsize=2)(self._read)

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def _read(self, number: int) -> pd.DataFrame:
        return self._file.read_row_group(number, use_threads=False).to_pandas(use_threads=False)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """All rows, a row group at a time."""
        for number in range(len(self._ends)):
            yield self._read(number)

    def _found(self, row: int) -> tuple[pd.DataFrame, int]:
        number = int(np.searchsorted(self._ends, row, side="right"))
        frame = self._group(number)
        return frame, int(row - self._ends[number] + len(frame))

    def row(self, row: int) -> dict[str, Any]:
        """A row as a dictionary of its columns."""
        frame, place = self._found(row)
        return {str(name): frame[name].iloc[place] for name in frame}

    def values(self, column: str, rows: np.ndarray) -> list[Any]:
        """A column's values of some rows."""
        found = (self._found(int(row)) for row in rows)
        return [frame[column].iloc[place] for frame, place in found]
