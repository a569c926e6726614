"""What may be said of a lead in somebody's tool: a score's values, each under one name, in one language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from features.language.languages import Language
from features.language.numbers import number
from features.language.sentences import say
from features.time_units import parse_time
from models.bands import BANDS
from models.scoring.changes import strongest_cause, total_change
from models.scoring.run_about import RunAbout
from models.scoring.telling_order import foremost
from models.scoring.wording import ScoreSentences
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.write_back.trend import trend

Scalar = str | int | float | bool | None
Values = Mapping[str, Scalar]
"""What a record says, by the names of the tool."""

COMPANIONS = ("as_of", "run_id", "model_version")
"""These go along with what is sent, but a record is not sent for their sake alone: they change every night."""


@dataclass(frozen=True)
class Wording:
    """How much is said, and how.

    Attributes
    ----------
    language : {"de", "en"}
    reasons : int
        The strongest reasons that are named.
    longest : int or None
        Longest text in characters that the tool keeps; a longer one ends with an ellipsis.
    """

    language: Language
    reasons: int
    longest: int | None


@dataclass(frozen=True)
class Sendable:
    """One lead's score, as values that may be sent.

    Attributes
    ----------
    row : mapping
        A row of the columns of ``scores.parquet``.
    run : ScoreRun
    sentences : ScoreSentences
    wording : Wording
    """

    row: Mapping[str, Any]
    run: ScoreRun
    sentences: ScoreSentences
    wording: Wording

    @property
    def lead_id(self) -> str:
        """The lead."""
        return str(self.row["lead_id"])

    @property
    def probability(self) -> float:
        """Of the target of the cut-offs, 0 to 1."""
        return float(self.row[self.run.about.probability] or 0.0)

    @property
    def score(self) -> int:
        """The probability as whole points, 0 to 100."""
        return round(100 * self.probability)

    @cached_property
    def worded(self) -> dict[str, Any]:
        """Reasons, as many as are named, and exclusions with their words."""
        lists = {name: _list(self.row[name]) for name in ("reasons", "exclusions", "gates_missing")}
        lists["reasons"] = foremost(lists["reasons"], self.wording.reasons)
        return self.sentences.worded({**lists, "points_reasons": [], "as_of": self.row["as_of"]})

    @cached_property
    def change(self) -> list[dict[str, Any]] | None:
        """What moved the score since the run before, with its words; None without a score before."""
        change = self.row.get("change")
        return None if change is None else self.sentences.changed(_list(change), parse_time(self.row["as_of"]))

    def values(self, fields: Mapping[str, str]) -> dict[str, Scalar]:
        """Return what the record is to say: ``fields`` names a value (`NAMES`) for each field of the tool."""
        return {theirs: self._short(_VALUES[ours](self)) for theirs, ours in fields.items()}

    def _short(self, value: Scalar) -> Scalar:
        longest = self.wording.longest
        return f"{value[: longest - 1]}…" if isinstance(value, str) and longest and len(value) > longest else value


def _reasons(lead: Sendable) -> str:
    """Why a lead is excluded, then the strongest reasons with what each adds in percentage points."""
    language = lead.wording.language
    excluded = [part[language] for part in lead.worded["exclusions"]] if lead.row["excluded"] else []
    said = [
        f"{part[language]} ({number(part['percentage_points'], language, signed=True)})"
        for part in lead.worded["reasons"]
    ]
    return "; ".join([*excluded, *said])


def _reasons_json(lead: Sendable) -> str:
    parts = [
        {"reason": part[lead.wording.language], "percentage_points": round(part["percentage_points"], 1)}
        for part in lead.worded["reasons"]
    ]
    return json.dumps(parts, ensure_ascii=False)


def _summary(lead: Sendable) -> str:
    return say("sent.summary", lead.wording.language, score=lead.score, group=_group(lead), reasons=_reasons(lead))


def _group(lead: Sendable) -> str:
    """Return what the lead is counted as, as pages call it: a band is no proposal where sales has the lead already."""
    group, goal = lead.row["counted_as"], lead.run.about.goal.stage
    key = "band" if group in BANDS else group
    return say(f"sent.{key}", lead.wording.language, band=group, goal=goal)


def _grade(lead: Sendable) -> str:
    """Return A and B by band; of the others, C from the average of the open leads on, else D."""
    of_band = {"SAL": "A", "MQL": "B"}.get(lead.row["band"])
    return of_band or ("C" if lead.probability >= (lead.run.about.average or 0.0) else "D")


def _of_row(column: str) -> Callable[[Sendable], Any]:
    return lambda lead: lead.row[column]


def _changed(lead: Sendable) -> str | None:
    """Return by how many points the score moved since the run before, and what moved it most."""
    if not lead.change:
        return None
    moved = number(total_change(lead.change), lead.wording.language, digits=1, signed=True)
    cause = strongest_cause(lead.change)
    return moved if cause is None else f"{moved}: {cause[lead.wording.language]}"


_VALUES: Mapping[str, Callable[[Sendable], Any]] = {
    "score": lambda lead: lead.score,
    "probability": lambda lead: round(lead.probability, 4),
    "band": _of_row("band"),
    "group": _of_row("counted_as"),
    "grade": _grade,
    "reasons": _reasons,
    "reasons_json": _reasons_json,
    "summary": _summary,
    **{name: _of_row(name) for name in ("fit_grade", "behaviour_grade", "points", "handed_over_by")},
    "trend": lambda lead: trend(lead.change),
    "change": _changed,
    "new": lambda lead: lead.row.get("joined"),
    "as_of": lambda lead: moment(lead.row["as_of"]),
    "run_id": lambda lead: lead.run.run_id,
    "model_version": lambda lead: lead.run.model_version,
}
NAMES = tuple(_VALUES)
"""All values that a field of a tool can be filled with."""


def sendables(batch: pa.RecordBatch, run: ScoreRun, sentences: ScoreSentences, wording: Wording) -> Iterator[Sendable]:
    """Yield what may be said of each lead of a batch."""
    for row in batch.to_pylist():
        yield Sendable(row, run, sentences, wording)


def sentences_of(run: ScoreRun) -> ScoreSentences:
    """Return the words of a run; of one that brings none, names stand for words."""
    return run.wording.sentences if run.wording is not None else ScoreSentences((), None, None)


def observed_until(about: RunAbout) -> datetime:
    """Return until when a run knew facts."""
    at = datetime.fromisoformat(about.observed_until)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def moment(at: datetime) -> str:
    """Return a moment as text: UTC, to the second.

    Examples
    --------
    >>> moment(datetime(2026, 6, 1, 12, tzinfo=UTC))
    '2026-06-01T12:00:00Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _list(value: Sequence[Any] | str | None) -> list[Any]:
    return list(json.loads(value) if isinstance(value, str) else value or ())
