"""What changes on the list from one run of scores to another: who is above, below, gone or drawn now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.language.languages import LANGUAGES
from features.tables.handovers import EXPLORATION
from models.bands import BANDS
from pipeline.score.sinks.news.news import Kind
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_tables import SCORES
from pipeline.score.sinks.write_back.current_run import stored_run
from pipeline.score.sinks.write_back.sendable import Sendable, Wording, sentences_of

NOT_OPEN = "not_open"
REASONS = 3
"""So many are named."""
_PART = 500
_RANK: dict[str, int] = {band: rank for rank, band in enumerate(BANDS, start=1)}
_SAID = ("score", "probability", "reasons", "as_of")


@dataclass(frozen=True)
class ListChange:
    """What changes for one lead.

    Attributes
    ----------
    kind : str
        ``lead.above``, ``lead.below``, ``lead.left`` or ``lead.drawn``.
    lead_id : str
    facts : dict
        ``before`` and ``now``: what it was and is counted as (``not_open``: it has no score); ``band``; and of a lead
        that has a score, ``score`` (0 to 100), ``probability``, ``as_of`` and ``reasons`` by language.
    """

    kind: Kind
    lead_id: str
    facts: dict[str, Any]


def list_changes(connection: sa.Connection, before: str | None, now: str | None) -> Iterator[ListChange]:
    """Yield what changes between two runs, by lead.

    Parameters
    ----------
    connection : Connection
    before, now : str or None
        Runs; None is an empty list.
    """
    was, listed = (_listed(connection, run_id) for run_id in (before, now))
    old_groups = _counted(connection, before, was, listed)
    groups = _counted(connection, now, listed, was)
    kinds = dict[str, tuple[Kind, str, str]]()
    for lead_id in sorted({*was, *listed}):
        old, group = old_groups[lead_id], groups[lead_id]
        kind = _kind(old, group)
        if kind is None and _drawn(listed.get(lead_id)) and not _drawn(was.get(lead_id)):
            kind = "lead.drawn"
        if kind is not None:
            kinds[lead_id] = kind, old, group
    rows = _rows(connection, now, list(kinds)) if now else {}
    run = None if now is None else stored_run(connection, now)
    for lead_id, (kind, old, group) in kinds.items():
        facts = {"before": old, "now": group, "band": group if group in BANDS else None}
        if run is not None and lead_id in rows:
            facts |= _said(rows[lead_id]._asdict(), run)
        yield ListChange(kind, lead_id, facts)


def _kind(old: str, group: str) -> Kind | None:
    before, now = _RANK.get(old, 0), _RANK.get(group, 0)
    if now > before:
        return "lead.above"
    if now == before:
        return None
    return "lead.below" if now > 0 or group == "none" else "lead.left"


def _counted(
    connection: sa.Connection, run_id: str | None, listed: Mapping[str, Any], others: Mapping[str, Any]
) -> dict[str, str]:
    """Return what leads are counted as in a run: those on its list, and those on the list of another one."""
    elsewhere = [lead_id for lead_id in others if lead_id not in listed]
    rows = {**listed, **({} if run_id is None else _rows(connection, run_id, elsewhere))}
    return {lead_id: str(rows[lead_id].counted_as) if lead_id in rows else NOT_OPEN for lead_id in {*listed, *others}}


def _drawn(row: Any) -> bool:
    return row is not None and row.handed_over_by == EXPLORATION


def _newest(run_id: str) -> sa.Subquery:
    nth = sa.func.row_number().over(partition_by=SCORES.c.lead_id, order_by=SCORES.c.as_of.desc())
    columns = (SCORES.c.lead_id, SCORES.c.as_of, SCORES.c.counted_as, SCORES.c.handed_over_by)
    return sa.select(*columns, nth.label("nth")).where(SCORES.c.run_id == run_id).subquery("newest")


def _listed(connection: sa.Connection, run_id: str | None) -> Mapping[str, Any]:
    """Return who is on the list of a run, or drawn by it, by lead."""
    if run_id is None:
        return {}
    row = _newest(run_id)
    chosen = sa.or_(row.c.counted_as.in_(BANDS), row.c.handed_over_by == EXPLORATION)
    return {one.lead_id: one for one in connection.execute(sa.select(row).where(row.c.nth == 1, chosen))}


def _rows(connection: sa.Connection, run_id: str, lead_ids: Sequence[str]) -> dict[str, Any]:
    """Return the newest score that some leads have in a run, by lead."""
    found: dict[str, Any] = {}
    for start in range(0, len(lead_ids), _PART):
        of_these = SCORES.c.lead_id.in_(lead_ids[start : start + _PART])
        chosen = sa.select(SCORES).where(SCORES.c.run_id == run_id, of_these).order_by(SCORES.c.as_of)
        found |= {row.lead_id: row for row in connection.execute(chosen)}
    return found


def _said(row: Mapping[str, Any], run: ScoreRun) -> dict[str, Any]:
    """Return what is said of a lead, its reasons in every language."""
    sentences, fields = sentences_of(run), {name: name for name in _SAID}
    by_language = {
        language: Sendable(row, run, sentences, Wording(language, REASONS, None)).values(fields)
        for language in LANGUAGES
    }
    [any_language, *_] = by_language.values()
    return {**any_language, "reasons": {language: said["reasons"] for language, said in by_language.items()}}
