"""The files of an export: all that lies in the data folder, links followed, if each is a file and not too large.

A link within the data folder is followed. One that leads out of it is followed where ``limits.linked_folders`` names
the folder it leads to, and refused elsewhere: whoever may put files there would else decide which files of the machine
are read. What is followed is watched, so that a new export behind a link is noticed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from features.errors import InputError
from pipeline.settings.limits import LimitOptions

MOST_FOLDERS_DEEP = 64
_SIGNS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"))
_SURELY_SMALL = 10**9
"""Bytes up to which unpacking is no trap, however small the file."""
_GZIP_AT_MOST = 1_032
"""How many times its size gzip can hold."""
_CHUNK = 1 << 22


@dataclass(frozen=True)
class ExportedFile:
    """A file of an export, by its name in the data folder; or a link to what is listed already, with no file."""

    name: str
    file: Path | None
    leads_to: str = ""


def plain_path(path: str) -> str:
    """Return a path as DuckDB must read it to mean this one file: in its names ``*``, ``?`` and ``[`` make patterns.

    Examples
    --------
    >>> plain_path("leads [2].csv")
    'leads [[]2].csv'
    """
    return re.sub(r"[*?\[]", r"[\g<0>]", path)


def exported_files(folder: Path, limits: LimitOptions) -> list[ExportedFile]:
    """Return the files of a data folder in the order of their names.

    Raises
    ------
    InputError
        If something there is no file (a pipe, a socket, a device), is larger than ``limits.file_size``, or is a link
        out of the folder.
    """
    root = folder.resolve()
    return list(_Walk(root, tuple(linked.resolve() for linked in limits.linked_folders), limits).files(root, ()))


def require_bounded(folder: Path, limits: LimitOptions) -> None:
    """Refuse packed files that are far larger once they are unpacked.

    Raises
    ------
    InputError
        Naming the file, the limit, and how it is raised.
    """
    for entry in exported_files(folder, limits):
        if entry.file is not None:
            require_unpackable(entry.file, limits)


def require_unpackable(file: Path, limits: LimitOptions) -> None:
    """Refuse one packed file that is far larger once it is unpacked."""
    with file.open("rb") as stream:
        start = stream.read(4)
    if start == b"PAR1":
        _check_parquet(file, limits)
    for sign, codec in _SIGNS:
        if start.startswith(sign):
            _check_packed(file, codec, limits)


@dataclass
class _Walk:
    """The way through a data folder; each folder is entered once."""

    root: Path
    linked: tuple[Path, ...]
    limits: LimitOptions

    def __post_init__(self) -> None:
        self._entered: set[Path] = set()

    def files(self, folder: Path, place: tuple[str, ...]) -> Iterator[ExportedFile]:
        self._entered.add(folder)
        if len(place) > MOST_FOLDERS_DEEP:
            raise _refused("/".join(place)[:80], f"folders in folders at most {MOST_FOLDERS_DEEP} deep", "more")
        for entry in sorted(folder.iterdir()):
            yield from self._entry(entry, (*place, entry.name))

    def _entry(self, entry: Path, place: tuple[str, ...]) -> Iterator[ExportedFile]:
        name, target = "/".join(place), entry
        if entry.is_symlink():
            target = Path(os.path.realpath(entry))
            if not target.exists():
                return  # as long as it leads nowhere there is nothing to read
            if not any(target.is_relative_to(allowed) for allowed in (self.root, *self.linked)):
                raise _refused(
                    name,
                    "links that stay in the data folder",
                    f"one to {target}",
                    f"Put the export there, or name where it leads to: --set limits.linked_folders=[{target.parent}]",
                )
        if target.is_dir():
            if target in self._entered:
                yield ExportedFile(name, None, os.path.relpath(target, self.root))
            else:
                yield from self.files(target, place)
            return
        state = target.stat()
        if not stat.S_ISREG(state.st_mode):
            raise _refused(name, "files and folders", f"a {_kind(state.st_mode)}", "Take it out of the data folder")
        if state.st_size > self.limits.file_size:
            raise too_much(name, "file_size", self.limits.file_size, state.st_size)
        yield ExportedFile(name, target)


def require_file(file: Path, limits: LimitOptions) -> None:
    """Refuse what is given as a file and is none, or is larger than ``limits.file_size``."""
    state = file.stat()
    if not stat.S_ISREG(state.st_mode):
        raise _refused(file.name, "a file", f"a {_kind(state.st_mode)}")
    if state.st_size > limits.file_size:
        raise too_much(file.name, "file_size", limits.file_size, state.st_size)


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"), (stat.S_ISDIR, "folder"))
    return next((name for is_kind, name in kinds if is_kind(mode)), "device")


def _refused(name: str, expected: str, found: str, hint: str | None = None) -> InputError:
    return InputError(expected=expected, found=found, table=name, hint=hint)


def too_much(name: str, limit: str, most: float, found: float | str) -> InputError:
    """Return what to say of something beyond a limit."""
    amount = found if isinstance(found, str) else f"{found:,.0f}"
    return InputError(
        expected=f"at most {most:,.0f} (limits.{limit})",
        found=amount,
        table=name,
        hint=f"If that is right, raise it in params.yaml or with --set limits.{limit}=…",
    )


def _check_packed(file: Path, codec: str, limits: LimitOptions) -> None:
    """Unpack a file without keeping anything, and stop at the limit."""
    size = file.stat().st_size
    most = min(float(limits.expanded_size), max(limits.expansion * size, float(_SURELY_SMALL)))
    if codec == "gzip" and size * _GZIP_AT_MOST <= most:
        return
    unpacked = 0
    try:
        with pa.input_stream(str(file), compression=codec) as stream:
            while chunk := stream.read(_CHUNK):
                unpacked += len(chunk)
                if unpacked > most:
                    break
    except (OSError, pa.ArrowInvalid):
        return  # what cannot be unpacked is named by who reads it
    if unpacked > limits.expanded_size:
        raise too_much(file.name, "expanded_size", limits.expanded_size, "a packed file of more bytes")
    if unpacked > most:
        raise too_much(
            file.name, "expansion", limits.expansion, f"a file of {size:,} bytes that unpacks to more times that"
        )


def _check_parquet(file: Path, limits: LimitOptions) -> None:
    """Look at what a Parquet file says of itself."""
    import pyarrow.parquet as pq

    try:
        about = pq.read_metadata(file)
    except (OSError, pa.ArrowInvalid):
        return  # it is named by who reads it
    if about.num_rows > limits.rows:
        raise too_much(file.name, "rows", limits.rows, about.num_rows)
    unpacked = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    if unpacked > limits.expanded_size:
        raise too_much(file.name, "expanded_size", limits.expanded_size, unpacked)
