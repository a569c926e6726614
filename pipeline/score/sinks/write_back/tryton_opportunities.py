"""Tryton's opportunities: the probability of conversion, and a note that says band and reasons in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from features.errors import InputError
from pipeline.remote.tryton import Tryton, TrytonOptions, TrytonRefusalError, logged_in
from pipeline.score.sinks.write_back.records import Record
from pipeline.score.sinks.write_back.sendable import Scalar, Values
from pipeline.score.sinks.write_back.target import Purpose, TargetOptions, password_from_environment

MODEL = "sale.opportunity"
MARK = "leadscore: "
"""A note of ours begins so; ``leadscore pull`` leaves it out, so that no score is learned from scores."""
_NOTE = "note"
_FIELDS = {"conversion_probability": "probability", _NOTE: "summary"}


class TrytonTargetOptions(TargetOptions, TrytonOptions):
    """Settings of ``kind: tryton``; the field ``note`` is a note at the opportunity, others are its own fields.

    Attributes
    ----------
    password_variable : str or None
        Default ``LEADSCORE_NAME_PASSWORD``.
    chunk : int
        Opportunities a call, which Tryton carries out in one transaction.
    """

    kind: Literal["tryton"] = "tryton"
    password_variable: str | None = None
    chunk: int = Field(default=100, ge=1, le=1_000)


class TrytonOpportunities:
    """The opportunities of a Tryton (`target.Target`).

    Parameters
    ----------
    name : str
        The sink's.
    options : TrytonTargetOptions
    outputs : Path
        Not used.
    """

    at_once = True

    def __init__(self, name: str, options: TrytonTargetOptions, outputs: Path) -> None:
        self.options, self.chunk, self._name = options, options.chunk, name
        self.fields: Mapping[str, str] = options.fields or _FIELDS

    def place(self, outputs: Path) -> dict[str, Any]:
        """Return server and database."""
        return {"url": self.options.url.rstrip("/"), "database": self.options.database}

    @contextmanager
    def opened(self, run_id: str, purpose: Purpose = "send") -> Iterator[OpenOpportunities]:
        """Log in, and out at the end."""
        where = f"score.sinks.{self._name}"
        password = password_from_environment(self._name, self.options.password_variable)
        if password is None:
            raise InputError(
                expected=f"a password in LEADSCORE_{self._name.upper()}_PASSWORD", found="nothing there", table=where
            )
        with logged_in(self.options, password, where) as tryton:
            yield OpenOpportunities(tryton, list(self.fields))

    def left_after_undo(self, run_id: str) -> str | None:
        """Return nothing: opportunities can be taken back, and Tryton's own history keeps both."""
        return None


class OpenOpportunities:
    """Opportunities behind a login (`target.OpenTarget`).

    Parameters
    ----------
    tryton : Tryton
    fields : list of str
    """

    def __init__(self, tryton: Tryton, fields: list[str]) -> None:
        self._tryton, self._fields = tryton, fields
        self._own = [name for name in fields if name != _NOTE]

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Values]:
        """Return what fields and note of these opportunities say."""
        ids = [int(lead_id) for lead_id in lead_ids if lead_id.isdigit()]
        rows = self._tryton.call(MODEL, "search_read", [["id", "in", ids]], 0, None, None, ["id", *self._own])
        found: dict[str, dict[str, Scalar]] = {}
        for row in rows:
            found[str(row["id"])] = {name: _plain(row[name]) for name in self._own}
        if _NOTE in self._fields:
            notes = self._notes(list(found))
            for lead_id, values in found.items():
                values[_NOTE] = notes[lead_id][-1][1] if lead_id in notes else None
        return found

    def write(self, records: Sequence[Record]) -> Mapping[str, str]:
        """Write a chunk in one transaction each for fields and notes; where one is refused, each record alone."""
        missing = {record.lead_id: "there is no opportunity of this id" for record in records if record.before is None}
        there = [record for record in records if record.before is not None]
        try:
            self._write(there)
        except TrytonRefusalError as refusal:
            if len(there) == 1:
                return missing | {there[0].lead_id: refusal.found}
            for record in there:
                missing |= self.write([record])
        return missing

    def _write(self, records: Sequence[Record]) -> None:
        pairs: list[Any] = []
        for record in records:
            values = {name: value for name, value in (record.values or {}).items() if name != _NOTE}
            pairs += [[int(record.lead_id)], values] if values else []
        if pairs:
            self._tryton.call(MODEL, "write", *pairs)
        if _NOTE in self._fields and records:
            self._write_notes({record.lead_id: (record.values or {}).get(_NOTE) for record in records})

    def _write_notes(self, texts: Mapping[str, Scalar]) -> None:
        """Let each opportunity have one note of ours; as nobody can change a note, a new one takes its place."""
        notes = self._notes(list(texts))
        new = [
            {"resource": f"{MODEL},{lead_id}", "message": f"{MARK}{text}"}
            for lead_id, text in texts.items()
            if text is not None
        ]
        if new:
            self._tryton.call("ir.note", "create", new)
        old = [note for lead_id in texts for note, _ in notes[lead_id]]
        if old:
            self._tryton.call("ir.note", "delete", old)

    def _notes(self, lead_ids: Sequence[str]) -> Mapping[str, list[tuple[int, str]]]:
        """Return our notes of each opportunity, the newest last: id, and what it says after the mark."""
        of_these = ["resource", "in", [f"{MODEL},{lead_id}" for lead_id in lead_ids]]
        chosen = [of_these, ["message", "like", f"{MARK}%"]]
        by_id = [["id", "ASC"]]
        notes = defaultdict(list)
        for row in self._tryton.call("ir.note", "search_read", chosen, 0, None, by_id, ["resource", "message"]):
            lead_id = str(row["resource"]).rpartition(",")[2]
            notes[lead_id].append((int(row["id"]), str(row["message"]).removeprefix(MARK)))
        return notes


def _plain(value: Any) -> Scalar:
    return value if value is None or isinstance(value, str | int | float | bool) else float(value)
