"""What ``mask`` is given: files, folders and patterns, and where each masked picture goes."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from maskbench.artifacts import sha256_of
from maskbench.datasets.listing import as_text, is_picture_name
from maskbench.datasets.write_picture import keeps_format
from maskbench.errors import MaskbenchError, from_os_error

MANIFEST, SETTINGS = "manifest.csv", "settings.json"
WAY_OUT = "check the path"


@dataclass(frozen=True)
class Task:
    """One picture.

    Attributes:
        source: its path relative to what all PATHs lie in, as text, with ``/``.
        path: where it lies.
        outputs: for each copy where the masked picture and its coverage go, relative to the output
            folder.
    """

    source: str
    path: str
    outputs: tuple[tuple[str, str], ...]


def listing(paths: Sequence[Path], out: Path, copies: int = 1) -> tuple[list[Task], dict[str, str]]:
    """The pictures, sorted by name, and why each other file or linked folder is left out.

    Names are relative to the one folder that is given, else to the deepest folder in which all
    PATHs lie; of a pattern counts what stands before its first wildcard.

    Args:
        paths: files, folders (searched with all their subfolders, but for hidden ones) and
            patterns of ``glob``, with ``**`` for any folders.
        out: the output folder, which is never searched.
        copies: masked pictures of each.

    Raises:
        MaskbenchError: a path does not exist, a pattern matches nothing, or nothing is left.
    """
    given = list(_matches(paths, out))
    roots = {path if len(given) == 1 and path.is_dir() else root for path, root in given}
    found = _Found(Path(os.path.commonpath(roots)), _real(out))
    for path, _ in given:
        found.add(path)
    if not found.pictures:
        raise MaskbenchError(
            " ".join(as_text(str(path)) for path in paths), "holds no pictures", WAY_OUT
        )
    taken: set[str] = {MANIFEST, SETTINGS}

    def free(name: str) -> str:
        while name in taken:
            name += ".png"
        taken.add(name)
        return name

    def copy_of(name: str, copy: int) -> Path:
        path = Path(name)
        return path if copies == 1 else path.with_stem(f"{path.stem}-{copy + 1}")

    wanted = [
        (name, copy_of(name, copy)) for name in sorted(found.pictures) for copy in range(copies)
    ]
    ends = {True: "", False: ".png"}
    pictures = [free(f"{copy.as_posix()}{ends[keeps_format(name)]}") for name, copy in wanted]
    coverages = [free(f"masks/{copy.with_suffix('.png').as_posix()}") for _, copy in wanted]
    outputs: dict[str, tuple[tuple[str, str], ...]] = {}
    for (name, _), picture, coverage in zip(wanted, pictures, coverages, strict=True):
        outputs[name] = (*outputs.get(name, ()), (picture, coverage))
    tasks = [Task(name, str(found.pictures[name]), output) for name, output in outputs.items()]
    return tasks, found.left_out


def digest_of(path: str) -> str:
    """The sha256 of a file; "": it cannot be read, or is none."""
    try:
        return sha256_of(Path(path)) if Path(path).is_file() else ""
    except OSError:
        return ""


def refuse_within(paths: Sequence[Path], out: Path) -> None:
    """Refuse an output folder that holds pictures to mask.

    Raises:
        MaskbenchError: naming it.
    """
    here = _real(out)
    for path, _ in _matches(paths, out):
        if _real(path).is_relative_to(here):
            raise MaskbenchError(
                out, "holds the pictures themselves", "choose another output folder"
            )


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _placed(path: Path) -> Path:
    """An absolute path without ``..``; a link by its own name."""
    return _real(path.parent) / path.name if path.name not in ("", "..") else _real(path)


def _matches(paths: Sequence[Path], out: Path) -> Iterator[tuple[Path, Path]]:
    """Existing files and folders by their absolute paths, each with the folder that its name is
    relative to. A pattern that begins outside of ``out`` matches nothing in it."""
    for path in paths:
        if os.path.lexists(path):
            found = _placed(path)
            yield found, found.parent
        elif not glob.has_magic(str(path)):
            raise MaskbenchError(path, "no such file or folder", WAY_OUT)
        else:
            fixed = Path(path)
            while glob.has_magic(str(fixed)):
                fixed = fixed.parent
            matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 (no hidden files)
            matches = [one for one in matches if not _is_linked(Path(one), fixed)]
            if not _real(fixed).is_relative_to(inside := _real(out)):
                matches = [one for one in matches if not _real(Path(one)).is_relative_to(inside)]
            if not matches:
                raise MaskbenchError(path, "matches nothing", WAY_OUT)
            yield from ((_placed(Path(match)), _real(fixed)) for match in matches)


def _is_linked(match: Path, fixed: Path) -> bool:
    """Whether a match of a pattern is, or lies in, a linked folder below its fixed part."""
    below = match.relative_to(fixed)
    folders = [fixed / path for path in (below, *below.parents)][:-1]
    return any(path.is_symlink() and path.is_dir() for path in folders)


class _Found:
    """Pictures by name and what is left out, with the reason.

    Args:
        base: the folder that names are relative to.
        out: the output folder, resolved.
    """

    def __init__(self, base: Path, out: Path) -> None:
        self.base, self.out = base, out
        self.pictures: dict[str, Path] = {}
        self.left_out: dict[str, str] = {}
        self._seen: set[str] = set()

    def add(self, path: Path) -> None:
        """A file, whatever its ending, or a folder with all that lies below."""
        if path.is_dir():
            self._walk(path)
        elif self._new(path):
            self.pictures[self._name(path)] = path

    def _walk(self, root: Path) -> None:
        def unreadable(error: OSError) -> None:
            path = Path(error.filename)
            if path == root:
                raise from_os_error(error, root) from error
            self._leave(path, f"unreadable: {(error.strerror or str(error)).lower()}")

        for folder, subfolders, names in os.walk(root, onerror=unreadable):
            here = Path(folder)
            below = [here / name for name in sorted(subfolders) if not name.startswith(".")]
            subfolders[:] = [path.name for path in below if _real(path) != self.out]
            for path in below:
                if path.is_symlink():
                    self._leave(path, "a linked folder is not followed")
            for path in (here / name for name in sorted(names) if not name.startswith(".")):
                if not is_picture_name(path):
                    self._leave(path, "not named as a picture")
                elif self._new(path):
                    self.pictures[self._name(path)] = path

    def _leave(self, path: Path, reason: str) -> None:
        if self._new(path):
            self.left_out[self._name(path)] = reason

    def _new(self, path: Path) -> bool:
        """Whether it is met for the first time: PATHs may overlap."""
        known = str(path) in self._seen
        self._seen.add(str(path))
        return not known

    def _name(self, path: Path) -> str:
        name = as_text(path.relative_to(self.base).as_posix())
        while name in self.pictures or name in self.left_out:  # as text two may be the same
            name += "~"
        return name
