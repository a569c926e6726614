"""Cleaned copies of CSV files that DuckDB cannot read as they are; the originals are never changed."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, cast

from features.errors import InputError
from features.source_files import FileSpec
from pipeline.source.csv_bytes import find_encoding
from pipeline.source.csv_layout import Footer, Layout, find_footer, find_layout, is_csv, records


def clean_csv(file: Path, target: Path) -> list[str]:
    """Write a copy of a CSV file in UTF-8 without what is no data: marks, NUL, lines before the header, footers.

    Parameters
    ----------
    file : Path
        As exported. Memory holds one row of it at a time.
    target : Path
        The copy, with the same delimiter.

    Returns
    -------
    list of str
        What was cleaned, in words that follow the file's name.

    Raises
    ------
    InputError
        If no header can be made out, or a row among the data does not fit it.
    """
    encoding = find_encoding(file)
    layout = find_layout(file, encoding)
    if layout is None:
        raise InputError(
            expected="a header, and rows with as many values as it has",
            found="rows of many widths",
            table=file.name,
            hint="Open the file in an editor: delete what stands before the header and after the data",
        )
    footer = find_footer(file, encoding, layout)
    with _writing(target) as stream:
        writer = csv.writer(stream, delimiter=layout.delim, lineterminator="\n")
        for number, (line, _, record) in enumerate(records(file, encoding, layout)):
            if footer is not None and line >= footer.line:
                break
            writer.writerow([" ".join(name.split()) for name in record] if number == 0 else record)
    return [*encoding.remarks, *_remarks_on_lines(layout, footer)]


def _remarks_on_lines(layout: Layout, footer: Footer | None) -> list[str]:
    remarks = [f"has its header in line {layout.skip + 1}; what stands before it is left out"] if layout.skip else []
    if footer is not None:
        remarks.append(
            f"ends with {footer.records} lines that are no data, from line {footer.line} on ({footer.text[:60]!r}): "
            "they are left out"
        )
    return remarks


@contextmanager
def _writing(target: Path) -> Iterator[TextIO]:
    if target.suffix.lower() == ".gz":
        with gzip.open(target, "wt", compresslevel=1, encoding="utf-8", newline="") as stream:
            yield cast("TextIO", stream)
    else:
        with target.open("w", encoding="utf-8", newline="") as stream:
            yield stream


def cleaned_folder(files: dict[str, FileSpec], data_dir: Path, scratch: Path) -> tuple[Path, list[str]]:
    """Return the folder that a source's SQL reads, and what was cleaned.

    Where the source names no file it is the data folder itself. Else it is a folder in ``scratch`` that holds the
    cleaned copies, and links to everything else: a pattern such as ``*.csv`` finds each file once.

    Raises
    ------
    InputError
        If a named file is not there, is no CSV file, or cannot be cleaned.
    """
    named = [name for name, spec in files.items() if spec.clean]
    if not named:
        return data_dir, []
    folder, remarks = scratch / "cleaned", []
    folder.mkdir()
    for name in named:
        file = data_dir / name
        if Path(name).name != name or not file.is_file() or not is_csv(name):
            raise InputError(
                expected="a CSV file of the data folder", found=repr(name), table="source.yaml", column="files"
            )
        remarks += [f"{name} {remark}" for remark in clean_csv(file, folder / name)]
    for other in data_dir.iterdir():
        if other.name not in named:
            (folder / other.name).symlink_to(other.resolve())
    return folder, remarks
