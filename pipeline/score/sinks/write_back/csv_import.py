"""A file in the form that a tool imports: HubSpot's contacts, Salesforce's Data Loader. Only rows that changed."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

from features.errors import InputError
from pipeline.score.sinks.write_back.records import Record
from pipeline.score.sinks.write_back.sendable import Scalar, Values
from pipeline.score.sinks.write_back.target import Purpose, TargetOptions

FORMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "hubspot": (
        "Record ID",
        {"leadscore": "score", "leadscore_band": "band", "leadscore_grade": "grade", "leadscore_reasons": "reasons"},
    ),
    "salesforce": (
        "Id",
        {"LeadScore__c": "score", "LeadBand__c": "band", "LeadGrade__c": "grade", "LeadScoreReasons__c": "reasons"},
    ),
}
"""The heading that a record is found by, and the fields: properties of HubSpot, custom fields of Salesforce."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is computed by a spreadsheet."""


class CsvOptions(TargetOptions):
    """Settings of ``kind: hubspot`` and ``kind: salesforce``.

    Attributes
    ----------
    folder : str or None
        Where the files go; default ``write_back/NAME`` in the output folder.
    key : str or None
        The heading of the lead's id: ``Email`` where the ids are addresses. Default: the form's.
    """

    kind: Literal["hubspot", "salesforce"]
    folder: str | None = None
    key: str | None = None


class CsvImport:
    """Files for a tool's import (`target.Target`): one a run, and one that takes it back.

    Parameters
    ----------
    name : str
        The sink's.
    options : CsvOptions
    outputs : Path
        The run's output folder.
    """

    chunk = 5_000
    at_once = False

    def __init__(self, name: str, options: CsvOptions, outputs: Path) -> None:
        self.options, self._name = options, name
        key, fields = FORMS[options.kind]
        self.key, self.fields = options.key or key, options.fields or fields
        self._folder = Path(options.folder) if options.folder else outputs / "write_back" / name

    def place(self, outputs: Path) -> dict[str, Any]:
        """Return the folder, named from the outputs where it lies among them."""
        folder = self._folder.resolve()
        inside = folder.is_relative_to(outputs.resolve())
        return {"folder": (folder.relative_to(outputs.resolve()) if inside else folder).as_posix(), "key": self.key}

    def file(self, run_id: str, *, back: bool = False) -> Path:
        """Return the file of a run, or the one that takes it back."""
        return self._folder / f"{run_id}{'-undo' if back else ''}.csv"

    @contextmanager
    def opened(self, run_id: str, purpose: Purpose = "send") -> Iterator[OpenFile]:
        """Write beside the file's place; it appears there whole, and only if there is a row."""
        if purpose == "look":
            yield OpenFile(io.StringIO(), self.key, list(self.fields))
            return
        with self._writable():
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, beside = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
        try:
            with self._writable(), os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
                rows = OpenFile(stream, self.key, list(self.fields))
                yield rows
                stream.flush()
                os.fsync(stream.fileno())
            if rows.count:
                Path(beside).replace(self.file(run_id, back=purpose == "undo"))
        finally:
            Path(beside).unlink(missing_ok=True)

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(
                expected=f"a folder {self._folder} that can be written", found=error.strerror or type(error).__name__,
                table=f"score.sinks.{self._name}",
            ) from None  # fmt: skip

    def left_after_undo(self, run_id: str) -> str | None:
        """Return what to do: nobody can see from here whether a file was imported."""
        return (
            f"{self.file(run_id)} may have been imported already: import {self.file(run_id, back=True)} then, "
            "which holds what the records said before (an empty cell: nothing), and delete both"
        )


class OpenFile:
    """A file that is being written (`target.OpenTarget`).

    Parameters
    ----------
    stream : text file
    key : str
    fields : list of str
    """

    def __init__(self, stream: TextIO, key: str, fields: list[str]) -> None:
        self._rows = csv.writer(stream, lineterminator="\r\n")
        self._rows.writerow([key, *fields])
        self._fields, self.count = fields, 0

    def read(self, lead_ids: Sequence[str]) -> None:
        """Return None: a file says nothing of what the tool holds."""
        del lead_ids

    def write(self, records: Sequence[Record]) -> Mapping[str, str]:
        """Write a row each; an id that a spreadsheet would compute is refused, as it would find no record."""
        refused = {}
        for record in records:
            if record.lead_id.startswith(_FORMULA):
                refused[record.lead_id] = "a spreadsheet would read its id as a formula"
                continue
            values: Values = record.values or {}
            self._rows.writerow([record.lead_id, *(_cell(values.get(name)) for name in self._fields)])
            self.count += 1
        return refused


def _cell(value: Scalar) -> Scalar:
    """Return a cell that no spreadsheet computes: text that begins as a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
