"""In which encoding a CSV file is written, line by line where it has two; and its lines as text."""

from __future__ import annotations

import codecs
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

_CHUNK = 1 << 22
_SAID = 5
_WINDOWS_ONLY = bytes(range(0x80, 0xA0))
"""Letters of Windows-1252 ('€', typographic quotes) that Latin-1 does not have."""


@dataclass(frozen=True)
class FileEncoding:
    """How the bytes of a file are to be read.

    Parameters
    ----------
    name : str
        ``utf-8``, ``latin-1``, ``cp1252``, ``utf-16-le`` or ``utf-16-be``.
    marked : bool
        Whether the file begins with a byte-order mark.
    other_lines : tuple of int
        Lines of a UTF-8 file that are in Windows-1252.
    nul_lines : tuple of int
        Lines that hold a NUL.
    """

    name: str
    marked: bool = False
    other_lines: tuple[int, ...] = ()
    nul_lines: tuple[int, ...] = ()

    @property
    def for_duckdb(self) -> str | None:
        """As DuckDB calls it, or None where DuckDB cannot read the file as it is."""
        if self.other_lines or self.nul_lines or self.name == "cp1252":
            return None
        return {"utf-8": "utf-8", "latin-1": "latin-1", "utf-16-le": "utf-16" if self.marked else ""}.get(
            self.name, ""
        ) or None

    @property
    def remarks(self) -> list[str]:
        """What is unusual about it, in words."""
        names = {"cp1252": "Windows-1252", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16 (big-endian)"}
        remarks = [f"is in {names[self.name]}"] if self.name in names else []
        if self.other_lines:
            remarks.append(f"is in UTF-8 but for {numbered(self.other_lines)}, read as Windows-1252")
        if self.nul_lines:
            remarks.append(f"holds NUL in {numbered(self.nul_lines)}, which is left out")
        return remarks


def numbered(lines: tuple[int, ...]) -> str:
    """Return line numbers in words.

    Examples
    --------
    >>> numbered((31,)), numbered((1, 2, 3, 4, 5, 6, 7))
    ('line 31', '7 lines (1, 2, 3, 4, 5, …)')
    """
    if len(lines) == 1:
        return f"line {lines[0]}"
    return f"{len(lines):,} lines ({', '.join(map(str, lines[:_SAID]))}{', …' if len(lines) > _SAID else ''})"


def opened(file: Path) -> BinaryIO:
    """Open a file for reading its bytes, unpacked where it is packed."""
    return cast("BinaryIO", gzip.open(file, "rb")) if file.suffix.lower() == ".gz" else file.open("rb")


def find_encoding(file: Path) -> FileEncoding:
    """Return the encoding of a file by its bytes: the mark at the start, then all of them."""
    with opened(file) as stream:
        start = stream.read(4096)
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if start.startswith(mark):
            return FileEncoding(name, marked=True)
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > 0.3 * len(start) / 2 and min(even, odd) < 0.1 * max(even, odd):
        return FileEncoding("utf-16-le" if odd > even else "utf-16-be")
    return FileEncoding("utf-8") if _is_plain_utf8(file) else _by_lines(file)


def _is_plain_utf8(file: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(file) as stream:
        while chunk := stream.read(_CHUNK):
            if b"\0" in chunk:
                return False
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return False
    return not decoder.getstate()[0]


def _by_lines(file: Path) -> FileEncoding:
    accented, other, nuls, windows = 0, [], [], False
    with opened(file) as stream:
        for number, line in enumerate(stream, start=1):
            if b"\0" in line:
                nuls.append(number)
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                accented += 1
            except UnicodeDecodeError:
                other.append(number)
                windows = windows or any(byte in _WINDOWS_ONLY for byte in line)
    if not other:
        return FileEncoding("utf-8", nul_lines=tuple(nuls))
    if accented:
        return FileEncoding("utf-8", other_lines=tuple(other), nul_lines=tuple(nuls))
    return FileEncoding("cp1252" if windows or nuls else "latin-1", nul_lines=tuple(nuls))


def text_lines(file: Path, encoding: FileEncoding) -> Iterator[str]:
    """Give the lines of a file as text, with their ends, without mark and NUL; memory holds one line."""
    with opened(file) as stream:
        if encoding.name.startswith("utf-16"):
            with io.TextIOWrapper(stream, encoding.name, errors="replace", newline="\n") as text:
                for number, line in enumerate(text):
                    yield (line.removeprefix("\ufeff") if number == 0 else line).replace("\0", "")
            return
        for number, raw in enumerate(stream):
            start = raw.removeprefix(codecs.BOM_UTF8) if number == 0 else raw
            yield _decoded(start.replace(b"\0", b""), encoding.name)


def _decoded(line: bytes, encoding: str) -> str:
    if encoding == "latin-1":
        return line.decode("latin-1")
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return line.decode("latin-1") if encoding == "cp1252" else _decoded(line, "cp1252")
