"""The digest of a morning: who came onto the list and left it, alarms, brakes, and what waits for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from features.language.languages import Language
from pipeline.score.sinks.news.news import News
from pipeline.score.sinks.news.outbox import Outbox
from pipeline.telling.finding_words import alarm_words, odd_words

DAY = timedelta(days=1)


def digest_facts(outbox: Outbox, *, now: datetime, signatures: Sequence[str]) -> dict[str, Any]:
    """Return what a digest says; it names no lead, since leads are looked up when it is handed over.

    Parameters
    ----------
    outbox : Outbox
    now : datetime
    signatures : sequence of str
        Teams whose signature a trained model waits for.

    Returns
    -------
    dict
        ``day``; ``before`` and ``now``, the runs between which the list is compared: since the last digest, or since
        the day before; ``listed`` by band; ``alarms``, ``stops`` and ``champion`` since then; ``waits``.
    """
    since, after = now - DAY, outbox.digest_until()
    window = outbox.window(after, since=since)
    about = None if window.now is None else outbox.about(window.now)
    before = None if window.before is None else outbox.about(window.before)
    stops = [{"at": _moment(one.at), "odd": one.facts["odd"]} for one in outbox.since(since, ["night.stopped"])]
    decision = None if about is None or about.decision is None else about.decision.version
    changed = before is not None and decision not in (
        None,
        None if before.decision is None else before.decision.version,
    )
    names = ("check", "findings", "title", "sentence", "since")
    alarms = [{name: one[name] for name in names if name in one} for one in outbox.lasting_alarms()]
    listed = None if about is None else {band: about.bands.get(band, 0) for band in ("SAL", "MQL")}
    waiting = {name: states["waits"] for name, states in outbox.counts().items() if states.get("waits")}
    return {
        "day": now.astimezone(UTC).date().isoformat(),
        "before": window.before,
        "now": window.now,
        "until": window.until,
        "as_of": None if about is None else about.observed_until,
        "scored_since": window.before != window.now,
        "listed": listed,
        "champion": decision if changed else None,
        "alarms": alarms,
        "stops": stops,
        "waits": {
            "signatures": list(signatures), "messages": waiting,
            "to_hand_over": 0 if listed is None else sum(listed.values()),
        },
    }  # fmt: skip


def changes_of(outbox: Outbox, facts: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the leads of a digest by the kind of news; none where the list has just begun."""
    found: dict[str, list[dict[str, Any]]] = {}
    if facts["before"] is None or facts["now"] is None or facts["before"] == facts["now"]:
        return found
    changes = outbox.changes(facts["before"], facts["now"])
    for change in sorted(changes, key=lambda one: -float(one.facts.get("probability") or 0.0)):
        said = {name: value for name, value in change.facts.items() if name != "reasons"}
        found.setdefault(change.kind, []).append({"lead_id": change.lead_id, **said})
    return found


def digest_news(facts: Mapping[str, Any], *, now: datetime) -> News:
    """Return the digest of a day as news: a day has one."""
    return News("digest", (str(facts["day"]),), now, facts)


def as_json(facts: Mapping[str, Any], changes: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return a digest for machines."""
    said = {
        "alarms": [{**alarm, **asdict(alarm_words(alarm, language))} for alarm in facts["alarms"]],
        "stops": [{**stop, "odd": list(odd_words(stop["odd"], language))} for stop in facts["stops"]],
    }
    return {"language": language, **facts, **said, "changes": dict(changes)}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
